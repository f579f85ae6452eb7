"""Contradictions inside one paper: how many planted ones are found, and what is found in papers as they are.

    python -m benchmarks.consistency [--limit N] [--texts N] [--seed N] [--out FILE]

Planted in the 55 papers of results/nlp-tdms, in memory and one at a time: a number that two parts of a paper say is
changed by one digit in one of them; a direction that two parts say is turned round in one; one of two equal counts is
changed by one; the bold of a best number is moved to the next best of its column or row. The changed sentence is taken
as a claim of its own, as the search for claims would take it. With `--texts`, directions and counts also in that many
texts of SciREX. Marks of significance are planted on cells that a claim's number stands in, taken off, and moved while
the claim says "statistically significant".

What is found in the papers as they are (in the LaTeX papers too, and with `--texts` in those texts) was looked at by a
person (judged.json); the share of real ones is the precision. False findings in the papers and texts led to rules, so
none among them is no measure of new papers.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import claimcheck
from benchmarks.common import (
    RESULTS,
    data_folder,
    latex_papers,
    paper_name,
    pdf_papers,
    percent,
    print_table,
    share,
    write_result,
)
from benchmarks.consistency.marks import planted_marks, told
from benchmarks.consistency.planted import Planted, changed_numbers, moved_bold
from benchmarks.consistency.texts import scirex_texts
from benchmarks.consistency.turned import changed_counts, turned_directions
from claimcheck.checks.consistency import consistency_findings, table_findings
from claimcheck.checks.contrary import contrary_findings
from claimcheck.claims import find_claims, findings, said_twice
from claimcheck.claims.counted import count_findings
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
    changed = plant.document.sentences[plant.sentence].text if plant.sentence >= 0 else ""
    if plant.kind == "count":
        listed = count_findings(plant.document)
        return any(e.quote == changed for f in listed for e in f.evidence)
    claims = with_plant(plant, document, claims)
    if plant.kind == "direction":
        listed = contrary_findings(said_twice(plant.document, claims))
        return any(e.quote == changed for f in listed for e in f.evidence)
    return any(plant.after in f.text for f in findings(plant.document, claims))


def plants_in(document: Document, claims: Sequence[Claim], generator: np.random.Generator) -> Iterator[Planted]:
    """Every contradiction that is planted in a paper."""
    yield from changed_numbers(document, claims, generator)
    yield from moved_bold(document, generator)
    yield from turned_directions(document, claims, generator)
    yield from changed_counts(document, generator)


NAMES = {
    "number": "a number changed in one of two places",
    "bold": "bold moved to the next best number",
    "direction": "a direction turned in one of two places",
    "count": "one of two equal counts changed",
    "text direction": "a direction turned in one of two places, texts of SciREX",
    "text count": "one of two equal counts changed, texts of SciREX",
    "marked": "mark of significance on the claim's cell (supported)",
    "removed": "mark of significance removed (refuted)",
    "moved": "mark of significance moved to another row (refuted)",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consistency", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N papers; 0: all")
    parser.add_argument("--texts", type=int, default=0, metavar="N", help="also the first N texts of SciREX")
    parser.add_argument("--seed", type=int, default=3, metavar="N", help="of the plants")
    parser.add_argument("--out", type=Path, default=RESULTS / "consistency.json", metavar="FILE")
    options = parser.parse_args(arguments)

    judged = {(x["paper"], x["finding"]): x["judgement"] for x in json.loads(JUDGED.read_text(encoding="utf-8"))}
    hits: dict[str, list[bool]] = {kind: [] for kind in NAMES}
    listed: list[dict[str, str]] = []
    pdfs, papers = pdf_papers(options.limit), 0

    def as_it_is(document: Document, claims: Sequence[Claim]) -> None:
        twice = said_twice(document, claims)
        for one in (*findings(document, claims), *consistency_findings(document, twice)):
            judgement = judged.get((document.paper.id, one.text), "not looked at")
            listed.append({"paper": document.paper.id, "kind": one.kind, "finding": one.text, "judgement": judgement})

    for path in (*pdfs, *latex_papers()):
        papers += 1
        _tell(f"{papers} {paper_name(path)}")
        document = claimcheck.read(path)
        claims = find_claims(document).claims
        as_it_is(document, claims)
        if path not in pdfs:
            continue
        # a paper's plants are the same whichever papers come before it
        for plant in plants_in(document, claims, _generator(options.seed, document)):
            hits[plant.kind].append(found(plant, document, claims))
        for marked in planted_marks(document, claims, _generator(options.seed, document)):
            hits[marked.kind].append(told(marked, document))
    texts = data_folder() / "results" / "scirex" / "train.jsonl.xz"
    for document in scirex_texts(texts, options.texts) if options.texts else ():
        papers += 1
        _tell(f"{papers} {document.paper.title}")
        claims = find_claims(document).claims
        as_it_is(document, claims)
        generator = _generator(options.seed, document)
        for plant in (*turned_directions(document, claims, generator), *changed_counts(document, generator)):
            hits[f"text {plant.kind}"].append(found(plant, document, claims))
    print(file=sys.stderr)

    generator = np.random.default_rng(options.seed)
    rows: list[dict[str, object]] = []
    for kind, name in NAMES.items():
        if hits[kind]:
            low, high = _interval(hits[kind], generator)
            counted = {"planted": name, "n": len(hits[kind]), "found": sum(hits[kind])}
            rows.append({**counted, "share": share(sum(hits[kind]), len(hits[kind])), "interval": [low, high]})
    print_table(
        ("planted", "n", "found", "share", "95 % interval"),
        [[r["planted"], r["n"], r["found"], percent(float(str(r["share"]))), f"{r['interval']}"] for r in rows],
    )
    real = sum(x["judgement"].startswith("real") for x in listed)
    print(f"{papers} papers as they are: {len(listed)} findings, {real} of them real by a person's eye")
    for x in listed:
        print(f"{x['paper']}: {x['finding']} ({x['judgement']})")
    write_result(
        options.out, {"planted": rows, "papers": papers, "findings": len(listed), "real": real}, as_they_are=listed
    )


def _generator(seed: int, document: Document) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(document.paper.id.encode())])


def _tell(what: str) -> None:
    print(f"\r{what[:60]:<60}", end="", file=sys.stderr, flush=True)


def _interval(found_ones: Sequence[bool], generator: np.random.Generator) -> tuple[float, float]:
    """95 % bootstrap interval of a share."""
    if not found_ones:
        return 0.0, 1.0
    values = np.array(found_ones, dtype=float)
    means = generator.choice(values, size=(2000, values.size)).mean(axis=1)
    return round(float(np.quantile(means, 0.025)), 3), round(float(np.quantile(means, 0.975)), 3)


if __name__ == "__main__":
    main()
