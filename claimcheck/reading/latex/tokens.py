"""LaTeX source to tokens: control words, braces, text runs, paragraph breaks; comments gone, verbatim kept whole.

A token is a plain tuple `(kind, text, line)`. Kinds: "cmd" (text without the backslash), "{", "}", "$" (text "$" or
"$$"),
"&", "^", "_", "~", "#" (text is what follows the sign), "text", " ", "par" (blank line) and "verb" (verbatim).
"""

from __future__ import annotations

import re

Token = tuple[str, str, int]

_TOKEN = re.compile(
    r"""(?P<comment>%[^\n]*\n?[ \t]*)
    |(?P<space>\s+)
    |\\(?P<word>[A-Za-z]+|[A-Za-z@]+)
    |\\(?P<symbol>[^A-Za-z]|\n)
    |(?P<math>\$\$?)
    |(?P<special>[{}&^_~])
    |(?P<param>\#+[0-9]?)
    |(?P<single>[*\[\]=|@])
    |(?P<text>[^\\{}$&^_~\#%\s*\[\]=|@]+)
    |(?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)
_AT_WORD = re.compile(r"\\([A-Za-z@]+)")
_AFTER_WORD = re.compile(r"[ \t]*(?:\n(?![ \t]*(?:\n|\Z))[ \t]*)?")
_VERBATIM = re.compile(r"\s*\{(verbatim\*?|lstlisting|minted|[BLS]?Verbatim\*?|comment|filecontents\*?|alltt|CJK\*?)\}")
_URL = re.compile(r"\s*\{((?:[^{}\n#]|#(?!\d))*)\}")  # "#1" is a macro's argument
_HIDDEN_VERBATIM = {"comment", "filecontents", "filecontents*"}


def tokenize(text: str, *, line: int = 1, at_letter: bool = False) -> list[Token]:
    """Tokens of `text`, whose first line is number `line`; `at_letter` reads "@" as a letter (style files)."""
    out: list[Token] = []
    position = 0
    while position < len(text):
        m = _TOKEN.match(text, position)
        if m is None:  # cannot happen: the last alternative takes any character
            break
        kind = m.lastgroup or "stray"
        value = m[kind]
        start_line = line
        position = m.end()
        line += m[0].count("\n")
        if kind == "text":
            out.append(("text", value, start_line))
        elif kind == "space":
            out.append(("par" if value.count("\n") > 1 else " ", " ", start_line))
        elif kind == "comment":
            if text.startswith("\n", position) and m[0].count("\n"):
                # a blank line after a comment ends the paragraph
                rest = re.compile(r"\s+").match(text, position)
                if rest is not None:
                    position = rest.end()
                    line += rest[0].count("\n")
                    out.append(("par", " ", start_line))
        elif kind == "word":
            if at_letter and (w := _AT_WORD.match(text, m.start())) is not None:
                value, position = w[1], w.end()
            gap = _AFTER_WORD.match(text, position)
            after = gap.end() if gap else position
            if value == "makeatletter":
                at_letter = True
            elif value == "makeatother":
                at_letter = False
            elif value in ("verb", "lstinline") and (verb := _verb(text, position)) is not None:
                out.append(("verb", verb[0], start_line))
                position = verb[1]
                continue
            elif value == "begin" and (v := _VERBATIM.match(text, position)) is not None and "CJK" not in v[1]:
                end = text.find(f"\\end{{{v[1]}}}", v.end())
                end = len(text) if end < 0 else end
                if v[1] not in _HIDDEN_VERBATIM:
                    out += [
                        ("par", " ", start_line),
                        ("verb", text[v.end() : end], start_line),
                        ("par", " ", start_line),
                    ]
                stop = min(len(text), end + len(v[1]) + 6)
                line += text.count("\n", position, stop)
                position = stop
                continue
            elif value in ("url", "path", "nolinkurl", "href") and (u := _URL.match(text, position)) is not None:
                out += [("cmd", value, start_line), ("{", "{", start_line), ("verb", u[1], start_line)]
                out.append(("}", "}", start_line))
                position = u.end()
                continue
            out.append(("cmd", value, start_line))
            line += text.count("\n", position, after)
            position = after
        elif kind == "symbol":
            out.append(("cmd", " " if value in "\n\t" else value, start_line))
        elif kind == "math":
            out.append(("$", value, start_line))
        elif kind == "special":
            out.append((value, value, start_line))
        elif kind == "param":
            out.append(("#", value[1:] if len(value) > 1 else "", start_line))
        elif kind == "single" or value != "\\":
            out.append(("text", value, start_line))
    return out


def _verb(text: str, position: int) -> tuple[str, int] | None:
    """(content, end) of what stands between two equal delimiters on one line."""
    if text.startswith("*", position):
        position += 1
    if text.startswith("[", position):
        position = text.find("]", position, position + 500) + 1 or position
    if position >= len(text) or text[position].isspace():
        return None
    closer = "}" if text[position] == "{" else text[position]
    end = text.find(closer, position + 1, position + 2000)
    if end < 0 or "\n" in text[position:end]:
        return None
    return text[position + 1 : end], end + 1


def source(tokens: list[Token]) -> str:
    """The tokens written back as LaTeX source, near enough to read keys and column specifications from."""
    out: list[str] = []
    for kind, text, _ in tokens:
        if kind == "cmd":
            out.append("\\" + text + (" " if text[-1:].isalpha() else ""))
        elif kind == "#":
            out.append("#" + text)
        else:
            out.append(" " if kind == "par" else text)
    return "".join(out)
