"""Numbers changed in claims that a text states: how many are refuted, how many are still called supported.

    python -m benchmarks.decide.text_numbers [--claims N]      writes benchmarks/results/decide_text_numbers.json

Claims are sentences of SciFact's abstracts that state a measured number, whole and without their first clause; the
evidence is the abstract. Each stands as it is and with one number changed. The abstracts' own conclusions are no sample
of what people write: the figures say what becomes of a number where the words agree.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.common import RESULTS, data_folder, print_table, write_result
from benchmarks.decide.text_sets import Scifact
from claimcheck.checks import check_many
from claimcheck.checks.text.search import sentence_spans
from claimcheck.claims import claim_of
from claimcheck.foundation.records import Label, Passage, Quantity
from claimcheck.foundation.settings import Settings

Form = Literal["whole", "part"]
FORMS: tuple[Form, ...] = ("whole", "part")
LEAST_WORDS = 8


@dataclass(frozen=True)
class Planted:
    """A claim as its abstract has it, the same with another number, and the abstract."""

    form: Form
    claim: str
    changed: str
    text: str


def planted(data: Scifact, count: int, rng: np.random.Generator) -> Iterator[Planted]:
    """One claim an abstract, `count` of each form."""
    wanted = dict.fromkeys(FORMS, count)
    for d in rng.permutation(list(data.abstracts)).tolist():
        text = data.abstracts[d]
        for form in FORMS:
            found = [x for a, b in sentence_spans(text) if (x := _planted(text[a:b], text, form, rng)) is not None]
            if found and wanted[form]:
                wanted[form] -= 1
                yield found[int(rng.integers(len(found)))]
        if not any(wanted.values()):
            return


def _planted(sentence: str, text: str, form: Form, rng: np.random.Generator) -> Planted | None:
    claim = sentence if form == "whole" else sentence.partition(", ")[2]
    if len(claim.split()) < LEAST_WORDS or len(claim) > 400:
        return None
    claim = claim[0].upper() + claim[1:]
    single = [q for q in claim_of(claim).quantities if q.high is None]
    measured = [q for q in single if q.decimals or q.unit == "percent" or q.value >= 100]
    if not measured:
        return None
    quantity = measured[int(rng.integers(len(measured)))]
    start, end = quantity.span
    digits = _digits(quantity, claim[start:end])
    other = _another(quantity, rng)
    if digits is None or other in text:
        return None
    return Planted(form, claim, claim[:start] + claim[start:end].replace(digits, other, 1) + claim[end:], text)


def _digits(quantity: Quantity, printed: str) -> str | None:
    """The number as it is printed, without its unit."""
    for text in (f"{quantity.value:.{quantity.decimals}f}", f"{quantity.value:,.{quantity.decimals}f}"):
        if text in printed:
            return text
    return None


def _another(quantity: Quantity, rng: np.random.Generator) -> str:
    value = quantity.value * float(rng.choice([0.55, 0.8, 1.2, 1.7]))
    return f"{value:.{quantity.decimals}f}"


def main() -> None:
    """Plants, checks, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=100, help="of each form (100)")
    parser.add_argument("--show", action="store_true", help="print what was missed")
    arguments = parser.parse_args()
    data = Scifact.load(data_folder() / "verify" / "scifact")
    claims = list(planted(data, arguments.claims, np.random.default_rng(11)))
    asked = [(claim_of(text), [Passage(p.text)]) for p in claims for text in (p.claim, p.changed)]
    said = [v.label for v in check_many(asked, Settings.load())]
    rows = []
    figures: dict[str, object] = {}
    for form in FORMS:
        members = [i for i, p in enumerate(claims) if p.form == form]
        for name, offset in (("as it is", 0), ("number changed", 1)):
            labels = [said[2 * i + offset] for i in members]
            found = {label: share(labels, label) for label in ("supported", "refuted", "not_enough_info")}
            rows.append([form, name, len(labels), *(f"{x:.3f}" for x in found.values())])
            figures[f"{form}, {name}"] = {"claims": len(labels), **found}
    if arguments.show:
        for i, p in enumerate(claims):
            if said[2 * i + 1] != "refuted" or said[2 * i] != "supported":
                print(f"{said[2 * i]}, changed {said[2 * i + 1]}: {p.claim}\n    {p.changed}\n    {p.text}")
    print_table(["claim", "number", "claims", "supported", "refuted", "not enough information"], rows)
    write_result(RESULTS / "decide_text_numbers.json", figures)


def share(labels: list[Label], label: str) -> float:
    """The share of verdicts with a label."""
    return round(sum(x == label for x in labels) / max(1, len(labels)), 4)


if __name__ == "__main__":
    main()
