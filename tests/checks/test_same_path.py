"""A paper's ledger, the Python interface and the command line give a claim the same verdict, by the same models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import RunCommand

import claimcheck
from claimcheck import Passage
from claimcheck.foundation.models.claim_model import NAME as CLAIM_MODEL
from claimcheck.foundation.models.encoder import EMBEDDED
from claimcheck.foundation.models.verifier import NAME as VERIFIER

OWN_WORDS = "BERT obtains an accuracy of 81.4 on MNLI."


def test_a_ledger_holds_what_check_many_says_of_its_claims(paper: Path) -> None:
    [ledger] = claimcheck.table(paper, workers=1)
    document = claimcheck.read(paper)
    claims = claimcheck.extract(document)
    verdicts = claimcheck.check_many([(claim, [document]) for claim in claims])
    assert {c.id: c.verdict for c in ledger.claims} == {c.id: v for c, v in zip(claims, verdicts, strict=True)}
    assert {v.label for v in verdicts} == {"supported", "refuted", "not_enough_info"}
    assert [claimcheck.check(claim, [document]) for claim in claims] == verdicts
    assert ledger.run.models == {"claim model": CLAIM_MODEL, "sentence encoder": EMBEDDED, "verifier": VERIFIER}


def test_the_command_line_says_what_the_interface_says(paper: Path, command: RunCommand, home: Path) -> None:
    document = claimcheck.read(paper)
    verdict = claimcheck.check(OWN_WORDS, [document])
    assert verdict.label == "refuted"
    found = command("check", OWN_WORDS, "--against", paper, "--json", limit=180, CLAIMCHECK_HOME=str(home))
    assert json.loads(found.out) == json.loads(verdict.model_dump_json())


def test_many_pairs_get_the_verdicts_that_each_gets_alone() -> None:
    """More pairs than are read together, some with evidence in common, in an order of their own."""
    shared = [Passage("Zinc shortened colds by a day in the trial. Cats sleep a lot. Trains were late.", "trial")]
    pairs = []
    for i in range(70):
        text = f"In trial {i} aspirin lowered the risk of stroke in {i + 20} adults. Nothing else was seen."
        pairs.append((f"Aspirin lowers the risk of stroke in {i + 20} adults.", [Passage(text, f"t{i}")]))
        pairs.append((("Zinc shortens colds.", "Zinc makes colds longer.")[i % 2], shared))
    calls: list[tuple[int, int]] = []
    from claimcheck.checks import check_many
    from claimcheck.claims import claim_of
    from claimcheck.foundation.settings import Settings

    asked = [(claim_of(claim), evidence) for claim, evidence in pairs]
    together = check_many(asked, Settings.load(), lambda done, total: calls.append((done, total)))
    assert calls[-1] == (140, 140)
    assert len(calls) > 1
    for i in (0, 1, 3, 64, 139):
        [alone] = check_many([asked[i]], Settings.load())
        assert together[i].label == alone.label
        assert together[i].probabilities == pytest.approx(alone.probabilities, abs=1e-4)
        assert [e.quote for c in together[i].checks for e in c.evidence] == [
            e.quote for c in alone.checks for e in c.evidence
        ]


def test_models_are_loaded_once_for_many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    claimcheck.check("Zinc shortens colds.", [Passage("Zinc shortened colds. Cats sleep.")])
    made: list[str] = []
    kept = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda path, *a, **k: made.append(path) or kept(path, *a, **k))
    for i in range(3):
        claimcheck.check(f"Zinc shortens {i} colds.", [Passage("Zinc shortened colds. Cats sleep.")])
    assert made == []
