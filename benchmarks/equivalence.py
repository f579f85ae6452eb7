"""Does packed training learn what Hugging Face's Trainer learns? Seeds of both, judged by claimcheck's own test.

    python -m benchmarks.equivalence [--seeds N] [--device cuda] [--out FILE]

Both fine-tune the same small encoder on the same task of the generated world: the same batches in the same order, the
same first weights, the same recipe, dropout on. Two arms with a fault put in on purpose show that the test can fail.
Prints the scores, the differences with their 95 % intervals, the margin and the verdicts, and writes JSON. Exit 1 where
packed training is not equivalent or a fault goes unnoticed. About three minutes of one core.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, print_table, write_result
from claimcheck.foundation.errors import ClaimcheckError
from reproduce.bench.equivalence import Setting, run

VERDICTS = {True: "equivalent", False: "not equivalent", None: "left open"}


def rows(result: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A line an arm: title, mean score, difference from the Trainer, its interval, radius, verdict."""
    found = []
    for arm in result["arms"]:
        scores = arm["scores"]
        line = [arm["title"], f"{sum(scores) / len(scores):.2f}"]
        against = result["against_trainer"].get(arm["name"])
        if against is None:
            line += ["", "", "", ""]
        else:
            low, high = against["interval"] or (float("nan"), float("nan"))
            radius = against["radius"]
            line += [f"{against['difference']:+.2f}", f"{low:+.2f} to {high:+.2f}"]
            line += ["" if radius is None else f"{radius:.2f}", VERDICTS[result["equivalent"][arm["name"]]]]
        found.append(tuple(line))
    return found


def failures(result: Mapping[str, Any]) -> list[str]:
    """What is not as it should be: every arm without a fault is equivalent, every arm with one is not."""
    found = []
    for arm in result["arms"]:
        equal = result["equivalent"].get(arm["name"], True)
        if arm["fault"] and equal is not False:
            found.append(f"{arm['title']} ({arm['fault']}) is not told apart")
        if not arm["fault"] and equal is not True:
            found.append(f"{arm['title']} is not shown equivalent")
    return found


def main() -> None:
    """Train, print a table, write JSON; exit 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=Setting.seeds, help="seeds of each arm, at least 3")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda: then in bf16")
    parser.add_argument("--out", type=Path, default=RESULTS / "equivalence.json", help="where the JSON goes")
    arguments = parser.parse_args()
    precision = "bf16" if arguments.device.startswith("cuda") else "fp32"
    setting = Setting(seeds=arguments.seeds, device=arguments.device, precision=precision)
    try:
        result = run(setting, on_progress=lambda what, done, total: print(f"{done}/{total} {what}", file=sys.stderr))
    except ClaimcheckError as error:
        raise SystemExit(f"benchmark: {error}") from None
    print(
        f"sense tagging in English, {setting.steps} steps of {setting.batch_size}, dropout {setting.dropout:g}, "
        f"{setting.precision}, {setting.seeds} seeds; {result['items']:,} sentences, {len(setting.languages)} languages"
    )
    print_table(("seed", *(arm["name"] for arm in result["arms"])), _by_seed(setting, result))
    print_table(("arm", "mean", "- Trainer", "95 %", "radius", "verdict"), rows(result))
    print(
        f"{result['metric']}; margin {result['margin']:g} points, that of tagging in "
        "claimcheck.foundation.replication.DEFAULT_MARGINS, set before any run; radius: the smallest margin at which\n"
        "two one-sided tests at 5 % call both equal; equivalent: the whole 95 % interval lies within the margin"
    )
    wrong = failures(result)
    summary: dict[str, object] = {
        "difference": round(result["against_trainer"]["packed"]["difference"], 2),
        "interval": [round(x, 2) for x in result["against_trainer"]["packed"]["interval"] or ()],
        "margin": result["margin"],
        "equivalent": result["equivalent"]["packed"],
        "faults told apart": all(result["equivalent"][arm["name"]] is False for arm in result["arms"] if arm["fault"]),
    }
    write_result(arguments.out, summary, result=result)
    if wrong:
        raise SystemExit("\n".join(f"benchmark: {one}" for one in wrong))


def _by_seed(setting: Setting, result: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (str(setting.first_seed + number), *(f"{arm['scores'][number]:.2f}" for arm in result["arms"]))
        for number in range(setting.seeds)
    ]


if __name__ == "__main__":
    main()
