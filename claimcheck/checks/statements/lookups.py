"""Numbers and names of a statement looked up where its words point: that cell, that row, anywhere, nowhere."""

from __future__ import annotations

import itertools

import numpy as np

from claimcheck.checks.statements.lexicon import ALL, NEGATION, ONLY
from claimcheck.checks.statements.linking import Mention, Statement
from claimcheck.checks.statements.outcomes import Outcome, Place, show
from claimcheck.checks.statements.said import Said

LEVELS = ("cell", "row", "column", "table", "nowhere")


def find_number(s: Statement, n: Said) -> tuple[str, tuple[Place, ...]]:
    """How well the place of a number fits the words (one of LEVELS) and the cells that print it."""
    values, rows, columns = s.facts.flat
    hits = np.nonzero(n.fits(values))[0]
    if not len(hits):
        return "nowhere", ()
    context = s.context() if s.rows else frozenset(range(len(s.facts.rows)))
    near = _near_rows(s, n, context)
    linked = set(s.linked_columns)
    in_row = np.isin(rows[hits], sorted(near)) & bool(s.rows)
    in_column = np.isin(columns[hits], sorted(linked)) & bool(linked)
    narrow = len(linked) < s.facts.width
    for level, keep in (("cell", in_row & in_column), ("row", in_row), ("column", in_column & narrow)):
        if keep.any():
            return level, tuple((int(rows[h]), int(columns[h])) for h in hits[keep][:4])
    return "table", tuple((int(rows[h]), int(columns[h])) for h in hits[:2])


def _near_rows(s: Statement, n: Said, context: frozenset[int]) -> frozenset[int]:
    """Rows in context; where several subjects share a column, the one named nearest to the number counts."""
    out: set[int] = set()
    for mentions in s.filters.values():
        if len(mentions) > 1:
            nearest = sorted(mentions, key=lambda m: min(abs(p - n.position) for p in m.positions))
            for m in nearest[:2]:
                out |= set(m.members) & context
    return frozenset(out) or context


def numbers(s: Statement, explained: frozenset[int]) -> list[Outcome]:
    """Each number that no other program explains, against the cell that the words name."""
    out = []
    negative = len(NEGATION.findall(s.text)) % 2 == 1
    paired = {p for pair in s.pairs for p in pair}
    for n in s.numbers:
        if n.position in explained or n.ordinal or n.position in paired:
            continue
        threshold = _threshold(s, n)
        if threshold is not None:
            out.append(threshold)
            continue
        level, cells = find_number(s, n)
        small = n.spelled or (n.decimals == 0 and n.value < 10)
        if level in ("cell", "row"):
            quality = (0.95 if level == "cell" else 0.6) * (0.4 if small else 1.0)
            out.append(Outcome("value", -1.0 if negative else 1.0, quality, cells, f"{show(n.value)} is there"))
            continue
        target = _target(s, n)
        if target and not small:
            shown = ", ".join(show(float(s.facts.values[p])) for p in target[:3])
            found = (
                f"{shown}, not {show(n.value)}: {s.facts.row_name(target[0][0])}, {s.facts.column_name(target[0][1])}"
            )
            out.append(Outcome("value", 1.0 if negative else -1.0, 0.9 if len(target) == 1 else 0.6, target, found))
        elif level == "nowhere" and not small:
            out.append(Outcome("value", -0.5, 0.4, (), f"no cell prints {show(n.value)}"))
        elif level == "column" and s.rows and not small:
            out.append(Outcome("value", -0.7, 0.6, cells, f"{show(n.value)} stands in another row"))
        elif not small:
            out.append(Outcome("value", 0.3, 0.3, cells, f"{show(n.value)} stands in the table"))
    return out


def scores(s: Statement) -> list[Outcome]:
    """Two numbers printed as one ("3 - 2"): whether a cell of the rows in context prints both, in that order."""
    out = []
    context = s.context()
    for a, b in s.pairs[:4]:
        wanted = {float(s.words[a].text), float(s.words[b].text)}
        found = [
            (r, c) for r, row in enumerate(s.facts.numbers) for c, cell in enumerate(row) if wanted <= {abs(x) for x in cell}
        ]  # fmt: skip
        near = tuple(p for p in found if p[0] in context) if s.rows else tuple(found)
        said = f"{s.words[a].text} - {s.words[b].text}"
        if near:
            out.append(Outcome("value", 1.0, 0.8 if s.rows else 0.4, near[:4], f"{said} is there"))
        else:
            out.append(
                Outcome(
                    "value", -1.0, 0.7, tuple(found[:2]), f"{said} stands in {'another row' if found else 'no cell'}"
                )
            )
    return out


