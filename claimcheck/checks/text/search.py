"""Search in evidence: its sentences as lines, found by shared words (BM25) and by meaning, the two orders fused.

Time is bounded whatever the evidence: words alone choose which documents and lines are embedded, and each line once.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.text.addressed import addresses_the_checker
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.records import Claim, Document, Passage, Pointer
from claimcheck.foundation.words import forms

MAX_CHARACTERS = 1_000_000  # of one passage
LONGEST_LINE = 700  # characters; a longer "sentence" is a list or a table and is cut at blanks
DOCUMENTS = 5  # pieces of evidence that are read closely for a claim
BY_WORDS = 12  # of more pieces than that, those whose meaning is compared
LINES_BY_WORDS = 5  # lines of a piece whose meaning is compared: 8 find no more of SciFact's rationales (train part)
NEAREST = 3  # lines of a piece that are read closely
PAPER_LINES = 6  # sentences of whole papers that are compared with a claim for saying the same
PAPER_SHARE = 0.35  # of a claim's words, rare ones counting more, that such a sentence must have
DISTANT, DISTANT_SHARE = 0.25, 0.15  # cosine and share of a claim's words below which a line is about something else

_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|vs|cf|al|Fig|Figs|Eq|Dr|No|ca|approx|resp|spp?|St|Tab|Sec)|\b[A-Z])\.$")
_END = re.compile(r"(?<=[.!?])[\])\"']?\s+(?=[A-Z(<\[\d\"'])|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence that can be evidence; `document` says which piece of evidence it is of, `index` which sentence there."""

    text: str
    pointer: Pointer
    document: int
    index: int
    said: frozenset[str]


class Bm25:
    """BM25 over bags of words (Robertson and Zaragoza 2009, equation 3.15), with the usual k1 = 1.2 and b = 0.75."""

    def __init__(self, bags: Sequence[Iterable[str]]) -> None:
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        lengths = np.zeros(len(bags))
        for i, bag in enumerate(bags):
            counts = Counter(bag)
            lengths[i] = sum(counts.values())
            for word, n in counts.items():
                postings[word].append((i, n))
        self._norm = 1.2 * (0.25 + 0.75 * lengths / max(1.0, float(lengths.mean()) if len(bags) else 1.0))
        self._postings = {w: (np.array([i for i, _ in p]), np.array([n for _, n in p])) for w, p in postings.items()}

    def weight(self, word: str) -> float:
        """How much a word says: the smoothed inverse of the share of bags that have it; above 0."""
        n = len(self._postings[word][0]) if word in self._postings else 0
        return math.log(1 + (len(self._norm) - n + 0.5) / (n + 0.5))

    def scores(self, query: Iterable[str]) -> NDArray[np.float64]:
        """One score a bag; 0 where no word is shared."""
        out = np.zeros(len(self._norm))
        for word in query:
            if word in self._postings:
                members, counts = self._postings[word]
                out[members] += self.weight(word) * counts * 2.2 / (counts + self._norm[members])
        return out

    def shares(self, query: Iterable[str]) -> NDArray[np.float64]:
        """For each bag the share of the query's words that it has, by their weights; 0 to 1."""
        out = np.zeros(len(self._norm))
        words = sorted(set(query))  # an order of its own, so that sums are the same in each process
        for word in words:
            if word in self._postings:
                out[self._postings[word][0]] += self.weight(word)
        return out / (sum(self.weight(word) for word in words) or 1.0)


