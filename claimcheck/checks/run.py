"""Runs the checks of many claims: each piece of evidence is indexed once, text is only read where no table settles a claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from claimcheck.checks.cells import check_numbers, to_check
from claimcheck.checks.counts import check_counts
from claimcheck.checks.decide import Found, decide
from claimcheck.checks.directions import check_directions
from claimcheck.checks.named import check_names
from claimcheck.checks.significance import check_significance
from claimcheck.checks.statements import check_statements
from claimcheck.checks.table_index import TableIndex, index_document, index_tables
from claimcheck.checks.text import TextCheck, TextIndex, VectorStore, check_texts
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.models.nli import pair_model
from claimcheck.foundation.records import Check, Claim, Document, Passage, Table, Verdict
from claimcheck.foundation.settings import Settings

MAX_TABLES = 60  # of one piece of evidence
TOGETHER = 64  # claims whose texts are read in one go, so that the models see full batches
LINES_TOGETHER = 20_000  # sentences of their evidence in memory
MAX_CHARACTERS, MAX_NUMBERS = 5_000, 60  # of a claim that is held against tables: a sentence has far fewer


@dataclass(frozen=True)
class _Bundle:
    """One list of evidence, indexed."""

    tables: tuple[TableIndex, ...]
    bare: tuple[TableIndex, ...]  # those of them that stand without a paper around them
    texts: tuple[Document | Passage, ...]


def run_checks(
    pairs: Sequence[tuple[Claim, Sequence[Document | Table | Passage]]],
    settings: Settings,
    progress: Callable[[int, int], None] | None = None,
) -> list[Verdict]:
    """One verdict a pair, in order; pairs with the same evidence share its index."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, (_, evidence) in enumerate(pairs):
        groups.setdefault(tuple(map(id, evidence)), []).append(i)
    found: list[Found] = [Found()] * len(pairs)
    reader = _Reader(settings)
    done = 0
    for members in groups.values():
        claims = [pairs[i][0] for i in members]
        bundle = _bundle(pairs[members[0]][1])
        for i, one in zip(members, _settle_by_tables(claims, bundle), strict=True):
            found[i] = one
        # what cells settle needs no text
        open_ = [i for i in members if not found[i].is_settled]
        if open_ and bundle.texts:
            reader.add([(i, pairs[i][0]) for i in open_], bundle.texts)
        done += len(members)
        if reader.is_full or done == len(pairs):
            for i, text in reader.read():
                found[i] = replace(found[i], text=text)
            if progress is not None:
                progress(done, len(pairs))
    return [decide(one) for one in found]


class _Reader:
    """Claims that are still open and the texts to read for them; many are read together."""

    def __init__(self, settings: Settings) -> None:
        self._encoder = SentenceEncoder(settings)
        self._verifier = pair_model(settings)
        self._empty()

    def _empty(self) -> None:
        self._numbers: list[int] = []
        self._asked: list[tuple[Claim, TextIndex]] = []
        self._lines = 0
        self._vectors = VectorStore(self._encoder)

    def add(self, claims: Sequence[tuple[int, Claim]], texts: Sequence[Document | Passage]) -> None:
        """Numbered claims that share their evidence."""
        index = TextIndex(texts, self._encoder, self._vectors)
        self._lines += len(index.lines)
        self._numbers += [number for number, _ in claims]
        self._asked += [(claim, index) for _, claim in claims]

    @property
    def is_full(self) -> bool:
        """Whether it is time to read."""
        return len(self._asked) >= TOGETHER or self._lines >= LINES_TOGETHER

    def read(self) -> list[tuple[int, TextCheck | None]]:
        """What the texts say of each claim that was added since the last time."""
        said = check_texts(self._asked, self._verifier) if self._asked else []
        out = list(zip(self._numbers, said, strict=True))
        self._empty()
        return out


def _settle_by_tables(claims: Sequence[Claim], bundle: _Bundle) -> list[Found]:
    """What tables say of claims that share their evidence."""
    if not bundle.tables:
        return [Found()] * len(claims)
    held = [_cut(claim) for claim in claims]
    found = [_by_tables(claim, bundle.tables) for claim in held]
    for i, (claim, short) in enumerate(zip(claims, held, strict=True)):
        if short is not claim:
            rest = Check(kind="cells", label="not_enough_info", score=0.0, reason=_TOO_LONG)
            found[i] = replace(found[i], numbers=(*found[i].numbers, rest))
    if bundle.bare:
        said = check_statements(held, bundle.bare)
        found = [replace(one, statement=statement) for one, statement in zip(found, said, strict=True)]
    return found


_TOO_LONG = f"only the first {MAX_CHARACTERS} characters and {MAX_NUMBERS} numbers of a claim are held against tables"


def _cut(claim: Claim) -> Claim:
    """The claim itself, or as much of an overlong one as is held against tables in bounded time."""
    results = sorted(q.span[0] for q in claim.quantities if q.role != "other")
    end = results[MAX_NUMBERS] if len(results) > MAX_NUMBERS else len(claim.text)
    if end > MAX_CHARACTERS:
        end = max(0, claim.text.rfind(" ", 0, MAX_CHARACTERS)) or MAX_CHARACTERS
    if end >= len(claim.text):
        return claim
    inside = tuple(q for q in claim.quantities if q.span[1] <= end)
    return claim.model_copy(update={"text": claim.text[:end], "statement": claim.statement[:end], "quantities": inside})


def _by_tables(claim: Claim, tables: Sequence[TableIndex]) -> Found:
    """What the cells say of a claim; of several documents' checks of a number the one that says more."""
    numbers: list[Check] = []
    directions: list[Check] = []
    for index in tables:
        findings = check_numbers(claim, index)
        found = [to_check(f, index) for f in findings]
        numbers = _better(numbers, found)
        compared = check_directions(claim, findings, index)
        compared += check_counts(claim, index) + check_names(claim, findings, index)
        directions += [*compared, *check_significance(claim, [*found, *compared], index)]
    return Found(tuple(numbers), tuple(directions))


def _bundle(evidence: Sequence[Document | Table | Passage]) -> _Bundle:
    documents = [e for e in evidence if isinstance(e, Document)]
    given = [e for e in evidence if isinstance(e, Table)]
    passages = [e for e in evidence if isinstance(e, Passage)]
    bare = (index_tables(given[:MAX_TABLES]),) if given else ()
    return _Bundle((*(index_document(d) for d in documents), *bare), bare, (*documents, *passages))


def _better(old: list[Check], new: list[Check]) -> list[Check]:
    """Of two documents' checks of the same numbers, the one that says more."""
    rank = {"refuted": 1, "supported": 2, "not_enough_info": 0}
    if not old:
        return new
    if not new:
        return old
    return [max(pair, key=lambda c: (rank[c.label], c.score)) for pair in zip(old, new, strict=True)]
