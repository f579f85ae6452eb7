"""Expanded tokens to a tree: groups, commands with their arguments, environments and formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.reading.latex.commands import COMMANDS, ENVIRONMENT_SIGNATURES, MATH_ENVIRONMENTS
from claimcheck.reading.latex.macros import Expander
from claimcheck.reading.latex.tokens import Token, source

_DEEPEST = 90  # groups and environments within one another; real papers stay below 30


@dataclass(slots=True)
class Node:
    """A piece of the paper.

    kind: "text", " ", "par", "verb", "cmd" (name in `text`), "group", "env" (name in `text`), "math" (text "$"
    inline, "$$"
    display), "&", "^", "_" or "#". `args` follow the command's signature; an absent optional one is None, a star is [].
    """

    kind: str
    text: str = ""
    line: int = 0
    args: list[list[Node] | None] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    number: str = ""  # printed number of a heading, float or caption, once numbered

    def walk(self) -> Iterator[Node]:
        """This node and all below it, arguments before children, in source order."""
        yield self
        for arg in self.args:
            for node in arg or ():
                yield from node.walk()
        for node in self.children:
            yield from node.walk()


def parse(expander: Expander) -> list[Node]:
    """The tree of a whole paper. Raises UnreadableInputError for nesting that no paper has."""
    parser = _Parser(expander)
    out: list[Node] = []
    while True:
        out += parser.nodes(None)
        if parser.at_end:
            return out


class _Parser:
    """Recursive descent over the expander's stream, with a limit on its depth."""

    def __init__(self, expander: Expander) -> None:
        self.expander = expander
        self.depth = 0
        self.at_end = False
        self.open: list[str] = []  # "{" or the names of open environments
        self.ending = ""  # the environment whose \end has been read but whose \begin lies further out
        self.in_math = 0

    def nodes(self, closer: str | None) -> list[Node]:
        """Nodes up to the closer: None (end of input), "}", "$", "$$", "\\]", "\\)" or "end:name"."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnreadableInputError(
                f"braces or environments nested more than {_DEEPEST} deep",
                where=self.expander.file,
                todo="give the PDF instead",
            )
        if closer is not None:
            self.open.append(closer)
        out: list[Node] = []
        while True:
            token = self.expander.next()
            if token is None:
                self.at_end = True
                break
            if self._closes(token, closer):
                break
            out.append(self.node(token))
            if self.ending:
                if closer == "end:" + self.ending:
                    self.ending = ""
                break
        if closer is not None:
            self.open.pop()
        self.depth -= 1
        return out

    def _closes(self, token: Token, closer: str | None) -> bool:
        kind, text, _ = token
        if kind == "}":
            if closer == "}":
                return True
            if "}" in self.open and closer is not None:
                # a brace that closes an outer group ends what was left open inside it
                self.expander.push([token])
                return True
            return False
        if kind == "$" and closer in ("$", "$$"):
            if text == "$$" and closer == "$":
                self.expander.push([("$", "$", token[2])])
            return True
        if kind == "par" and closer in ("$", "\\)"):
            self.expander.push([token])  # a formula that was never closed
            return True
        if kind == "cmd":
            if closer is not None and "\\" + text == closer:
                return True
            if text.startswith("end:"):
                if closer == text:
                    return True
                if text in self.open:
                    self.expander.push([token])
                    return closer is not None
        return False

    def node(self, token: Token) -> Node:
        """The node that begins with this token; reads on as far as it goes."""
        kind, text, line = token
        if kind == "{":
            return Node("group", "", line, children=self.nodes("}"))
        if kind == "$":
            self.in_math += 1
            inner = self.nodes(text)
            self.in_math -= 1
            return Node("math", text, line, children=inner)
        if kind == "cmd":
            return self.command(text, line)
        if kind in ("^", "_") and self.in_math:
            return Node(kind, text, line, args=[self.argument()])
        if kind == "}":
            return Node("text", "", line)
        return Node(kind, text, line)

    def command(self, name: str, line: int) -> Node:
        """A command with the arguments of its signature, or an environment with its content."""
        if name.startswith("begin:"):
            return self.environment(name[6:], line)
        if name.startswith("end:"):
            return Node("text", "", line)
        if name in ("(", "["):
            self.in_math += 1
            inner = self.nodes("\\)" if name == "(" else "\\]")
            self.in_math -= 1
            return Node("math", "$" if name == "(" else "$$", line, children=inner)
        if name == "\\":
            self.expander.star()
            self._bracket_with_length()
            return Node("cmd", name, line)
        if name == "multirow":
            return Node("cmd", name, line, args=self._multirow())
        if name == "Block":  # nicematrix: \\Block[options]{rows-columns}<look>{content}
            self.expander.optional()
            size = source(self.expander.argument())
            look = source(self.expander.optional("<", ">") or [])
            return Node("cmd", name, line, args=[[Node("verb", size)], [Node("verb", look)], self.argument()])
        if name == "SetCell":
            options = self.expander.optional()
            more = self.expander.argument()
            return Node("cmd", name, line, args=[[Node("verb", source(options or []) + "," + source(more), line)]])
        known = COMMANDS.get(name)
        if known is None:
            if self.expander.star() and self.in_math:
                return Node("cmd", name, line, children=[Node("text", "*", line)])
            if name.isalpha() and len(name) > 1 and not self.in_math:
                self._drop_unknown_option()
            return Node("cmd", name, line)
        return Node("cmd", name, line, args=self.arguments(known[0]))

    def arguments(self, signature: str) -> list[list[Node] | None]:
        """The arguments of a signature, parsed."""
        out: list[list[Node] | None] = []
        for letter in signature:
            if letter == "s":
                out.append([] if self.expander.star() else None)
            elif letter == "o":
                out.append(self._optional())
            elif letter == "v":
                out.append([Node("verb", source(self.expander.argument()))])
            elif letter == "r":
                options = self.expander.optional()
                out.append(None if options is None else [Node("verb", source(options))])
            elif letter == "p":
                inside = self.expander.optional("(", ")")
                out.append(None if inside is None else [Node("verb", source(inside))])
            elif letter == "t":
                # tabu: words before the column specification
                words: list[Token] = []
                while (t := self.expander.peek()) is not None and t[0] not in ("{", "par") and len(words) < 20:
                    words.append(t)
                    self.expander.raw()
                out.append([Node("verb", source(self.expander.argument()))])
            else:
                out.append(self.argument())
        return out

    def argument(self) -> list[Node]:
        """One mandatory argument, parsed from the expanded stream."""
        while (token := self.expander.peek()) is not None and token[0] == " ":
            self.expander.raw()
        if token is None or token[0] in ("par", "}", "&"):
            return []
        token = self.expander.next()
        if token is None:
            return []
        if token[0] == "{":
            return self.nodes("}")
        if token[0] in ("}", "&", "par") or (token[0] == "cmd" and token[1].startswith(("end:", "begin:"))):
            self.expander.push([token])
            return []
        if token[0] == "text" and len(token[1]) > 1:
            self.expander.push([("text", token[1][1:], token[2])])
            return [Node("text", token[1][0], token[2])]
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnreadableInputError(
                f"commands nested more than {_DEEPEST} deep", where=self.expander.file, todo="give the PDF instead"
            )
        node = self.node(token)
        self.depth -= 1
        return [node]

    def _optional(self) -> list[Node] | None:
        inside = self.expander.optional()
        if inside is None:
            return None
        # parse the bracket's tokens as a group of their own
        line = inside[0][2] if inside else 0
        self.expander.push([("{", "{", line), *inside, ("}", "}", line)])
        return self.argument()

    def _bracket_with_length(self) -> None:
        """Take the "[2pt]" after a row's end; a bracket that holds anything else begins the next row."""
        inside = self.expander.optional()
        if inside is None:
            return
        text = source(inside).strip()
        if not re.fullmatch(r"[-+]?\s*[\d.]*\s*(?:[a-z]{2}|\\[A-Za-z@]+\s*)(?:\s*(?:plus|minus).*)?|\\.*", text):
            self.expander.push([("text", "[", 0), *inside, ("text", "]", 0)])

    def _multirow(self) -> list[list[Node] | None]:
        """[rows, content] of \\multirow[pos]{rows}[bigstruts]{width}[fixup]{content}."""
        self.expander.optional()
        rows = source(self.expander.argument())
        self.expander.optional()
        self.expander.argument()
        self.expander.optional()
        return [[Node("verb", rows)], self.argument()]

    def _drop_unknown_option(self) -> None:
        """Pass the "[...]" of a command that nobody defined, where a group follows it."""
        inside = self.expander.optional()
        if inside is None:
            return
        token = self.expander.peek()
        if token is None or token[0] != "{":
            self.expander.push([("text", "[", 0), *inside, ("text", "]", 0)])

    def environment(self, name: str, line: int) -> Node:
        """An environment, its arguments and its content."""
        math = name in MATH_ENVIRONMENTS
        signature = ENVIRONMENT_SIGNATURES.get(name)
        args: list[list[Node] | None] = []
        if signature is not None and name in _TABULAR_NAMES:
            args = self._raw_arguments(signature)
        elif signature is not None:
            args = self.arguments(signature)
        elif name not in MATH_ENVIRONMENTS and name != "document":
            self.expander.optional()
        self.in_math += math
        children = self.nodes("end:" + name)
        self.in_math -= math
        return Node("env", name, line, args=args, children=children)

    def _raw_arguments(self, signature: str) -> list[list[Node] | None]:
        """Arguments of a tabular, kept as source: column specifications are no prose."""
        out: list[list[Node] | None] = []
        for letter in signature:
            if letter == "t":
                return self.arguments("t")
            inside = self.expander.optional() if letter == "o" else self.expander.argument()
            out.append(None if inside is None else [Node("verb", source(inside))])
        return out