class VectorStore:
    """The vectors of texts, each made once; what several indexes share lets their texts be embedded together."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._made: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Iterable[str]) -> None:
        """Makes the vectors of texts that have none yet, in one call."""
        new = [t for t in dict.fromkeys(texts) if t not in self._made]
        if new:
            self._made.update(zip(new, self._encoder.encode(new), strict=True))

    def similarity(self, a: str, b: str) -> float:
        """Cosine of two embedded texts."""
        return float(self._made[a] @ self._made[b])


class TextIndex:
    """The lines of some documents and passages; vectors are made for few of them, on demand."""

    def __init__(
        self, evidence: Sequence[Document | Passage], encoder: SentenceEncoder, vectors: VectorStore | None = None
    ) -> None:
        self.lines: list[Line] = []
        self.vectors = VectorStore(encoder) if vectors is None else vectors
        self._ranges: list[range] = []
        for number, item in enumerate(evidence):
            start = len(self.lines)
            self.lines += _lines(item, number)
            self._ranges.append(range(start, len(self.lines)))
        self._evidence = tuple(evidence)
        self._by_line = Bm25([line.said for line in self.lines])
        self._papers = [d for d, e in enumerate(evidence) if isinstance(e, Document)]
        self._bare = {i: _bare(self.lines[i].text) for d in self._papers for i in self._ranges[d]}
        self._last: tuple[str, NDArray[np.float64]] = ("", np.zeros(0))

    def __len__(self) -> int:
        """How many pieces of evidence there are."""
        return len(self._evidence)

    def is_paper(self, document: int) -> bool:
        """Whether a piece of evidence is a whole paper, not a passage."""
        return isinstance(self._evidence[document], Document)

    def lines_of(self, document: int) -> list[Line]:
        """All lines of a piece of evidence, in order."""
        return [self.lines[i] for i in self._ranges[document]]

    def paper_lines(self, claim: Claim) -> list[Line]:
        """The sentences of whole papers that share most of a claim's words, the claim's own places left out."""
        if not self._papers:
            return []
        places = {(p.pointer.paper, p.sentence) for p in claim.places}
        words = _bare(claim.text)
        share = self._shares(claim)
        near = [int(i) for i in np.flatnonzero(share >= PAPER_SHARE) if int(i) in self._bare]
        elsewhere = [
            i
            for i in near
            if (self.lines[i].pointer.paper, self.lines[i].index) not in places and self._bare[i] != words
        ]
        return [self.lines[i] for i in sorted(elsewhere, key=lambda i: (-share[i], i))[:PAPER_LINES]]

    def own_documents(self, claim: Claim) -> list[int]:
        """The pieces of evidence that are the paper the claim stands in."""
        papers = {p.pointer.paper for p in claim.places}
        return [d for d, e in enumerate(self._evidence) if isinstance(e, Document) and e.paper.id in papers]

    def documents(self, claims: Sequence[Claim], count: int = DOCUMENTS) -> list[list[int]]:
        """For each claim the pieces of evidence from elsewhere that may settle it, the likeliest first.

        A claim without a letter or digit has none.
        """
        if len(self._evidence) <= count:
            return [self._elsewhere(range(len(self._evidence)), claim) for claim in claims]
        by_words = []
        for claim in claims:
            scores = self._by_document.scores(forms(claim.text))
            best = np.argsort(-scores, kind="stable")[: BY_WORDS + 1].tolist()
            by_words.append(self._elsewhere((int(d) for d in best if scores[d] > 0), claim))
        few = [
            [self._by_shared_words(claim, d, 2) for d in found] for claim, found in zip(claims, by_words, strict=True)
        ]
        self.vectors.embed(
            [c.text for c, found in zip(claims, by_words, strict=True) if found]
            + [line.text for found in few for lines in found for line in lines]
        )
        out = []
        for claim, found, lines_of in zip(claims, by_words, few, strict=True):
            near = [
                max((self.vectors.similarity(claim.text, x.text) for x in lines), default=-1.0) for lines in lines_of
            ]
            by_meaning = sorted(range(len(found)), key=lambda k: -near[k])
            out.append([found[k] for k in _fused(range(len(found)), by_meaning)[:count]])
        return out

    def candidates(self, claim: Claim, document: int) -> list[Line]:
        """The lines of a piece of evidence whose meaning is to be compared with a claim's, by the words they share."""
        return self._by_shared_words(claim, document, LINES_BY_WORDS)

    def nearest(self, claim: Claim, lines: Sequence[Line], count: int = NEAREST) -> list[Line]:
        """Of candidates that are embedded, as the claim is, the nearest, the nearest first.

        Lines that have nothing to do with the claim are left out where others have.
        """
        near = [self.vectors.similarity(claim.text, x.text) for x in lines]
        by_meaning = sorted(range(len(lines)), key=lambda k: -near[k])
        best = [lines[k] for k in _fused(range(len(lines)), by_meaning)[:count]]
        return [x for x in best if not self.is_distant(claim, [x])] or best

    def is_distant(self, claim: Claim, lines: Sequence[Line]) -> bool:
        """Whether lines, embedded before, have nothing to do with a claim: no near meaning and hardly a word of it."""
        said = forms(claim.text)
        total = sum(self._by_line.weight(f) for f in said) or 1.0
        return all(
            self.vectors.similarity(claim.text, x.text) < DISTANT
            and sum(self._by_line.weight(f) for f in said & x.said) < DISTANT_SHARE * total
            for x in lines
        )

    def _elsewhere(self, found: Iterable[int], claim: Claim) -> list[int]:
        if not _bare(claim.text):
            return []
        own = set(self.own_documents(claim))
        return [d for d in found if d not in own and len(self._ranges[d])]

    def _by_shared_words(self, claim: Claim, document: int, count: int) -> list[Line]:
        """Lines of a piece of evidence by the words they share with a claim; those that share none in their order."""
        here = self._ranges[document]
        share = self._shares(claim)[here.start : here.stop]
        return [self.lines[here.start + int(i)] for i in np.argsort(-share, kind="stable")[:count]]

    def _shares(self, claim: Claim) -> NDArray[np.float64]:
        """For each line the share of a claim's words that it has, rare ones counting more."""
        if self._last[0] != claim.text:
            self._last = claim.text, self._by_line.shares(forms(claim.text))
        return self._last[1]

    @cached_property
    def _by_document(self) -> Bm25:
        return Bm25([[f for i in r for f in self.lines[i].said] for r in self._ranges])


