"""Macro expansion as TeX does it: a token stream with user macros, conditionals and \\input already resolved.

Covered: \\newcommand and its kin with optional arguments, \\def with delimited parameters, \\let, \\newenvironment,
\\DeclareMathOperator, \\newif and the common primitives that test something. Expansion is bounded: a source that
never ends
raises UnreadableInputError instead of hanging.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.reading.latex.commands import PROTECTED
from claimcheck.reading.latex.stream import Stream
from claimcheck.reading.latex.tokens import Token, source, tokenize

_MOST_EXPANSIONS = 150_000
_DEEPEST_INPUT = 20  # files within files
_LONGEST_BODY = 1_000_000  # tokens

_DEFINERS = {"newcommand", "renewcommand", "providecommand", "DeclareRobustCommand", "NewDocumentCommand",
             "RenewDocumentCommand", "DeclareDocumentCommand", "ProvideDocumentCommand", "newrobustcmd"}  # fmt: skip
_OPERATORS = {"DeclareMathOperator", "DeclarePairedDelimiter"}
_ENVIRONMENTS = {"newenvironment", "renewenvironment", "NewDocumentEnvironment"}
_INPUTS = {
    "input",
    "include",
    "subfile",
    "subfileinclude",
    "import",
    "subimport",
    "InputIfFileExists",
    "includestandalone",
}
_TESTS = {
    "ifx", "if", "ifcat", "ifnum", "ifdim", "ifodd", "ifcase", "ifdefined", "ifcsname", "iftrue", "iffalse",
    "ifmmode", "ifhmode", "ifvmode", "ifinner", "ifpdf", "ifxetex", "ifluatex", "ifPDFTeX", "ifeof", "ifvoid",
    "ifhbox",
}  # fmt: skip
_TRUE = {"iftrue", "ifpdf", "ifPDFTeX", "ifhmode"}
_COUNTERS = {"table", "figure", "section", "subsection", "subsubsection", "chapter", "equation", "algorithm"}
_DEFINITION = re.compile(
    r"^[ \t]*\\(?:(?:new|renew|provide)command|def|DeclareMathOperator|DeclareRobustCommand)\b", re.MULTILINE
)
_PREFIXES = {"global", "long", "outer", "protected", "relax", "expandafter", "noexpand", "makeatletter", "makeatother"}


@dataclass(slots=True)
class Macro:
    """A user's macro: how it takes its arguments and what it stands for."""

    body: list[Token]
    parameters: int = 0
    default: list[Token] | None = None  # of the first argument, where that is optional
    pattern: list[list[Token]] | None = None  # \\def: the tokens before #1, between, and after the last
    document: str = ""  # a NewDocumentCommand specification such as "O{x} m s"


