"""Contradictions inside one paper: how many planted ones are found, and what is found in papers as they are.

    python -m benchmarks.consistency [--limit N] [--seed N] [--out FILE]

Planted in the 55 papers of results/nlp-tdms, in memory and one at a time: a number that two parts of a paper say is
changed by one digit in one of them; the bold of a best number is moved to the next best of its column or row. The
changed sentence is taken as a claim of its own, as the search for claims would take it. What is found in the papers as
they are was looked at by a person (judged.json); the share of real ones is the precision.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import claimcheck
from benchmarks.common import RESULTS, paper_name, pdf_papers, percent, print_table, share, write_result
from benchmarks.consistency.planted import Planted, changed_numbers, moved_bold
from claimcheck.checks.consistency import consistency_findings, table_findings
from claimcheck.claims import find_claims, findings
from claimcheck.claims.quantities import find_quantities
from claimcheck.claims.structure import fill
from claimcheck.foundation.records import Claim, Document, Finding

JUDGED = Path(__file__).with_name("judged.json")


def with_plant(plant: Planted, document: Document, claims: Sequence[Claim]) -> list[Claim]:
    """The claims after a sentence was changed: it is a claim of its own now, the other places remain the old one."""
    before = document.sentences[plant.sentence].text
    after = plant.document.sentences[plant.sentence].text
    out: list[Claim] = []
    for claim in claims:
        changed = [p for p in claim.places if p.sentence == plant.sentence]
        rest = tuple(p for p in claim.places if p.sentence != plant.sentence)
        if not changed:
            out.append(claim)
            continue
        if rest:
            text = claim.text if claim.text != before else rest[0].text
            out.append(_refilled(claim, plant.document, text, {"places": rest}))
        out.append(
            _refilled(claim, plant.document, after, {"places": (changed[0].model_copy(update={"text": after}),)})
        )
    return out


def _refilled(claim: Claim, document: Document, text: str, update: dict[str, object]) -> Claim:
    new = {"text": text, "id": Claim.make_id(document.paper.id, text), "quantities": find_quantities(text)}
    return fill(document, [claim.model_copy(update={**update, **new, "comparisons": ()})])[0]


def found(plant: Planted, document: Document, claims: Sequence[Claim]) -> bool:
    """Whether a planted contradiction is among the findings."""
    listed: Sequence[Finding]
    if plant.kind == "bold":
        listed = table_findings(plant.document)
        return any(e.pointer.table == plant.before for f in listed for e in f.evidence)
    listed = findings(plant.document, with_plant(plant, document, claims))
    return any(plant.after in f.text for f in listed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consistency", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N papers; 0: all")
    parser.add_argument("--seed", type=int, default=3, metavar="N", help="of the plants")
    parser.add_argument("--out", type=Path, default=RESULTS / "consistency.json", metavar="FILE")
    options = parser.parse_args(arguments)

    generator = np.random.default_rng(options.seed)
    judged = {(x["paper"], x["finding"]): x["judgement"] for x in json.loads(JUDGED.read_text(encoding="utf-8"))}
    hits: dict[str, list[bool]] = {"number": [], "bold": []}
    listed: list[dict[str, str]] = []
    paths = pdf_papers(options.limit)
    for n, path in enumerate(paths, 1):
        print(f"\r{n} of {len(paths)} {paper_name(path)[:40]:<40}", end="", file=sys.stderr, flush=True)
        document = claimcheck.read(path)
        claims = find_claims(document).claims
        for one in (*findings(document, claims), *consistency_findings(document)):
            judgement = judged.get((document.paper.id, one.text), "not looked at")
            listed.append({"paper": document.paper.id, "kind": one.kind, "finding": one.text, "judgement": judgement})
        for plant in (*changed_numbers(document, claims, generator), *moved_bold(document, generator)):
            hits[plant.kind].append(found(plant, document, claims))
    print(file=sys.stderr)

    names = {"number": "a number changed in one of two places", "bold": "bold moved to the next best number"}
    rows: list[dict[str, object]] = []
    for kind, said in names.items():
        low, high = _interval(hits[kind], generator)
        found_share = share(sum(hits[kind]), len(hits[kind]))
        rows.append(
            {
                "planted": said,
                "n": len(hits[kind]),
                "found": sum(hits[kind]),
                "share": found_share,
                "interval": [low, high],
            }
        )
    print_table(
        ("planted", "n", "found", "share", "95 % interval"),
        [
            [r["planted"], r["n"], r["found"], percent(share(sum(h), len(h))), f"{r['interval']}"]
            for r, h in zip(rows, hits.values(), strict=True)
        ],
    )
    real = sum(x["judgement"].startswith("real") for x in listed)
    print(f"{len(paths)} papers as they are: {len(listed)} findings, {real} of them real by a person's eye")
    for x in listed:
        print(f"{x['paper']}: {x['finding']} ({x['judgement']})")
    write_result(options.out, {"planted": rows, "findings": len(listed), "real": real}, as_they_are=listed)


def _interval(found_ones: Sequence[bool], generator: np.random.Generator) -> tuple[float, float]:
    """95 % bootstrap interval of a share."""
    if not found_ones:
        return 0.0, 1.0
    values = np.array(found_ones, dtype=float)
    means = generator.choice(values, size=(2000, values.size)).mean(axis=1)
    return round(float(np.quantile(means, 0.025)), 3), round(float(np.quantile(means, 0.975)), 3)


if __name__ == "__main__":
    main()
