"""Runs the checks of many claims: each piece of evidence is indexed once, text is only read where no table settles a claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from claimcheck.checks.cells import check_numbers, to_check
from claimcheck.checks.counts import check_counts
from claimcheck.checks.decide import decide
from claimcheck.checks.directions import check_directions
from claimcheck.checks.named import check_names
from claimcheck.checks.passages import Line, PassageIndex, check_texts
from claimcheck.checks.table_index import TableIndex, index_document, index_tables
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.records import Check, Claim, Document, Passage, Table, Verdict
from claimcheck.foundation.settings import Settings

MAX_TABLES = 60  # of one piece of evidence


@dataclass(frozen=True)
class _Bundle:
    """One list of evidence, indexed."""

    tables: tuple[TableIndex, ...]
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
    verdicts: list[Verdict | None] = [None] * len(pairs)
    encoder = SentenceEncoder(settings)
    done = 0
    for members in groups.values():
        for i, verdict in zip(
            members, _check_group([pairs[i][0] for i in members], pairs[members[0]][1], encoder), strict=True
        ):
            verdicts[i] = verdict
        done += len(members)
        if progress is not None:
            progress(done, len(pairs))
    return [v for v in verdicts if v is not None]


def _check_group(
    claims: Sequence[Claim], evidence: Sequence[Document | Table | Passage], encoder: SentenceEncoder
) -> list[Verdict]:
    """The verdicts of claims that share their evidence."""
    bundle = _bundle(evidence)
    numbers: list[list[Check]] = []
    directions: list[list[Check]] = []
    for claim in claims:
        found: list[Check] = []
        compared: list[Check] = []
        for index in bundle.tables:
            findings = check_numbers(claim, index)
            checks = [to_check(f, index) for f in findings]
            found = _better(found, checks)
            compared += (
                check_directions(claim, findings, index)
                + check_counts(claim, index)
                + check_names(claim, findings, index)
            )
        numbers.append(found)
        directions.append(compared)
    texts: list[Check | None] = [None] * len(claims)
    open_ = [i for i, (n, d) in enumerate(zip(numbers, directions, strict=True)) if not _settled(n, d)]
    if open_ and bundle.texts:
        index_ = PassageIndex(bundle.texts, encoder)
        near: list[list[Line]] = [index_.candidates(claims[i], _own_paper(claims[i])) for i in open_]
        for i, check in zip(open_, check_texts([claims[i] for i in open_], near, index_), strict=True):
            texts[i] = check
    return [decide(n, d, t) for n, d, t in zip(numbers, directions, texts, strict=True)]


def _bundle(evidence: Sequence[Document | Table | Passage]) -> _Bundle:
    documents = [e for e in evidence if isinstance(e, Document)]
    bare = [e for e in evidence if isinstance(e, Table)]
    passages = [e for e in evidence if isinstance(e, Passage)]
    tables = [index_document(d) for d in documents]
    if bare:
        tables.append(index_tables(bare[:MAX_TABLES]))
    return _Bundle(tuple(tables), (*documents, *passages))


def _better(old: list[Check], new: list[Check]) -> list[Check]:
    """Of two documents' checks of the same numbers, the one that says more."""
    rank = {"refuted": 1, "supported": 2, "not_enough_info": 0}
    if not old:
        return new
    if not new:
        return old
    return [max(pair, key=lambda c: (rank[c.label], c.score)) for pair in zip(old, new, strict=True)]


def _settled(numbers: Sequence[Check], directions: Sequence[Check]) -> bool:
    """Whether the tables decide the claim, so that no text needs to be read."""
    if any(c.label == "refuted" for c in (*numbers, *directions)):
        return True
    return bool(numbers) and all(c.label == "supported" for c in numbers)


def _own_paper(claim: Claim) -> str:
    return claim.places[0].pointer.paper if claim.places else ""
