"""Contradictions of a paper with itself in what it counts: "three new tasks" in the abstract, "four new tasks" below.

Papers count much that sounds alike ("two tasks", "the other three tasks"), so two counts are held against each other only
where the same noun has the same words before it that narrow it, nothing sets a part or a bound, and the two sentences say
much the same; and where neither part of the paper says the other number of the same things as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from claimcheck.claims.parts import Part, parts_of
from claimcheck.claims.quantities import find_quantities, mask_citations
from claimcheck.claims.twice import SUMMING_UP
from claimcheck.claims.wording import Lexicon, Wording, is_outcome
from claimcheck.foundation.counted import COUNTED, NUMBER_WORDS
from claimcheck.foundation.records import Document, Evidence, Finding, Pointer
from claimcheck.foundation.words import canonical

_COUNT = re.compile(
    rf"(?<![\w.,$-])(?P<n>{'|'.join(NUMBER_WORDS)}|\d{{1,3}})\s+(?P<before>(?:[A-Za-z][\w/+-]*\s+){{0,4}}?)(?P<noun>{COUNTED})\b(?![-/])",
    re.I,
)
# before the number: a bound, a part of more, a number of something else
_PARTIAL = re.compile(
    r"(?:\b(?:of|than|over|least|most|about|around|nearly|almost|approximately|roughly|other|another|first|last|next|top|best|remaining|additional|some|any"
    r"|only|to|or|section|table|figure|fig|sec|eq|all\s+but|except|between|these|those|such|latter|former|both)\s*|[–—-])$",
    re.I,
)
_PARTIAL_WORDS = frozenset(
    "other more additional further remaining following previous aforementioned such of and or out representative main major"
    " selected example random first last best top".split()
)
# words before the noun that narrow nothing
_PLAIN = frozenset(
    "new novel different various diverse challenging popular standard public publicly available large large-scale recent distinct"
    " widely used well-known real-world real world existing common commonly separate important competitive strong established"
    " benchmark evaluation typical classic famous small-scale unique individual published open accessible quite very"
    " highly fundamental core key influential well known studied large scale widely-used commonly-used well-studied".split()
)
_LIST = re.compile(r"\s?[:;—–(]|,\s*(?:namely|i\.\s?e\.|which|including|such|and|but)\b")  # what follows names them
# what a paper is tested on is told as a whole where it sums itself up, and before its experiments
_SCOPE = re.compile(
    r"\b(?:evaluat\w*|experiment\w*|test(?:ed|s|ing)?|validat\w*)\b[^.;:]{0,80}?\b(?:on|across|over)\s+"
    r"(?:a\s+total\s+of\s+|a\s+set\s+of\s+)?(?:all\s+)?(?:the\s+|our\s+)?$",
    re.I,
)
_ALSO = re.compile(
    r"\b(?:also|further|additional\w*|addition|finally|then|second\w*|next|moreover|furthermore|besides|instead|last\w*|following"
    r"|these|those|each|for\s+(?!our\b|all\b))\b",
    re.I,
)
_SHARES = (0.60, 0.30)  # of the words of the shorter sentence and of both together, the rarer weighing more
_ENOUGH_WORDS = 3
_LONGEST = 1_000  # characters of a sentence that is read; longer ones are rubble


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things that a sentence says."""

    sentence: int
    value: int
    text: str  # "three new tasks"
    span: tuple[int, int]  # of the number
    noun: str
    narrowed: frozenset[str]  # the words before the noun that say which ones


def counts_in(text: str, sentence: int = -1) -> Iterator[Count]:
    """The whole numbers of things that a sentence gives; parts of more and bounds are none."""
    if len(text) > _LONGEST:
        return
    masked = mask_citations(text)
    for m in _COUNT.finditer(masked):
        words = m["before"].lower().split()
        if _PARTIAL.search(masked[: m.start()].rstrip()) or _PARTIAL_WORDS & set(words):
            continue
        n = m["n"].lower()
        yield Count(
            sentence=sentence,
            value=NUMBER_WORDS.get(n) or int(n),
            text=" ".join(m[0].split()),
            span=m.span("n"),
            noun=canonical(m["noun"].replace(" ", "").lower()),
            narrowed=frozenset(canonical(x) for w in words if w not in _PLAIN for x in w.split("-") if x not in _PLAIN),
        )


