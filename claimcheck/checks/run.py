"""Runs the checks of many claims: each piece of evidence is indexed once, text is only read where no table settles a claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from claimcheck.checks.cells import check_numbers, to_check
from claimcheck.checks.counts import check_counts
from claimcheck.checks.decide import Found, decide
from claimcheck.checks.directions import check_directions
from claimcheck.checks.named import check_names
from claimcheck.checks.passages import Line, PassageIndex, check_texts
from claimcheck.checks.statements import check_statements
from claimcheck.checks.table_index import TableIndex, index_document, index_tables
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.records import Check, Claim, Document, Passage, Table, Verdict
from claimcheck.foundation.settings import Settings

MAX_TABLES = 60  # of one piece of evidence


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
    verdicts: list[Verdict | None] = [None] * len(pairs)
    encoder = SentenceEncoder(settings)
    done = 0
    for members in groups.values():
        for i, verdict in zip(
            members,
            _check_group([pairs[i][0] for i in members], pairs[members[0]][1], encoder),
            strict=True,
        ):
            verdicts[i] = verdict
        done += len(members)
        if progress is not None:
            progress(done, len(pairs))
    return [v for v in verdicts if v is not None]


def _check_group(
    claims: Sequence[Claim],
    evidence: Sequence[Document | Table | Passage],
    encoder: SentenceEncoder,
) -> list[Verdict]:
    """The verdicts of claims that share their evidence."""
    bundle = _bundle(evidence)
    found = [_by_tables(claim, bundle.tables) for claim in claims]
    # what cells settle needs neither a reading of its words nor a text
    open_ = [i for i, one in enumerate(found) if not one.is_settled]
    if open_ and bundle.bare:
        for i, statement in zip(open_, check_statements([claims[i] for i in open_], bundle.bare), strict=True):
            found[i] = replace(found[i], statement=statement)
    if open_ and bundle.texts:
        texts = PassageIndex(bundle.texts, encoder)
        near: list[list[Line]] = [texts.candidates(claims[i], _own_paper(claims[i])) for i in open_]
        for i, text in zip(open_, check_texts([claims[i] for i in open_], near, texts), strict=True):
            found[i] = replace(found[i], text=text)
    return [decide(one) for one in found]


def _by_tables(claim: Claim, tables: Sequence[TableIndex]) -> Found:
    """What the cells say of a claim; of several documents' checks of a number the one that says more."""
    numbers: list[Check] = []
    directions: list[Check] = []
    for index in tables:
        findings = check_numbers(claim, index)
        numbers = _better(numbers, [to_check(f, index) for f in findings])
        directions += check_directions(claim, findings, index)
        directions += check_counts(claim, index) + check_names(claim, findings, index)
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


def _own_paper(claim: Claim) -> str:
    return claim.places[0].pointer.paper if claim.places else ""
