"""Numbers of a statement against counts of rows, values and wins, and against sums, means, differences."""

from __future__ import annotations

import numpy as np

from claimcheck.checks.statements.lexicon import (
    ALL,
    COMPARATORS,
    COUNT,
    COUNTED,
    DELTA,
    DIFFERENT,
    MEAN,
    RATIO,
    SPREAD,
    SUM,
    stem,
)
from claimcheck.checks.statements.linking import Statement
from claimcheck.checks.statements.outcomes import Frame, Outcome, Place, raw_sense, show
from claimcheck.checks.statements.said import Said
from claimcheck.foundation.numbers import is_blank

_HEADS = frozenset(map(stem, "row column entry record table item game team player type kind group".split()))


def counts(s: Statement, frames: list[Frame]) -> tuple[list[Outcome], frozenset[int]]:
    """An outcome for each number that counts something, and the positions of the numbers that a count explains."""
    out: list[Outcome] = []
    explained: set[int] = set()
    triggered = COUNT.search(s.text) is not None
    strict = COUNTED.search(s.text) is not None
    facts = s.facts
    for n in s.numbers:
        if n.decimals or n.percent or n.ordinal or not 0 <= n.value <= max(len(facts.rows), facts.width) + 1:
            continue
        if n.value != round(n.value) or (n.value > 60 and not triggered):
            continue
        if not n.spelled and not _counts_like(s, n):
            continue
        primary, others = _candidates(s, n, frames)
        if not primary:
            continue
        cells = _counted_cells(s)
        what = next((w for w, v in primary if _passes(v, n)), None)
        if what is not None:
            out.append(Outcome("count", 1.0, 0.9 if len(primary) <= 2 else 0.7, cells, f"{what}: {show(n.value)}"))
            explained.add(n.position)
        elif any(_passes(v, n) for _, v in others):
            what = next(w for w, v in others if _passes(v, n))
            out.append(Outcome("count", 0.4, 0.4, cells, f"{what}: {show(n.value)}"))
            explained.add(n.position)
        elif triggered or n.spelled:
            found = ", ".join(f"{w}: {show(v)}" for w, v in primary[:3])
            out.append(Outcome("count", -1.0, 0.8 if strict else 0.4, cells, f"{found}, not {show(n.value)}"))
            if n.spelled:
                explained.add(n.position)
    return out, frozenset(explained)


def _counted_cells(s: Statement) -> tuple[Place, ...]:
    """The cells by which rows were counted: those that the statement's names stand in."""
    return tuple((r, c) for r in sorted(s.context())[:6] for c in s.filters if c >= 0)[:6]


def _passes(count: int, n: Said) -> bool:
    """Whether a count is what the number and its bound say."""
    if n.bound == "more":
        return count > n.value
    if n.bound == "at_least":
        return count >= n.value
    if n.bound == "less":
        return count < n.value
    return count <= n.value if n.bound == "at_most" else count == n.value


def _counts_like(s: Statement, n: Said) -> bool:
    """Whether digits count: before a plural, "of", or first in the sentence, and no name before them."""
    if any(m.positions[-1] == n.position - 1 and m.side == "column" for m in s.columns):
        return False
    if any(n.position in pair for pair in s.pairs):
        return False
    after = s.words[n.position + 1].text.lower() if n.position + 1 < len(s.words) else ""
    before = s.words[n.position - 1].text.lower() if n.position else ""
    if after in (
        "of",
        "different",
        "times",
        "time",
        "out",
        "or",
        "and",
        "in",
        "total",
        "more",
        "other",
        "unique",
        "distinct",
    ):
        return True
    return bool(after.isalpha() and len(after) > 2 and after not in ("in", "for", "with")) or before in (
        "be",
        "of",
        "are",
        "only",
        "is",
    )


