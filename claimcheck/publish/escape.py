"""Escaping: what a paper says becomes harmless text in HTML, LaTeX, Markdown, CSV, JSON, terminals, URLs, paths.

A paper is hostile input. Every escaper takes any string and gives text that its format shows as it stands and never
obeys. `plain` comes first in all of them: it takes out what changes how the text around it is shown, terminal escapes
and right-to-left overrides for instance. JSON keeps every character and writes those as \\u escapes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from claimcheck.publish.latex_characters import COMBINING, PRINTABLE, SYMBOLS

_REPLACED = "\ufffd"
_WHITE = (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
# marks without a width: they steer direction, joining or hyphenation and are never part of the words
_INVISIBLE = (0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x2061, 0x2065))
# controls, bidi embeddings, overrides, isolates, interlinear marks, tags: a sign shows that one stood here
_CONTROLS = (
    *(c for c in range(0x20) if c not in _WHITE),
    0x7F,
    *(c for c in range(0x80, 0xA0) if c not in _WHITE),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x2070),
    *range(0xFFF9, 0xFFFC),
    0xFFFE,
    0xFFFF,
    *range(0xE0000, 0xE0080),
)
_PLAIN = {**dict.fromkeys(_WHITE, " "), **dict.fromkeys(_INVISIBLE, ""), **dict.fromkeys(_CONTROLS, _REPLACED)}
_SURROGATES = re.compile("[\ud800-\udfff]")
_STACKED = re.compile("([\u0300-\u036f]{3})[\u0300-\u036f]+")  # a tower of accents would cover the lines above

_JSON_HIDDEN = re.compile(
    "[" + "".join(re.escape(chr(c)) for c in sorted({*_WHITE, *_INVISIBLE, *_CONTROLS}) if c >= 0x7F) + "\ud800-\udfff]"
)

_FORMULA = re.compile(r"\s*[=+\-@|%＝＋－＠\t\r\n]")
_CSV_NUMBER = re.compile(r"[+\-]?\d[\d,]*(?:\.\d+)?(?:[eE][+\-]?\d+)?\s?%?")

_MD_SPECIAL = re.compile(r"[\\`*_\[\]~|]")
# a heading, a list item, a rule; "-1.2" and "82.2" start none
_MD_START = re.compile(r"^(?:(?P<sign>[#+\-=])(?=[\s#\-=]|$)|(?P<count>\d{1,9})(?P<dot>[.)])(?=\s|$))")
# GitHub links these after Markdown is done, so that no backslash stops it; an empty comment between the characters does
_MD_LINKED = re.compile(
    r"(?P<a>:)(?=//)|(?P<b>\bwww)(?=\.)|(?P<c>@)(?=\w)|(?P<d>#)(?=\d)|(?P<e>\bGH)(?=-\d)|(?P<f>:)(?=[\w+-]+:)",
    re.IGNORECASE,
)

_TEX_ASCII = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": r"\textasciigrave{}", '"': r"\textquotedbl{}",
    # an optional argument or a star after a line end is no command
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
_TEX_LIGATURES = "-,'"  # two of them in a row would become one sign
_TEX_SAFE = re.compile(r"(?:[A-Za-z0-9.:;!?()/=+@]|([-,'])(?!\1))*\Z")
LONG_WORD = 24
"""Letters: in LaTeX longer words get places to break, shorter ones are TeX's to hyphenate."""
_TEX_STEP = 8
_TEX_BREAK = r"\allowbreak{}"
_TEX_NAMED = 6  # letters of another script that are named one by one before the rest is counted
_BELOW = (r"\c", r"\k", r"\d", r"\b")
_DOTLESS = {"i": r"\i", "j": r"\j"}


def plain(text: str) -> str:
    """One line of text without control characters and without anything that reorders what stands around it.

    White space becomes a blank, marks of no width go, controls and bidi overrides become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return _STACKED.sub(r"\1", _SURROGATES.sub(_REPLACED, text.translate(_PLAIN)))


def shorten(text: str, limit: int, rest: str = "in ledger.json") -> str:
    """The text, or where it is longer than `limit` characters its beginning, how much is missing, and where that is."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()} … ({len(text) - limit:,} more characters {rest})"


