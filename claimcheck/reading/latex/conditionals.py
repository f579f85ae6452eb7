"""TeX's conditionals and those of the common packages, decided as far as a reader without TeX can."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.reading.latex.commands import PROTECTED
from claimcheck.reading.latex.definitions import NO_VALUE, Macro
from claimcheck.reading.latex.stream import Stream
from claimcheck.reading.latex.tokens import Token, source

_MOST_EXPANSIONS = 150_000
TESTS = {
    "ifx", "if", "ifcat", "ifnum", "ifdim", "ifodd", "ifcase", "ifdefined", "ifcsname", "iftrue", "iffalse",
    "ifmmode", "ifhmode", "ifvmode", "ifinner", "ifpdf", "ifxetex", "ifluatex", "ifPDFTeX", "ifeof", "ifvoid",
    "ifhbox",
}  # fmt: skip
_TRUE = {"iftrue", "ifpdf", "ifPDFTeX", "ifhmode"}
VALUE_TESTS = re.compile(r"If(NoValue|Value|Boolean)(TF|T|F)")


@dataclass
class Conditionals(Stream, ABC):
    """A stream that can decide tests; what a macro stands for when it is called, the class above it knows."""

    macros: dict[str, Macro] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)  # \\newif
    _expansions: int = 0
    _open_tests: int = 0

    @abstractmethod
    def _call(self, macro: Macro, line: int) -> list[Token]:
        """The body of a macro with its arguments, which are read from the stream, put in."""

    def _count(self, token: Token) -> None:
        self._expansions += 1
        if self._expansions > _MOST_EXPANSIONS:
            raise UnreadableInputError(
                f"the LaTeX macro \\{token[1]} expands without end",
                where=f"{self.file}, line {token[2]}",
                todo="give the PDF instead",
            )

    def _test(self, name: str) -> None:
        """Evaluate a TeX conditional; what is not known counts as false."""
        if name == "ifcase":
            self._case(self._number())
            return
        if name.startswith("if") and name[2:] in self.flags:
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
            sign = relation[1][:1] if relation else "="
            if relation and relation[0] == "text" and len(relation[1]) > 1:
                self._stack.append(("text", relation[1][1:], relation[2]))
            right = self._number()
            truth = {"<": left < right, ">": left > right}.get(sign, left == right)
        elif name == "ifodd":
            truth = self._number() % 2 == 1
        else:
            truth = name in _TRUE
        if truth:
            self._open_tests += 1
        else:
            self._skip(to_else=True)

    def _case(self, number: int) -> None:
        """Go on in the branch of an \\ifcase that `number` names, or in its \\else."""
        while number:
            stop = self._skip(to_else=True, to_or=True)
            if stop != "or":
                return
            number -= 1
        self._open_tests += 1

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
        elif token is not None and token[0] != "cmd":
            self._stack.append(token)  # no number stands here
        return 0

    def _skip(self, *, to_else: bool, to_or: bool = False) -> str:
        """Pass over tokens up to the \\fi of this conditional, or its \\else or \\or where allowed; says which."""
        depth = 0
        while (token := self.raw()) is not None:
            if token[0] != "cmd":
                continue
            name = token[1]
            if name == "fi":
                if not depth:
                    return name
                depth -= 1
            elif name == "else" and not depth and to_else:
                self._open_tests += 1
                return name
            elif name == "or" and not depth and to_or:
                return name
            elif name in TESTS or (name.startswith("if") and name[2:] in self.flags):
                depth += 1
            elif name == "newif":
                self.raw()
        return ""

    def _value_test(self, what: str, branches: str) -> None:
        """\\IfNoValueTF and its kin: one branch for an argument that was given, one for one that was not."""
        argument = [t for t in self.argument() if t[0] != " "]
        absent = argument == [NO_VALUE] if what != "Boolean" else [t[1] for t in argument] != ["*"]
        truth = absent if what == "NoValue" else not absent
        yes = self.argument() if "T" in branches else []
        no = self.argument() if "F" in branches else []
        self.push(yes if truth else no)

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
