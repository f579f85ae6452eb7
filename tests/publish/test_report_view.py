"""What a report says of its reruns, of people and of itself: counts, limitations, that a machine made it."""

from __future__ import annotations

import pytest

from claimcheck.foundation.records import (
    CheckedClaim,
    Decision,
    Ledger,
    LooseReproduction,
    Paper,
    Reliability,
    ReliabilityBin,
    Reproduction,
    RerunInfo,
    RunInfo,
    Verdict,
)
from claimcheck.publish import Extras, PagePicture
from claimcheck.publish.view import view_of


def reproduction(verdict: str, scale: str = "paper", *, reason: str = "", direction: str | None = None) -> Reproduction:
    return Reproduction.model_validate(
        {
            "registry_id": "x",
            "paper": "p",
            "claim_text": "It gains.",
            "quantity": {"value": None},
            "claimed_source": "Table 1",
            "scale": scale,
            "verdict": verdict,
            "reason": reason,
            "direction": direction,
        }
    )


def ledger(*ones: Reproduction, claims: int = 0, **fields: object) -> Ledger:
    rows = tuple(LooseReproduction(reproduction=one, why="no claim says so") for one in ones)
    listed = tuple(CheckedClaim(id=f"{n:012x}", text=f"Claim {n}.", verdict=Verdict.of(1, 0)) for n in range(claims))
    base = {"paper": Paper(id="p"), "claims": listed, "reproductions": rows}
    return Ledger.model_validate(base | fields)


NOT_RUN = reproduction("not_tested", reason="not_run: nothing was run")


def test_outcomes_are_counted_by_scale_and_the_scale_is_in_the_words() -> None:
    ones = [
        reproduction("reproduced", "smoke"),
        reproduction("reproduced", "paper"),
        reproduction("not_reproduced_lower", "paper"),
        reproduction("reproduced", "paper"),
        reproduction("not_tested", "lab", reason="scale", direction="confirmed"),
        reproduction("not_tested", "smoke", reason="scale"),
        NOT_RUN,
    ]
    beside = ledger(*ones[1:], claims=1)
    claim = beside.claims[0].model_copy(update={"reproduction": ones[0]})
    found = view_of(beside.model_copy(update={"claims": (claim,)})).reproduction_counts
    assert [(x.count, x.words) for x in found] == [
        (1, "not reproduced: lower at scale paper"),
        (2, "reproduced at scale paper"),
        (1, "direction confirmed at scale lab"),
        (1, "reproduced at scale smoke"),
        (1, "not tested at scale smoke"),
        (1, "not run"),
    ]


@pytest.mark.parametrize(
    ("held", "kind", "heading", "said"),
    [
        (ledger(), "Claims", "", "No checkable claims were found in this text."),
        (ledger(claims=1), "Claims", "", ""),
        (ledger(NOT_RUN), "Registered claims", "Registered claims", "No paper was read and nothing was run"),
        (ledger(reproduction("reproduced")), "Reproductions", "Reproductions", "No paper was read for this report"),
        (
            ledger(reproduction("reproduced"), claims=1),
            "Claims and reproductions",
            "Reproductions beside no claim",
            "",
        ),
        (
            ledger(reproduction("reproduced"), paper=Paper(id="p", source_sha256="ab" * 32)),
            "Claims and reproductions",
            "Reproductions",
            "No checkable claims were found in this text.",
        ),
    ],
)
def test_a_report_says_what_it_is(held: Ledger, kind: str, heading: str, said: str) -> None:
    report = view_of(held)
    assert report.kind == kind
    assert report.no_claims.startswith(said)
    assert bool(report.no_claims) is bool(said)
    if heading:
        assert report.reproductions_title == heading


def test_the_sentence_of_the_maker_fits_what_the_report_holds() -> None:
    checked = view_of(ledger(claims=1, run=RunInfo(settings={"false_alarm_rate": 0.006}))).made_by
    assert "no person has checked it. The measured false-alarm rate of its numeric checks is 0.6%." in checked
    rerun = view_of(ledger(reproduction("reproduced"))).made_by
    assert "no false-alarm rate belongs to it. Look at the runs" in rerun
    listed = view_of(ledger(NOT_RUN)).made_by
    assert "No verdict stands in it" in listed
    assert all(x.startswith("A machine made this report (claimcheck") for x in (checked, rerun, listed))