def json_text(document: str) -> str:
    """A JSON document whose invisible and reordering characters are written as \\u escapes; it parses to the same."""

    def escaped(match: re.Match[str]) -> str:
        units = match.group().encode("utf-16-be", "surrogatepass").hex()
        return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))

    return _JSON_HIDDEN.sub(escaped, document)


def csv_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before it, but plain numbers stay ("-1.2")."""
    cell = plain(text)
    # the raw text decides too: a tab that `plain` made a blank may have been put there to start a formula
    if (_FORMULA.match(text) or _FORMULA.match(cell)) and not _CSV_NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def markdown(text: str) -> str:
    """Text for GitHub's Markdown, in a table cell too: no markup, HTML, link, mention, issue number or formula."""
    out = plain(text).strip()
    out = _MD_SPECIAL.sub(r"\\\g<0>", out.replace("&", "&amp;"))
    # a formula is found before entities are read, so that an entity is never the start of one
    out = out.replace("<", "&lt;").replace(">", "&gt;").replace("$", "&#36;")
    out = _MD_START.sub(lambda m: f"\\{m['sign']}" if m["sign"] else f"{m['count']}\\{m['dot']}", out)
    # an entity's own "#" is no issue number
    return _MD_LINKED.sub(lambda m: m.group() if _is_entity(m) else f"{m.group()}<!-- -->", out)


def _is_entity(match: re.Match[str]) -> bool:
    return match["d"] is not None and match.string[match.start() - 1 : match.start()] == "&"


def html(text: str) -> str:
    """Text for HTML, between tags or in a quoted attribute."""
    return str(Markup.escape(plain(text)))


def latex(text: str) -> str:
    """Text for pdflatex with T1 fonts, amssymb and textcomp, in ASCII; it contains no command of the text's own.

    Letters with accents, Greek, signs and arrows become commands; what no such font has is named in brackets, emoji by
    name ("[party popper]"), other scripts by code point ("[U+4E2D, U+6587]"), the first six of them. Long words get
    places to break.
    """
    out = plain(text)
    if not out.isascii():
        out = _TEX_FOREIGN.sub(_foreign_run, unicodedata.normalize("NFC", out))
    words = out.split(" ")
    return " ".join(w if len(w) <= LONG_WORD and _TEX_SAFE.match(w) else _latex_word(w) for w in words)


_TEX_FOREIGN = re.compile(r"[^\x00-\x7f]+")
# private-use characters that stand before a raised or lowered letter, and where a line may break beside a name in
# brackets; a text's own ones were named in brackets before
_SUPER, _SUB, _BREAK = "\U0010f000", "\U0010f001", "\U0010f002"


def _foreign_run(match: re.Match[str]) -> str:
    """Characters outside ASCII as characters that `_latex_word` can write, unprintable ones as bracketed names."""
    out: list[str] = []
    unknown: list[str] = []

    def close() -> None:
        if unknown:
            # a sentence in another script would be a page of numbers that nobody reads
            more = f" and {len(unknown) - _TEX_NAMED:,} more" if len(unknown) > _TEX_NAMED + 1 else ""
            out.append(f"{_BREAK}[{', '.join(unknown[: _TEX_NAMED if more else None])}{more}]{_BREAK}")
            unknown.clear()

    for character in match.group():
        shown = _printable(character)
        if shown is None:
            unknown.append(_name(character))
        elif shown:
            close()
            out.append(shown)
    close()
    return "".join(out)


def _printable(character: str) -> str | None:
    """What T1 fonts can show in place of a character: itself or its parts, "" for a joiner, None where they cannot."""
    if character in SYMBOLS or character in COMBINING:
        return character
    if character in "\u200c\u200d" or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return ""
    if unicodedata.category(character) == "Zs":
        return "\u00a0" if character in "\u00a0\u202f\u2007" else " "
    for form in ("NFD", "NFKD"):
        parts = unicodedata.normalize(form, character)
        if parts != character and all(p in SYMBOLS or p in COMBINING or p in PRINTABLE for p in parts):
            if form == "NFD":
                # a letter of which only the parts are known: "ṩ" is "s" with two accents
                return parts if parts[0] in PRINTABLE or parts[0] in SYMBOLS else None
            return _raised(character, parts)
    return None


