"""What the cells beside a claim mean: a tick, a confidence."""

from __future__ import annotations

import re

__all__ = ["confidence_of", "is_tick", "tick_of"]

_YES = frozenset(
    """✓ ✔ ☑ ✅ 🗸 🗹 √ yes y true t ok pass passed verified confirmed supported supports support valid correct entailed
    affirmed accepted x_in_box""".split()
)
_NO = frozenset(
    """× ✗ ✘ ✕ ✖ ❌ ❎ ☒ ☐ 🗴 no n false f fail failed unverified unconfirmed unsupported refuted refutes contradicted
    contradicts invalid incorrect wrong rejected disputed not_verified not_supported not_confirmed
    empty_box""".split()
)
_OPEN = frozenset(
    """? - – — ~ n/a na none null unknown unclear pending partial partially mixed inconclusive uncertain
    not_enough_info not_enough_information insufficient_evidence not_checked unchecked open""".split()
)
_BOX = re.compile(r"[\[(]\s*(?P<in>[xX✓✔]?)\s*[\])]")
_VARIATION = re.compile("[\ufe00-\ufe0f\u200b-\u200d\u2060]")
_NUMBER = re.compile(
    r"(?P<number>\d{1,3}(?:[.,]\d{1,6})?|[.,]\d{1,6})\s*(?P<percent>%|percent|per\s*cent)?(?:\s*/\s*(?P<whole>\d{1,3}))?"
)


def _plain(text: str) -> str:
    text = _VARIATION.sub("", text).strip().strip("*_`\"'“”.,;:").strip()
    box = _BOX.fullmatch(text)
    if box:
        return "x_in_box" if box["in"] else "empty_box"
    return re.sub(r"[\s_-]+", "_", text.lower()).strip("_") if len(text) > 1 else text.lower()


def tick_of(text: str) -> bool | None:
    """True for "✓", "yes", "[x]", "supported"; False for "✗", "no", "[ ]", "refuted"; None for all else.

    >>> tick_of("✔️"), tick_of("Not verified"), tick_of("n/a")
    (True, False, None)
    """
    word = _plain(text)
    if word in _YES:
        return True
    if word in _NO:
        return False
    # "✓ verified", "yes (0.8)": the sign leads
    first = _VARIATION.sub("", text).strip()[:1]
    if len(text) <= 40 and first and not first.isalnum() and first in _YES:
        return True
    if len(text) <= 40 and first and not first.isalnum() and first in _NO:
        return False
    return None


def is_tick(text: str) -> bool:
    """Whether a cell is one that stands in a column of ticks, "partial" and "n/a" included."""
    return tick_of(text) is not None or _plain(text) in _OPEN


def confidence_of(text: str, *, percent: bool = False) -> float | None:
    """The share that a cell states, from 0 to 1: "0.17", ".17", "0,17", "17 %", "17/100", "(0.17)"; None otherwise.

    A bare number over 1 is taken as percent, one over 100 as nothing. `percent`: the column's header says percent.

    >>> confidence_of("17 %"), confidence_of("0,17"), confidence_of("high")
    (0.17, 0.17, None)
    """
    plain = text.strip().strip("*_`()[]~≈ ").strip()
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return None
    value = float(found["number"].replace(",", "."))
    if found["whole"]:
        whole = float(found["whole"])
        return round(value / whole, 6) if whole > 0 and value <= whole else None
    if found["percent"] or percent or value > 1:
        return round(value / 100, 6) if value <= 100 else None
    return value
