"""Comparisons, extremes and trends of a statement, read over rows or over columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from claimcheck.checks.statements.lexicon import (
    ALL,
    COMPARATORS,
    DIFFERENT,
    EXCEPT,
    EXTREMES,
    MOST,
    NOT_ALL,
    ORDINALS,
    SAME,
    TREND,
    Sense,
)
from claimcheck.checks.statements.linking import Mention
from claimcheck.checks.statements.outcomes import MAX_PAIRS, Frame, Outcome, Place, flip, negated, raw_sense, show
from claimcheck.checks.statements.said import Said

MAX_TRIGGERS = 5
_THAN = re.compile(
    r"\b(?:than|over|compared|versus|vs|against|from|to|outperform\w*|beats?|surpass\w*|exceed\w*|defeat\w*)\b", re.I
)
_PASSIVE = re.compile(r"\b(?:is|are|was|were|be|been|being|get|got)\s+(?:\w+ly\s+)?$", re.I)
_OTHERS = re.compile(
    r"\b(?:others?|all|any|every|each|rest|baselines?|previous|existing|prior|competing|models|methods|systems|approaches|ones)\b",
    re.I,
)
_CHANGE = re.compile(r"\s*(?:[-+−–]\s?(?!\d)|w/o?\b|w/\s|without\b|with\b|no\s)", re.I)
_LATER = re.compile(r"\b(?:first|last|earliest|latest|newest|oldest|final)\b", re.I)


def _triggers(
    frame: Frame, patterns: tuple[tuple[Sense, re.Pattern[str]], ...]
) -> list[tuple[Sense, int, int, re.Match[str]]]:
    """(sense, first word, word after, match) of each trigger in order; of overlapping ones the first kind."""
    s = frame.statement
    found: list[tuple[Sense, int, int, re.Match[str]]] = []
    taken: set[int] = {p for m in (*s.rows, *s.columns) if m.share > 0.9 and len(m.positions) > 1 for p in m.positions}
    for sense, pattern in patterns:
        for m in pattern.finditer(s.text):
            start, end = s.before(m.start()), max(s.before(m.end()), s.before(m.start()) + 1)
            if any(p in taken for p in range(start, end)):
                continue
            taken |= set(range(start, end))
            found.append((sense, start, end, m))
    return sorted(found, key=lambda f: f[1])[:MAX_TRIGGERS]


def compare(frame: Frame) -> list[Outcome]:
    """ "A is higher than B", "A outperforms all others on all tasks": one outcome a comparative."""
    out = []
    for sense, start, end, match in _triggers(frame, COMPARATORS):
        pair = _sides(frame, start, end, match)
        if pair is None:
            continue
        a, b, quality = pair
        lanes, named = frame.near_lanes(start)
        flips = negated(frame.statement, max(0, start - 4), start) and not NOT_ALL.search(frame.statement.text)
        passive = match[0].lower().endswith(("ed", "en")) and _PASSIVE.search(frame.statement.text[: match.start()])
        if passive and re.match(r"\s+by\b", frame.statement.text[match.end() :]):
            flips = not flips
        outcome = _compare(
            frame, a, b, flip(sense, flips), lanes, quality * (1.0 if named or len(lanes) == 1 else 0.75), match[0]
        )
        if outcome is not None:
            out.append(outcome)
    return out


def _sides(
    frame: Frame, start: int, end: int, match: re.Match[str]
) -> tuple[tuple[int, ...], tuple[int, ...], float] | None:
    """(subjects, what they are compared with, how sure) of a comparative."""
    s = frame.statement
    text = s.text
    before = [m for m in frame.subjects if m.positions[-1] < start]
    after = [m for m in frame.subjects if m.start >= end]
    rest = text[match.end() :]
    than = _THAN.search(rest[:60]) is not None or _THAN.search(match[0]) is not None
    if before and after and than:
        a, b = before[-1], after[0]
        if set(a.members) != set(b.members):
            return _apart(a, b), _apart(b, a), 1.0
    if len(after) >= 2 and than:  # "there is a higher score for A than for B"
        cut = _THAN.search(rest)
        at = s.before(match.end() + cut.start()) if cut else end
        left = [m for m in after if m.start < at]
        right = [m for m in after if m.start >= at]
        if left and right and set(left[-1].members) != set(right[0].members):
            return _apart(left[-1], right[0]), _apart(right[0], left[-1]), 0.85
    if (
        len(before) >= 2
        and not after
        and than
        and re.search(r"\b(?:than|compared|over|against|to)\b", text[: match.start()])
        and set(before[0].members) != set(before[-1].members)
    ):
        return _apart(before[0], before[-1]), _apart(before[-1], before[0]), 0.5
    subject = before[-1] if before else after[0] if after else None
    if subject is None:
        return None
    others = tuple(p for p in frame.pool if p not in subject.members)
    if not others or (frame.axis == "column" and s.rows and not than):
        return None  # beside named rows a lone header says where they are compared
    base = _base(frame, subject)
    if base:
        return subject.members, base, 0.7
    generic = _OTHERS.search(rest[:80]) is not None
    if not (generic and than):
        return None  # nothing says what it is compared with
    return subject.members, others, 0.6


def _base(frame: Frame, subject: Mention) -> tuple[int, ...]:
    """The row that "+X" or "- X" changes: the nearest above that is not such a row itself."""
    if frame.axis != "row":
        return ()
    facts = frame.statement.facts
    out = []
    for x in subject.members:
        if not _CHANGE.match(facts.texts[x][0]):
            continue
        base = next((y for y in range(x - 1, -1, -1) if not _CHANGE.match(facts.texts[y][0])), None)
        if base is not None:
            out.append(base)
    return tuple(dict.fromkeys(out))


def _apart(a: Mention, b: Mention) -> tuple[int, ...]:
    own = tuple(x for x in a.members if x not in b.members)
    return own or a.members


def _compare(
    frame: Frame,
    a: tuple[int, ...],
    b: tuple[int, ...],
    sense: Sense,
    lanes: tuple[int, ...],
    quality: float,
    said: str,
) -> Outcome | None:
    pool = set(frame.pool)
    a = tuple(x for x in a if x in pool) or a
    b = tuple(x for x in b if x in pool) or b
    wins = ties = total = 0
    cells: list[Place] = []
    shown = ""
    for lane in lanes[:60]:
        for x in a[:12]:
            for y in b[:40]:
                va, vb = frame.values[x, lane], frame.values[y, lane]
                if x == y or not (np.isfinite(va) and np.isfinite(vb)):
                    continue
                raw = raw_sense(sense, bool(frame.lower[x, lane]))
                won = va > vb if raw == "higher" else va < vb
                wins, ties, total = wins + bool(won), ties + (va == vb), total + 1
                if len(cells) < 8:
                    cells += [frame.place(x, lane), frame.place(y, lane)]
                if not shown or (not won and ">" in shown and raw == "higher"):
                    sign = ">" if va > vb else "<" if va < vb else "="
                    shown = f"{show(va)} {sign} {show(vb)}: {frame.name(x)}, {frame.name(y)}, {frame.lane_name(lane)}"
                if total >= MAX_PAIRS:
                    break
    if not total:
        return None
    share = wins / total
    if NOT_ALL.search(frame.statement.text):
        holds = -1.0 if share > 0.999 else 1.0  # one exception is enough
    elif ALL.search(frame.statement.text) and not EXCEPT.search(frame.statement.text) and total > 1:
        holds = 1.0 if share > 0.999 else -1.0 if share < 0.8 else -0.4
    elif MOST.search(frame.statement.text):
        holds = 1.0 if share > 0.5 else -1.0
    else:
        holds = 2.0 * share - 1.0
    return Outcome("compare", holds, quality, tuple(cells), f"“{said}” in {wins} of {total}; {shown}")


def extremes(frame: Frame) -> list[Outcome]:
    """ "A has the highest X", "the second best is A", "the lowest X is 5": one outcome a superlative."""
    out = []
    s = frame.statement
    found = _triggers(frame, EXTREMES)
    for k, (sense, start, end, match) in enumerate(found):
        if frame.axis == "column" and s.rows and any(0 <= m.start - end <= 4 for m in s.columns):
            continue  # "A has the highest X": the header says what is ranked
        if match[0].lower() == "most" and (
            MOST.search(s.text[match.start() : match.start() + 40]) or s.text[: match.start()].lower().endswith("at ")
        ):
            continue
        if match[0].lower() == "least" and s.text[: match.start()].lower().rstrip().endswith("at"):
            continue
        rank = next((ORDINALS[w] for w in _words_before(frame, start) if w in ORDINALS), 1)
        lanes, named = frame.near_lanes(start)
        limit = found[k + 1][1] if k + 1 < len(found) else len(s.words)
        floor = found[k - 1][2] if k else 0
        inside = [m for m in frame.subjects if floor <= m.start < limit]
        before = [m for m in inside if m.positions[-1] < start]
        after = [m for m in inside if m.start >= end]
        flips = negated(s, max(0, start - 4), start)
        subject = (
            (before[-1] if before and (not after or not _is_after(s.text[match.end() :])) else after[0])
            if before or after
            else None
        )
        quality = (1.0 if named else 0.6) * (0.6 if _LATER.fullmatch(match[0]) else 1.0)
        if subject is not None and not (set(subject.members) >= set(frame.pool)):
            outcome = _extreme(frame, subject, sense, rank, lanes, quality, match[0])
            if outcome is not None:
                holds = -outcome.holds if flips else outcome.holds
                out.append(Outcome("extreme", holds, outcome.quality, outcome.cells, outcome.words))
        number = next(
            (n for n in s.numbers if floor <= n.position < limit and not (n.spelled or n.ordinal) and not n.bound), None
        )
        if number is not None and named and frame.axis == "row" and len(lanes) <= 3:
            rows = sorted(s.context(() if subject is None else [subject]))
            outcome = _extreme_value(frame, rows, number, sense, rank, lanes, quality, match[0])
            if outcome is not None:
                out.append(outcome)
    return out


def _is_after(rest: str) -> bool:
    return re.search(r"\b(?:is|are|was|were|be|by|with|in|for|of|at|on)\b", rest) is not None


def _words_before(frame: Frame, position: int) -> list[str]:
    return [t.text.lower() for t in frame.statement.words[max(0, position - 2) : position]]


def _extreme(
    frame: Frame, subject: Mention, sense: Sense, rank: int, lanes: tuple[int, ...], quality: float, said: str
) -> Outcome | None:
    pool = sorted(set(frame.pool) | set(subject.members))
    held = total = 0
    cells: list[Place] = []
    shown = ""
    for lane in lanes[:60]:
        values = frame.values[pool, lane]
        keep = np.isfinite(values)
        if keep.sum() < 2:
            continue
        mine = [frame.values[x, lane] for x in subject.members if np.isfinite(frame.values[x, lane])]
        if not mine:
            continue
        raw = _end(frame, sense, subject.members[0], lane)
        column = np.unique(values[keep])
        column = column[::-1] if raw == "higher" else column
        target = column[min(rank, len(column)) - 1]
        ok = any(v == target for v in mine)
        held, total = held + ok, total + 1
        winner = next(x for x in pool if frame.values[x, lane] == target)
        if len(cells) < 8:
            cells += [frame.place(subject.members[0], lane)] + ([] if ok else [frame.place(winner, lane)])
        if not shown or not ok:
            best = max(mine) if raw == "higher" else min(mine)
            relation = "is" if ok else "is not"
            shown = (
                f"{show(best)} {relation} rank {rank} from the {'top' if raw == 'higher' else 'bottom'} "
                f"({show(target)}: {frame.name(winner)}), {frame.lane_name(lane)}"
            )
    if not total:
        return None
    share = held / total
    if len(lanes) == 1 or (ALL.search(frame.statement.text) and total > 1):
        holds = 1.0 if share > 0.999 else -1.0
    else:
        holds = 2.0 * share - 1.0
        holds = max(holds, -0.3) if held else -1.0  # best somewhere may be what was meant
    return Outcome("extreme", holds, quality, tuple(cells), f"“{said}” in {held} of {total}; {shown}")


def _end(frame: Frame, sense: Sense, subject: int, lane: int) -> Sense:
    """The end of the values that a superlative means; the highest rank is the smallest number."""
    column = lane if frame.axis == "row" else subject
    if frame.statement.facts.ranks[column] and sense in ("higher", "lower"):
        return flip(sense, True)
    return raw_sense(sense, bool(frame.lower[subject, lane]))


def _extreme_value(
    frame: Frame,
    rows: Sequence[int],
    number: Said,
    sense: Sense,
    rank: int,
    lanes: tuple[int, ...],
    quality: float,
    said: str,
) -> Outcome | None:
    """ "the lowest X is 5": the extreme value itself against the number."""
    if not rows:
        return None
    best: Outcome | None = None
    for lane in lanes:
        values = frame.values[rows, lane]
        values = np.unique(values[np.isfinite(values)])
        if len(values) < 2:
            continue
        raw = _end(frame, sense, rows[0], lane)
        order = values[::-1] if raw == "higher" else values
        target = float(order[min(rank, len(order)) - 1])
        ok = bool(number.fits(np.array([target]))[0])
        row = next(r for r in rows if frame.values[r, lane] == target)
        outcome = Outcome(
            "extreme_value", 1.0 if ok else -1.0, quality, (frame.place(row, lane),),
            f"“{said}” value of {frame.lane_name(lane)} is {show(target)}, claimed {show(number.value)}",
        )  # fmt: skip
        if best is None or outcome.holds > best.holds:
            best = outcome
    return best


def sameness(frame: Frame) -> list[Outcome]:
    """ "A and B have the same X", "X differs between A and B": equality of the subjects' cells in the lanes."""
    s = frame.statement
    same = SAME.search(s.text)
    different = DIFFERENT.search(s.text)
    found = same or different
    if found is None or len({m.members for m in frame.subjects}) < 2:
        return []
    sets = list(dict.fromkeys(m.members for m in frame.subjects))[:4]
    lanes, named = frame.near_lanes(s.before(found.start()))
    equal = total = 0
    cells: list[Place] = []
    for lane in lanes[:40]:
        values = [frame.values[x[0], lane] for x in sets]
        if not np.all(np.isfinite(values)):
            continue
        spread = (max(values) - min(values)) / max(abs(max(values, key=abs)), 1e-9)
        close = spread < 0.03 if re.match(r"similar|comparable|on\s+par|close", found[0], re.I) else spread == 0
        equal, total = equal + close, total + 1
        cells += [frame.place(x[0], lane) for x in sets][: max(0, 8 - len(cells))]
    if not total:
        return []
    share = equal / total
    holds = 2 * share - 1
    flips = negated(s, max(0, s.before(found.start()) - 4), s.before(found.start()))
    if same is None:
        holds = -holds
    return [
        Outcome("same", -holds if flips else holds, 0.9 if named else 0.5, tuple(cells), f"equal in {equal} of {total}")
    ]