def _raised(character: str, parts: str) -> str:
    """The compatible letters of a character: superscript two stays raised, a mathematical letter becomes its letter."""
    tag = unicodedata.decomposition(character).partition(">")[0]
    if tag in ("<super", "<sub") and len(parts) == 1:
        return (_SUPER if tag == "<super" else _SUB) + parts
    return parts


def _name(character: str) -> str:
    name = unicodedata.name(character, "").lower()
    if unicodedata.category(character) in ("So", "Sk") and name and len(name) <= 40:
        return name
    return f"U+{ord(character):04X}"


def _latex_word(word: str) -> str:
    """One word, character by character; a combining accent takes the letter before it as its argument."""
    pieces: list[str] = []
    raise_next = ""
    for character in word.strip(_BREAK):
        if character == _BREAK:
            pieces.append(_TEX_BREAK)
            continue
        if character in (_SUPER, _SUB):
            raise_next = r"\textsuperscript" if character == _SUPER else r"\textsubscript"
            continue
        accent = COMBINING.get(character)
        if accent is not None:
            pieces.append(_accented(pieces.pop() if pieces and pieces[-1] != _TEX_BREAK else "", accent))
            continue
        piece = SYMBOLS.get(character) or _TEX_ASCII.get(character) or character
        pieces.append(f"{raise_next}{{{piece}}}" if raise_next else piece)
        raise_next = ""
    if len(pieces) > LONG_WORD:
        pieces = _with_breaks(pieces)
    return "".join(
        f"{piece}{{}}" if piece in _TEX_LIGATURES and following == piece else piece
        for piece, following in zip(pieces, [*pieces[1:], ""], strict=True)
    )


def _accented(base: str, accent: str) -> str:
    """A letter with one accent more; those below go outermost, for TeX cannot set another one over them."""
    if not accent:
        return base
    if accent in _BELOW:
        return f"{accent}{{{base}}}"
    if base[:2] in _BELOW and base[2:3] == "{":
        return f"{base[:2]}{{{_accented(base[3:-1], accent)}}}"
    return f"{accent}{{{_DOTLESS.get(base, base)}}}"


def _with_breaks(pieces: list[str]) -> list[str]:
    """Places to break in a long word: after its punctuation, and where there is none every few letters."""
    out: list[str] = []
    since = 0
    for index, piece in enumerate(pieces):
        out.append(piece)
        since += 1
        last = index + 1 == len(pieces)
        if not last and (since >= _TEX_STEP or (since >= 3 and not piece.isalnum())):
            out.append(_TEX_BREAK)
            since = 0
    return out


def safe_url(url: str) -> str:
    """The address percent-encoded if it is an absolute http or https one, else ""."""
    cleaned = url.strip()
    try:
        parts = urlsplit(cleaned)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host or plain(cleaned) != cleaned or len(cleaned) > 2000:
        return ""
    # parentheses and quotes would end a link in Markdown or an attribute; "%" keeps what is encoded already
    return quote(cleaned, safe=":/?#@!$&*+,;=%-._~")


def latex_url(url: str) -> str:
    r"""An address from `safe_url` as the first argument of \href."""
    return re.sub(r"[%#&_$]", r"\\\g<0>", safe_url(url)).replace("~", r"\string~")


def anchor(text: str) -> str:
    """Letters, digits and hyphens only: a name for a place in any document. Two texts can come to the same."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text)[:80]


def file_stem(text: str, limit: int = 80) -> str:
    """A name for a folder on any system: letters, digits, "." , "-" and "_"; never empty, hidden or a way upwards."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "_", letters).strip("._-")[:limit].rstrip("._-") or "paper"


def short_hash(sha256: str, otherwise: str) -> str:
    """The first 8 hex digits of a hash, or of the hash of another string where the first is no hash."""
    if re.fullmatch(r"[0-9a-fA-F]{8,}", sha256):
        return sha256[:8].lower()
    return hashlib.sha256(otherwise.encode("utf-8", "surrogatepass")).hexdigest()[:8]
