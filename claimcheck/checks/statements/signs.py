"""The signs of a statement in a table: what the programs found and how well the words were linked, as named numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from claimcheck.checks.statements import comparing, counting, lookups
from claimcheck.checks.statements.facts import Facts
from claimcheck.checks.statements.lexicon import (
    ALL,
    CAUSE,
    COMPARATORS,
    EXTREMES,
    HEDGE,
    METHOD,
    NEGATION,
    ONLY,
    PROSE,
    STOP,
    stem,
)
from claimcheck.checks.statements.linking import Statement, read_statement
from claimcheck.checks.statements.outcomes import Outcome, frames

FAMILIES = (
    "value", "bound", "together", "quantifier", "count", "compare", "extreme", "extreme_value", "same", "trend", "distinct",
    "difference", "ratio", "relative change", "sum", "mean", "range",
)  # fmt: skip
# families that say much the same share a sign
_GROUPS = {
    "value": "value", "bound": "bound", "together": "together", "quantifier": "quantifier", "count": "count", "compare": "compare",
    "extreme": "extreme", "extreme_value": "extreme_value", "same": "same", "distinct": "same", "trend": "trend",
    "difference": "arithmetic", "ratio": "arithmetic", "relative change": "arithmetic", "sum": "sum", "mean": "sum", "range": "arithmetic",
}  # fmt: skip
GROUPS = tuple(dict.fromkeys(_GROUPS.values()))


@dataclass(frozen=True)
class Reading:
    """A statement read against one table: every program's outcome and the signs drawn from them."""

    statement: Statement
    outcomes: tuple[Outcome, ...]
    signs: dict[str, float]


def read(text: str, facts: Facts) -> Reading:
    """Links a statement to a table and runs all programs."""
    s = read_statement(text, facts)
    both = frames(s)
    counted, explained = counting.counts(s, both)
    derived, more = counting.arithmetic(s, both, explained | _plain_cells(s))
    outcomes = [
        *counted,
        *derived,
        *lookups.numbers(s, explained | more),
        *lookups.names(s),
        *lookups.only(s),
        *counting.distinct(s),
    ]
    for frame in both:
        outcomes += [
            *comparing.compare(frame),
            *comparing.extremes(frame),
            *comparing.sameness(frame),
            *comparing.trends(frame),
        ]
    return Reading(s, tuple(outcomes), _signs(s, outcomes))


def _plain_cells(s: Statement) -> frozenset[int]:
    """Numbers that the very cell prints which the words name: nothing has to be derived for them."""
    return frozenset(n.position for n in s.numbers if not n.bound and lookups.find_number(s, n)[0] == "cell")


def _signs(s: Statement, outcomes: list[Outcome]) -> dict[str, float]:
    out: dict[str, float] = {}
    for group in GROUPS:
        mine = [o for o in outcomes if _GROUPS[o.family] == group]
        # the surest answer of either kind: "A is highest and B lowest" fails with one of them
        out[f"{group}_best"] = max((o.signed for o in mine), default=0.0)
        out[f"{group}_worst"] = min((o.signed for o in mine), default=0.0)
    signed = [o.signed for o in outcomes]
    out["any_best"] = max(signed, default=0.0)
    out["any_worst"] = min(signed, default=0.0)
    out["mean"] = float(np.mean(signed)) if signed else 0.0
    out["programs"] = float(min(len([o for o in outcomes if o.quality >= 0.5]), 5))
    facts = s.facts
    content = s.content
    out["unlinked"] = float(min(len(s.unlinked), 15))
    out["unlinked_share"] = len(s.unlinked) / max(1, len(content))
    out["unlinked_names"] = float(
        min(sum(s.words[i].namelike or (i > 0 and s.words[i].text[0].isupper()) for i in s.unlinked), 4)
    )
    out["row_mentions"] = float(min(len(s.rows), 4))
    out["column_mentions"] = float(min(len(s.columns), 4))
    out["link"] = max((m.share for m in s.rows), default=0.0) + max((m.share for m in s.columns), default=0.0)
    said = [n for n in s.numbers if not n.ordinal]
    levels = [lookups.find_number(s, n)[0] for n in said]
    out["numbers"] = float(min(len(said), 6))
    for level in lookups.LEVELS:
        out[f"number_{level}"] = levels.count(level) / len(levels) if levels else 0.0
    out["words"] = float(min(len(s.words), 60))
    out["negation"] = float(min(len(NEGATION.findall(s.text)), 3))
    out["cause"] = float(min(len(CAUSE.findall(s.text)), 3))
    out["hedge"] = float(min(len(HEDGE.findall(s.text)), 3))
    out["method"] = float(min(len(METHOD.findall(s.text)), 3))
    out["prose"] = float(min(len(PROSE.findall(s.text)), 4))
    out["all"] = float(ALL.search(s.text) is not None)
    out["only"] = float(ONLY.search(s.text) is not None)
    out["comparative"] = float(any(p.search(s.text) for _, p in COMPARATORS))
    out["superlative"] = float(any(p.search(s.text) for _, p in EXTREMES))
    out["in_caption"] = sum(stem(s.words[i].form) in facts.caption for i in content) / max(1, len(content))
    out["plain_words"] = float(sum(stem(t.form) in STOP for t in s.words) / max(1, len(s.words)))
    return out
