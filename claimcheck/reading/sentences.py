"""Where sentences begin and end in scientific prose: whole sentences by character offsets, never a cut number.

Rules rather than a model: a full stop ends a sentence unless what stands before it is an abbreviation, an initial or a
list label, or what stands after it cannot begin a sentence. Every rule prefers joining two sentences to cutting one.
"""

from __future__ import annotations

import re
from bisect import bisect_right

__all__ = ["split_sentences"]

# never end a sentence
_INSIDE = frozenset(
    {
        "e.g", "eg", "i.e", "ie", "cf", "vs", "v.s", "viz", "w.r.t", "wrt", "s.t", "approx", "resp", "ca", "dr",
        "mr", "mrs", "ms", "mx", "prof", "gen", "hon", "rev", "messrs", "fig", "figs", "eq", "eqs", "eqn", "eqns",
        "tbl", "thm", "lem", "asst", "assoc",
    }
)  # fmt: skip
# abbreviations before a number or a letter ("Sec. 3", "App. B", "no. 5", "Oct. 3"), ordinary words or ends otherwise
_BEFORE_NUMBER = frozenset(
    {
        "sec", "secs", "sect", "sects", "tab", "tabs", "app", "apps", "appx", "ch", "chap", "chaps", "no", "nos",
        "vol", "vols", "p", "pp", "ref", "refs", "def", "defs", "cor", "prop", "props", "alg", "algs", "algo", "ex",
        "exs", "art", "arts", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
        "ver", "v", "supp", "suppl", "ed", "eds", "rem", "obs", "par", "para",
    }
)  # fmt: skip
_NUMBERED_NOUNS = frozenset(
    {
        "table", "tables", "figure", "figures", "section", "sections", "equation", "equations", "appendix",
        "algorithm", "theorem", "lemma", "step", "layer",
    }
)  # fmt: skip
# end a sentence only before a word that opens sentences ("et al. We", "etc. The", "U.S. However")
_PERHAPS = frozenset(
    {
        "al", "etc", "inc", "ltd", "co", "corp", "jr", "sr", "st", "dept", "univ", "incl", "excl", "est", "avg",
        "std", "dev", "min", "max", "int", "conf", "proc", "trans",
    }
)  # fmt: skip
_OPENERS = frozenset(
    {
        "A", "After", "All", "Also", "Although", "An", "And", "Another", "Any", "As", "At", "Based", "Because",
        "Besides", "Both", "But", "By", "Compared", "Consequently", "Contrary", "Conversely", "Despite", "Due",
        "During", "Each", "Even", "Every", "Few", "Finally", "First", "Firstly", "Following", "For", "From",
        "Further", "Furthermore", "Given", "Hence", "Here", "How", "However", "If", "Importantly", "In", "Indeed",
        "Instead", "Interestingly", "It", "Its", "Last", "Lastly", "Later", "Let", "Like", "Likewise", "Many",
        "Meanwhile", "More", "Moreover", "Most", "Much", "Nevertheless", "Next", "No", "None", "Nonetheless", "Not",
        "Notably", "Note", "Now", "On", "Once", "One", "Only", "Or", "Other", "Others", "Otherwise", "Our", "Out",
        "Over", "Overall", "Particularly", "Previous", "Prior", "Rather", "Recall", "Recent", "Recently",
        "Regarding", "Remarkably", "Results", "Second", "Secondly", "See", "Several", "Similar", "Similarly",
        "Since", "So", "Some", "Specifically", "Still", "Such", "Surprisingly", "Table", "That", "The", "Their",
        "Then", "There", "Therefore", "These", "They", "Third", "This", "Those", "Though", "Three", "Through",
        "Thus", "To", "Together", "Two", "Under", "Unless", "Unlike", "Until", "Upon", "Using", "We", "What",
        "When", "Where", "Whereas", "Whether", "Which", "While", "Who", "Why", "With", "Within", "Without", "Yet",
        "You", "Your",
    }
)  # fmt: skip
_BRANDS = frozenset(
    {
        "yahoo", "jeopardy",
    }
)  # fmt: skip  # "Yahoo! Answers"

_STOP = re.compile(r"""[.!?…。！？]+["'”’»)\]}]*""")
_WIDE = "。！？"  # full-width stops need no space after them
_FOOTNOTE_MARK = re.compile(r"(?:\d{1,2}|\[\d{1,3}(?:[,–-]\s?\d{1,3})*\]|[*†‡§]+)(?=\s+[\"'“‘(\[]?[A-Z]|\s*$)")
_TOKEN_BEFORE = re.compile(r"[^\s(\[{\"“”'‘’/,;:]*$")
_NEXT_WORD = re.compile(r"\s*[\"'“‘«(\[{]*\s*(\w[\w'’-]*)")
_LABEL = re.compile(
    r"""[\s(•▪◦‣●■–-]*(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z](?:\.\d{1,3})*|[ivxIVX]{1,5}
    |(?:Table|Tab|Figure|Fig|Algorithm|Alg|Listing|Theorem|Lemma|Definition|Proposition|Corollary|Remark|Example|Scheme|Box)
    \.?\s*[A-Z]?[.-]?\d{0,3}(?:\.\d{1,3})*[a-z]?|TABLE\s+[IVX\d]{1,5}|Table\s+[IVX]{1,5})[)\]]?$""",
    re.VERBOSE,
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*|\n(?=[^\S\n]*[•▪◦‣●■]\s)")
_NUMBER_WORD = re.compile(r"[A-Z]\d*|[IVX]+")
_DOTTED = re.compile(r"(?:[^\W\d]{1,2}\.)+[^\W\d]")  # "U.S"
_INITIALS = re.compile(r"(?:[A-Z](?:\.-?|-))*[A-Z]")
_BRACKET = re.compile(r"[()\[\]]")
_LOOK_BACK = 48  # characters; longer tokens are no abbreviations
_LONGEST_BRACKET = 500  # characters; an aside longer than this may hold sentences of its own


def split_sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) character offsets of the sentences of `text`, in order, without surrounding white space.

    Together they hold every character that is not white space between sentences. A blank line, and a line that begins
    with a bullet, always starts a new sentence; a single line break is white space. Linear in the length of `text`.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for gap in _PARAGRAPH.finditer(text):
        _split_paragraph(text, start, gap.start(), spans)
        start = gap.end()
    _split_paragraph(text, start, len(text), spans)
    return spans


