"""Runs all measurements on the tables of real papers, prints them, and writes benchmarks/results/own_tables.json."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import RESULTS, pdf_papers, percent, print_table, share, write_result
from benchmarks.own_tables import chance, judgements, planted
from benchmarks.own_tables.sample import SampledCheck, draw, table_checks
from benchmarks.own_tables.untouched import Alarm, CheckedPaper, alarms, check_untouched, counts

SAMPLE_SEED = 77
SAMPLE_SIZE = 50


@dataclass
class Collected:
    """What all papers gave; documents are let go paper by paper."""

    counts: Counter[str] = field(default_factory=Counter)
    papers: list[dict[str, object]] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    planted: list[planted.Planted] = field(default_factory=list)
    draws: list[chance.Draw] = field(default_factory=list)
    supported: list[SampledCheck] = field(default_factory=list)
    refuted: list[SampledCheck] = field(default_factory=list)

    def add(self, paper: CheckedPaper, rng: random.Random, number_rng: random.Random, draws: int) -> None:
        """Takes in one paper: plants errors in it and draws random numbers for it."""
        found = counts([paper])
        self.counts.update(found)
        self.papers.append({"paper": paper.name, **found, "seconds": round(paper.seconds, 2), "error": paper.error})
        self.alarms += alarms(paper)
        self.supported += table_checks(paper, "supported")
        self.refuted += table_checks(paper, "refuted")
        self.planted += planted.plant(paper, rng)
        self.draws += chance.draw_paper(paper, number_rng, draws)


def planted_figures(items: Sequence[planted.Planted]) -> dict[str, object]:
    """For each mode: how many were planted, refuted, refuted by a table check, and still supported, as shares."""
    figures: dict[str, object] = {}
    for mode in ("number", "direction"):
        mine = [p for p in items if p.mode == mode]
        figures |= {
            f"{mode}_planted": len(mine),
            f"{mode}_refuted_by_table": share(sum(p.by_table for p in mine), len(mine)),
            f"{mode}_refuted": share(sum(p.label == "refuted" for p in mine), len(mine)),
            f"{mode}_still_supported": share(sum(p.label == "supported" for p in mine), len(mine)),
        }
    kept = [p for p in items if p.mode == "untouched"]
    figures["retained"] = share(sum(p.label == "supported" for p in kept), len(kept))
    return figures


def alarm_rows(found: Sequence[Alarm], causes: dict[tuple[str, str], str]) -> list[dict[str, object]]:
    """The alarms with the cause that a person wrote down."""
    return [
        {
            "paper": a.paper,
            "claim": a.claim,
            "page": a.page,
            "text": a.text,
            "derivation": a.derivation,
            "cause": causes.get((a.paper, a.claim), judgements.UNKNOWN),
        }
        for a in found
    ]


def summary_of(
    collected: Collected, rows: Sequence[dict[str, object]], judged: Sequence[str], sampled: int
) -> dict[str, object]:
    """The figures of the whole run. An alarm that nobody looked at counts as false."""
    n = collected.counts
    genuine = sum(r["cause"] != judgements.UNKNOWN and not str(r["cause"]).startswith(judgements.FALSE) for r in rows)
    accepted, drawn = chance.accepted_share(collected.draws)
    held = [d for d in collected.draws if d.was_supported]
    return {
        **{k: n[k] for k in ("papers", "failed", "claims", "numeric_claims", "numeric_checks", "table_supported")},
        "alarms": n["alarms"],
        "alarms_looked_at": sum(r["cause"] != judgements.UNKNOWN for r in rows),
        "alarms_genuine": genuine,
        "false_alarm_share": share(n["alarms"] - genuine, n["numeric_claims"]),
        **planted_figures(collected.planted),
        "sample_drawn": sampled,
        "sample_judged": len(judged),
        "sample_right": share(sum(j == judgements.RIGHT for j in judged), len(judged)),
        "chance_draws": drawn,
        "chance_accepted": share(accepted, drawn),
        "chance_draws_for_supported": len(held),
        "chance_accepted_for_supported": share(*chance.accepted_share(held)),
    }


def show(figures: dict[str, object], rows: Sequence[dict[str, object]]) -> None:
    """Prints the alarms and then the one table."""
    for r in rows:
        print(f"REFUTED {r['paper']} {r['claim']} p. {r['page']}: {r['text']}")
        print(f"    {r['derivation']}\n    cause: {r['cause']}")

    def p(name: str) -> str:
        value = figures[name]
        return percent(value if isinstance(value, float) else None)

    numbers, directions = figures["number_planted"], figures["direction_planted"]
    judged, held = (
        f"{figures['sample_judged']} judged of {figures['sample_drawn']}",
        figures["chance_draws_for_supported"],
    )
    looked_at = (
        f"{figures['alarms']} refuted, {figures['alarms_looked_at']} looked at, {figures['alarms_genuine']} genuine"
    )
    print_table(
        ("measure", "figure", "of", "wanted"),
        [
            ("(a) false alarms", p("false_alarm_share"), f"{figures['numeric_claims']} claims ({looked_at})", "<= 1 %"),
            ("(b) wrong numbers refuted by a table", p("number_refuted_by_table"), numbers, ">= 85 %"),
            ("    still supported", p("number_still_supported"), numbers, "<= 5 %"),
            ("    wrong directions refuted by a table", p("direction_refuted_by_table"), directions, ">= 70 %"),
            ("    still supported", p("direction_still_supported"), directions, "<= 10 %"),
            ("    the true claims as text, supported", p("retained"), "", ""),
            ("(c) sampled checks that cite the right cells", p("sample_right"), judged, ">= 95 %"),
            ("(d) random numbers accepted", p("chance_accepted"), figures["chance_draws"], "<= 3 %"),
            ("    in the place of supported ones", p("chance_accepted_for_supported"), held, ""),
            ("(e) claims with a numeric check", figures["numeric_claims"], f"{figures['claims']} claims", ">= 250"),
            ("    numeric checks", figures["numeric_checks"], "", ""),
        ],
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.own_tables", description=__doc__)
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N papers; 0: all")
    parser.add_argument(
        "--draws", type=int, default=chance.DRAWS, metavar="N", help="random numbers for each claimed one"
    )
    parser.add_argument(
        "--sheet", type=Path, metavar="DIR", help="draw sampled and refuted checks into a folder outside the clone"
    )
    parser.add_argument("--out", type=Path, default=RESULTS / "own_tables.json", metavar="FILE")
    options = parser.parse_args(arguments)

    started = time.perf_counter()
    papers = pdf_papers(options.limit)
    collected = Collected()
    rng, number_rng = random.Random(planted.SEED), random.Random(chance.SEED)
    for number, path in enumerate(papers, 1):
        print(f"\r{number} of {len(papers)} {path.stem:<40}", end="", file=sys.stderr, flush=True)
        collected.add(check_untouched(path), rng, number_rng, options.draws)
    print(file=sys.stderr)

    judged = judgements.load_judged()
    sampled = draw(collected.supported, SAMPLE_SIZE, SAMPLE_SEED)
    rows = alarm_rows(collected.alarms, judgements.load_causes())
    figures = summary_of(collected, rows, [judged[c.key] for c in sampled if c.key in judged], len(sampled))
    figures["seconds"] = round(time.perf_counter() - started, 1)
    show(figures, rows)
    for c in sampled:
        if judged.get(c.key, judgements.RIGHT) != judgements.RIGHT:
            print(f"{judged[c.key]}: {c.paper} {c.claim}: {c.derivation}")
    if options.sheet is not None:
        from benchmarks.own_tables.sheet import write_sheet

        files = {p.stem: p for p in papers}
        print(f"sheet: {write_sheet(options.sheet / 'supported', sampled, files, judged)}")
        print(f"sheet: {write_sheet(options.sheet / 'refuted', collected.refuted, files, {})}")
    write_result(
        options.out,
        figures,
        seeds={"planted": planted.SEED, "chance": chance.SEED, "sample": SAMPLE_SEED, "draws": options.draws},
        alarms=rows,
        sample=[
            {
                "paper": c.paper,
                "claim": c.claim,
                "kind": c.kind,
                "derivation": c.derivation,
                "judgement": judged.get(c.key),
            }
            for c in sampled
        ],
        still_supported=[
            {"paper": p.paper, "claim": p.claim, "mode": p.mode, "planted": p.text}
            for p in collected.planted
            if p.mode != "untouched" and p.label == "supported"
        ],
        random_accepted=[
            {"paper": d.paper, "claim": d.claim, "claimed": d.claimed, "random": d.random}
            for d in collected.draws
            if d.accepted
        ],
        papers=collected.papers,
    )


if __name__ == "__main__":
    main()
