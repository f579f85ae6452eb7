"""A stream of LaTeX tokens that can be pushed back to, and the reading of macro arguments from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.reading.latex.project import Project
from claimcheck.reading.latex.tokens import Token, source

_MOST_TOKENS = 4_000_000  # pushed back by expansions and files together
_LONGEST_ARGUMENT = 200_000  # tokens


@dataclass
class Stream:
    """The tokens still to come, files within files included; nothing here expands."""

    project: Project
    _stack: list[Token] = field(default_factory=list)  # last one first
    _open_files: list[str] = field(default_factory=list)
    _pushed: int = 0

    # ------------------------------------------------------------------ the stream
    @property
    def file(self) -> str:
        """The path of the file being read."""
        return self._open_files[-1] if self._open_files else self.project.main

    def push(self, tokens: list[Token]) -> None:
        """Put tokens before everything that is still to come."""
        self._pushed += len(tokens)
        if self._pushed > _MOST_TOKENS:
            raise UnreadableInputError(
                "the LaTeX macros expand without end", where=self.file, todo="give the PDF instead"
            )
        self._stack.extend(reversed(tokens))

    def raw(self) -> Token | None:
        """The next token, unexpanded; ends of files pass unseen."""
        while self._stack:
            token = self._stack.pop()
            if token[0] == "eof":
                if self._open_files and self._open_files[-1] == token[1]:
                    self._open_files.pop()
                continue
            return token
        return None

    def peek(self) -> Token | None:
        """The token that `raw` would give."""
        token = self.raw()
        if token is not None:
            self._stack.append(token)
        return token

    # ------------------------------------------------------------------ reading arguments
    def skip_spaces(self) -> None:
        """Pass white space, but no paragraph break."""
        while (token := self.peek()) is not None and token[0] == " ":
            self.raw()

    def argument(self) -> list[Token]:
        """The next mandatory argument: a group without its braces, or one token. Unexpanded."""
        while (token := self.peek()) is not None and token[0] in (" ", "par"):
            self.raw()
        token = self.raw()
        if token is None:
            return []
        if token[0] == "text" and len(token[1]) > 1:
            self._stack.append(("text", token[1][1:], token[2]))
            return [("text", token[1][0], token[2])]
        if token[0] == "}":
            self._stack.append(token)
            return []
        return self._group() if token[0] == "{" else [token]

    def _group(self) -> list[Token]:
        out: list[Token] = []
        depth = 1
        while (token := self.raw()) is not None:
            depth += (token[0] == "{") - (token[0] == "}")
            if not depth:
                break
            out.append(token)
            if len(out) > _LONGEST_ARGUMENT:
                raise UnreadableInputError("a LaTeX argument that never closes", where=f"{self.file}, line {out[0][2]}")
        return out

    def optional(self, opener: str = "[", closer: str = "]") -> list[Token] | None:
        """The next optional argument without its brackets, or None. Unexpanded."""
        held: list[Token] = []
        while (token := self.peek()) is not None and token[0] == " ":
            held.append(token)
            self.raw()
        if token is None or token[0] != "text" or not token[1].startswith(opener):
            self._stack.extend(reversed(held))
            return None
        self.raw()
        if len(token[1]) > 1:
            self._stack.append(("text", token[1][1:], token[2]))
        out: list[Token] = []
        depth = 0
        while (token := self.raw()) is not None:
            if not depth and token[0] == "text" and closer in token[1]:
                before, _, after = token[1].partition(closer)
                if before:
                    out.append(("text", before, token[2]))
                if after:
                    self._stack.append(("text", after, token[2]))
                return out
            depth += (token[0] == "{") - (token[0] == "}")
            if depth < 0 or len(out) > 3000 or (token[0] == "par" and not depth):
                # no closing bracket: it was an ordinary one
                self.push([("text", opener, token[2]), *out, token])
                return None
            out.append(token)
        self.push([("text", opener, 0), *out])
        return None

    def star(self) -> bool:
        """Whether a star follows; it is taken."""
        token = self.peek()
        if token is not None and token[0] == "text" and token[1] == "*":
            self.raw()
            return True
        return False

    def name(self) -> str:
        """The next argument as the name of a control word, or as plain text for environments and keys."""
        tokens = [t for t in self.argument() if t[0] not in (" ", "par")]
        return (
            tokens[0][1]
            if len(tokens) == 1 and tokens[0][0] in ("cmd", "cmd!")
            else source(tokens).strip().lstrip("\\")
        )
