"""LaTeX's symbol commands and accents as Unicode text."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_OWN = {
    "times": "×", "pm": "±", "mp": "∓", "cdot": "·", "cdots": "…", "ldots": "...", "dots": "...", "dotsc": "...",
    "textellipsis": "...", "checkmark": "✓", "cmark": "✓", "xmark": "✗", "greencheck": "✓", "redx": "✗",
    "uparrow": "↑", "downarrow": "↓", "Uparrow": "⇑", "Downarrow": "⇓", "to": "→", "rightarrow": "→",
    "leftarrow": "←", "gets": "←", "Rightarrow": "⇒", "leftrightarrow": "↔", "longrightarrow": "→", "dagger": "†",
    "dag": "†", "textdagger": "†", "ddagger": "‡", "ddag": "‡", "textdaggerdbl": "‡", "S": "§", "P": "¶",
    "ast": "*", "star": "⋆", "bigstar": "★", "textasteriskcentered": "*", "circ": "∘", "degree": "°",
    "textdegree": "°", "prime": "′", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥",
    "ne": "≠", "neq": "≠", "approx": "≈", "sim": "∼", "simeq": "≃", "ll": "≪", "gg": "≫", "lt": "<", "gt": ">",
    "textless": "<", "textgreater": ">", "less": "<", "textbar": "|", "vert": "|", "lvert": "|", "rvert": "|",
    "mid": "|", "Vert": "‖", "lVert": "‖", "rVert": "‖", "|": "‖", "parallel": "‖", "infty": "∞", "ell": "ℓ",
    "epsilon": "ϵ", "varepsilon": "ε", "phi": "φ", "varphi": "φ", "sum": "∑", "prod": "∏", "int": "∫",
    "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "{": "{", "}": "}",
    "%": "%", "&": "&", "#": "#", "$": "$", "_": "_", "textunderscore": "_", "textbackslash": "\\",
    "textasciitilde": "~", "textasciicircum": "^", "backslash": "\\", "-": "", "/": "", ",": " ", ";": " ",
    ":": " ", "!": "", " ": " ", ">": " ", "@": "", "quad": " ", "qquad": " ", "enspace": " ", "thinspace": " ",
    "enskip": " ", "space": " ", "nobreakspace": " ", "newline": " ", "linebreak": " ", "\\": " ",
    "tabularnewline": " ", "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "eg": "e.g.", "ie": "i.e.",
    "etc": "etc.", "etal": "et al.", "and": "and", "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ",
    "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ", "textmu": "µ",
    "textperthousand": "‰", "euro": "€", "EUR": "€", "texteuro": "€", "pounds": "£", "copyright": "©",
    "textregistered": "®", "texttrademark": "™", "textquoteright": "'", "textquoteleft": "‘",
    "textquotedblleft": "“", "textquotedblright": "”", "textendash": "–", "textemdash": "—", "slash": "/",
    "colon": ":", "bullet": "•", "textbullet": "•", "square": "□", "blacksquare": "■", "triangle": "△",
    "blacktriangle": "▲", "blacktriangledown": "▼", "triangledown": "▽", "clubsuit": "♣", "spadesuit": "♠",
    "heartsuit": "♥", "diamondsuit": "♦", "lozenge": "◊", "diamond": "⋄", "log": "log", "arg": "arg", "max": "max",
    "min": "min", "exp": "exp", "sin": "sin", "cos": "cos", "tan": "tan", "tanh": "tanh", "lim": "lim",
    "sup": "sup", "inf": "inf", "ln": "ln", "det": "det", "dim": "dim", "ker": "ker", "Pr": "Pr", "gcd": "gcd",
    "deg": "deg", "bmod": "mod", "mod": "mod", "pmod": "mod", "argmax": "arg max", "argmin": "arg min",
    "softmax": "softmax", "today": "", "percent": "%", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]",
    "nicefrac": "/", "colonequals": ":=", "coloneqq": ":=", "minus": "-", "texttimes": "×", "textpm": "±",
    "textuparrow": "↑", "textdownarrow": "↓", "nodata": "…", "divideontimes": "⋇",
}  # fmt: skip
_COMBINING = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "r": "\u030a", "k": "\u0328", "d": "\u0323",
    "b": "\u0331", "t": "\u0361",
}  # fmt: skip
ACCENTS = frozenset(_COMBINING)
# printed with space around them between two operands
SPACED = frozenset("×±∓·=<>≤≥≈∼≃≠≪≫∈∉→←⇒↔⊂⊆∝≡⟶")
_UNITS = {
    "percent": "%", "kilo": "k", "mega": "M", "giga": "G", "tera": "T", "milli": "m", "micro": "µ", "nano": "n",
    "centi": "c", "metre": "m", "meter": "m", "second": "s", "gram": "g", "hertz": "Hz", "byte": "B", "bit": "bit",
    "hour": "h", "minute": "min", "watt": "W", "joule": "J", "degree": "°", "celsius": "°C", "kelvin": "K",
    "volt": "V", "mole": "mol", "litre": "L", "liter": "L", "pixel": "px", "per": "/", "squared": "^2",
    "cubed": "^3", "day": "d", "dB": "dB", "decibel": "dB",
}  # fmt: skip


@lru_cache(maxsize=1)
def _pylatexenc_symbols() -> dict[str, str]:
    from pylatexenc.latex2text import get_default_latex_context_db

    out: dict[str, str] = {}
    for spec in get_default_latex_context_db().iter_macro_specs():  # type: ignore[no-untyped-call]
        text = spec.simplify_repl
        if isinstance(text, str) and text and "%" not in text and len(text) <= 3:
            out[spec.macroname] = text
    return out


def symbol(name: str) -> str | None:
    """What a symbol command prints, or None where `name` is no symbol."""
    found = _OWN.get(name)
    if found is None:
        found = _pylatexenc_symbols().get(name)
    return found


def accented(accent: str, letter: str) -> str:
    """A letter under an accent command, composed where Unicode has it: accented("'", "e") is "é"."""
    letter = {"ı": "i", "ȷ": "j"}.get(letter, letter)
    if not letter:
        return ""
    return unicodedata.normalize("NFC", letter[0] + _COMBINING[accent]) + letter[1:]


def unit(name: str) -> str:
    """A siunitx unit macro as printed: unit("kilo") is "k"; unknown ones print their name."""
    return _UNITS.get(name, name)


def roman(number: int) -> str:
    """Upper-case Roman numeral of a positive number: roman(4) is "IV"."""
    out = ""
    values = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    for value, letters in zip(
        values, ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"), strict=True
    ):
        while number >= value:
            out += letters
            number -= value
    return out