def _split_paragraph(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    """Append the sentences of text[start:end] to `spans`."""
    asides = _asides(text, start, end)
    opens = [a for a, _ in asides]
    position = start
    while (stop := _STOP.search(text, position, end)) is not None:
        position = stop.end()
        after = stop.end()
        if after < end and not text[after].isspace() and stop[0][-1] not in _WIDE:
            # "performance.13 We": a raised footnote mark or citation belongs to the sentence before it
            mark = _FOOTNOTE_MARK.match(text, after, end) if text[stop.start() - 1 : stop.start()].isalpha() else None
            if mark is None or len(_token_before(text, start, stop.start())) < 3:
                continue
            after = mark.end()
        i = bisect_right(opens, stop.start()) - 1
        if i >= 0 and stop.start() < asides[i][1] - 1 and after < asides[i][1]:
            continue
        if _ends_here(text, start, stop, after, end):
            _append(text, start, after, spans)
            start = position = after
    _append(text, start, end, spans)


def _append(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


def _asides(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """(open, close + 1) of the outermost closed brackets short enough to be an aside within a sentence."""
    out: list[tuple[int, int]] = []
    stack: list[int] = []
    for m in _BRACKET.finditer(text[start:end]):
        if m[0] in "([":
            stack.append(start + m.start())
        elif stack:
            opened = stack.pop()
            closed = start + m.end()
            if closed - opened <= _LONGEST_BRACKET:
                while out and out[-1][0] > opened:
                    out.pop()
                out.append((opened, closed))
    return out


def _token_before(text: str, start: int, stop: int) -> str:
    m = _TOKEN_BEFORE.search(text[max(start, stop - _LOOK_BACK) : stop])
    return m[0] if m else ""


def _ends_here(text: str, start: int, stop: re.Match[str], after: int, end: int) -> bool:
    """Whether the sentence that begins at `start` ends with this stop; `after` is where the next one would begin."""
    rest = text[after : after + 64] if after + 64 < end else text[after:end]
    if not rest.strip():
        return True
    if any(c in _WIDE for c in stop[0]):
        return True
    first = rest.lstrip()[0]
    if first in ",;:)]}%…&=+<>±×/|":
        return False
    m = _NEXT_WORD.match(rest)
    word = m[1] if m else ""
    if word[:1].islower() and not _is_name(word):
        return False
    opener = word.split("’")[0].split("'")[0] in _OPENERS
    token = _token_before(text, start, stop.start())
    marks = stop[0].rstrip("\"'”’»)]}")
    if "?" in marks or "!" in marks:
        return bool(word) and not (token.lower() in _BRANDS and not opener)
    if len(marks) > 1 or "…" in marks:
        # an ellipsis goes on unless a word that opens sentences follows
        return opener
    if stop.start() - start <= _LOOK_BACK and _LABEL.fullmatch(text[start : stop.start()].strip()):
        return False
    if stop[0] != marks:
        return bool(word)  # a closing bracket or quote after the stop: no abbreviation's own stop matters any more
    return _plain_stop_ends(token, first, word, opener)


def _plain_stop_ends(token: str, first: str, word: str, opener: bool) -> bool:
    """Whether a single full stop after `token` ends a sentence before `word`, which cannot be lower case."""
    bare = token.strip("*†‡§~").lower()
    numbered = bool(word) and (word[0].isdigit() or bool(_NUMBER_WORD.fullmatch(word)))
    if bare in _INSIDE:
        return False
    if bare in _BEFORE_NUMBER:
        return not numbered and first not in "([#"
    if bare in _NUMBERED_NOUNS and word[:1].isdigit():
        return False  # "Table. 1"
    if bare in _PERHAPS or _DOTTED.fullmatch(token):
        # "etc." before any capital ends; the others need a word that opens sentences
        return opener or (bare == "etc" and word[:1].isupper())
    if _INITIALS.fullmatch(token):
        return opener and word not in {"A", "In"}  # an initial ("J. Smith") or a name's end ("Appendix C. We")
    if token[-1:].isdigit() and word[:1].isdigit():
        return False  # "85. 3": a number torn apart by its setting
    if not word:
        # a symbol follows: only after a plain word is it a new sentence
        return len(bare) > 2 and bare.isalpha() and first not in "-–—"
    return True


def _is_name(word: str) -> bool:
    """Whether a word in lower case may begin a sentence: "mBERT", "word2vec", "iPhone"."""
    return any(c.isupper() for c in word[1:]) or any(c.isdigit() for c in word)
