"""What the verifier is trained on: no claim or abstract of dev gets in, and claims turned round say the contrary."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

TRAINING = Path(__file__).resolve().parents[1] / "training"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TRAINING))
    import verifier_data  # type: ignore[import-not-found]

    found: ModuleType = verifier_data
    return found


@pytest.fixture
def flips(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TRAINING))
    import verifier_flips  # type: ignore[import-not-found]

    found: ModuleType = verifier_flips
    return found


def abstract(number: int) -> dict[str, Any]:
    return {
        "doc_id": number,
        "title": f"Kinase KN{number} promotes growth of root tips",
        "abstract": [
            f"Roots of plant {number} were grown in sand for a month.",
            f"Kinase KN{number} increases the growth of root tips in plant {number}.",
            "Water was given twice a day.",
            f"In conclusion, these results show that KN{number} promotes the growth of root tips by 40 percent.",
        ],
    }


def claim(number: int, text: str, *cited: int, label: str = "SUPPORT") -> dict[str, Any]:
    evidence = {str(cited[0]): [{"sentences": [1], "label": label}]} if label else {}
    return {"id": number, "claim": text, "cited_doc_ids": list(cited), "evidence": evidence}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [abstract(i) for i in range(40)]
    (tmp_path / "corpus.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, rows)).encode()))
    train = [claim(i, f"Kinase KN{i} increases root growth.", i, i + 1) for i in range(0, 20, 2)]
    train += [claim(50, "Kinase KN30 increases root growth!", 30), claim(51, "KN4 lets roots rest.", 4, label="REFUTE")]
    dev = [claim(60, "Kinase KN30 increases root growth.", 30), claim(61, "KN31 slows roots.", 31, label="")]
    for part, listed in (("train", train), ("dev", dev)):
        (tmp_path / f"claims_{part}.jsonl").write_text("\n".join(map(json.dumps, listed)))
    return tmp_path


def test_dev_and_left_out_claims_and_their_abstracts_are_kept_out(made: ModuleType, folder: Path) -> None:
    data = made.Scifact.load(folder)
    assert {c.text for c in data.train}.isdisjoint(c.text for c in data.left_out)
    assert all("KN30" not in c.text for c in (*data.train, *data.left_out))  # a claim of dev, punctuation aside
    assert data.left_out
    left_out = {d for c in data.left_out for d in c.cited}
    assert left_out.isdisjoint(d for c in data.train for d in c.cited)
    assert data.forbidden == {30, 31} | left_out
    rng = np.random.default_rng(0)
    texts = [e.evidence for e in made.made_of_abstracts(data, rng)]
    assert texts
    for d in data.forbidden:
        assert not any(f"plant {d}." in t or f"KN{d} " in t for t in texts)


def test_claims_of_abstracts_come_with_all_three_labels(made: ModuleType, folder: Path) -> None:
    data = made.Scifact.load(folder)
    found = made.made_of_abstracts(data, np.random.default_rng(0))
    assert {e.label for e in found} == {made.SUPPORTED, made.REFUTED, made.OPEN}
    for e in found:
        assert e.claim not in e.evidence  # the sentence that is the claim is no evidence
    [turned] = {e.claim for e in found if e.label == made.REFUTED and "KN33 inhibits growth" in e.claim} or [""]
    assert turned.startswith("Kinase KN33")


def test_views_of_a_claim_hold_the_sentence_that_settles_it(made: ModuleType, folder: Path) -> None:
    data = made.Scifact.load(folder)
    known = [c for c in data.train if c.labels]
    for e in made.scifact_views(data, known, np.random.default_rng(0)):
        if e.label == made.SUPPORTED and e.claim in {c.text for c in known}:
            assert "increases the growth" in e.evidence or "Water" not in e.evidence


@pytest.mark.parametrize(
    ("text", "contrary"),
    [
        ("Zinc increases growth.", "Zinc decreases growth."),
        ("Inhibited growth was rare.", None),
        ("Zinc does not matter.", "Zinc does matter."),
        ("Zinc is toxic.", "Zinc is not toxic."),
        ("Zinc in rats", None),
    ],
)
def test_a_claim_turned_round(flips: ModuleType, text: str, contrary: str | None) -> None:
    found = {getattr(flips.flipped(text, np.random.default_rng(i)), "text", None) for i in range(20)}
    assert text not in found
    if contrary is not None:
        assert found - {None} == {contrary}
    if text == "Zinc in rats":
        assert found == {None}


def test_turning_a_pair_of_opposites_twice_gives_the_text_again(flips: ModuleType) -> None:
    text = "Zinc increases growth, and increased growth lowers risk."
    turned = flips.flipped("Zinc increases growth.", np.random.default_rng(0))
    once = flips.flip_family(text, turned.family)
    assert once == "Zinc decreases growth, and decreased growth lowers risk."
    assert flips.flip_family(once, turned.family) == text
    assert flips.flip_family("Nothing of it.", turned.family) is None


def test_a_number_is_changed_only_where_the_evidence_has_it(flips: ModuleType) -> None:
    rng = np.random.default_rng(0)
    changed = flips.renumbered("It rose by 40 percent in 12 rats.", "A rise of 40 percent was seen.", rng)
    assert changed is not None
    assert "12 rats" in changed
    assert "40" not in changed
    assert flips.renumbered("It rose by 40 percent.", "It rose.", rng) is None