def trends(frame: Frame) -> list[Outcome]:
    """ "X increases with Y": the order of the lanes' values along another ordered column, or along the rows."""
    s = frame.statement
    if frame.axis != "row" or TREND.search(s.text) is None:
        return []
    facts = s.facts
    rows = sorted(s.context()) if len(s.context()) > 2 else list(range(len(facts.rows)))
    if len(rows) < 3:
        return []
    ordered = [c for c in s.linked_columns if facts.numeric[c]]
    if len(ordered) < 2:
        return []  # one column against another; the order of the rows alone says little
    # what is printed further left is what was varied
    ordered = sorted(ordered[:3])
    x = facts.values[rows, ordered[0]]
    text = s.text
    signs = []
    for m in re.finditer(r"\b(increas\w+|grow\w*|ris(?:es?|ing)|improv\w+|higher|more|larger|longer|deeper|positive\w*)\b|\b(decreas\w+|drop\w*|declin\w+|lower|less|fewer|worse\w*|reduc\w+|degrad\w+|negative\w*|hurts?|smaller)\b", text, re.I):  # fmt: skip
        signs.append(1 if m[1] else -1)
    if not signs or not np.isfinite(x).sum() > 2:
        return []
    wanted = int(np.prod(signs[:2]))
    out = []
    for c in ordered[1:]:
        y = facts.values[rows, c]
        keep = np.isfinite(x) & np.isfinite(y)
        if keep.sum() < 3 or np.ptp(x[keep]) == 0 or np.ptp(y[keep]) == 0:
            continue
        dx, dy = np.subtract.outer(x[keep], x[keep]), np.subtract.outer(y[keep], y[keep])
        tau = float(np.sign(dx * dy).sum() / max(1, np.abs(np.sign(dx)).sum()))
        out.append(
            Outcome("trend", float(np.clip(tau * wanted, -1, 1)), 0.6,
                    tuple((r, c) for r in rows[:6]), f"order along the rows {tau:+.2f}: {facts.column_name(c)}")
        )  # fmt: skip
    return out[:2]