def _target(s: Statement, n: Said) -> tuple[Place, ...]:
    """The cells that the words name for a number: at most three values."""
    if not s.rows or not s.linked_columns:
        return ()
    rows = sorted(_near_rows(s, n, s.context()))
    mentions = [m for m in s.columns if any(s.facts.numeric[c] for c in m.members)]
    if not mentions:
        return ()
    nearest = min(mentions, key=lambda m: min(abs(p - n.position) for p in m.positions))
    best = set(nearest.members)
    voted = [c for c in s.linked_columns if c in best][: len(best)]
    cells = [(r, c) for r in rows[:6] for c in voted[:4] if np.isfinite(s.facts.values[r, c])]
    return tuple(cells) if 0 < len(cells) <= 3 else ()


def _threshold(s: Statement, n: Said) -> Outcome | None:
    """ "a crowd of more than 1000": the cells that the words name against a bound."""
    if n.bound not in ("more", "less", "at_least", "at_most"):
        return None
    columns = [c for c in s.linked_columns if s.facts.numeric[c]]
    if not columns:
        return None
    mentions = [m for m in s.columns if set(m.members) & set(columns)]
    nearest = min(mentions, key=lambda m: min(abs(p - n.position) for p in m.positions))
    columns = [c for c in columns if c in nearest.members]
    rows = sorted(s.context()) if s.rows else list(range(len(s.facts.rows)))
    values = s.facts.values[np.ix_(rows, columns)]
    keep = np.isfinite(values)
    if not keep.any():
        return None
    tests = {
        "more": values > n.value,
        "less": values < n.value,
        "at_least": values >= n.value,
        "at_most": values <= n.value,
    }
    share = float(tests[n.bound][keep].mean())
    if (s.rows and len(rows) <= 4) or ALL.search(s.text):
        holds = 1.0 if share > 0.999 else -1.0 if share < 0.5 or ALL.search(s.text) else 0.0
        quality = 0.8
    else:
        holds, quality = (0.5 if share > 0 else -1.0), 0.5
    if len(NEGATION.findall(s.text)) % 2 == 1:
        holds = -holds
    cells = tuple((rows[i], columns[j]) for i, j in zip(*np.nonzero(keep), strict=True))[:6]
    return Outcome(
        "bound", holds, quality, cells, f"{share:.0%} of the cells are {n.bound.replace('_', ' ')} {show(n.value)}"
    )


def names(s: Statement) -> list[Outcome]:
    """Names of different columns that stand near one another: whether one row has them both."""
    out = []
    columns = sorted(s.filters)
    negative = len(NEGATION.findall(s.text)) % 2 == 1
    for a, b in itertools.combinations(columns[:6], 2):
        for x in s.filters[a][:6]:
            near = sorted(s.filters[b], key=lambda m: _gap(m, x))[:1]
            for y in near:
                back = min(s.filters[a], key=lambda m: _gap(m, y))
                if back is not x or set(x.positions) & set(y.positions):
                    continue
                met = set(x.members) & set(y.members)
                quality = min(x.share, y.share) * (1.0 if _gap(x, y) <= 12 else 0.6)
                holds = 1.0 if met else -1.0
                row = min(met) if met else x.members[0]
                cells = tuple((row, c) for c in (a, b) if c >= 0)
                words = f"{x.text} and {y.text} {'stand' if met else 'do not stand'} in one row"
                out.append(Outcome("together", -holds if negative else holds, quality, cells, words))
    return out[:8]


def only(s: Statement) -> list[Outcome]:
    """ "only A has B", "all A have B", "no A has B": one set of rows within another."""
    out = []
    text = s.text
    quantifier = "only" if ONLY.search(text) else "all" if ALL.search(text) else "none" if NEGATION.search(text) else ""
    mentions = [m for m in s.rows if len(m.positions)]
    if not quantifier or len({m.column for m in mentions}) < 2:
        return []
    a, b = mentions[0], next((m for m in mentions[1:] if m.column != mentions[0].column), mentions[0])
    left, right = set(a.members), set(b.members)
    if quantifier == "only":
        holds = 1.0 if right <= left or (left <= right and len(right) == len(left)) else -1.0
    elif quantifier == "all":
        holds = 1.0 if left <= right or right <= left else -1.0
    else:
        holds = 1.0 if not left & right else -1.0
    cells = tuple((r, c) for r in sorted(left | right)[:4] for c in (a.column, b.column) if c >= 0)
    out.append(Outcome("quantifier", holds, 0.7, cells, f"{quantifier}: {len(left & right)} of {len(left)} rows"))
    return out


def _gap(a: Mention, b: Mention) -> int:
    return max(b.start - a.positions[-1], a.start - b.positions[-1], 0)
