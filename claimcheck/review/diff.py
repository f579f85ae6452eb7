"""What changed between two ledgers: of two versions of a paper, or of one paper under two versions of claimcheck.

The schema `claimcheck/diff/v1` (`claimcheck diff --json`) is `LedgerDiff`: `old` and `new` say which ledgers they are,
`same_paper` whether they are of one paper, `identical` whether nothing at all differs; `claims` holds every claim of
both sides once, in `group`

    new         the old ledger has no such claim
    gone        the new ledger has no such claim
    reworded    the same claim in other words, whatever else changed
    changed     the same words; `changes` says what changed
    unchanged   nothing that is compared changed

with the claim as it stands on either side (`old`, `new`, None where it is not there). `changes` names text, verdict,
abstained, confidence, calibration, numbers, places, checks, reproduction. `paper` and `run` are what changed in the
paper's description and in how the ledger was made, `reproductions` those that stand beside no claim, `counts` sums up.
Not compared: when the ledger was made and how long it took, scores of single checks, pages of evidence, boxes and lines
of a place, its page where one of the two sources has no pages, and confidence that moved by no more than `threshold`.
Swapping the ledgers swaps `old` and `new`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import Field

from claimcheck.foundation.records import (
    LABELS,
    Check,
    CheckedClaim,
    Evidence,
    Finding,
    Label,
    Ledger,
    Paper,
    Pointer,
    Quantity,
    Record,
    Reproduction,
)
from claimcheck.publish.matching import same_doi, same_id, same_title
from claimcheck.review.pairing import pair_claims

__all__ = ["DIFF_SCHEMA", "THRESHOLD", "ClaimDiff", "ClaimSide", "FieldChange", "LedgerDiff", "diff_ledgers"]

DIFF_SCHEMA = "claimcheck/diff/v1"
THRESHOLD = 0.05
"""By how much a confidence moves before it counts as changed."""

Group = Literal["new", "gone", "reworded", "changed", "unchanged"]
Change = Literal[
    "text", "verdict", "abstained", "confidence", "calibration", "numbers", "places", "checks", "reproduction"
]


class CheckSide(Record):
    """A check that the other side has not: what it found and on what it rests."""

    kind: str
    label: Label
    derivation: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = ()  # "Table 2, Multi-task, Avg: 82.2"; of text the quote


class ReproductionSide(Record):
    """What a rerun came to."""

    registry_id: str
    scale: str
    verdict: str
    direction: str | None = None
    reason: str = ""
    mean: float | None = None
    interval: tuple[float, float] | None = None
    n: int = 0  # seeds
    deviations: tuple[str, ...] = ()


class ClaimSide(Record):
    """A claim as it stands in one of the ledgers. `checks` are those that the other side has not."""

    id: str
    text: str
    label: Label
    abstained: bool = False
    confidence: float
    calibration: str | None = None
    numbers: tuple[str, ...] = ()  # as printed
    places: tuple[str, ...] = ()
    checks: tuple[CheckSide, ...] = ()
    reproduction: ReproductionSide | None = None


class ClaimDiff(Record):
    """One claim of both ledgers, or of one of them."""

    group: Group
    matched: Literal["id", "text", "words"] | None = None  # by what the two are the same claim
    similarity: float | None = None  # of the words, 0 to 1, where they were matched by them
    changes: tuple[Change, ...] = ()
    old: ClaimSide | None = None
    new: ClaimSide | None = None


class ReproductionDiff(Record):
    """A reproduction that stands beside no claim and is new, gone or changed."""

    old: ReproductionSide | None = None
    new: ReproductionSide | None = None


class FieldChange(Record):
    """Something else that differs; None on the side that has it not."""

    name: str  # "version", "versions.claimcheck", "settings.max_claims"
    old: Any = None
    new: Any = None


class LedgerSide(Record):
    """Which ledger this is."""

    id: str
    version: str = ""
    title: str = ""
    source_kind: str = ""
    source_sha256: str = ""
    claimcheck: str = ""  # the version that made it
    claims: int = 0
    labels: dict[Label, int] = Field(default_factory=dict)


class LedgerDiff(Record):
    """All that changed between two ledgers (`claimcheck/diff/v1`, see this module)."""

    schema_: Literal["claimcheck/diff/v1"] = Field(default="claimcheck/diff/v1", alias="schema")
    old: LedgerSide
    new: LedgerSide
    same_paper: bool
    identical: bool  # in everything, also in what is not compared
    threshold: float
    counts: dict[str, int]  # claims by group and by change; the other differences by kind
    claims: tuple[ClaimDiff, ...] = ()
    reproductions: tuple[ReproductionDiff, ...] = ()
    paper: tuple[FieldChange, ...] = ()
    run: tuple[FieldChange, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything that is compared differs."""
        return bool(
            self.reproductions or self.paper or self.run or any(claim.group != "unchanged" for claim in self.claims)
        )

    def became(self, label: Label) -> tuple[ClaimDiff, ...]:
        """Claims with that verdict in the new ledger which had another one, or were not there, in the old one."""
        return tuple(
            claim
            for claim in self.claims
            if claim.new is not None and claim.new.label == label and (claim.old is None or claim.old.label != label)
        )


