"""Ledgers for the tests of formats that programs read: reruns of all scales, people's decisions, hostile strings."""

from __future__ import annotations

from ledgers import HOSTILE, claims, full_ledger, many_claims

from claimcheck.foundation.records import (
    Decision,
    Ledger,
    LooseReproduction,
    Paper,
    Pointer,
    Reliability,
    ReliabilityBin,
    Reproduction,
    RerunInfo,
    RunInfo,
    RunRecord,
)
from claimcheck.publish import Extras

EVIL = f"\ud800 \\}} }} {{ @article{{x, =1+1 ]( \u2067rtl\u2069 and , , {HOSTILE}"
MEGABYTE = "A<\\" * 350_000
DATA, PREDICTIONS = "d" * 64, "e" * 64


def reproduction(
    name: str = "squad", scale: str = "paper", verdict: str = "reproduced", **more: object
) -> Reproduction:
    """A reproduction of 8.2 points with two runs, of the paper of `full_ledger`."""
    fields: dict[str, object] = {
        "registry_id": name,
        "paper": "2105.01234",
        "paper_version": "v2",
        "claim_text": f"Training on {name} yields 8.2 points.",
        "quantity": {"value": 8.2, "unit": "points"},
        "claimed_source": "Table 2",
        "scale": scale,
        "values": (-0.25, -0.5),
        "mean": -0.375,
        "sd": 0.125,
        "n": 2,
        "interval": (-1.5, 0.75),
        "radius": 1.0,
        "margin": 1.0,
        "verdict": verdict,
        "deviations": ("batch size 16 in place of 32",),
        "runs": tuple(
            RunRecord(id=f"{name}-{i}", optimizer_steps=100, data_sha256=DATA, predictions_sha256=PREDICTIONS, exit=0)
            for i in (1, 2)
        ),
    }
    return Reproduction.model_validate({**fields, **more})


def loose(*reproductions: Reproduction) -> tuple[LooseReproduction, ...]:
    """Each in a row of its own, as candidates of the first claim."""
    return tuple(
        LooseReproduction(reproduction=one, why="2 claims fit", candidates=("0a1b2c3d4e5f", "1a1b2c3d4e5f"))
        for one in reproductions
    )


def rerun_ledger() -> Ledger:
    """The full ledger with reruns at all scales in rows of their own, reliability and the making of two reruns."""
    base = full_ledger()
    return base.model_copy(
        update={
            "reproductions": loose(
                reproduction("squad"),
                reproduction("mnli", verdict="not_reproduced_lower"),
                reproduction("qa", scale="lab", verdict="not_tested", reason="scale", direction="contradicted"),
                reproduction("toy", scale="smoke", verdict="reproduced", paper="synthetic", paper_version=""),
            ),
            "reruns": (
                RerunInfo(
                    registry="2105.01234", scale="paper", seeds=2, jobs=9, finished=8, optimizer_steps=4950,
                    seconds=4440.0, versions={"torch": "2.13.0", "python": "3.11.7"}, hardware=("AMD EPYC",),
                    encoders=("xlm-roberta-large",), absent=("job 9: no predictions",),
                ),
                RerunInfo(registry="smoke", scale="smoke", jobs=2, finished=2, versions={"torch": "2.13.0"}),
            ),
            "run": base.run.model_copy(
                update={
                    "reliability": (
                        Reliability(
                            calibration="own-tables-v1, n = 412", n=412, ece=0.031,
                            bins=(
                                ReliabilityBin(confidence=0.65, right=0.7, n=200),
                                ReliabilityBin(confidence=0.95, right=0.93, n=212),
                            ),
                        ),
                    )
                }
            ),
        }
    )  # fmt: skip


