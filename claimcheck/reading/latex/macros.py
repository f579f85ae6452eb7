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
from claimcheck.reading.latex.citations import biber_items
from claimcheck.reading.latex.commands import PROTECTED
from claimcheck.reading.latex.conditionals import TESTS, VALUE_TESTS, Conditionals
from claimcheck.reading.latex.definitions import NO_VALUE, Macro, ctable, substitute
from claimcheck.reading.latex.tokens import Token, source, tokenize

_DEEPEST_INPUT = 20  # files within files

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
_COUNTERS = {"table", "figure", "section", "subsection", "subsubsection", "chapter", "equation", "algorithm"}
_DEFINITION = re.compile(
    r"^[ \t]*\\(?:(?:new|renew|provide)command|def|DeclareMathOperator|DeclareRobustCommand)\b", re.MULTILINE
)
_PREFIXES = {"global", "long", "outer", "protected", "relax", "expandafter", "noexpand", "makeatletter", "makeatother"}


@dataclass
class Expander(Conditionals):
    """Reads a project from its main file; `next()` gives the next token that needs no expansion, or None at the end."""

    environments: dict[str, tuple[Macro, Macro]] = field(default_factory=dict)
    columns: dict[str, Macro] = field(default_factory=dict)  # \\newcolumntype
    document_class: str = ""
    class_options: str = ""
    packages: dict[str, str] = field(default_factory=dict)  # name -> options
    _arguments: list[list[list[Token]]] = field(default_factory=list)  # of the open user environments
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
            default = self.optional()
            self.columns[key] = Macro(self.argument(), int(count[:4]) if count.isdecimal() else 0, default)
        elif name == "ctable":
            self.push(ctable(self.optional() or [], self.argument(), self.argument(), self.argument()))
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
        elif name in TESTS or (name.startswith("if") and name[2:] in self.flags):
            self._test(name)
        elif name.startswith("If") and (m := VALUE_TESTS.fullmatch(name)) is not None:
            self._value_test(m[1], m[2])
        elif name == "NoValue":
            return True
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
                absent = tokenize(m[1]) if m[1] is not None else [NO_VALUE]
                out.append(absent if given is None else given)
            elif m[0][0] in "dr":
                given = self.optional(m[0][1], m[0][2])
                out.append([NO_VALUE] if given is None else given)
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
        return (int(count) if count.isdecimal() and len(count) == 1 else 0), self.optional()

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
        """Put the .bbl file in the place of \\bibliography, where there is one: BibTeX's as it is, biber's as items."""
        if token[1] == "bibliography":
            self.argument()
        else:
            self.optional()
        stem = posixpath.splitext(self.project.main)[0]
        bbls = [p for p in self.project.files if p.endswith(".bbl")]
        path = stem + ".bbl" if stem + ".bbl" in self.project.files else (bbls[0] if len(bbls) == 1 else None)
        if path is None or path in self._open_files or self._bibliography_read:
            return True
        if b"\\bibitem" in self.project.files[path]:
            self._bibliography_read = True
            self._open_file(path)
        elif b"\\entry{" in self.project.files[path]:
            self._bibliography_read = True
            self.push(tokenize(biber_items(self.project.text(path)), line=1))
        return True
