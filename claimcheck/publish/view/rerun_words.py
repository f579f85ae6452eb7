"""The codes of a reproduction in a reader's words: verdict, reason, direction, evidence, cost, encoder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from claimcheck.foundation.records import Reproduction
from claimcheck.publish.charts import loose
from claimcheck.publish.charts.axis import figure_words

SCALES = {
    "paper": "paper: the paper's model, data and recipe",
    "lab": "lab: a small model of our own, not the paper's",
    "smoke": "smoke: synthetic data, proves the machinery only",
}
_VERDICTS = {
    "reproduced": "reproduced",
    "reproduced_small_shift": "reproduced, with a small shift",
    "reproduced_with_deviations": "reproduced, with deviations from the recipe",
    "inconclusive": "inconclusive",
    "not_reproduced_lower": "not reproduced: lower",
    "not_reproduced_higher": "not reproduced: higher",
    "not_tested": "not tested",
    "degenerate": "degenerate: runs failed to train",
}
# code of a reason -> (what follows "not tested: ", the sentence where none comes with the code)
_REASONS = {
    "not_run": ("nothing was run", "this is what the registry says of the claim; nothing was run"),
    "runs_missing": ("runs are missing", "not all runs that it needs are finished"),
    "untestable": ("cannot be tested", "no run can decide it"),
    "unsupported": ("not supported", "a run that it needs is not supported here"),
    "exit_nonzero": ("a run failed", "a run did not end well, so that it does not count"),
    "no_predictions": ("no predictions", "there are no predictions; a bare metric is no evidence"),
    "zero_steps": ("no training", "the recipe trains, but no optimizer step was taken"),
    "no_data_checksum": ("unknown data", "a run does not say which data it read"),
    "data_mismatch": ("other data", "the data is not what the job names"),
    "constant_metric": ("metric does not react", "the metric does not react to other predictions"),
    "copied_predictions": ("copied predictions", "runs that must differ have the same predictions"),
    "verdict_does_not_flip": (
        "the verdict cannot change",
        "the verdict stays the same however far the claimed number is moved",
    ),
}
_CODE = re.compile(r"(?P<code>[a-z][a-z_]{2,40})(?::\s*(?P<words>.+))?", re.DOTALL)
_GAP = re.compile(r"[+-]\d")  # "-18.89, where chance allows -3.01 to +3.01"
_DIRECTIONS = {
    "effect": ("the effect shows in the same direction", "the effect shows in the opposite direction"),
    "greater": ("the one exceeds the other, as claimed", "the order is the other way round"),
    "no_gain": ("no gain beyond the margin shows, as claimed", "a gain beyond the margin shows"),
    "no_effect": ("no effect beyond the margin shows, as claimed", "an effect beyond the margin shows"),
    "order": ("the claimed order shows", "a claimed order is reversed"),
}
_TESTS = {
    "level": "a score",
    "effect": "an effect of a given size",
    "greater": "that one exceeds another, by no given number",
    "no_gain": "no gain",
    "no_effect": "no effect",
    "best": "the best of several",
    "ranking": "an order",
}
_EVIDENCE = {
    "supports": "supports the claimed effect",
    "refutes": "speaks for no effect",
    "undecided": "decides neither for the claimed effect nor for none",
}
_MONEY = {"usd": "$", "eur": "€", "gbp": "£"}


def verdict_words(r: Reproduction) -> str:
    """The verdict, and why nothing was tested where nothing was."""
    if r.verdict != "not_tested":
        return _VERDICTS[r.verdict]
    code, _ = _reason(r)
    if code == "scale":
        return f"not tested: smaller scale ({r.scale})"
    return f"not tested: {_REASONS[code][0]}" if code in _REASONS else "not tested"


def reason_words(r: Reproduction) -> str:
    """The reason as a sentence: that of a code where the code stands alone, else the words behind it."""
    if r.verdict != "not_tested":
        return f"the difference is {r.reason}" if _GAP.match(r.reason) else r.reason
    code, words = _reason(r)
    if code == "scale":
        return {
            "lab": "a small encoder of our own was trained, so that no number here stands beside one of the paper",
            "smoke": "the data is synthetic and says nothing of a paper's claim",
            "paper": "the number was not tested at this scale",
        }[r.scale]
    return words or (_REASONS[code][1] if code in _REASONS else code.replace("_", " "))


def _reason(r: Reproduction) -> tuple[str, str]:
    """(code, words) of "code: words"; a reason that is no code is all words."""
    found = _CODE.fullmatch(r.reason.strip())
    if found is None:
        return "", r.reason.strip()
    return found["code"], (found["words"] or "").strip()


def direction_words(r: Reproduction) -> str:
    """What the direction says of this kind of claim; "" where there is none."""
    if r.direction is None:
        return ""
    if r.direction == "unclear":
        if loose.degenerate_words(r):
            return "unclear: these runs can show no effect"
        interval = loose.span(r.interval)
        if interval is None:
            return "unclear: too little was measured for an interval"
        inside = interval[0] <= 0 <= interval[1] and loose.kind(r) == "effect"
        return "unclear: the 95 % interval contains 0" if inside else "unclear"
    test = r.details.get("test")
    name = test if isinstance(test, str) and test in _DIRECTIONS else loose.kind(r)
    pair = _DIRECTIONS.get(name, _DIRECTIONS["effect"])
    return pair[0] if r.direction == "confirmed" else pair[1]


def test_words(r: Reproduction) -> str:
    """What kind of claim it is; "" where the details do not say."""
    test = r.details.get("test")
    return _TESTS.get(test, "") if isinstance(test, str) else ""


def p_words(value: Any) -> str:
    """A p value with three decimals; "" for what is none."""
    p = loose.number(value)
    if p is None or not 0 <= p <= 1:
        return ""
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def evidence_words(details: Mapping[str, Any]) -> str:
    """The Bayes factor of the claimed effect against none, and what it comes to; "" where there is none."""
    log, word = loose.number(details.get("log10_bayes_factor")), details.get("evidence")
    if log is None:
        return ""
    ratio = f"{10**log:.3g} to 1" if abs(log) <= 3 else f"more than 1,000 to 1 {'for' if log > 0 else 'against'}"
    found = _EVIDENCE.get(word, "") if isinstance(word, str) else ""
    return ", ".join(x for x in (ratio, found) if x)


def cost_words(cost: Mapping[str, float]) -> str:
    """Jobs, time, steps, tokens and money in units that a reader knows; other entries by their name."""
    known = {name: value for name, raw in cost.items() if (value := loose.number(raw)) is not None}
    out = []
    if (jobs := known.pop("jobs", None)) is not None:
        out.append(f"{jobs:,.0f} {'job' if jobs == 1 else 'jobs'}")
    if (hours := known.pop("hours", None)) is not None:
        out.append(f"{duration_words(3600 * hours)} of job time")
    if (gpu := known.pop("gpu_hours", None)) is not None:
        out.append(f"{duration_words(3600 * gpu)} of GPU time")
    if (steps := known.pop("optimizer_steps", None)) is not None:
        out.append(f"{steps:,.0f} optimizer steps")
    if (tokens := known.pop("tokens", None)) is not None:
        out.append(f"{_large(tokens)} tokens")
    known.pop("flops", None)
    flops = _operations(cost.get("flops"))
    if flops is not None:
        out.append(f"{_large(flops)} floating-point operations (planned)")
    for name in sorted(known):
        sign = _MONEY.get(name.lower())
        value = known[name]
        out.append(f"{sign}{value:,.2f}" if sign else f"{figure_words(value)} {name.replace('_', ' ')}")
    return ", ".join(out)


def _operations(value: Any) -> float | None:
    """Operations are more than any number of points may be; none where nothing was run."""
    return float(value) if isinstance(value, int | float) and 0 < value < 1e40 else None


def duration_words(seconds: float) -> str:
    """Seconds, minutes or hours, to two or three digits."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 99.5 * 60 else f"{seconds / 3600:,.1f} h"


def encoder_words(value: Any) -> str:
    """The user's own encoder behind the runs: its checksum, size and pretraining; "" where the runs name none."""
    known = loose.mapping(value)
    card = loose.mapping(known.get("card"))
    size = loose.mapping(card.get("size"))
    layers, hidden = loose.number(size.get("layers")), loose.number(size.get("hidden"))
    out = [f"sha256 {loose.text(known.get('sha256'), 64)[:16]}"] if known.get("sha256") else []
    if layers is not None and hidden is not None:
        out.append(f"{layers:.0f} layers of {hidden:.0f}")
    for name, words in (("vocabulary", "pieces"), ("optimizer_steps", "steps of pretraining"), ("tokens", "tokens")):
        if (found := loose.number(card.get(name))) is not None:
            out.append(f"{found:,.0f} {words}")
    languages = card.get("languages")
    if isinstance(languages, list | tuple) and languages:
        out.append(f"{len(languages)} languages")
    return ", ".join(out)


def _large(value: float) -> str:
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size / 10:
            return f"{value / size:,.1f} {name}" if value < 1e4 * size else f"{value:.3g}"
    return f"{value:,.0f}"