def diff_ledgers(old: Ledger, new: Ledger, *, threshold: float = THRESHOLD) -> LedgerDiff:
    """What changed from `old` to `new`; confidence that moved by no more than `threshold` counts as the same."""
    claims = _claims(old, new, threshold)
    reproductions = _reproductions(old, new)
    paper, run = _fields(_of_paper(old), _of_paper(new)), _fields(_of_run(old), _of_run(new))
    groups = Counter(claim.group for claim in claims)
    changes = Counter(change for claim in claims for change in claim.changes)
    counts = {group: groups[group] for group in get_args(Group)}
    counts |= {change: changes[change] for change in get_args(Change)}
    counts |= {"reproductions": len(reproductions), "paper": len(paper), "run": len(run)}
    return LedgerDiff(
        old=_ledger_side(old),
        new=_ledger_side(new),
        same_paper=_same_paper(old.paper, new.paper),
        identical=old == new,
        threshold=threshold,
        counts=counts,
        claims=claims,
        reproductions=reproductions,
        paper=paper,
        run=run,
    )


def _same_paper(old: Paper, new: Paper) -> bool:
    same_file = bool(old.source_sha256) and old.source_sha256 == new.source_sha256
    return same_file or same_id(old, new) or same_doi(old, new) or same_title(old, new)


def _claims(old: Ledger, new: Ledger, threshold: float) -> tuple[ClaimDiff, ...]:
    pairs = {pair.new: pair for pair in pair_claims(old.claims, new.claims)}
    paged = all(any(p.pointer.page is not None for c in x.claims for p in c.places) for x in (old, new))
    found: list[ClaimDiff] = []
    for index, claim in enumerate(new.claims):
        pair = pairs.get(index)
        checks = _checks(claim, new.paper)
        if pair is None:
            found.append(ClaimDiff(group="new", new=_side(claim, checks)))
            continue
        was = old.claims[pair.old]
        before = _checks(was, old.paper)
        changes = _changes(was, claim, threshold, paged, Counter(before) != Counter(checks))
        found.append(
            ClaimDiff(
                group="reworded" if "text" in changes else "changed" if changes else "unchanged",
                matched=pair.by,
                similarity=pair.similarity if pair.by == "words" else None,
                changes=changes,
                old=_side(was, _missing(before, checks)),
                new=_side(claim, _missing(checks, before)),
            )
        )
    paired = {pair.old for pair in pairs.values()}
    gone = [claim for index, claim in enumerate(old.claims) if index not in paired]
    return (*found, *(ClaimDiff(group="gone", old=_side(claim, _checks(claim, old.paper))) for claim in gone))


def _changes(
    old: CheckedClaim, new: CheckedClaim, threshold: float, paged: bool, other_checks: bool
) -> tuple[Change, ...]:
    was, now = old.verdict, new.verdict
    differs: dict[Change, bool] = {
        "text": old.text.split() != new.text.split(),
        "verdict": was.label != now.label,
        "abstained": was.abstained != now.abstained,
        # of another verdict it is another figure
        "confidence": was.label == now.label and abs(was.confidence - now.confidence) > threshold + 1e-9,
        "calibration": was.calibration != now.calibration,
        "numbers": Counter(map(_number, old.quantities)) != Counter(map(_number, new.quantities)),
        "places": Counter(_places(old, paged)) != Counter(_places(new, paged)),
        "checks": other_checks,
        "reproduction": _rerun(old.reproduction) != _rerun(new.reproduction),
    }
    return tuple(name for name, different in differs.items() if different)


def _number(quantity: Quantity) -> tuple[object, ...]:
    return (quantity.value, quantity.high, quantity.total, quantity.unit)


def _places(claim: CheckedClaim, paged: bool = True) -> tuple[str, ...]:
    return tuple(_position(place.pointer, paged) for place in claim.places)


def _position(pointer: Pointer, paged: bool) -> str:
    """Where a reader finds it: table, or section and page. Lines of a source all move when one is added above."""
    named = f"Section {pointer.section}" if pointer.section[:1].isdigit() else pointer.section
    parts = [str(pointer) if pointer.table is not None else named]
    parts.append(f"p. {pointer.page}" if pointer.page is not None and paged else "")
    line = f"line {pointer.line}" if pointer.line is not None else ""
    return ", ".join(part for part in parts if part) or line


