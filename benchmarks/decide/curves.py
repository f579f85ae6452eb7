"""Draws how confidence met truth: a reliability diagram and a risk-coverage curve of each set, as SVG for the README.

    python -m benchmarks.decide.curves      writes benchmarks/results/calibration_*.svg and prints the Markdown for them

No model runs: what the other benchmarks left in benchmarks/results/decide_items.json is read (a confidence and whether
the verdict was right, for each item), and of cells in papers the sample that ships with the package. The same numbers
give the same bytes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.common import RESULTS
from claimcheck.checks.reliability import Outcomes, Sample, cell_confidence, samples
from claimcheck.foundation.stats import wilson_interval
from claimcheck.publish.charts.axis import Axis
from claimcheck.publish.charts.figure import Dot, Figure, Line, Shape, Words
from claimcheck.publish.charts.svg import svg

ITEMS = RESULTS / "decide_items.json"
SIDE, LEFT, TOP, GAP = 220.0, 40.0, 40.0, 70.0
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
POINTS = 60  # of a curve
MARKED = (0.3, 0.5, 0.7, 0.9)  # coverages whose interval is drawn
LEAST = 20  # verdicts that a curve begins with; the share of wrong ones among fewer tells nothing
STYLE = (
    "<style>svg{background:#fff;color:#1f2328;font-family:system-ui,sans-serif}.r-grid{color:#d8dee4}"
    ".r-muted{color:#656d76}.r-interval{color:#0969da}.r-reproduced{color:#0550ae}.r-baseline{color:#bc4c00}</style>"
)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The verdicts on one set: confidence, whether right, and what each counts (n,)."""

    name: str
    confidence: Floats
    right: Floats
    weight: Floats

    @classmethod
    def of(cls, name: str, confidence: ArrayLike, right: ArrayLike, weight: ArrayLike | None = None) -> Curve:
        """By falling confidence."""
        c, r = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
        w = np.ones(len(c)) if weight is None else np.asarray(weight, dtype=np.float64)
        order = np.argsort(-c, kind="stable")
        return cls(name, c[order], r[order], w[order])

    def interval(self, part: NDArray[np.intp]) -> tuple[float, float]:
        """95 % interval of the share right among `part`; weighted items count as many as they are worth (Kish 1965)."""
        w = self.weight[part]
        n = max(1, round(float(w.sum() ** 2 / (w**2).sum())))
        return wilson_interval(round(float(w @ self.right[part] / w.sum()) * n), n)

    def risk(self) -> tuple[Floats, Floats]:
        """(coverage, share of wrong verdicts) after each verdict; equal confidences come in one step."""
        weight = np.cumsum(self.weight)
        wrong = np.cumsum(self.weight * (1 - self.right))
        last = np.append(self.confidence[1:] != self.confidence[:-1], True)
        return weight[last] / weight[-1], wrong[last] / weight[last]

    def area(self) -> float:
        """The area under the risk-coverage curve: the mean share of wrong verdicts over all coverages."""
        coverage, risk = self.risk()
        return float(np.diff(coverage, prepend=0.0) @ risk)


def keep(name: str, confidence: Sequence[float], right: Sequence[bool], path: Path = ITEMS) -> None:
    """Stores the verdicts of a benchmark on one set for the curves: thousandths, and "1" for each that was right."""
    kept = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    kept[name] = {
        "confidence": [round(1000 * float(c)) for c in confidence],
        "right": "".join("1" if r else "0" for r in right),
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(kept[k], separators=(',', ':'))}" for k in sorted(kept))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def stored(path: Path = ITEMS) -> list[Curve]:
    """What the benchmarks kept, by name."""
    kept: Mapping[str, Mapping[str, object]] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return [
        Curve.of(name, np.array(raw["confidence"]) / 1000, [x == "1" for x in str(raw["right"])])
        for name, raw in sorted(kept.items())
    ]


def of_sample(name: str, sample: Sample) -> Curve:
    """A shipped sample of supported and refuted verdicts, weighted as it is."""
    parts: list[tuple[Outcomes, Floats]] = [(sample.outcomes[x], sample.weights(x)) for x in sample.outcomes]
    return Curve.of(
        name,
        np.concatenate([o.confidence for o, _ in parts]),
        np.concatenate([o.right for o, _ in parts]),
        np.concatenate([w for _, w in parts]),
    )


