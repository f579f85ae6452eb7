"""Characters outside ASCII that pdflatex can show with T1 fonts, textcomp and amssymb, and the commands that do it."""

from __future__ import annotations

import string

__all__ = ["COMBINING", "PRINTABLE", "SYMBOLS"]

PRINTABLE = frozenset(string.printable) - frozenset("\t\n\r\v\f")
"""The characters of ASCII that stand for themselves, after escaping."""

COMBINING: dict[str, str] = {
    "\u0300": r"\`", "\u0301": r"\'", "\u0302": r"\^", "\u0303": r"\~", "\u0304": r"\=", "\u0306": r"\u",
    "\u0307": r"\.", "\u0308": r"\"", "\u030a": r"\r", "\u030b": r"\H", "\u030c": r"\v", "\u0323": r"\d",
    "\u0326": r"\c", "\u0327": r"\c", "\u0328": r"\k", "\u0331": r"\b", "\u0332": r"\b", "\u0305": r"\=",
    # Greek breathings and the like stand over letters that are set in mathematics: the letter alone stays readable
    "\u0313": "", "\u0314": "", "\u0342": "", "\u0345": "", "\u0309": "", "\u031b": "", "\u0338": "", "\u20d7": "",
}  # fmt: skip
"""A combining mark and the accent command for the letter before it; "" where the mark is left out."""

_TEXT = {
    "\u00a0": "~", "¡": r"\textexclamdown", "¿": r"\textquestiondown", "§": r"\S", "¶": r"\P", "©": r"\textcopyright",
    "®": r"\textregistered", "™": r"\texttrademark", "°": r"\textdegree", "£": r"\textsterling", "¥": r"\textyen",
    "€": r"\texteuro", "¢": r"\textcent", "¤": r"\textcurrency", "ª": r"\textordfeminine", "º": r"\textordmasculine",
    "«": r"\guillemotleft", "»": r"\guillemotright", "‹": r"\guilsinglleft", "›": r"\guilsinglright",
    "„": r"\quotedblbase", "‚": r"\quotesinglbase", "“": r"\textquotedblleft", "”": r"\textquotedblright",
    "‘": r"\textquoteleft", "’": r"\textquoteright", "‟": r"\textquotedblleft", "‛": r"\textquoteleft",
    "–": r"\textendash", "—": r"\textemdash", "―": r"\textemdash", "‐": "-", "‑": "-", "‒": r"\textendash",
    "…": r"\textellipsis", "•": r"\textbullet", "‣": r"\textbullet", "·": r"\textperiodcentered",
    "†": r"\textdagger", "‡": r"\textdaggerdbl", "‰": r"\textperthousand", "‱": r"\textpertenthousand",
    "¦": r"\textbrokenbar", "¨": r"\textasciidieresis", "¯": r"\textasciimacron", "´": r"\textasciiacute",
    "¸": r"\c{}", "ß": r"\ss", "ẞ": "SS", "æ": r"\ae", "Æ": r"\AE", "œ": r"\oe", "Œ": r"\OE", "ø": r"\o", "Ø": r"\O",
    "å": r"\aa", "Å": r"\AA", "ł": r"\l", "Ł": r"\L", "đ": r"\dj", "Đ": r"\DJ", "ð": r"\dh", "Ð": r"\DH",
    "þ": r"\th", "Þ": r"\TH", "ŋ": r"\ng", "Ŋ": r"\NG", "ı": r"\i", "ȷ": r"\j", "ħ": r"\ensuremath{\hbar}",
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "⁄": "/", "№": r"\textnumero",
    "␣": r"\textvisiblespace", "※": r"\textreferencemark", "℃": r"\textcelsius", "µ": r"\textmu",
    "ʼ": r"\textquoteright", "ʻ": r"\textquoteleft", "′": r"\ensuremath{'}", "″": r"\ensuremath{''}",
    "‴": r"\ensuremath{'''}", "‵": r"\textasciigrave", "˜": r"\textasciitilde", "ˆ": r"\textasciicircum",
    "\ufffd": r"\ensuremath{\boxtimes}",
}  # fmt: skip

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "ς": "varsigma", "τ": "tau", "υ": "upsilon", "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega", "ϵ": "epsilon",
    "ϑ": "vartheta", "ϕ": "phi", "ϖ": "varpi", "ϱ": "varrho", "ϰ": "varkappa", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi",
    "Ω": "Omega",
}  # fmt: skip
_LATIN_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))