def _candidates(s: Statement, n: Said, frames: list[Frame]) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """(what is counted, how many): first what the words point to, then what else could be meant."""
    facts = s.facts
    primary: list[tuple[str, int]] = []
    others: list[tuple[str, int]] = []
    condition = _conditioned(s, n)
    if s.rows:
        context = s.context()
        primary.append(("rows with these names", len(context)))
        for c in s.linked_columns[:3]:
            if not facts.numeric[c]:
                primary.append(
                    (
                        f"different {facts.column_name(c)}",
                        len({facts.texts[r][c] for r in context if not is_blank(facts.texts[r][c])}),
                    )
                )
        for mentions in s.filters.values():
            near = min(mentions, key=lambda m: min(abs(p - n.position) for p in m.positions))
            others.append((f"rows with {near.text}", len(near.members)))
    if condition is not None:
        primary.append(condition)
    after = [m for m in s.columns if 0 < m.start - n.position <= 4]
    for m in after[:1]:
        for c in m.members[:3]:
            values = [facts.texts[r][c] for r in range(len(facts.rows)) if not is_blank(facts.texts[r][c])]
            primary.append((f"different {facts.column_name(c)}", len(set(values))))
            (others if DIFFERENT.search(s.text) else primary).append((f"rows with {facts.column_name(c)}", len(values)))
        if len(m.members) > 1:
            primary.append((f"columns under {m.text}", len(m.members)))
    head = {stem(t.form) for t in s.words[n.position + 1 : n.position + 4]}
    if not s.rows and condition is None and (head & _HEADS or not after):
        primary.append(("rows", len(facts.rows)))
        (primary if "column" in head else others).append(("columns", facts.width))
        others.append(("columns after the first", facts.width - 1))
        stubs = {facts.texts[r][0] for r in range(len(facts.rows))}
        others.append(("different names of rows", len(stubs)))
    for frame in frames:
        wins = _wins(frame)
        if wins is not None:
            primary.append(wins)
    if not s.rows and condition is None:
        for c in range(min(facts.width, 12)):
            others.append(
                (f"different {facts.column_name(c)}", len({row[c] for row in facts.texts if not is_blank(row[c])}))
            )
    return primary, others


def _conditioned(s: Statement, n: Said) -> tuple[str, int] | None:
    """ "3 games have a crowd over 1000": rows whose cell passes the bound that another number sets."""
    other = next((m for m in s.numbers if m is not n and m.bound in ("more", "less", "at_least", "at_most")), None)
    columns = [c for c in s.linked_columns if s.facts.numeric[c]]
    if other is None or not columns:
        return None
    rows = sorted(s.context())
    mentions = [m for m in s.columns if set(m.members) & set(columns)]
    nearest = min(mentions, key=lambda m: min(abs(p - other.position) for p in m.positions))
    columns = [c for c in columns if c in nearest.members]
    values = s.facts.values[rows, columns[0]]
    tests = {
        "more": values > other.value,
        "less": values < other.value,
        "at_least": values >= other.value,
        "at_most": values <= other.value,
    }
    count = int(np.sum(tests[other.bound] & np.isfinite(values)))
    return f"rows with {s.facts.column_name(columns[0])} {other.bound.replace('_', ' ')} {show(other.value)}", count


def _wins(frame: Frame) -> tuple[str, int] | None:
    """In how many lanes the first subject beats the second, or all others."""
    s = frame.statement
    found = next(((sense, m) for sense, p in COMPARATORS for m in [p.search(s.text)] if m), None)
    if found is None or not frame.subjects or len(frame.lanes) < 2:
        return None
    a = frame.subjects[0].members[0]
    rivals = frame.subjects[1].members if len(frame.subjects) > 1 else tuple(x for x in frame.pool if x != a)
    wins = 0
    for lane in frame.lanes[:60]:
        mine = frame.values[a, lane]
        theirs = [frame.values[x, lane] for x in rivals if x != a and np.isfinite(frame.values[x, lane])]
        if not np.isfinite(mine) or not theirs:
            continue
        higher = raw_sense(found[0], bool(frame.lower[a, lane])) == "higher"
        wins += bool(mine > max(theirs)) if higher else bool(mine < min(theirs))
    return f"lanes in which {frame.name(a)} wins", wins


def arithmetic(s: Statement, frames: list[Frame], explained: frozenset[int]) -> tuple[list[Outcome], frozenset[int]]:
    """Differences, ratios, sums and means of the cells that the words name, for numbers that no cell prints as such."""
    out: list[Outcome] = []
    done: set[int] = set()
    for n in s.numbers:
        if n.position in explained or n.ordinal:
            continue
        best: Outcome | None = None
        for family, values, cells in _derived(s, frames, n):
            hits = np.nonzero(np.asarray(n.fits(np.asarray(values)), dtype=bool))[0]
            if len(hits):
                surprise = 1.0 / (1.0 + 0.08 * len(values) * (4.0 if n.decimals == 0 and n.value < 20 else 1.0))
                place = cells[int(hits[0])] if cells else ()
                found = Outcome(
                    family,
                    1.0,
                    0.35 + 0.6 * surprise,
                    place,
                    f"{family} of the cells is {show(float(np.asarray(values)[hits[0]]))}",
                )
                best = max(best, found, key=lambda o: o.quality) if best else found
            elif len(values) <= 2 and best is None:
                best = Outcome(
                    family,
                    -1.0,
                    0.6,
                    cells[0] if cells else (),
                    f"{family} of the cells is {show(float(values[0]))}, not {show(n.value)}",
                )
        if best is not None:
            out.append(best)
            done.add(n.position)
    return out, frozenset(done)