def bins(curve: Curve, count: int = 10) -> list[tuple[float, float, tuple[float, float], int]]:
    """(mean confidence, share right, its interval, items) of bins of equal weight; equal confidences stay together."""
    _, group = np.unique(np.round(curve.confidence, 2), return_inverse=True)
    mass = np.bincount(group, weights=curve.weight)
    place = np.minimum(((np.cumsum(mass) - mass / 2) / mass.sum() * count).astype(int), count - 1)[group]
    out = []
    for b in range(count):
        part = np.flatnonzero(place == b)
        if len(part):
            share = curve.weight[part] / curve.weight[part].sum()
            sure, right = float(share @ curve.confidence[part]), float(share @ curve.right[part])
            out.append((sure, right, curve.interval(part), len(part)))
    return out


def figure(curve: Curve) -> Figure:
    """Both diagrams side by side."""
    found = bins(curve)
    gap = sum(abs(c - r) * n for c, r, _, n in found) / sum(n for *_, n in found)
    mean = float(curve.weight @ curve.right / curve.weight.sum())
    second = LEFT + SIDE + GAP
    shapes: list[Shape] = [
        Words(0, 12, f"{curve.name}: {len(curve.right):,} verdicts, {mean:.3f} right", "label"),
        Words(LEFT, 30, f"share right, by confidence ({len(found)} bins)", "muted"),
        Words(second, 30, f"share wrong, by coverage (mean {curve.area():.3f})", "muted"),
        *_panel(LEFT),
        *_panel(second),
        Line(LEFT, TOP + SIDE, LEFT + SIDE, TOP, "muted", dashed=True),
    ]
    for sure, right, (low, high), _ in found:
        x = LEFT + sure * SIDE
        shapes += [Line(x, _up(low), x, _up(high), "interval"), Dot(x, _up(right), 3.5, "reproduced")]
    coverage, risk = curve.risk()
    first = int(np.searchsorted(coverage, min(1.0, LEAST / len(curve.right))))
    at = np.unique(np.linspace(first, len(coverage) - 1, min(POINTS, len(coverage) - first)).round().astype(int))
    points = [(second + float(coverage[i]) * SIDE, _up(float(risk[i]))) for i in at]
    shapes += [Line(*a, *b, "baseline") for a, b in pairwise(points)]
    for share in MARKED:
        i = int(min(np.searchsorted(coverage, share), len(coverage) - 1))
        last = curve.confidence >= np.unique(curve.confidence)[::-1][i]
        low, high = curve.interval(np.flatnonzero(last))
        x = second + float(coverage[i]) * SIDE
        shapes += [Line(x, _up(1 - low), x, _up(1 - high), "interval"), Dot(x, _up(float(risk[i])), 3, "reproduced")]
    told = "; ".join(f"{c:.2f}: {r:.2f} [{low:.2f}, {high:.2f}] of {n:,}" for c, r, (low, high), n in found)
    return Figure(
        title=f"Calibration on {curve.name}",
        description=f"Confidence and share right with 95 % interval: {told}. Mean gap {gap:.3f}. "
        f"Share wrong, mean over coverages {curve.area():.3f}, at full coverage {1 - mean:.3f}.",
        width=second + SIDE + 16,
        height=TOP + SIDE + 24,
        shapes=tuple(shapes),
    )


def _up(share: float) -> float:
    return TOP + SIDE * (1 - share)


def _panel(left: float) -> list[Shape]:
    axis = Axis(0.0, 1.0, left, left + SIDE, TICKS, tuple(f"{x:.1f}" for x in TICKS))
    out: list[Shape] = []
    for value, label in zip(TICKS, axis.labels, strict=True):
        out += [
            Line(left, _up(value), left + SIDE, _up(value), "grid"),
            Words(left - 6, _up(value) + 4, label, "label", "end"),
        ]
    return [*out, *axis.shapes(TOP + SIDE)]


def drawing(curve: Curve) -> str:
    """A whole SVG file with its own colours, readable on light and dark pages."""
    head, _, rest = svg(figure(curve), slug(curve.name)).partition("\n")
    return f"{head}\n{STYLE}\n{rest}\n"


def slug(name: str) -> str:
    """A file name's middle."""
    return "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def main() -> None:
    """Draws every set, prints the Markdown that shows them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=Path, default=ITEMS, help="the stored verdicts")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the drawings")
    arguments = parser.parse_args()
    own = of_sample("own tables, falsified", samples()[cell_confidence("paper").calibration])
    for curve in [*stored(arguments.items), own]:
        path = arguments.out / f"calibration_{slug(curve.name)}.svg"
        path.write_text(drawing(curve), encoding="utf-8")
        print(f"![{figure(curve).title}](benchmarks/results/{path.name})")


if __name__ == "__main__":
    main()