_MATHEMATICS = {
    "±": "pm", "∓": "mp", "×": "times", "÷": "div", "∗": "ast", "⋆": "star", "★": "bigstar", "∘": "circ", "∙": "bullet",
    "⋅": "cdot", "≤": "le", "≥": "ge", "≦": "leqq", "≧": "geqq", "⩽": "leqslant", "⩾": "geqslant", "≪": "ll",
    "≫": "gg", "≠": "ne", "≈": "approx", "≅": "cong", "≃": "simeq", "∼": "sim", "≡": "equiv", "∝": "propto",
    "≲": "lesssim", "≳": "gtrsim", "≺": "prec", "≻": "succ", "≐": "doteq", "≜": "triangleq", "∞": "infty",
    "∂": "partial", "∇": "nabla", "∑": "sum", "∏": "prod", "∐": "coprod", "∫": "int", "∮": "oint", "√": "surd",
    "∈": "in", "∉": "notin", "∋": "ni", "⊂": "subset", "⊃": "supset", "⊆": "subseteq", "⊇": "supseteq", "∪": "cup",
    "∩": "cap", "∅": "emptyset", "∖": "setminus", "⊕": "oplus", "⊖": "ominus", "⊗": "otimes", "⊘": "oslash",
    "⊙": "odot", "⊥": "perp", "⊤": "top", "∥": "parallel", "∣": "mid", "∧": "wedge", "∨": "vee", "¬": "neg",
    "∀": "forall", "∃": "exists", "∄": "nexists", "∴": "therefore", "∵": "because", "∠": "angle", "⊢": "vdash",
    "⊨": "models", "⌈": "lceil", "⌉": "rceil", "⌊": "lfloor", "⌋": "rfloor", "⟨": "langle", "⟩": "rangle",
    "〈": "langle", "〉": "rangle", "‖": "Vert", "ℓ": "ell", "ℏ": "hbar", "ℜ": "Re", "ℑ": "Im", "ℵ": "aleph",
    "℘": "wp", "←": "leftarrow", "→": "rightarrow", "↑": "uparrow", "↓": "downarrow", "↔": "leftrightarrow",
    "↕": "updownarrow", "↗": "nearrow", "↘": "searrow", "↙": "swarrow", "↖": "nwarrow", "⇐": "Leftarrow",
    "⇒": "Rightarrow", "⇑": "Uparrow", "⇓": "Downarrow", "⇔": "Leftrightarrow", "↦": "mapsto", "⟶": "longrightarrow",
    "⟵": "longleftarrow", "⟹": "Longrightarrow", "⟺": "Longleftrightarrow", "↩": "hookleftarrow",
    "↪": "hookrightarrow", "⇝": "rightsquigarrow", "⇌": "rightleftharpoons", "♠": "spadesuit", "♣": "clubsuit",
    "♥": "heartsuit", "♦": "diamondsuit", "♡": "heartsuit", "♢": "diamondsuit", "♭": "flat", "♮": "natural",
    "♯": "sharp", "✓": "checkmark", "✔": "checkmark", "✗": "times", "✘": "times", "✕": "times", "✖": "times",
    "□": "square", "■": "blacksquare", "◻": "square", "◼": "blacksquare", "▪": "blacksquare", "☐": "square",
    "△": "triangle", "▲": "blacktriangle", "▽": "triangledown", "▼": "blacktriangledown", "▷": "triangleright",
    "▶": "blacktriangleright", "◁": "triangleleft", "◀": "blacktriangleleft", "◇": "lozenge", "◊": "lozenge",
    "◆": "blacklozenge", "⧫": "blacklozenge", "○": "bigcirc", "●": "bullet", "◦": "circ", "∎": "blacksquare",
    "⋯": "cdots", "⋮": "vdots", "⋱": "ddots", "⊞": "boxplus", "⊠": "boxtimes", "⊡": "boxdot", "⋄": "diamond",
    "∆": "Delta", "𝜕": "partial",
}  # fmt: skip
_BLACKBOARD = dict(zip("ℂℍℕℙℚℝℤ", "CHNPQRZ", strict=True))

SYMBOLS: dict[str, str] = {
    # a command made of letters would swallow the blank after it
    **{c: f"{t}{{}}" if t.startswith("\\") and t[-1].isalpha() else t for c, t in _TEXT.items()},
    **{c: rf"\ensuremath{{\{name}}}" for c, name in {**_MATHEMATICS, **_GREEK}.items()},
    **{c: rf"\ensuremath{{\mathbb{{{letter}}}}}" for c, letter in _BLACKBOARD.items()},
    **_LATIN_GREEK,
    "−": r"\ensuremath{-}",
    "∶": ":", "∕": "/", "＝": "=", "＋": "+", "⁎": r"{*}", "𝟙": r"\ensuremath{\mathbf{1}}",
}  # fmt: skip
"""A character and the commands that print it, complete in themselves: nothing after them can change them."""
