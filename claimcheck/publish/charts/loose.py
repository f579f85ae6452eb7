"""What a reproduction's free mappings hold, taken only where it has the type and the size that a report can show.

`quantity` and `details` may come from anywhere: nothing here raises, whatever they hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from claimcheck.foundation.records import Reproduction

LARGEST = 1e12  # beyond it no axis of points has a place for a number
Kind = Literal["effect", "level", "order"]
_KINDS: dict[str, Kind] = {
    "effect": "effect",
    "no_effect": "effect",
    "no_gain": "effect",
    "greater": "effect",
    "level": "level",
    "best": "order",
    "ranking": "order",
}


def number(value: Any) -> float | None:
    """A finite number below LARGEST; None for anything else, True and False too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # the bound is compared first: an int of a thousand digits is no float
    return float(value) if abs(value) < LARGEST and math.isfinite(value) else None


def numbers(values: Any) -> tuple[float, ...]:
    """Those members of a list that are numbers."""
    if not isinstance(values, list | tuple):
        return ()
    return tuple(found for x in values if (found := number(x)) is not None)


def span(value: Any) -> tuple[float, float] | None:
    """Two numbers, the smaller first; None for anything else."""
    found = numbers(value)
    if not isinstance(value, list | tuple) or len(value) != 2 or len(found) != 2:
        return None
    return min(found), max(found)


def text(value: Any, limit: int = 2_000) -> str:
    """A text of one line, cut at `limit`; "" for anything else."""
    if not isinstance(value, str):
        return ""
    line = " ".join(value[: 2 * limit].split())
    return line if len(line) <= limit else line[:limit].rstrip() + "…"


def texts(value: Any, most: int = 50) -> tuple[str, ...]:
    """The texts of a list, at most `most`; a text alone is a list of one."""
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, list | tuple):
        return ()
    return tuple(line for x in value[:most] if (line := text(x)))


def mapping(value: Any) -> Mapping[str, Any]:
    """The mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def scores(value: Any) -> dict[str, float]:
    """Name -> number, sorted by name, of what is one."""
    pairs = ((k, found) for k, x in mapping(value).items() if isinstance(k, str) and (found := number(x)) is not None)
    return dict(sorted(pairs))


def kind(r: Reproduction) -> Kind:
    """What was measured: a difference, a score, or an order (whose mean is Kendall's tau)."""
    test = r.details.get("test")
    if isinstance(test, str) and test in _KINDS:
        return _KINDS[test]
    return "effect" if r.quantity.get("direction") in ("increase", "decrease") else "level"


def is_fall(r: Reproduction) -> bool:
    """Whether all numbers are amounts of a decrease (claimcheck.foundation.replication: Claimed.orientation)."""
    value = number(r.quantity.get("value"))
    down = kind(r) == "effect" and r.quantity.get("direction") == "decrease"
    return down and (r.details.get("test") == "no_gain" or (value is not None and value > 0))


def is_comparable(r: Reproduction) -> bool:
    """Whether the claimed number may stand on one axis with the reproduced one.

    At scale lab another encoder was trained, at smoke other data: there a paper's number is of something else, and only
    the smoke registry's own claims are about what was run.
    """
    own = r.scale == "smoke" and r.paper == "smoke"
    return (r.scale == "paper" or own) and r.verdict != "not_tested"


def is_fixed(r: Reproduction) -> bool:
    """Whether no seed enters: then the seed SD is 0 with infinite degrees of freedom, which JSON writes as null."""
    dof = r.details.get("seed_dof", 0)
    endless = dof is None or (isinstance(dof, float) and math.isinf(dof))
    return r.details.get("seed_sd") == 0 and endless


def degenerate_words(r: Reproduction) -> str:
    """Which runs could not show anything, and why; "" where all could."""
    found = r.details.get("degenerate")
    if isinstance(found, str):
        return text(found)
    why = dict.fromkeys(text(x, 200) for x in first(mapping(found).values(), 20))
    runs, bad = number(r.details.get("runs")), number(r.details.get("degenerate_runs"))
    count = f"{bad:.0f} of {runs:.0f} runs failed to train" if runs is not None and bad is not None else ""
    return ": ".join(x for x in (count, "; ".join(x for x in why if x)) if x)


def first(items: Iterable[Any], most: int) -> list[Any]:
    """The first `most` items."""
    return [x for _, x in zip(range(most), items, strict=False)]
