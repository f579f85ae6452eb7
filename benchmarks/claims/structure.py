"""How well the slots of quantities and comparisons, and the statement, are filled: invented sentences, judged papers.

    python -m benchmarks.claims.structure [--part dev|held|all] [--show] [--papers]

The sentences of structure.jsonl carry every slot that should be filled; a list holds spellings that are all right, ""
in it that the slot may stay empty. With --papers the claims of 20 papers are filled and held against
structure_judged.json, in which a
reader judged each slot of a seeded sample; a slot whose value has changed since counts as unjudged.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import pdf_papers

SENTENCES = Path(__file__).with_name("structure.jsonl")
JUDGED = Path(__file__).with_name("structure_judged.json")
SLOTS = ("method", "baseline", "dataset", "metric", "task", "condition", "aggregation", "direction")
COMPARED = ("method", "baseline", "dataset", "metric", "task", "condition", "aggregation", "direction", "better")
SEED, PAPERS = 20240611, 20


def plain(value: object) -> str:
    """A slot's value as it is compared: lower case, no determiner, no marks at its ends."""
    if value is None:
        return ""
    text = " ".join(re.sub(r"[^\w+%./; -]+", " ", str(value).lower()).split())
    return re.sub(r"^(?:the|a|an|in|on) ", "", text).strip(" .,")


def accepted(gold: Any) -> set[str]:
    """The values that are right for a slot."""
    return {plain(x) for x in (gold if isinstance(gold, list) else [gold])}


def filled(row: Mapping[str, Any]) -> Any:
    """The claim of a row, in a document of its own, filled."""
    from claimcheck.claims.quantities import find_quantities
    from claimcheck.claims.structure import fill
    from claimcheck.foundation.records import Claim, Document, Paper, Place, Pointer, Section, Sentence, Table

    before = [str(x) for x in row["before"]]
    lines = [Sentence(text=row["intro"], section=0, kind="body", paragraph=0)] if row["intro"] else []
    lines += [Sentence(text=x, section=0, kind="body", paragraph=1) for x in (*before, row["text"])]
    tables = [Table.from_rows(t["header"], t["rows"], t["caption"], t["label"]) for t in row["tables"]]
    document = Document(
        paper=Paper(id=row["id"]), sections=(Section(title="Results"),), sentences=tuple(lines), tables=tuple(tables)
    )
    place = Place(
        pointer=Pointer(paper=row["id"]),
        text=row["text"],
        sentence=len(lines) - 1,
        context=" ".join(before),
        tables=tuple(re.findall(r"Table (\d)", row["text"])),
    )
    claim = Claim(
        id=Claim.make_id(row["id"], row["text"]),
        text=row["text"],
        places=(place,),
        quantities=find_quantities(row["text"]),
    )
    return fill(document, [claim])[0]