def _derived(s: Statement, frames: list[Frame], n: Said) -> list[tuple[str, list[float], list[tuple[Place, ...]]]]:
    found: list[tuple[str, list[float], list[tuple[Place, ...]]]] = []
    for frame in frames:
        if not frame.subjects:
            continue
        lanes, named = frame.near_lanes(n.position)
        if len({m.members for m in frame.subjects}) >= 2:
            a, b = _two(frame)
        else:
            a, b = frame.subjects[0].members, tuple(x for x in frame.pool if x not in frame.subjects[0].members)
            if not named and len(lanes) > 3:
                continue
        pairs = [
            (frame.values[x, k], frame.values[y, k], (frame.place(x, k), frame.place(y, k)))
            for k in lanes[:20] for x in a[:6] for y in b[:20]
            if x != y and np.isfinite(frame.values[x, k]) and np.isfinite(frame.values[y, k])
        ]  # fmt: skip
        if not pairs:
            continue
        places: list[tuple[Place, ...]] = [p for _, _, p in pairs]
        if DELTA.search(s.text):
            found.append(("difference", [abs(x - y) for x, y, _ in pairs], places))
        if RATIO.search(s.text) or n.percent:
            ratio = [(abs(x / y), abs(y / x)) for x, y, _ in pairs if x and y]
            kept: list[tuple[Place, ...]] = [p for x, y, p in pairs if x and y]
            found.append(("ratio", [max(r) for r in ratio], kept))
            found.append(
                (
                    "relative change",
                    [100 * abs(x - y) / abs(y) for x, y, _ in pairs if y],
                    [p for x, y, p in pairs if y],
                )
            )
    columns = [c for c in s.linked_columns if s.facts.numeric[c]][:3]
    rows = sorted(s.context())
    if columns and len(rows) > 1:
        grid = s.facts.values[np.ix_(rows, columns)]
        spans: list[tuple[Place, ...]] = [tuple((r, c) for r in rows[:6]) for c in columns]
        with np.errstate(invalid="ignore"):
            counted = np.isfinite(grid).sum(axis=0)
            keep = [i for i in range(len(columns)) if counted[i] > 1]
            sums = np.nansum(grid, axis=0)
            if SUM.search(s.text) and keep:
                found.append(("sum", [float(sums[i]) for i in keep], [spans[i] for i in keep]))
            if MEAN.search(s.text) and keep:
                found.append(("mean", [float(sums[i] / counted[i]) for i in keep], [spans[i] for i in keep]))
            if SPREAD.search(s.text) and keep and not ALL.search(s.text):
                spread = np.nanmax(grid[:, keep], axis=0) - np.nanmin(grid[:, keep], axis=0)
                found.append(("range", [float(x) for x in spread], [spans[i] for i in keep]))
    return [(f, v, p) for f, v, p in found if v]


def _two(frame: Frame) -> tuple[tuple[int, ...], tuple[int, ...]]:
    sets = list(dict.fromkeys(m.members for m in frame.subjects))
    return sets[0], sets[1]


def distinct(s: Statement) -> list[Outcome]:
    """ "all X are different", "there are no repeated X": whether a column repeats a value."""
    if not DIFFERENT.search(s.text) and "repeat" not in s.text.lower() and "same" not in s.text.lower():
        return []
    if s.rows or not s.columns or s.numbers:
        return []
    column = s.columns[0].members[0]
    values = [row[column] for row in s.facts.texts if not is_blank(row[column])]
    if len(values) < 2:
        return []
    repeated = len(set(values)) < len(values)
    constant = len(set(values)) == 1
    text = s.text.lower()
    if "same" in text or "identical" in text:
        holds = 1.0 if constant or (not ALL.search(text) and repeated) else -1.0
    elif "repeat" in text:
        holds = 1.0 if repeated == (" no " not in f" {text} ") else -1.0
    else:
        holds = 1.0 if (not repeated if ALL.search(text) or "unique" in text else not constant) else -1.0
    cells = tuple((r, column) for r in range(min(4, len(s.facts.rows))))
    return [
        Outcome(
            "distinct",
            holds,
            0.7,
            cells,
            f"{len(set(values))} different of {len(values)}: {s.facts.column_name(column)}",
        )
    ]