@dataclass
class Expander(Stream):
    """Reads a project from its main file; `next()` gives the next token that needs no expansion, or None at the end."""

    macros: dict[str, Macro] = field(default_factory=dict)
    environments: dict[str, tuple[Macro, Macro]] = field(default_factory=dict)
    columns: dict[str, Macro] = field(default_factory=dict)  # \\newcolumntype
    flags: dict[str, bool] = field(default_factory=dict)  # \\newif
    document_class: str = ""
    class_options: str = ""
    packages: dict[str, str] = field(default_factory=dict)  # name -> options
    _arguments: list[list[list[Token]]] = field(default_factory=list)  # of the open user environments
    _expansions: int = 0
    _open_tests: int = 0
    _bibliography_read: bool = False

    def __post_init__(self) -> None:
        self._open_file(self.project.main)

    # ------------------------------------------------------------------ expansion
    def next(self) -> Token | None:
        """The next token after expansion, or None at the end of the paper."""
        while True:
            token = self.raw()
            if token is None:
                return None
            if token[0] == "cmd!":  # \\let kept the original meaning
                return ("cmd", token[1], token[2])
            if token[0] != "cmd" or not self._expand(token):
                return token

    def _expand(self, token: Token) -> bool:
        """Whether this control word was a macro, a definition or a test; its expansion then lies on the stack."""
        name = token[1]
        macro = self.macros.get(name)
        if macro is not None:
            self._count(token)
            self.push(self._call(macro, token[2]))
            return True
        if name in _PREFIXES or name == "xspace":
            return name != "xspace" or self._xspace(token)
        if name == "begin" or name == "end":
            return self._environment(name, token)
        if name in _DEFINERS or name in _OPERATORS or name in _ENVIRONMENTS:
            self._define(name)
        elif name in ("def", "gdef", "edef", "xdef"):
            self._define_plain()
        elif name in ("let", "futurelet"):
            self._let()
        elif name == "newcolumntype":
            key = source(self.argument()).strip()
            count = source(self.optional() or []).strip()
            self.columns[key] = Macro(self.argument(), int(count) if count.isdigit() else 0)
        elif name == "csname":
            self._csname(token)
        elif name == "newif":
            key = self.name().removeprefix("if")
            self.flags[key] = False
        elif name in _INPUTS:
            self._input(name)
        elif name in ("documentclass", "documentstyle", "usepackage", "RequirePackage"):
            self._package(name)
        elif name in ("bibliography", "printbibliography"):
            return self._bibliography(token)
        elif name in ("else", "or"):
            if self._open_tests:
                self._open_tests -= 1
            self._skip(to_else=False)
        elif name == "fi":
            self._open_tests = max(0, self._open_tests - 1)
        elif name in (
            "ifthenelse",
            "@ifundefined",
            "iftoggle",
            "ifbool",
            "ifdef",
            "ifundef",
            "@ifnextchar",
            "IfFileExists",
        ):
            self._braced_test(name)
        elif name in _TESTS or (name.startswith("if") and name[2:] in self.flags):
            self._test(name)
        elif self.flags and name.endswith(("true", "false")) and re.sub(r"(true|false)$", "", name) in self.flags:
            self.flags[re.sub(r"(true|false)$", "", name)] = name.endswith("true")
        elif name in ("toggletrue", "togglefalse", "booltrue", "boolfalse"):
            self.flags[source(self.argument()).strip()] = name.endswith("true")
        elif name == "setboolean":
            self.flags[source(self.argument()).strip()] = source(self.argument()).strip().lower() == "true"
        elif name in ("newboolean", "newtoggle", "newbool", "provideboolean"):
            self.flags[source(self.argument()).strip()] = False
        elif name == "endinput":
            while self._stack and self._stack[-1][0] != "eof":
                self._stack.pop()
        else:
            return False
        return True

    def _count(self, token: Token) -> None:
        self._expansions += 1
        if self._expansions > _MOST_EXPANSIONS:
            raise UnreadableInputError(
                f"the LaTeX macro \\{token[1]} expands without end",
                where=f"{self.file}, line {token[2]}",
                todo="give the PDF instead",
            )

    def _call(self, macro: Macro, line: int) -> list[Token]:
        """The body of a macro with its arguments, which are read from the stream, put in; every token gets this
        line.
        """
        arguments = self._read_arguments(macro)
        return substitute(macro.body, arguments, line)

    def _read_arguments(self, macro: Macro) -> list[list[Token]]:
        if macro.document:
            return self._document_arguments(macro.document)
        if macro.pattern is not None:
            return self._delimited(macro.pattern)
        out: list[list[Token]] = []
        if macro.default is not None and macro.parameters:
            given = self.optional()
            out.append(macro.default if given is None else given)
        while len(out) < macro.parameters:
            out.append(self.argument())
        return out

    def _document_arguments(self, specification: str) -> list[list[Token]]:
        out: list[list[Token]] = []
        for m in re.finditer(r"s|m|o|O\s*\{([^{}]*)\}|d..|r..", specification):
            if m[0] == "s":
                out.append([("text", "*", 0)] if self.star() else [])
            elif m[0][0] in "oO":
                given = self.optional()
                out.append(tokenize(m[1] or "") if given is None else given)
            elif m[0][0] in "dr":
                out.append(self.optional(m[0][1], m[0][2]) or [])
            else:
                out.append(self.argument())
        return out

    def _delimited(self, pattern: list[list[Token]]) -> list[list[Token]]:
        """Arguments of a \\def whose parameter text has tokens around its parameters."""
        self._match(pattern[0])
        out: list[list[Token]] = []
        for after in pattern[1:]:
            if not after:
                out.append(self.argument())
                continue
            taken: list[Token] = []
            depth = 0
            while len(taken) < 5000 and (token := self.raw()) is not None:
                if not depth and token[:2] == after[0][:2]:
                    self._match(after[1:])
                    break
                if not depth and token[0] == "text" and after[0][0] == "text" and after[0][1] in token[1]:
                    before, _, rest = token[1].partition(after[0][1])
                    taken += [("text", before, token[2])] if before else []
                    self._stack += [("text", rest, token[2])] if rest else []
                    break
                depth += (token[0] == "{") - (token[0] == "}")
                taken.append(token)
            out.append(taken)
        return out

    def _match(self, tokens: list[Token]) -> None:
        for wanted in tokens:
            token = self.peek()
            if token is None:
                return
            if token[:2] == wanted[:2]:
                self.raw()
            elif token[0] == wanted[0] == "text" and token[1].startswith(wanted[1]):
                self.raw()
                self._stack.append(("text", token[1][len(wanted[1]) :], token[2]))

    def _xspace(self, token: Token) -> bool:
        after = self.peek()
        if after is not None and after[0] in ("text", "cmd", "$", "{") and after[1][:1] not in ".,;:!?)]'/-–—}\\ ":
            self._stack.append((" ", " ", token[2]))
        return True

    # ------------------------------------------------------------------ definitions
    def _define(self, definer: str) -> None:
        self.star()
        if definer in _ENVIRONMENTS:
            name = source(self.argument()).strip()
            count, default = self._parameters(definer)
            document = source(self.argument()) if definer.startswith("NewDocument") else ""
            begin, end = self.argument(), self.argument()
            if name not in PROTECTED and len(self.environments) < 2000:
                self.environments[name] = (Macro(begin, count, default, document=document), Macro(end, count))
            return
        name = self.name()
        document = ""
        count, default = 0, None
        if "Document" in definer:
            document = source(self.argument())
        elif definer not in _OPERATORS:
            count, default = self._parameters(definer)
        body = self.argument()
        if definer == "DeclarePairedDelimiter":
            macro = Macro([*body, ("#", "1", 0), *self.argument()], 1)
        elif definer == "DeclareMathOperator":
            macro = Macro([("cmd", "operatorname", 0), ("{", "{", 0), *body, ("}", "}", 0)])
        else:
            macro = Macro(body, count, default, document=document)
        if definer.startswith(("provide", "Provide")) and name in self.macros:
            return
        self._set(name, macro)

    def _parameters(self, definer: str) -> tuple[int, list[Token] | None]:
        if definer.startswith("NewDocument"):
            return 0, None
        count = source(self.optional() or []).strip()
        return (int(count) if count.isdigit() and int(count) < 10 else 0), self.optional()

    def _define_plain(self) -> None:
        token = self.raw()
        if token is None or token[0] not in ("cmd", "cmd!"):
            return
        pattern: list[list[Token]] = [[]]
        while (t := self.peek()) is not None and t[0] != "{":
            self.raw()
            if t[0] == "#":
                pattern.append([])
            else:
                pattern[-1].append(t)
            if len(pattern) > 10 or len(pattern[-1]) > 50:
                return
        body = self.argument()
        self._set(token[1], Macro(body, len(pattern) - 1, pattern=pattern if any(pattern) else None))

    def _let(self) -> None:
        name = self.raw()
        self.skip_spaces()
        if (t := self.peek()) is not None and t[:2] == ("text", "="):
            self.raw()
            self.skip_spaces()
        target = self.raw()
        if name is None or target is None or name[0] != "cmd":
            return
        if target[0] == "cmd" and target[1] in self.macros:
            self._set(name[1], self.macros[target[1]])
        else:
            kind = "cmd!" if target[0] == "cmd" else target[0]
            if name[1] != target[1]:
                self._set(name[1], Macro([(kind, target[1], target[2])]))

    def _set(self, name: str, macro: Macro) -> None:
        # words that the reader itself understands keep their meaning, whatever a style makes of their looks
        if name.startswith("the") and name[3:] in _COUNTERS:
            # how a counter prints holds from here on, not for the whole paper: the numbering reads it in its place
            self._stack.append(("cmd!", f"the:{name[3:]}:{source(macro.body)}", 0))
        elif name and name not in PROTECTED and len(self.macros) < 20_000:
            self.macros[name] = macro

    def _csname(self, token: Token) -> None:
        parts: list[str] = []
        while (t := self.raw()) is not None and t[:2] != ("cmd", "endcsname") and len(parts) < 50:
            parts.append(t[1])
        name = "".join(parts)
        if name in self.macros or name in PROTECTED:
            self.push([("cmd", name, token[2])])

    # ------------------------------------------------------------------ environments
    def _environment(self, which: str, token: Token) -> bool:
        """Put the code of a user's environment in place of its \\begin or \\end."""
        name = source(self.argument()).strip()
        user = self.environments.get(name)
        if user is None:
            self._stack.append(("cmd!", which + ":" + name, token[2]))
            return True
        self._count(token)
        if which == "begin":
            arguments = self._read_arguments(user[0])
            self._arguments.append(arguments)
            self.push(substitute(user[0].body, arguments, token[2]))
        else:
            arguments = self._arguments.pop() if self._arguments else []
            self.push(substitute(user[1].body, arguments, token[2]))
        return True

    # ------------------------------------------------------------------ files
    def _open_file(self, path: str, *, only_body: bool = False) -> None:
        if path in self._open_files:
            raise UnreadableInputError(
                f"{path} inputs itself", where=self.file, todo="remove the \\input that closes the circle"
            )
        if len(self._open_files) >= _DEEPEST_INPUT:
            raise UnreadableInputError(f"\\input is nested more than {_DEEPEST_INPUT} files deep", where=path)
        text, line = self.project.text(path), 1
        if only_body and (m := re.search(r"(?<!\\)\\begin\s*\{document\}", text)) is not None:
            line += text.count("\n", 0, m.end())
            end = text.rfind("\\end{document}")
            text = text[m.end() : end if end > m.end() else len(text)]
        tokens = tokenize(text, line=line, at_letter=path.endswith((".sty", ".cls")))
        self.push([*tokens, ("eof", path, 0)])
        self._open_files.append(path)

    def _input(self, command: str) -> None:
        folder = source(self.argument()).strip() if command in ("import", "subimport") else ""
        self.star()
        self.optional()
        token = self.peek()
        if token is not None and token[0] == "text":
            # plain TeX: the name goes to the next white space
            parts: list[str] = []
            while (t := self.peek()) is not None and t[0] in ("text", "_", "~") and len(parts) < 100:
                parts.append(t[1])
                self.raw()
            name = "".join(parts)
        else:
            name = source(self.argument()).strip()
        if folder and folder not in (".", "./"):
            name = posixpath.join(folder, name)
        path = self.project.resolve(name, self.file)
        if (
            path is not None
            and path.lower().endswith((".tex", ".ltx", ".latex", ".tikz", ".txt", ".bbl", ".inc", ".tab"))
        ) or (path is not None and "." not in posixpath.basename(path)):
            self._open_file(path, only_body=True)

    def _package(self, command: str) -> None:
        options = source(self.optional() or [])
        names = source(self.argument())
        self.optional()
        if command.startswith("document"):
            self.document_class, self.class_options = names.strip(), options
            return
        for name in re.split(r"[\s,]+", names.strip()):
            self.packages[name] = options
            path = self.project.resolve(name, self.file, (".sty",)) if name and ".." not in name else None
            if path is not None and len(self.project.files[path]) < 300_000 and path not in self._open_files:
                self._definitions(path)

    def _definitions(self, path: str) -> None:
        """Take the plain definitions out of a style file of the paper's own; its programming stays unread."""
        text = self.project.text(path)
        for m in _DEFINITION.finditer(text):
            head = text[m.start() : m.start() + 3000]
            tokens = tokenize(head, at_letter=True)
            inner = Expander.__new__(Expander)
            inner.__dict__.update(self.__dict__, _stack=list(reversed(tokens)), macros={})
            definer = inner.raw()
            if definer is None:
                continue
            if definer[1] == "def":
                inner._define_plain()
            elif definer[1] in _DEFINERS or definer[1] in _OPERATORS:
                inner._define(definer[1])
            for name, macro in inner.macros.items():
                if "@" not in name and not any(t[0] == "cmd" and "@" in t[1] for t in macro.body):
                    self.macros.setdefault(name, macro)

    def _bibliography(self, token: Token) -> bool:
        """Put the .bbl file in the place of \\bibliography, where there is one that holds \\bibitem."""
        if token[1] == "bibliography":
            self.argument()
        else:
            self.optional()
        stem = posixpath.splitext(self.project.main)[0]
        bbls = [p for p in self.project.files if p.endswith(".bbl")]
        path = stem + ".bbl" if stem + ".bbl" in self.project.files else (bbls[0] if len(bbls) == 1 else None)
        if (
            path
            and path not in self._open_files
            and b"\\bibitem" in self.project.files[path]
            and not self._bibliography_read
        ):
            self._bibliography_read = True
            self._open_file(path)
        return True

    # ------------------------------------------------------------------ tests
    def _test(self, name: str) -> None:
        """Evaluate a TeX conditional; what is not known counts as false."""
        if name == "ifcase":
            self._number()
            truth = True
        elif name.startswith("if") and name[2:] in self.flags:
            truth = self.flags[name[2:]]
        elif name in ("ifx", "if", "ifcat"):
            truth = self._same(self._next_meaning(name), self._next_meaning(name))
        elif name == "ifdefined":
            token = self.raw()
            truth = token is not None and (token[1] in self.macros or token[1] in PROTECTED)
        elif name == "ifcsname":
            parts: list[str] = []
            while (t := self.raw()) is not None and t[:2] != ("cmd", "endcsname") and len(parts) < 50:
                parts.append(t[1])
            truth = "".join(parts) in self.macros
        elif name in ("ifnum", "ifdim"):
            left = self._number()
            self.skip_spaces()
            relation = self.raw()
            right = self._number()
            sign = relation[1][:1] if relation else "="
            if relation and relation[0] == "text" and len(relation[1]) > 1:
                m = re.match(r"-?\d+", relation[1][1:])
                right = int(m[0]) if m else right
            truth = {"<": left < right, ">": left > right}.get(sign, left == right)
        elif name == "ifodd":
            truth = self._number() % 2 == 1
        else:
            truth = name in _TRUE
        if truth:
            self._open_tests += 1
        else:
            self._skip(to_else=True)

    def _next_meaning(self, test: str) -> Token | None:
        self.skip_spaces()
        token = self.raw()
        if token is not None and token[0] == "text" and len(token[1]) > 1:
            self._stack.append(("text", token[1][1:], token[2]))
            return ("text", token[1][0], token[2])
        if test == "if" and token is not None and token[0] == "cmd" and token[1] in self.macros:
            self._count(token)
            self.push(self._call(self.macros[token[1]], token[2]))
            return self._next_meaning(test)
        return token

    def _same(self, a: Token | None, b: Token | None) -> bool:
        if a is None or b is None:
            return a is b
        ma, mb = (self.macros.get(t[1]) if t[0] == "cmd" else None for t in (a, b))
        if ma is not None or mb is not None:
            return ma is not None and mb is not None and [t[:2] for t in ma.body] == [t[:2] for t in mb.body]
        # neither is the user's: two unknown words are both undefined, which \\ifx calls equal
        if a[0] == b[0] == "cmd" and a[1] not in PROTECTED and b[1] not in PROTECTED:
            return "undefined" in (a[1], b[1]) or a[1] == b[1] or "relax" in (a[1], b[1])
        return a[:2] == b[:2]

    def _number(self) -> int:
        self.skip_spaces()
        token = self.raw()
        if token is not None and token[0] == "cmd" and token[1] in self.macros:
            self._count(token)
            self.push(self._call(self.macros[token[1]], token[2]))
            return self._number()
        if token is not None and token[0] == "text" and (m := re.match(r"-?\d+", token[1])) is not None:
            if m.end() < len(token[1]):
                self._stack.append(("text", token[1][m.end() :], token[2]))
            return int(m[0][:9])
        if token is not None and token[0] == "cmd" and token[1] in ("value", "arabic"):
            self.argument()
        return 0

    def _skip(self, *, to_else: bool) -> None:
        """Pass over tokens up to the \\fi of this conditional, or its \\else where that is allowed."""
        depth = 0
        while (token := self.raw()) is not None:
            if token[0] != "cmd":
                continue
            name = token[1]
            if name == "fi":
                if not depth:
                    return
                depth -= 1
            elif name == "else" and not depth and to_else:
                self._open_tests += 1
                return
            elif name in _TESTS or (name.startswith("if") and name[2:] in self.flags):
                depth += 1
            elif name == "newif":
                self.raw()

    def _braced_test(self, name: str) -> None:
        if name == "@ifnextchar":
            self.raw()
            self.argument()
            self.push(self.argument())
            return
        condition = source(self.argument()).strip()
        yes, no = self.argument(), self.argument()
        truth = False
        if name in ("iftoggle", "ifbool"):
            truth = self.flags.get(condition, False)
        elif name in ("@ifundefined", "ifundef", "ifdef"):
            known = condition.lstrip("\\").strip() in self.macros
            truth = known if name == "ifdef" else not known
        elif (m := re.fullmatch(r"(\\not\s*)?\\boolean\s*\{(.*)\}", condition)) is not None:
            truth = self.flags.get(m[2].strip(), False) != bool(m[1])
        elif (m := re.fullmatch(r"(\\not\s*)?\\equal\s*\{(.*?)\}\s*\{(.*)\}", condition)) is not None:
            truth = (self._flat(m[2]) == self._flat(m[3])) != bool(m[1])
        self.push(yes if truth else no)

    def _flat(self, text: str) -> str:
        name = text.strip().lstrip("\\")
        macro = self.macros.get(name) if text.strip().startswith("\\") else None
        return source(macro.body).strip() if macro else text.strip()


def substitute(body: list[Token], arguments: list[list[Token]], line: int) -> list[Token]:
    """`body` with "#1" and so on replaced; tokens of the body get `line`, those of the arguments keep theirs."""
    out: list[Token] = []
    for kind, text, _ in body:
        if kind == "#" and text.isdigit() and 1 <= int(text) <= len(arguments):
            out += arguments[int(text) - 1]
        elif kind == "#" and text[:1] == "#":
            out.append(("#", text[1:], line))
        else:
            out.append((kind, text, line))
        if len(out) > _LONGEST_BODY:
            raise UnreadableInputError("the LaTeX macros expand without end", todo="give the PDF instead")
    return out