def decided() -> Extras:
    """Zoë accepts one refuted and one supported claim, Max rejects the other refuted one, with a reply of the authors.

    One decision is on a former verdict, and one claim has both an accept and a reject.
    """
    return Extras(
        decisions=(
            Decision(claim="1a1b2c3d4e5f", reviewer="Zoë", choice="accept", label="refuted", at="2026-02-03T10:00:00Z"),
            Decision(
                claim="3a1b2c3d4e5f", reviewer="Max", choice="reject", label="refuted", note="misread cell",
                reply="Thank you.", at="2026-02-04T10:00:00Z",
            ),
            Decision(
                claim="0a1b2c3d4e5f", reviewer="Zoë", choice="accept", label="supported", note="seen", at="2026-02-05",
            ),
            Decision(claim="4a1b2c3d4e5f", reviewer="Max", choice="accept", label="refuted", at="2026-02-05"),
            Decision(claim="2a1b2c3d4e5f", reviewer="Max", choice="accept", label="not_enough_info", at="2026-02-05"),
            Decision(claim="2a1b2c3d4e5f", reviewer="Zoë", choice="reject", label="not_enough_info", at="2026-02-05"),
        )
    )  # fmt: skip


def hostile_ledger() -> Ledger:
    """Hostile strings wherever a ledger holds text, and titles of a megabyte."""
    base = claims()
    evil = reproduction(
        EVIL, verdict="not_reproduced_higher", claim_text=EVIL, quantity={"value": EVIL, "unit": EVIL}, reason=EVIL,
        claimed_source=EVIL, deviations=(EVIL,), details={"x": EVIL}, paper=EVIL,
        runs=(RunRecord(id=EVIL, optimizer_steps=1, data_sha256=EVIL, predictions_sha256=EVIL, exit=1),),
    )  # fmt: skip
    number = reproduction("number", quantity={"value": 8.2, "unit": EVIL}, runs=evil.runs)
    paper = Paper(
        id=EVIL, version=EVIL, title=MEGABYTE, authors=(EVIL, "Smith and Sons", "a, b, c, d", "others", MEGABYTE, ""),
        doi=EVIL, url="javascript:alert(1)", published=EVIL, source_sha256=EVIL,
    )  # fmt: skip
    evidence = [
        e.model_copy(update={"pointer": Pointer(paper=EVIL, line=3)}) for e in base[1].verdict.checks[0].evidence
    ]
    check = base[1].verdict.checks[0].model_copy(update={"evidence": evidence, "reason": EVIL, "derivation": EVIL})
    refuted = base[1].model_copy(update={"verdict": base[1].verdict.model_copy(update={"checks": [check]})})
    return Ledger(
        paper=paper,
        claims=(refuted.model_copy(update={"text": EVIL, "id": EVIL}), *base),
        sources=(paper, Paper(id="1911.99999", title=EVIL, authors=(EVIL,), doi="10.1234/a_b}c"), Paper(id="")),
        reproductions=loose(number),
        reruns=(RerunInfo(registry=EVIL, scale="paper", versions={EVIL: EVIL}, hardware=(EVIL,), encoders=(EVIL,)),),
        run=RunInfo(versions={"claimcheck": EVIL}, models={EVIL: EVIL}, settings={EVIL: EVIL}, started=EVIL),
    )


def hostile_extras() -> Extras:
    """Reviewers who write what they like."""
    return Extras(
        decisions=(
            Decision(claim=EVIL, reviewer=EVIL, choice="accept", label="refuted", note=EVIL, reply=EVIL, at=EVIL),
            Decision(claim="3a1b2c3d4e5f", reviewer=EVIL, choice="reject", label="refuted", note=EVIL, at=EVIL),
        )
    )


def long_ledger() -> Ledger:
    """500 claims, each with a reproduction."""
    ledger = many_claims(500)
    again = tuple(c.model_copy(update={"reproduction": reproduction(f"r{i}")}) for i, c in enumerate(ledger.claims))
    return ledger.model_copy(update={"claims": again})


def everybody(ledger: Ledger) -> Extras:
    """A reviewer who accepts every verdict."""
    return Extras(
        decisions=tuple(
            Decision(claim=c.id, reviewer="Zoë", choice="accept", label=c.verdict.label, at="2026-02-05")
            for c in ledger.claims
        )
    )