def decision(
    claim: str, reviewer: str, choice: str | None = "accept", label: str = "supported", reply: str = ""
) -> Decision:
    return Decision.model_validate(
        {"claim": claim, "reviewer": reviewer, "choice": choice, "label": label, "reply": reply, "at": "2026-01-02"}
    )


def test_what_people_judged_is_in_the_sentence() -> None:
    held = ledger(claims=3)
    ids = [c.id for c in held.claims]
    one = view_of(held, Extras(decisions=(decision(ids[0], "A"),))).made_by
    assert "one person has judged 1 of its 3 claims, and nobody the others." in one
    two = tuple(decision(x, name) for x in ids for name in ("A", "B"))
    assert "2 people have judged its claims." in view_of(held, Extras(decisions=two)).made_by
    outdated = (decision(ids[0], "A", label="refuted"), decision(ids[1], "B", None, reply="We agree."))
    report = view_of(held, Extras(decisions=outdated))
    assert "no person has checked it." in report.made_by
    [reply] = report.replies
    assert (reply.reply, reply.by, reply.claim) == ("We agree.", "B", "Claim 1.")
    assert reply.anchor == next(c.anchor for c in report.claims if c.id == ids[1])
    assert "No reply came" not in report.reply
    assert "No reply came" in view_of(held).reply


def test_limitations_belong_to_what_is_shown() -> None:
    def limits(held: Ledger) -> str:
        return "\n".join(view_of(held).limitations)

    assert "Scale" not in limits(ledger(claims=1))
    both = limits(ledger(reproduction("reproduced", "smoke"), reproduction("not_tested", "lab"), NOT_RUN))
    assert "Scale smoke: synthetic data" in both
    assert "Scale lab: a small model of our own" in both
    assert "Scale paper" not in both  # of which nothing was run
    assert "“Refuted”" not in both
    assert "No paper was read" in both
    listed = limits(ledger(NOT_RUN))
    assert "Nothing was run" in listed
    assert "Scale" not in listed


def test_how_the_reruns_were_made() -> None:
    info = RerunInfo(
        registry="2005.13013",
        scale="lab",
        seeds=3,
        jobs=40,
        finished=38,
        optimizer_steps=12_345,
        seconds=7_200,
        versions={"torch": "2.13.0", "source": "ab" * 32},
        hardware=("a CPU, threads a job: 1",),
        absent=("squad on ner (dev), seed 3: predictions.jsonl is gone",),
    )
    [found] = view_of(ledger(reproduction("inconclusive", "lab"), reruns=(info,))).reruns
    assert found.heading == "2005.13013 at scale lab"
    assert dict(found.facts) == {
        "seeds": "3",
        "jobs": "38 finished of 40 planned",
        "cost": "12,345 optimizer steps, 2.0 h of job time",
        "hardware": "a CPU, threads a job: 1",
        "versions": "source abababababab, torch 2.13.0",
    }
    assert found.absent == info.absent


def test_reliability_is_a_chart_with_its_words() -> None:
    bins = (ReliabilityBin(confidence=0.9, right=0.85, n=100),)
    run = RunInfo(reliability=(Reliability(calibration="own-tables-v1", n=100, ece=0.0512, bins=bins),))
    [(words, figure)] = view_of(ledger(claims=1, run=run)).reliability
    assert words == "own-tables-v1: 100 verdicts, expected calibration error 0.051"
    assert figure.shapes


def test_a_report_with_pages_is_local_and_says_so() -> None:
    assert not view_of(ledger(claims=1)).local
    report = view_of(ledger(claims=1), Extras(pictures=(PagePicture("p", 1, b"png", 10, 10),)))
    assert report.local
    assert "must not be published" in report.local_words
