"""Underscores that TeX draws as short rules on the baseline ("\\_"), put back between the words that they join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from claimcheck.reading.pdf.characters import Rule
from claimcheck.reading.pdf.words import Word


def with_underscores(words: Sequence[Word], rules: Sequence[Rule]) -> list[Word]:
    """The words with each two that a drawn underscore joins as one; a joined word stands where its first part stood.

    TeX's own underscore is a rule of 0.3 em on the baseline, with nothing but a hair's breadth before and after it.
    """
    short = sorted((r for r in rules if r.horizontal and 1.0 < r.x1 - r.x0 < 9.0), key=lambda r: r.x0)
    if not short:
        return list(words)
    out: list[Word | None] = list(words)
    # whole points -> words that end there; the same for their beginnings; but for joined words, near rules only
    ends: dict[int, list[int]] = {round(r.x0) + k: [] for r in short for k in (-1, 0, 1)}
    begins: dict[int, list[int]] = {round(r.x1) + k: [] for r in short for k in (-1, 0, 1)}
    for i, w in enumerate(words):
        if (near := ends.get(round(w.x1))) is not None:
            near.append(i)
        if (near := begins.get(round(w.x0))) is not None:
            near.append(i)

    def beside(places: dict[int, list[int]], x: float, rule: Rule, side: str) -> int | None:
        for i in (i for k in (-1, 0, 1) for i in places.get(round(x) + k, ())):
            w = out[i]
            if w is None or not 0.2 * w.size < rule.x1 - rule.x0 < 0.6 * w.size:
                continue
            gap = rule.x0 - w.x1 if side == "left" else w.x0 - rule.x1
            if -0.1 * w.size < rule.y - w.base < 0.25 * w.size and abs(gap) < 0.15 * w.size:
                return i
        return None

    for rule in short:
        left, right = beside(ends, rule.x0, rule, "left"), beside(begins, rule.x1, rule, "right")
        if left is None or right is None or left == right:
            continue
        a, b = out[left], out[right]
        if a is not None and b is not None:
            out[left], out[right] = replace(a, text=f"{a.text}_{b.text}", x1=b.x1), None
            ends.setdefault(round(b.x1), []).append(left)
    return [w for w in out if w is not None]
