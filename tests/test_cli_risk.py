"""`--risk R`: what is not sure enough is marked and explained, labels stay, and the ledger carries its reliability."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claimcheck import Ledger
from claimcheck.cli import main

Capture = pytest.CaptureFixture[str]


def ledger(arguments: list[str], capsys: Capture) -> Ledger:
    assert main(["table", "--json", *arguments]) == 0
    [line] = capsys.readouterr().out.splitlines()
    return Ledger.model_validate_json(line)


def test_a_risk_marks_verdicts_and_changes_no_label(paper: Path, capsys: Capture) -> None:
    plain = ledger([str(paper)], capsys)
    strict = ledger([str(paper), "--risk", "0.01"], capsys)
    assert [c.verdict.label for c in strict.claims] == [c.verdict.label for c in plain.claims]
    assert [c.verdict.probabilities for c in strict.claims] == [c.verdict.probabilities for c in plain.claims]
    assert not any(c.verdict.abstained for c in plain.claims)
    asserted = [c.verdict for c in strict.claims if c.verdict.label != "not_enough_info"]
    assert asserted
    assert all(v.abstained for v in asserted if v.calibration is None)
    # nothing shows that so few of its refutations are wrong
    assert all(v.abstained for v in asserted if v.label == "refuted")
    assert strict.run.settings["risk"] == 0.01


def test_the_terminal_says_what_abstained_means(paper: Path, capsys: Capture) -> None:
    assert main(["table", str(paper), "--risk", "0.01"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "(abstained)" in text
    assert "A risk of 0.01 was asked for" in text
    assert "no promise for one paper alone" in text


def test_one_claim_says_why_it_abstains(paper: Path, capsys: Capture) -> None:
    claim = "FSR reaches 82.9 on MNLI."
    assert main(["check", claim, "--against", str(paper), "--risk", "0.01"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("refuted, confidence 0.")
    assert "abstained: no confidence keeps such verdicts to 0.01 wrong ones" in first
    assert main(["check", claim, "--against", str(paper)]) == 0
    assert "abstained" not in capsys.readouterr().out


def test_a_ledger_carries_the_reliability_of_the_sets_it_names(paper: Path, capsys: Capture) -> None:
    found = ledger([str(paper)], capsys)
    named = {c.verdict.calibration for c in found.claims} - {None}
    assert {one.calibration for one in found.run.reliability} == named
    assert named
    for one in found.run.reliability:
        assert sum(b.n for b in one.bins) == one.n > 100


@pytest.mark.parametrize("risk", ["0.7", "-1", "nan"])
def test_a_risk_that_is_none_is_refused_in_one_line(risk: str, paper: Path, capsys: Capture) -> None:
    assert main(["table", str(paper), "--risk", risk]) == 2
    assert "risk" in capsys.readouterr().err


def test_a_risk_is_another_ledger_in_the_cache(paper: Path, capsys: Capture) -> None:
    strict = ledger([str(paper), "--risk", "0.01"], capsys)
    assert json.loads(ledger([str(paper)], capsys).model_dump_json())["run"]["settings"].get("risk") == 0
    assert any(c.verdict.abstained for c in strict.claims)