def _check(check: Check, own: Paper) -> CheckSide:
    def said(evidence: Evidence) -> str:
        # without page and section, which all move when something is added above
        pointer = evidence.pointer
        other = pointer.paper if pointer.paper not in ("", own.id, f"{own.id}{own.version}") else ""
        where = ", ".join(part for part in (other, str(pointer) if pointer.table is not None else "") if part)
        return f"{where}: {evidence.quote}" if where else evidence.quote

    return CheckSide(
        kind=check.kind,
        label=check.label,
        derivation=check.derivation or "",
        reason=check.reason,
        evidence=tuple(map(said, check.evidence)),
    )


def _checks(claim: CheckedClaim, paper: Paper) -> tuple[CheckSide, ...]:
    return tuple(_check(check, paper) for check in claim.verdict.checks)


def _missing(checks: Sequence[CheckSide], others: Sequence[CheckSide]) -> Iterator[CheckSide]:
    """The checks that the other side has not, each as often as it is missing there."""
    there = Counter(others)
    for check in checks:
        if there[check]:
            there[check] -= 1
        else:
            yield check


def _side(claim: CheckedClaim, checks: Iterable[CheckSide]) -> ClaimSide:
    verdict = claim.verdict
    return ClaimSide(
        id=claim.id,
        text=claim.text,
        label=verdict.label,
        abstained=verdict.abstained,
        confidence=verdict.confidence,
        calibration=verdict.calibration,
        numbers=tuple(quantity.text for quantity in claim.quantities),
        places=_places(claim),
        checks=tuple(checks),
        reproduction=_rerun(claim.reproduction),
    )


def _rerun(reproduction: Reproduction | None) -> ReproductionSide | None:
    if reproduction is None:
        return None
    return ReproductionSide(**{name: getattr(reproduction, name) for name in ReproductionSide.model_fields})


def _reproductions(old: Ledger, new: Ledger) -> tuple[ReproductionDiff, ...]:
    was, now = _loose(old), _loose(new)
    return tuple(
        ReproductionDiff(old=was.get(key), new=now.get(key))
        for key in sorted(was.keys() | now.keys())
        if was.get(key) != now.get(key)
    )


def _loose(ledger: Ledger) -> dict[tuple[str, str, int], ReproductionSide]:
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for row in ledger.reproductions:
        side = _rerun(row.reproduction)
        assert side is not None
        key = (side.registry_id, side.scale)
        found[*key, seen[key]] = side
        seen[key] += 1
    return found


def _ledger_side(ledger: Ledger) -> LedgerSide:
    paper = ledger.paper
    return LedgerSide(
        id=paper.id,
        version=paper.version,
        title=paper.title,
        source_kind=paper.source_kind,
        source_sha256=paper.source_sha256,
        claimcheck=ledger.run.versions.get("claimcheck", ""),
        claims=len(ledger.claims),
        labels={label: sum(c.verdict.label == label for c in ledger.claims) for label in LABELS},
    )


def _of_paper(ledger: Ledger) -> dict[str, Any]:
    """What describes the paper and how it was read, by name; contradictions in it under the claims concerned."""
    paper = ledger.paper.model_dump(mode="json")
    paper["abstract"] = f"{len(paper['abstract'])} characters" if paper["abstract"] else ""
    paper["pages_not_read"] = [page["page"] for page in paper["pages_not_read"]]
    counts = {"tables": ledger.run.tables, "sentences": ledger.run.sentences}
    return paper | counts | {_finding_name(one): one.text for one in ledger.findings}


def _finding_name(finding: Finding) -> str:
    """What a finding is of: its claims, or the places that it rests on where it concerns no claim."""
    return f"{finding.kind}.{'+'.join(finding.claims or map(str, (e.pointer for e in finding.evidence)))}"


def _of_run(ledger: Ledger) -> dict[str, Any]:
    """How the ledger was made, by name: versions, models, settings, calibrations, the other papers, the reruns."""
    run = ledger.run
    found: dict[str, Any] = {"claims_found": run.claims_found}
    if run.completeness is not None:
        found["completeness"] = run.completeness.model_dump(mode="json")
    parts: Mapping[str, Mapping[str, Any]] = {
        "versions": run.versions,
        "models": run.models,
        "settings": run.settings,
        "reliability": {r.calibration: {"n": r.n, "ece": r.ece} for r in run.reliability},
        "sources": {paper.id: paper.version or paper.source_sha256 for paper in ledger.sources},
        "reruns": {
            f"{r.registry}.{r.scale}": r.model_dump(mode="json", exclude={"seconds", "registry", "scale"})
            for r in ledger.reruns
        },
    }
    for part, values in parts.items():
        found |= {f"{part}.{name}": value for name, value in values.items()}
    return found


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name=name, old=old.get(name), new=new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )
