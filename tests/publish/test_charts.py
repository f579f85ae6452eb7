"""Charts of reproductions and of reliability: what they show, what they must never show, and any data at all."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import FORMULA, HOSTILE
from lxml import etree

from claimcheck.foundation.records import Reliability, ReliabilityBin, Reproduction
from claimcheck.publish.charts import PGF_PREAMBLE, Figure, figures, pgf, reliability, svg
from claimcheck.publish.charts.figure import Box, Dot, Line, Words, text_width

REPORTS = Path(__file__).parents[2] / "reports"
SPACE = "{http://www.w3.org/2000/svg}"
LONGEST_DESCRIPTION = 10_000


def reproduction(**changes: Any) -> Reproduction:
    """An effect at scale smoke, of the smoke registry, as a real run gave it."""
    fields: dict[str, Any] = {
        "registry_id": "tags-retrieval",
        "paper": "smoke",
        "claim_text": "Sense tagging in en raises retrieval accuracy by 17.1 points.",
        "quantity": {
            "value": 17.1,
            "unit": "points",
            "half_width": 0.05,
            "direction": "increase",
            "baseline": "pretrained encoder",
            "metric": "retrieval accuracy",
            "aggregation": "mean over four languages",
            "split": "test",
        },
        "claimed_source": "reference",
        "scale": "smoke",
        "values": (18.5, 18.3125, 17.5625),
        "mean": 18.125,
        "sd": 0.496,
        "n": 3,
        "interval": (15.5035, 20.7027),
        "radius": 2.8338,
        "margin": 6.0,
        "verdict": "reproduced",
        "direction": "confirmed",
        "details": {
            "test": "effect",
            "by_language": {
                "tags on retrieval (test)": {"xb": 24.33, "xa": 15.42},
                "baseline on retrieval (test)": {"xa": 1.25, "xb": 3.75},
            },
        },
    }
    return Reproduction(**(fields | changes))


def lab(**changes: Any) -> Reproduction:
    """A paper's effect at scale lab: its number is of another encoder."""
    return reproduction(
        **{"scale": "lab", "paper": "2005.13013", "verdict": "not_tested", "reason": "scale", "radius": None} | changes
    )


def real() -> list[Reproduction]:
    """The reproductions of the published lab reports."""
    paths = sorted(REPORTS.glob("2005.13013-lab-cpu*/reproductions.jsonl"))
    return [Reproduction.model_validate_json(line) for path in paths for line in path.read_text().splitlines()]


def parsed(figure: Figure, name: str = "x") -> etree._Element:
    return etree.fromstring(svg(figure, name).encode("utf-8"))


def words_of(figure: Figure) -> list[str]:
    return [shape.text for shape in figure.shapes if isinstance(shape, Words)]


def check(figure: Figure) -> None:
    """What holds of every figure: inside its picture, no tick labels that meet, well-formed, the same again."""
    ticks: dict[float, list[tuple[float, float]]] = {}
    for shape in figure.shapes:
        if isinstance(shape, Line):
            xs, ys = [shape.x1, shape.x2], [shape.y1, shape.y2]
        elif isinstance(shape, Box):
            assert shape.width >= 0
            assert shape.height >= 0
            xs, ys = [shape.x, shape.x + shape.width], [shape.y, shape.y + shape.height]
        elif isinstance(shape, Dot):
            xs, ys = [shape.x - shape.radius, shape.x + shape.radius], [shape.y - shape.radius, shape.y + shape.radius]
        else:
            width = text_width(shape.text)
            start = shape.x - {"start": 0, "middle": width / 2, "end": width}[shape.anchor]
            xs, ys = [start, start + width], [shape.y - 8, shape.y + 3]
            if shape.anchor == "middle":
                ticks.setdefault(shape.y, []).append((start, start + width))
        assert all(math.isfinite(v) for v in (*xs, *ys))
        assert min(xs) >= -0.01, shape
        assert max(xs) <= figure.width + 0.01, shape
        assert min(ys) >= -0.01, shape
        assert max(ys) <= figure.height + 0.01, shape
    for row in ticks.values():
        assert all(b[0] > a[1] for a, b in zip(sorted(row), sorted(row)[1:], strict=False)), row
    assert len(figure.description) < LONGEST_DESCRIPTION
    assert len(figure.shapes) < 2_000
    tree = parsed(figure)
    assert not tree.xpath("//*[@style]")
    assert {x.tag.removeprefix(SPACE) for x in tree} <= {"title", "desc", "line", "rect", "circle", "text"}
    assert pgf(figure).isascii()
    assert pgf(figure) == pgf(figure)


# SVG


def test_the_svg_is_named_for_screen_readers_and_scales() -> None:
    figure = figures(reproduction())[0]
    tree = parsed(figure, "c-0a1b-r-1")
    assert tree.get("role") == "img"
    assert tree.get("class") == "chart"
    assert tree.get("viewBox") == f"0 0 360 {figure.height:g}"
    assert tree.get("width") is None
    title, desc = tree[0], tree[1]
    assert tree.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert title.text == figure.title
    assert desc.text == figure.description
    other = parsed(figure, "c-0a1b-r-2")
    assert not set(tree.xpath("//@id")) & set(other.xpath("//@id"))


def test_roles_are_told_apart_without_colour() -> None:
    tree = parsed(figures(reproduction())[0])
    claimed = tree.xpath("//*[local-name()='circle'][@class='r-claimed']")
    reproduced = tree.xpath("//*[local-name()='circle'][@class='r-reproduced']")
    assert [x.get("fill") for x in claimed] == ["none"]
    assert [x.get("fill") for x in reproduced] == ["currentColor"]
    assert tree.xpath("//*[@class='r-muted'][@stroke-dasharray]")


# Claimed against reproduced


def test_the_description_holds_every_number_of_the_chart() -> None:
    description = figures(reproduction())[0].description
    for number in ("+17.1", "±0.05", "+18.12", "+15.50", "+20.70", "+18.50", "+18.31", "+17.56", "±2.83", "±6"):
        assert number in description
    assert "95 % interval" in description
    assert "over seeds and test items" in description


def test_marks_lie_at_their_values() -> None:
    figure = figures(reproduction())[0]
    (claimed,) = [x for x in figure.shapes if isinstance(x, Dot) and x.role == "claimed"]
    (mean,) = [x for x in figure.shapes if isinstance(x, Dot) and x.role == "reproduced"]
    (band,) = [x for x in figure.shapes if isinstance(x, Box)]
    bar = next(x for x in figure.shapes if isinstance(x, Line) and x.role == "interval")
    scale = (mean.x - claimed.x) / (18.125 - 17.1)
    assert band.width == pytest.approx(12 * scale)
    assert band.x + band.width / 2 == pytest.approx(claimed.x)
    assert bar.x2 - bar.x1 == pytest.approx((20.7027 - 15.5035) * scale)
    assert len([x for x in figure.shapes if isinstance(x, Dot) and x.role == "value"]) == 3


@given(value=st.floats(-1e6, 1e6), half_width=st.floats(0, 100))
def test_at_scale_lab_the_claimed_number_is_said_and_never_drawn(value: float, half_width: float) -> None:
    quantity = reproduction().quantity

    def drawn(number: float | None) -> list[Any]:
        figure = figures(lab(quantity=quantity | {"value": number, "half_width": half_width}))[0]
        assert not [x for x in figure.shapes if x.role in ("claimed", "margin")]
        low = min(x.y for x in figure.shapes if isinstance(x, Words) and x.text.startswith("reproduced"))
        # the words about the claimed number take room at the top; all else moves down with it and stays the same
        return [
            (x.x, x.y - low, x.text)
            if isinstance(x, Words)
            else (x.x1, x.y1 - low, x.x2)
            if isinstance(x, Line)
            else (x.x, x.y - low)
            for x in figure.shapes
            if not (isinstance(x, Words) and x.y < low)
        ]

    first = drawn(value)
    assert [[pytest.approx(v) if isinstance(v, float) else v for v in x] for x in first] == [
        list(x) for x in drawn(17.1)
    ]
    figure = figures(lab(quantity=quantity | {"value": 8.2}))[0]
    assert "of another encoder, so not drawn" in " ".join(words_of(figure))
    assert "+8.2 points" in " ".join(words_of(figure))
    assert "+8.2 points (±0.05), is not drawn: of another encoder" in figure.description


@pytest.mark.parametrize(
    "changes",
    [
        {"paper": "2005.13013"},  # a mean at scale smoke can only be forged: nothing of a paper is measured there
        {"scale": "paper", "paper": "2005.13013", "verdict": "not_tested", "reason": "verdict_does_not_flip"},
        {"scale": "lab"},
    ],
)
def test_only_a_comparable_number_is_drawn(changes: dict[str, Any]) -> None:
    figure = figures(reproduction(**changes))[0]
    assert not [x for x in figure.shapes if x.role in ("claimed", "margin")]
    assert "is not drawn" in figure.description
    assert [x for x in figures(reproduction(scale="paper", paper="2005.13013"))[0].shapes if x.role == "claimed"]


def test_an_effect_has_a_line_at_zero_and_a_score_has_none() -> None:
    level = reproduction(
        details={"test": "level"}, quantity={"value": 72.3, "unit": "f1", "half_width": 0.05, "direction": "level"},
        values=(71.0, 72.0, 73.0), mean=72.0, interval=(70.0, 74.0),
    )  # fmt: skip
    assert [x for x in figures(reproduction())[0].shapes if x.role == "baseline"]
    assert not [x for x in figures(level)[0].shapes if x.role == "baseline"]
    assert "F1 72.3" in figures(level)[0].description
    assert "over seeds:" in figures(level)[0].description


def test_a_claimed_decrease_is_in_amounts_of_decrease() -> None:
    figure = figures(reproduction(quantity=reproduction().quantity | {"direction": "decrease"}))[0]
    assert "a decrease of 17.1 points" in figure.description
    assert "decrease in points; left of 0 an increase" in figure.description


def test_no_gain_has_its_margin_about_zero_at_every_scale() -> None:
    for make in (reproduction, lab):
        r = make(details={"test": "no_gain"}, quantity={"value": None, "direction": "increase"}, margin=3.0, radius=0.0)
        figure = figures(r)[0]
        assert [x for x in figure.shapes if isinstance(x, Box) and x.role == "margin"]
        assert "Margin, a band: up to 3." in figure.description


def test_a_radius_far_off_runs_off_the_axis_and_is_told() -> None:
    figure = figures(reproduction(radius=5_000.0))[0]
    labels = [float(x.text.replace("−", "-")) for x in figure.shapes if isinstance(x, Words) and x.anchor == "middle"]
    assert max(labels) < 100
    assert "±5000.00" in figure.description


def test_runs_that_failed_to_train_are_named_in_the_chart() -> None:
    details = {"test": "effect", "degenerate_runs": 3, "runs": 3, "degenerate": {"1": "the weights did not change"}}
    figure = figures(reproduction(verdict="degenerate", interval=None, radius=None, details=details))[0]
    assert "3 of 3 runs failed to train: the weights did not change" in " ".join(words_of(figure))


def test_nothing_measured_is_nothing_drawn() -> None:
    assert figures(reproduction(mean=None, values=(), interval=None, n=0, details={})) == ()
    for mean in (math.nan, math.inf, 1e300):
        assert figures(reproduction(mean=mean, details={})) == ()


# Targets and languages


def test_a_language_chart_sets_each_language_beside_the_baseline() -> None:
    _, figure = figures(reproduction())
    assert figure.description == (
        "From baseline to tags on retrieval (test), points by language: "
        "xa 1.25 to 15.42 (+14.17); xb 3.75 to 24.33 (+20.58)."
    )
    assert words_of(figure)[:4] == ["baseline", "tags", "xa", "+14.17"]


def test_many_languages_make_several_charts_of_bounded_size() -> None:
    scores = {f"l{i:05d}": float(i % 100) for i in range(10_000)}
    start = time.perf_counter()
    found = figures(reproduction(details={"by_language": {f"c{i} on t{i} (dev)": scores for i in range(500)}}))
    assert time.perf_counter() - start < 10
    assert len(found) <= 30
    for figure in found:
        check(figure)
    assert "9,880 more languages are not shown" in found[1].description
    assert sum("part 1 of 3" in figure.title for figure in found) >= 1


def test_forty_languages_fit_on_one_page() -> None:
    details = {"by_language": {"a on t (dev)": {f"l{i}": 1.0 * i for i in range(40)}}}
    _, figure = figures(reproduction(details=details))
    assert figure.height < 700


def test_chance_and_a_target_at_chance_are_shown() -> None:
    floor = {"baseline": "baseline", "degenerate": True, "by_language": {"xa": {"chance": 33.3, "score": 34.0}}}
    details = reproduction().details | {"chance": {"retrieval": floor}}
    _, figure = figures(reproduction(details=details))
    assert "chance" in words_of(figure)
    assert "xa 1.25 to 15.42 (+14.17), chance 33.30" in figure.description
    assert "cannot be told from chance" in figure.description


def test_effects_are_charted_by_target() -> None:
    targets = {
        "pos": {"name": "POS", "effect": -0.04, "interval": [-0.4, 0.4], "left_out": False},
        "xnli": {"name": "XNLI", "effect": 3.5, "interval": [-78.0, 146.0], "left_out": True},
        "ner": {"name": "NER", "effect": 0.3, "interval": None, "left_out": False},
    }
    average = {"effect": 0.13, "interval": [-0.3, 0.5]}
    details = {"test": "effect", "effects": {"targets": targets, "with_retrieval": None, "without_retrieval": average}}
    _, figure = figures(lab(details=details))
    assert "XNLI: +3.50, -78.00 to +146.00, baseline at chance, in no average" in figure.description
    assert "without retrieval: +0.13, -0.30 to +0.50" in figure.description
    ticks = [float(x.text.replace("−", "-")) for x in figure.shapes if isinstance(x, Words) and x.anchor == "middle"]
    assert max(ticks) < 10  # an interval that says nothing does not set the axis
    check(figure)


# Any data

odd = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, 1e12, -1e12, 1e-300, 5e-324, math.nan, math.inf, 8.2, 8.2000001]),
    st.floats(-100, 100),
)
text = st.one_of(st.sampled_from([HOSTILE, FORMULA, "", "x" * 5_000, "中" * 80, "]]>", "</svg><script>"]), st.text())
loose = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), odd, text),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=4)),
    max_leaves=12,
)
by_language = st.dictionaries(
    st.one_of(text, st.sampled_from(["a on t (dev)", "baseline on t (dev)", f"{HOSTILE} on {HOSTILE} (x)"])),
    st.one_of(loose, st.dictionaries(text, odd, max_size=6)),
    max_size=4,
)
some_details = st.fixed_dictionaries(
    {},
    optional={
        "test": st.one_of(loose, st.sampled_from(["effect", "no_gain", "no_effect", "greater", "level", "ranking"])),
        "by_language": st.one_of(loose, by_language),
        "chance": st.one_of(loose, st.fixed_dictionaries({"t": loose})),
        "effects": st.one_of(
            loose,
            st.fixed_dictionaries(
                {
                    "targets": st.dictionaries(
                        text, st.fixed_dictionaries({"effect": odd, "interval": loose}), max_size=4
                    )
                }
            ),
        ),
        "degenerate": loose,
        "degenerate_runs": loose,
        "runs": loose,
        "seed_sd": loose,
        "seed_dof": loose,
    },
)
quantities = st.fixed_dictionaries(
    {},
    optional={
        "value": st.one_of(odd, loose),
        "half_width": st.one_of(odd, loose),
        "direction": st.one_of(loose, st.sampled_from(["increase", "decrease", "level"])),
        "unit": st.one_of(text, loose),
        "metric": st.one_of(text, loose),
    },
)
reproductions = st.builds(
    reproduction,
    registry_id=text,
    paper=st.sampled_from(["smoke", "2005.13013"]),
    scale=st.sampled_from(["paper", "lab", "smoke"]),
    quantity=quantities,
    values=st.lists(odd, max_size=8).map(tuple),
    mean=st.one_of(st.none(), odd),
    interval=st.one_of(st.none(), st.tuples(odd, odd)),
    radius=st.one_of(st.none(), odd),
    margin=st.one_of(st.none(), odd),
    verdict=st.sampled_from(["reproduced", "not_tested", "degenerate", "inconclusive"]),
    details=some_details,
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reproductions)
def test_any_reproduction_gives_sound_figures(r: Reproduction) -> None:
    found = figures(r)
    assert found == figures(r)
    for figure in found:
        check(figure)


@given(st.lists(st.floats(1.0, 1.0 + 1e-9), min_size=1, max_size=5), st.floats(1e-3, 1e6))
def test_values_that_are_nearly_equal_get_an_axis(values: list[float], scale: float) -> None:
    scaled = tuple(scale * v for v in values)
    level = {"value": scaled[0], "direction": "level"}
    (figure,) = figures(
        reproduction(values=scaled, mean=scaled[0], interval=None, radius=None, margin=None, quantity=level, details={})
    )
    check(figure)
    assert [x for x in figure.shapes if isinstance(x, Words) and x.anchor == "middle"]


def test_thousands_of_seeds_are_a_bounded_chart() -> None:
    figure = figures(reproduction(values=tuple(18 + i / 10_000 for i in range(10_000))))[0]
    check(figure)
    assert len(figure.shapes) < 120
    assert "10,000 seeds, small dots, from +18.00 to +19.00" in figure.description


def test_hostile_names_are_text_in_both_formats() -> None:
    r = reproduction(registry_id=HOSTILE, details={"by_language": {f"{HOSTILE} on {HOSTILE} (dev)": {HOSTILE: 1.0}}})
    for figure in figures(r):
        markup = svg(figure, HOSTILE)
        assert "<script" not in markup
        assert "\u202e" not in markup
        tex = pgf(figure)
        assert "\\input" not in tex
        assert "\\write" not in tex
        check(figure)
        assert re.fullmatch(r"[A-Za-z0-9-]+", parsed(figure, HOSTILE)[0].get("id"))


def test_the_real_lab_reproductions_are_drawn_within_bounds() -> None:
    found = real()
    assert found
    total = 0
    for r in found:
        drawn = figures(r)
        assert drawn
        for figure in drawn:
            check(figure)
            total += len(svg(figure, "x"))
        assert not [x for x in drawn[0].shapes if x.role == "claimed"]
    assert total / len(found) < 150_000  # bytes of a reproduction in a page


# Reliability

bins = st.builds(
    ReliabilityBin,
    confidence=st.one_of(st.floats(0, 1), odd),
    right=st.one_of(st.floats(0, 1), odd),
    n=st.integers(-5, 10**15),
)


reliabilities = st.builds(
    Reliability,
    calibration=text,
    n=st.integers(0, 10**15),
    ece=odd,
    bins=st.lists(bins, max_size=60).map(tuple),
)


@settings(deadline=None)
@given(reliabilities)
def test_any_reliability_gives_a_sound_figure(r: Reliability) -> None:
    check(reliability(r))


def test_reliability_shows_the_diagonal_and_each_bin_with_its_size() -> None:
    r = Reliability(
        calibration="own-tables-v1",
        n=412,
        ece=0.031,
        bins=(ReliabilityBin(confidence=0.5, right=0.4, n=12), ReliabilityBin(confidence=0.9, right=0.95, n=400)),
    )
    figure = reliability(r)
    (diagonal,) = [x for x in figure.shapes if isinstance(x, Line) and x.dashed]
    assert diagonal.y1 - diagonal.y2 == diagonal.x2 - diagonal.x1
    assert len([x for x in figure.shapes if isinstance(x, Dot)]) == 2
    small, large = [x for x in figure.shapes if isinstance(x, Box)]
    assert small.height < large.height / 10
    assert "confidence 0.50: 0.40 right of 12; confidence 0.90: 0.95 right of 400" in figure.description
    assert "error 0.03" in figure.description


# LaTeX


def test_pgf_compiles_without_a_box_that_is_too_wide(tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    hostile = reproduction(
        registry_id=HOSTILE,
        quantity=reproduction().quantity | {"metric": HOSTILE, "unit": HOSTILE, "direction": "level"},
        details={"by_language": {f"{HOSTILE} on t (dev)": {"中文": 1.0, HOSTILE: 2.0, "de": 3.0}}, "test": "level"},
    )
    drawn = [*figures(reproduction()), *figures(hostile), *figures(real()[1])[:3]]
    narrow = rf"\begin{{minipage}}{{50mm}}{pgf(drawn[0])}\end{{minipage}}"
    body = "\n\n".join([*map(pgf, drawn), narrow])
    # no other package than pgf, and those that the escaper of text names
    (tmp_path / "charts.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{textcomp,amssymb,lmodern}\\usepackage{pgf}\n"
        f"{PGF_PREAMBLE}\n\\begin{{document}}\\parindent0pt\n{body}\n\\end{{document}}\n"
    )
    run = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "charts.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-2000:]
    assert "Overfull" not in run.stdout