class Tally:
    """Right, wrong and missed slots."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, slot: str, verdict: str) -> None:
        """One more slot of that verdict: right, wrong or missing."""
        self.counts[slot, verdict] += 1

    def rows(self) -> Iterator[tuple[str, int, int, int, float, float]]:
        """(slot, right, wrong, missing, precision, recall); a wrong slot that should be filled is missing as well."""
        for slot in dict.fromkeys(s for s, _ in self.counts):
            right, wrong, missing, spoiled = (
                self.counts[slot, v] for v in ("right", "wrong", "missing", "wrong and missing")
            )
            wrong, missing = wrong + spoiled, missing + spoiled
            precision = right / (right + wrong) if right + wrong else 1.0
            recall = right / (right + missing) if right + missing else 1.0
            yield slot, right, wrong, missing, precision, recall

    def print(self, title: str) -> None:
        """A table on the terminal."""
        print(f"{title}\n{'slot':22s} right wrong missing precision recall")
        for slot, right, wrong, missing, p, r in self.rows():
            print(f"{slot:22s} {right:5d} {wrong:5d} {missing:7d} {p:9.2f} {r:6.2f}")


def sentences(part: str, show: bool) -> Tally:
    """The slots of the invented sentences against their gold."""
    tally = Tally()
    for line in SENTENCES.read_text("utf-8").splitlines():
        row = json.loads(line)
        if part not in ("all", row["part"]):
            continue
        claim = filled(row)
        faults = []
        found = {q.text: q for q in claim.quantities}
        for gold in row["quantities"]:
            quantity = found.get(gold["text"])
            for slot in SLOTS:
                got = plain(getattr(quantity, slot)) if quantity is not None else ""
                if slot == "direction" and slot not in gold:
                    continue
                if slot == "condition" and quantity is not None and quantity.aggregation == "share":
                    continue
                if slot == "aggregation" and got == "share":
                    continue
                verdict = _judge(got, accepted(gold.get(slot, "")))
                if verdict:
                    tally.add(slot, verdict)
                if verdict not in ("", "right"):
                    faults.append(f"{gold['text']}: {slot} {verdict}: {got!r} for {gold.get(slot, '')!r}")
        faults += _comparisons(row["comparisons"], claim.comparisons, tally)
        wanted = row["statement"] if isinstance(row["statement"], list) else [row["statement"]]
        right = claim.statement.lower() in {x.lower() for x in wanted}
        tally.add("statement", "right" if right else "wrong" if claim.statement != row["text"] else "missing")
        if not right:
            faults.append(f"statement {claim.statement!r}")
        if faults and show:
            print(row["id"], row["text"], *(f"   {x}" for x in faults), sep="\n")
    return tally


def _judge(got: str, right: set[str]) -> str:
    if got in right:
        return "right" if got else ""
    if not got:
        return "missing"
    return "wrong" if right == {""} else "wrong and missing"


def _comparisons(gold: Sequence[Mapping[str, Any]], found: Sequence[Any], tally: Tally) -> list[str]:
    faults = []
    for i, wanted in enumerate(gold):
        if i >= len(found):
            tally.add("comparison", "missing")
            faults.append(f"comparison missing: {dict(wanted)}")
            continue
        tally.add("comparison", "right")
        for slot in COMPARED:
            got = plain(getattr(found[i], slot))
            verdict = _judge(got, accepted(wanted.get(slot, "")))
            if verdict:
                tally.add(f"comparison {slot}", verdict)
            if verdict not in ("", "right"):
                faults.append(f"comparison: {slot} {verdict}: {got!r} for {wanted.get(slot, '')!r}")
    for extra in found[len(gold) :]:
        tally.add("comparison", "wrong")
        faults.append(f"comparison too many: {extra}")
    return faults


# ------------------------------------------------------------------ papers


def digest(value: object) -> str:
    """A short fingerprint of a slot's value, so that a judgement holds no text of a paper."""
    return hashlib.sha256(plain(value).encode()).hexdigest()[:8]


def sample() -> tuple[list[tuple[str, Any]], list[tuple[str, Any]], dict[str, Any]]:
    """(quantities, comparisons, claims by id) of the seeded papers: (claim id and place, record)."""
    import claimcheck
    from claimcheck.claims import extract_claims
    from claimcheck.claims.quantities import find_quantities
    from claimcheck.claims.structure import fill
    from claimcheck.claims.structure.sentence import is_result

    rng = random.Random(SEED)
    quantities: list[tuple[str, Any]] = []
    compared: list[tuple[str, Any]] = []
    claims: dict[str, Any] = {}
    for path in rng.sample(pdf_papers(), PAPERS):
        document = claimcheck.read(str(path))
        raw = [c.model_copy(update={"quantities": find_quantities(c.text)}) for c in extract_claims(document)]
        started = time.perf_counter()
        done = fill(document, raw)
        print(f"{path.stem:24s} {len(done):4d} claims {time.perf_counter() - started:6.2f} s")
        for claim in done:
            claims[claim.id] = (document, claim)
            quantities += [(f"{claim.id}:q{q.span[0]}", q) for q in claim.quantities if is_result(q)]
            compared += [(f"{claim.id}:c{c.span[0]}", c) for c in claim.comparisons]
    return quantities, compared, claims


def papers() -> dict[str, Tally]:
    """The judged slots of the sample as they are filled now."""
    judged = json.loads(JUDGED.read_text("utf-8"))
    quantities, compared, _ = sample()
    now = dict((*quantities, *compared))
    out = {"quantities": Tally(), "comparisons": Tally()}
    for place, slots in judged["judged"].items():
        tally = out["quantities" if ":q" in place else "comparisons"]
        for slot, (verdict, was) in slots.items():
            record = now.get(place)
            value = getattr(record, slot) if record is not None else ""
            tally.add(slot, verdict if digest(value) == was else "unjudged")
    return out


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "held", "all"), default="all")
    parser.add_argument("--show", action="store_true", help="print what is not right")
    parser.add_argument("--papers", action="store_true", help="hold the sample of 20 papers against its judgements")
    args = parser.parse_args()
    if args.papers:
        for name, tally in papers().items():
            tally.print(name)
            unjudged = sum(n for (_, verdict), n in tally.counts.items() if verdict == "unjudged")
            print(f"changed since they were judged: {unjudged}")
        return
    sentences(args.part, args.show).print(f"sentences: {args.part}")


if __name__ == "__main__":
    main()
