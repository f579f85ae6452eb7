"""What a macro is, how its body takes its arguments, and what \\ctable stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.reading.latex.tokens import Token, source, tokenize

_LONGEST_BODY = 1_000_000  # tokens
NO_VALUE: Token = ("cmd", "NoValue", 0)  # what an absent optional argument of \\NewDocumentCommand is


@dataclass(slots=True)
class Macro:
    """A user's macro: how it takes its arguments and what it stands for."""

    body: list[Token]
    parameters: int = 0
    default: list[Token] | None = None  # of the first argument, where that is optional
    pattern: list[list[Token]] | None = None  # \\def: the tokens before #1, between, and after the last
    document: str = ""  # a NewDocumentCommand specification such as "O{x} m s"


def substitute(body: list[Token], arguments: list[list[Token]], line: int) -> list[Token]:
    """`body` with "#1" and so on replaced; tokens of the body get `line`, those of the arguments keep theirs."""
    out: list[Token] = []
    for kind, text, _ in body:
        if kind == "#" and text.isdecimal() and 1 <= int(text[:4]) <= len(arguments):
            out += arguments[int(text) - 1]
        elif kind == "#" and text[:1] == "#":
            out.append(("#", text[1:], line))
        else:
            out.append((kind, text, line))
        if len(out) > _LONGEST_BODY:
            raise UnreadableInputError("the LaTeX macros expand without end", todo="give the PDF instead")
    return out


_CTABLE_RULES = {"FL": "\\toprule ", "ML": "\\\\ \\midrule ", "NN": "\\\\ ", "LL": "\\\\ \\bottomrule "}


def ctable(options: list[Token], columns: list[Token], notes: list[Token], body: list[Token]) -> list[Token]:
    """A \\ctable[options]{columns}{notes}{body} as the table environment that it stands for."""
    text = source(options)
    caption, label = (
        (m[1] if m[1] is not None else m[2]).strip() if m else ""
        for m in (
            re.search(rf"\b{key}\s*=\s*(?:\{{((?:[^{{}}]|\{{[^{{}}]*\}})*)\}}|([^,]*))", text)
            for key in ("caption", "label")
        )
    )
    rows: list[Token] = []
    for token in body:
        rows += tokenize(_CTABLE_RULES[token[1]]) if token[0] == "cmd" and token[1] in _CTABLE_RULES else [token]
    head = f"\\begin{{table}}\\caption{{{caption}}}\\label{{{label}}}" if caption else "\\begin{table}"
    return [
        *tokenize(head + "\\begin{tabular}"),
        *[("{", "{", 0), *columns, ("}", "}", 0)],
        *rows,
        *tokenize("\\end{tabular}\\begin{tablenotes}"),
        *notes,
        *tokenize("\\end{tablenotes}\\end{table}"),
    ]