_TABULAR_NAMES = frozenset(
    k
    for k, v in ENVIRONMENT_SIGNATURES.items()
    if "tab" in k.lower() and v and not k.startswith(("table", "side", "sub"))
    and k not in ("tabbing", "threeparttable", "tablenotes", "wraptable", "floatingtable", "SCtable")
) | {"tblr", "longtblr", "talltblr", "array", "sidewaystabular"}  # fmt: skip


def as_formula(nodes: list[Node]) -> list[Node]:
    """Nodes that were read as text with their scripts put in place: for the cells of a math column."""
    out: list[Node] = []
    waiting: Node | None = None
    for node in nodes:
        if node.kind in ("^", "_") and not node.args:
            waiting = Node(node.kind, node.text, node.line)
            out.append(waiting)
        elif waiting is None:
            out.append(
                Node("group", "", node.line, children=as_formula(node.children)) if node.kind == "group" else node
            )
        elif node.kind == "text" and len(node.text) > 1:
            waiting.args = [[Node("text", node.text[0], node.line)]]
            out.append(Node("text", node.text[1:], node.line))
            waiting = None
        elif node.kind != " ":
            waiting.args = [as_formula(node.children) if node.kind == "group" else [node]]
            waiting = None
    return out


def raw_text(nodes: list[Node] | None) -> str:
    """The nodes as plain source: for labels, keys, column specifications."""
    out: list[str] = []
    for node in nodes or ():
        if node.kind in ("text", "verb", " ", "&", "^", "_"):
            out.append(node.text)
            for arg in node.args:
                out.append(raw_text(arg))
        elif node.kind == "~":
            out.append(" ")
        elif node.kind == "cmd":
            out.append("\\" + node.text)
            out += ["{" + raw_text(arg) + "}" for arg in node.args if arg is not None]
        elif node.kind in ("group", "math", "env"):
            out.append(raw_text(node.children))
        elif node.kind == "#":
            out.append("#" + node.text)
    return "".join(out)