def _fused(*orders: Sequence[int]) -> list[int]:
    """Reciprocal rank fusion with k = 60 (Cormack, Clarke and Buettcher 2009)."""
    score: dict[int, float] = defaultdict(float)
    for order in orders:
        for rank, item in enumerate(order, 1):
            score[item] += 1 / (60 + rank)
    return sorted(score, key=lambda item: -score[item])


def _lines(item: Document | Passage, number: int) -> Iterator[Line]:
    if isinstance(item, Document):
        for i, s in enumerate(item.sentences):
            if s.kind in ("abstract", "body", "caption") and len(s.text) > 25 and not addresses_the_checker(s.text):
                section = item.sections[s.section] if s.section >= 0 else None
                name = "" if section is None else f"{section.number} {section.title}".strip()
                pointer = Pointer(paper=item.paper.id, page=s.page, box=s.box, line=s.line, section=name, span=s.span)
                yield Line(s.text, pointer, number, i, forms(s.text))
        return
    for i, (start, end) in enumerate(sentence_spans(item.text[:MAX_CHARACTERS])):
        text = item.text[start:end]
        if addresses_the_checker(text):
            continue
        yield Line(text, Pointer(paper=item.source, span=(start, end)), number, i, forms(text))


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text start and end; none is longer than 700 characters, and none is blank."""
    ends = [m.start() for m in _END.finditer(text) if not _ABBREVIATED.search(text[max(0, m.start() - 10) : m.start()])]
    out = []
    start = 0
    for end in [*ends, len(text)]:
        while end - start > LONGEST_LINE:
            cut = text.rfind(" ", start + 1, start + LONGEST_LINE)
            cut = start + LONGEST_LINE if cut < 0 else cut
            out.append((start, cut))
            start = cut
        out.append((start, end))
        start = end
    trimmed = [(a + len(text[a:b]) - len(text[a:b].lstrip()), a + len(text[a:b].rstrip())) for a, b in out]
    return [(a, b) for a, b in trimmed if b > a]


def _bare(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