def count_findings(document: Document) -> list[Finding]:
    """The pairs of sentences that count the same things differently, at most one finding a pair of numbers, in reading order."""
    parts = parts_of(document)
    lexicon = Lexicon(document, parts.names)
    said = [
        count
        for i, s in enumerate(document.sentences)
        if s.kind in ("abstract", "body") and parts.part[i] not in ("related", "appendix")
        for count in counts_in(s.text, i)
    ]
    out: dict[object, Finding] = {}
    for i, a in enumerate(said):
        for b in said[i + 1 :]:
            pair = parts.part[a.sentence], parts.part[b.sentence]
            if a.value == b.value or pair[0] == pair[1] or not set(pair) & SUMMING_UP:
                continue
            if (a.noun, a.narrowed) != (b.noun, b.narrowed) or not _alike(document, a, b, said, parts.part, lexicon):
                continue
            out.setdefault((a.noun, a.narrowed, a.value, b.value), _finding(document, a, b))
    return list(out.values())


def _alike(
    document: Document, a: Count, b: Count, said: Sequence[Count], part: Sequence[Part], lexicon: Lexicon
) -> bool:
    """Whether two sentences say much the same, the numbers and the lists that they open apart."""
    texts = [document.sentences[c.sentence].text for c in (a, b)]
    if any(_said_of_both(c, d, said, part) for c, d in ((a, b), (b, a))) or any(map(_ALSO.search, texts)):
        return False
    # in its body a paper says for each task anew "on four datasets", of all of them "on four cloze datasets"
    whole = bool(a.narrowed) or {part[a.sentence], part[b.sentence]} <= SUMMING_UP
    if whole and all(_is_scope(text, c) for text, c in zip(texts, (a, b), strict=True)):
        return True
    x, y = (_wording(text, c, lexicon) for text, c in zip(texts, (a, b), strict=True))
    if any((lexicon.unsaid(x, y), lexicon.unsaid(y, x), x.metrics ^ y.metrics, x.conditions ^ y.conditions)):
        return False
    mine, theirs = (frozenset(w for w in z.words if not is_outcome(w)) | {c.noun} for z, c in ((x, a), (y, b)))
    if len(mine & theirs) < _ENOUGH_WORDS:
        return False
    shared = lexicon.weight(mine & theirs)
    smaller, both = shared / min(map(lexicon.weight, (mine, theirs))), shared / lexicon.weight(mine | theirs)
    return smaller >= _SHARES[0] and both >= _SHARES[1]


def _is_scope(text: str, count: Count) -> bool:
    """Whether a sentence says on how many things the paper tests."""
    return _SCOPE.search(text[: count.span[0]]) is not None


def _said_of_both(a: Count, b: Count, said: Sequence[Count], part: Sequence[Part]) -> bool:
    """Whether the part of the one gives the number of the other for such things too: then there are two sorts of them."""
    return any(
        (c.noun, c.narrowed, c.value) == (b.noun, b.narrowed, b.value) and part[c.sentence] == part[a.sentence]
        for c in said
    )


def _wording(text: str, count: Count, lexicon: Lexicon) -> Wording:
    stop = _LIST.search(text, count.span[1])
    core = text[: stop.start()] if stop else text
    return lexicon.wording(core, find_quantities(core))


def _finding(document: Document, a: Count, b: Count) -> Finding:
    places = [_pointer(document, c) for c in (a, b)]
    said = [f"“{c.text}” in {_where(p)}" for c, p in zip((a, b), places, strict=True)]
    return Finding(
        kind="places_differ",
        text=f"The paper counts the same things differently: {said[0]}, {said[1]}.",
        evidence=tuple(
            Evidence(quote=document.sentences[c.sentence].text, pointer=p) for c, p in zip((a, b), places, strict=True)
        ),
    )


def _pointer(document: Document, count: Count) -> Pointer:
    sentence = document.sentences[count.sentence]
    section = document.sections[sentence.section] if sentence.section >= 0 else None
    return Pointer(
        paper=document.paper.id,
        page=sentence.page,
        box=sentence.box,
        line=sentence.line,
        section="" if section is None else f"{section.number} {section.title}".strip(),
        span=sentence.span,
    )


def _where(pointer: Pointer) -> str:
    name = f"Section {pointer.section}" if pointer.section[:1].isdigit() else pointer.section or "the text"
    return f"{name}, p. {pointer.page}" if pointer.page else name
