"""Bad claims and bad evidence through the Python interface: a verdict that keeps its contract, in bounded time."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence

import pytest

import claimcheck
from claimcheck import Passage, Table, Verdict
from claimcheck.api import Evidence
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import LABELS

CLAIM = "Vitamin K slows the loss of bone in older women by 12.5 %."
SCORES = "BERT reaches 89.2 F1 on SQuAD, 3.1 points above BiDAF."
SECONDS = 5.0  # of the processor, for one claim
MEMORY_MB = 400  # beyond what the models take
WORDS = ("bone", "loss", "women", "dose", "trial", "risk", "older", "placebo", "daily", "effect")
SENTENCES = " ".join(
    f"{WORDS[i % 10].capitalize()} {WORDS[i * 7 % 10]} {WORDS[i * 3 % 9]} in group {i} was {WORDS[i % 7]}."
    for i in range(26_000)
)[:1_000_000]
FIFTY = "It reaches " + ", ".join(f"{40 + i * 0.7:.1f} F1 on set {i}" for i in range(50)) + "."
GRID = [[f"set {j}", *(f"{(j * 37 + i * 11) % 997 / 10:.1f}" for i in range(20))] for j in range(20)]


def table(header: Sequence[str], *rows: Sequence[str]) -> Table:
    return Table.from_rows(list(header), [list(r) for r in rows], "Results")


CASES: dict[str, tuple[str, list[Evidence]]] = {
    "empty claim": ("", [Passage("Vitamin K slows bone loss.")]),
    "empty claim, table": ("", [table(["Model", "F1"], ["BERT", "89.2"])]),
    "claim of blanks": (" \n\t ", [Passage("Vitamin K slows bone loss.")]),
    "claim of marks": ("?! … %", [Passage("Vitamin K slows bone loss.")]),
    "no evidence": (CLAIM, []),
    "empty passage": (CLAIM, [Passage("")]),
    "passage of blanks": (CLAIM, [Passage(" \n \t")]),
    "a million letters in one word": (CLAIM, [Passage("x" * 1_000_000)]),
    "a million digits": (CLAIM, [Passage("1" * 1_000_000)]),
    "a million marks": (CLAIM, [Passage(". " * 500_000)]),
    "a million blanks": (CLAIM, [Passage("a." + " " * 1_000_000 + "b")]),
    "a million characters of sentences": (CLAIM, [Passage(SENTENCES)]),
    "a million characters of Chinese": (CLAIM, [Passage("维生素减缓骨质流失。" * 100_000)]),
    "a million characters of Chinese without a stop": ("维生素减缓骨质流失", [Passage("维生素减缓骨质流失" * 111_111)]),
    "three passages of a million": (CLAIM, [Passage(SENTENCES), Passage(SENTENCES[::-1]), Passage("é" * 1_000_000)]),
    "a thousand passages": (CLAIM, [Passage(f"Older women in trial {i} took vitamin K.") for i in range(1000)]),
    "a table of one row": (SCORES, [table(["Model", "SQuAD F1"], ["BERT", "89.2"])]),
    "a table without rows": (SCORES, [table(["Model", "SQuAD F1"])]),
    "a table without header": (SCORES, [table([], ["BERT", "89.2"], ["BiDAF"])]),
    "a table of nothing": (SCORES, [table([])]),
    "a table of text": ("BERT beats BiDAF.", [table(["Model", "Note"], ["BERT", "good"], ["BiDAF", "less good"])]),
    "cells that are no numbers": (
        SCORES,
        [table(["Model", "SQuAD F1", "MNLI"], ["BERT", "nan", "-"], ["BiDAF", "inf", "—"], ["X", "1e999", "NaN %"])],
    ),
    "the best of NaN": ("BERT has the highest F1.", [table(["Model", "F1"], ["BERT", "nan"], ["BiDAF", "NaN"])]),
    "a huge cell": (SCORES, [table(["Model", "F1"], ["BERT", "9" * 100_000], ["x" * 100_000, "2"])]),
    "a large table": (SCORES, [table(["Set", *map(str, range(60))], *[[f"r{i}", *["1.5"] * 60] for i in range(500)])]),
    "fifty numbers, one table": (FIFTY, [table(["Set", *(f"F1 {i}" for i in range(20))], *GRID)]),
    "fifty numbers, a passage": (FIFTY, [Passage(FIFTY.replace("40.0", "41.0"))]),
    "control characters": (
        "Vitamin\x00 K \x07slows\x1b[31m bone\u202e loss.",
        [Passage("Vitamin\x00 K slows\x1b bone loss\x85.\x0c It does.")],
    ),
    "half a character": ("Vitamin \ud800 K slows bone loss.", [Passage("Vitamin K \udfff slows bone loss.")]),
    "a claim of 100,000 characters": ("Vitamin K slows the loss of bone. " * 3000, [Passage("Vitamin K slows it.")]),
    "the same, a table": ("Vitamin K slows the loss of bone. " * 3000, [table(["Model", "F1"], ["BERT", "89.2"])]),
    "a word of 100,000 characters": ("x" * 100_000, [table(["Model", "F1"], ["x", "89.2"]), Passage("x" * 100_000)]),
}


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """The models are loaded, and exported where this home has none yet, before anything is timed."""
    claimcheck.check("Zinc shortens colds.", [Passage("Zinc shortens colds by a day. Cats sleep. Zinc is a metal.")])


def holds_its_contract(verdict: Verdict) -> bool:
    p = verdict.probabilities
    return (
        set(p) == set(LABELS)
        and abs(sum(p.values()) - 1) < 1e-6
        and verdict.label == max(LABELS, key=lambda x: p[x])
        and verdict.confidence == p[verdict.label]
        and all(c.label in LABELS and 0 <= c.score <= 1 for c in verdict.checks)
    )


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


@pytest.mark.parametrize("name", CASES)
def test_a_verdict_in_bounded_time(name: str) -> None:
    claim, evidence = CASES[name]
    before, memory = time.process_time(), peak_mb()
    verdict = claimcheck.check(claim, evidence)
    assert time.process_time() - before < SECONDS
    assert peak_mb() - memory < MEMORY_MB
    assert holds_its_contract(verdict)


@pytest.mark.parametrize(
    "name", ["empty claim", "empty claim, table", "claim of blanks", "no evidence", "empty passage"]
)
def test_nothing_is_no_evidence(name: str) -> None:
    claim, evidence = CASES[name]
    found = claimcheck.check(claim, evidence)
    assert (found.label, found.checks, found.calibration) == ("not_enough_info", [], None)


def test_one_bad_pair_leaves_the_others_as_they_are() -> None:
    good = ("Zinc shortens colds.", [Passage("In the trial zinc shortened colds by a day.", "trial")])
    bad = [CASES[name] for name in ("empty claim", "passage of blanks", "a million marks", "a table of nothing")]
    [alone] = claimcheck.check_many([good])
    found = claimcheck.check_many([bad[0], good, *bad[1:], good])
    assert found[1].label == found[-1].label == alone.label
    assert found[1].probabilities == pytest.approx(alone.probabilities, abs=1e-4)


def test_a_sentence_amid_a_million_characters_is_found() -> None:
    needle = "Vitamin K slowed the loss of bone in older women by 12.5 %."
    found = claimcheck.check(CLAIM, [Passage(f"{SENTENCES[:600_000]}. {needle} {SENTENCES[:399_000]}", "long")])
    assert [e.quote for c in found.checks for e in c.evidence] == [needle]
    assert found.label == "supported"


def test_numbers_that_were_not_looked_at_support_nothing() -> None:
    """A claim is cut where it is far too long, and then it is not called supported by what was seen of it."""
    numbers = table(["Model", "SQuAD F1"], ["BERT", "89.2"], ["BiDAF", "86.1"])
    short = claimcheck.check("BERT reaches 89.2 F1 on SQuAD.", [claimcheck.read(DOCUMENT, tables=True)])
    assert short.label == "supported"
    long = claimcheck.check("BERT reaches 89.2 F1 on SQuAD. " * 300, [claimcheck.read(DOCUMENT, tables=True)])
    assert long.label == "not_enough_info"
    assert any("only the first" in c.reason for c in long.checks)
    assert holds_its_contract(claimcheck.check("BERT reaches 89.2 F1 on SQuAD. " * 300, [numbers]))


DOCUMENT = b"""<!DOCTYPE html><html><head><title>Readers</title></head><body><article><h1>Readers</h1>
<section><h2>1 Results</h2><p>Our results stand in Table 1. They were surprising to us in many ways.</p>
<figure class="ltx_table"><figcaption>Table 1: F1 on SQuAD.</figcaption><table>
<thead><tr><th>Model</th><th>SQuAD F1</th></tr></thead><tbody>
<tr><td>BERT</td><td>89.2</td></tr><tr><td>BiDAF</td><td>77.3</td></tr></tbody></table></figure></section>
</article></body></html>"""


@pytest.mark.parametrize("evidence", ["text", [1], [None], [["a"]]])
def test_what_is_no_evidence_is_named(evidence: object) -> None:
    with pytest.raises(UsageError, match="evidence holds a "):
        claimcheck.check(CLAIM, evidence)  # type: ignore[arg-type]
