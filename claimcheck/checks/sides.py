"""Comparisons by what the claim was taken apart into: the method and what it is compared with, each a row or column of one table.

Both sides must be told by the claim's own names: a row named in full and alone, the paper's own rows for "our model", every
other row for "all other models" or "the state of the art". Every column that the claim can mean must show the same direction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from claimcheck.checks.alignment import ClaimWords
from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.derivations import COST_NAMES, is_change
from claimcheck.checks.systems import Cell, Sense, Systems, listed, printed_rows, raw_sense, systems_named
from claimcheck.checks.table_index import METRICS, TableIndex, TableView
from claimcheck.foundation.own_systems import is_cited
from claimcheck.foundation.records import Check, Comparison, Label
from claimcheck.foundation.words import STOP, forms, tokens

MOST_LANES = 12  # a claim over more columns than that is seldom about each of them
MOST_AGAINST = 2 / 3  # of the other rows must be ahead before "better than all others" is refuted
_OTHERS = re.compile(
    r"\b(?:all|other|others|every|any|rest|competing|competitors|alternatives?|baselines|previous(?:ly)?|prior|existing|published|"
    r"state[- ]of[- ]the[- ]arts?|sota|related|recent|former)\b",
    re.I,
)
_PREVIOUS = re.compile(
    r"\b(?:previous(?:ly)?|prior|existing|published|state[- ]of[- ]the[- ]arts?|sota|related|recent|former)\b", re.I
)
_NARROWING = re.compile(
    r"\b(?:most|some|many|several|few|often|except|but|single|strong|comparable|similar|non-?\w+|without|with|that|which|using|neural|supervised|"
    r"unsupervised|among|ensembles?|one|two|three|four|five)\b",
    re.I,
)
_NO_SCORE = re.compile(
    r"\b(?:params?|parameters|size|time|speed|seconds?|epochs?|#|number\s+of|length|hours|p-value|rank)\b", re.I
)
_SPLITS = (frozenset({"dev"}), frozenset({"test"}))


def same_figure(
    comparison: Comparison, text: str, views: Sequence[TableView], words: ClaimWords, index: TableIndex
) -> Check | None:
    """ "On par with X", "the same as X": supported where every lane shows it; different figures refute nothing, for how near is
    near is the writer's to say."""
    comparison = _completed(comparison, text)
    if comparison.direction != "same" or not comparison.method or not comparison.baseline:
        return None
    spoken = text[comparison.span[0] : comparison.span[1]]
    reach = 0.0 if _EQUAL.search(spoken) else NEAR
    for view in views:
        table = Systems(view, "row")
        if not is_about(comparison, text, view):
            continue
        method, baseline = systems_named(comparison.method, table, index), listed(comparison.baseline, table, index)
        if not method or len(baseline) != 1:
            continue
        pairs = []
        for lane in lanes_meant(comparison, text, table, [*method, *baseline], words):
            mine = [i for i in method if np.isfinite(table.values[i, lane])]
            y = float(table.values[baseline[0], lane])
            if not mine or not np.isfinite(y):
                continue
            i = min(mine, key=lambda k: abs(float(table.values[k, lane]) - y))
            pairs.append(((i, lane), (baseline[0], lane)))
        gaps = [abs(float(view.values[a]) - float(view.values[b])) for a, b in pairs]
        if pairs and all(
            g <= reach * max(abs(float(view.values[b])), 1e-9) for g, (_, b) in zip(gaps, pairs, strict=True)
        ):
            return _check(table, pairs[:MOST_LANES], True, spoken, index)
    return None


NEAR = 0.015  # share of a figure by which two that are called comparable may differ
_EQUAL = re.compile(r"\b(?:same|equal|identical|ties?|tied|matche?s?)\b", re.I)


class _Open:
    """A table that holds "all others" and does not say one thing of them: no other table decides in its place."""


def check_sides(
    comparison: Comparison, text: str, views: Sequence[TableView], words: ClaimWords, index: TableIndex
) -> Check | None:
    """The check of one comparison, or None where a side is open, no table fits, or tables and columns disagree."""
    sense = _sense(comparison)
    comparison = _completed(comparison, text)
    if sense is None or not comparison.method or not comparison.baseline:
        return None
    found: list[Check] = []
    for view in views:
        for axis in ("row", "column"):
            check = _compare(comparison, text, sense, Systems(view, axis), words, index)
            if isinstance(check, _Open):
                return None
            if check is not None:
                found.append(check)
                break
    return max(found, key=lambda c: len(c.evidence)) if len({c.label for c in found}) == 1 else None


def _sense(comparison: Comparison) -> Sense | None:
    if comparison.direction == "same":
        return None
    if comparison.better is not None:
        return "better" if comparison.better else "worse"
    return "higher" if comparison.direction == "above" else "lower" if comparison.direction == "below" else None


_BEST = re.compile(r"\b(?:best|highest|state[- ]of[- ]the[- ]arts?|superior)\b", re.I)
_CLAUSE = re.compile(r"[;:,]\s|\.\s|\b(?:that|while|whereas|but|which|where|because|since)\b", re.I)
_WORST = re.compile(r"\b(?:worst|poorest|lowest)\b", re.I)
_SUCH_AS = re.compile(r"\b(?:such\s+as|including|namely|e\.g\.,?|like)\s+(?P<names>.+)$", re.I)
_AS_SUBJECT = re.compile(r"(?:^|[,;]\s+(?:and\s+)?|\bthat\s+)(?:\w+ly,?\s+)?we\b[^,;]*$", re.I)


def _completed(comparison: Comparison, text: str) -> Comparison:
    """The comparison with what goes without saying: "we outperform X" speaks of the paper's own, "the best" of all others."""
    more = {}
    spoken = text[comparison.span[0] : comparison.span[1]]
    if not comparison.method and _AS_SUBJECT.search(text[: comparison.span[0]]):
        more["method"] = "our model"
    elif not comparison.method:
        more["method"] = _CLAUSE.split(text[: comparison.span[0]])[-1].strip()
    extreme = _BEST if comparison.better else _WORST
    if not comparison.baseline and extreme.search(spoken) and not _NARROWING.search(spoken):
        more["baseline"] = "state-of-the-art" if re.search(r"\bstate\b", spoken, re.I) else "all others"
    such_as = _SUCH_AS.search(comparison.baseline)
    if such_as is not None:
        more["baseline"] = such_as["names"]
    return comparison.model_copy(update=more) if more else comparison


def _compare(
    comparison: Comparison, text: str, sense: Sense, table: Systems, words: ClaimWords, index: TableIndex
) -> Check | _Open | None:
    if not is_about(comparison, text, table.view):
        return None
    grouped = _by_groups(comparison, text, sense, table, words, index)
    if grouped is not None:
        return grouped
    method = systems_named(comparison.method, table, index)
    if not method:
        return None
    baseline = listed(comparison.baseline, table, index)
    if not baseline and (such := _such_as(comparison, text)):
        baseline = listed(such, table, index)
        if not baseline:
            return None  # "all models, including BiDAF": a table without BiDAF is not the one that is meant
    generic = not baseline
    if generic:
        baseline = rivals(comparison, table, method)
    method, baseline = _in_group(method, text, table), _in_group(baseline, text, table)
    method = [i for i in method if i not in baseline]
    if not method or not baseline:
        return None
    lanes = lanes_meant(comparison, text, table, [*method, *baseline], words)
    if _OF_COST.search(text[comparison.span[0] : comparison.span[1]]):
        lanes = [k for k in lanes if table.lanes[k] & COST_NAMES]  # "faster" is said of times, not of scores
    pairs: list[tuple[Cell, Cell]] = []
    signs: list[int] = []
    for lane in lanes:
        pair = _pair(table, lane, method, baseline, sense, generic)
        if pair is None:
            continue
        pairs.append(pair[0])
        signs.append(pair[1])
    if not pairs or len(pairs) > MOST_LANES:
        return None
    if len(set(signs)) != 1 or signs[0] == 0:
        return _Open() if generic and comparison.dataset else None
    spoken = " ".join(text[comparison.span[0] : comparison.span[1]].split())
    return _check(table, pairs, signs[0] > 0, spoken, index)


_NAMED_BEHIND = re.compile(
    r"^\s*,?\s*(?:such\s+as|like|including|namely|e\.g\.,?)\s+(?P<names>[^.;:()\[\]]{2,80})", re.I
)


def _in_group(systems: Sequence[int], text: str, table: Systems) -> list[int]:
    """The systems of the one group of rows that the claim names ("under the fully-supervised setting"); all where it names none."""
    said = text.lower()
    groups = {table.path(i)[:-1] for i in range(len(table.systems)) if len(table.path(i)) > 1}
    told = [g for g in groups if all(w[: max(5, len(w) - 3)].lower() in said for w in " ".join(g).split())]
    inside = [i for i in systems if len(told) == 1 and table.path(i)[:-1] == told[0]]
    return inside if len(groups) > 1 and inside else list(systems)


def _such_as(comparison: Comparison, text: str) -> str:
    """The names behind what a claim compares with: "complex models such as DFN"."""
    at = text.find(comparison.baseline, comparison.span[1]) if comparison.baseline else -1
    m = _NAMED_BEHIND.match(text[at + len(comparison.baseline) :]) if at >= 0 else None
    return re.split(r"\b(?:on|in|by|while|which|using)\b", m["names"])[0].strip() if m else ""


def _by_groups(
    comparison: Comparison, text: str, sense: Sense, table: Systems, words: ClaimWords, index: TableIndex
) -> Check | None:
    """Two systems that a table prints once in each group of rows: compared within every group, or within those that are said."""
    usable = [i for i in range(len(table.systems)) if np.isfinite(table.values[i]).any()]
    mine, theirs = (printed_rows(x, table, usable, index) for x in (comparison.method, comparison.baseline))
    if len(mine) < 2 or len(theirs) < 2 or set(mine) & set(theirs):
        return None
    groups = {table.path(i)[:-1]: i for i in theirs}
    both = [(i, groups[table.path(i)[:-1]]) for i in mine if len(table.path(i)) > 1 and table.path(i)[:-1] in groups]
    if len(both) < 2 or len(groups) != len(theirs):
        return None
    said = forms(text)
    told = [(i, j) for i, j in both if forms(" ".join(table.path(i)[:-1])) & said]
    pairs, signs = [], []
    for i, j in told or both:
        for lane in lanes_meant(comparison, text, table, [i, j], words):
            pair = _pair(table, lane, [i], [j], sense, generic=False)
            if pair is not None:
                pairs.append(pair[0])
                signs.append(pair[1])
    if not pairs or len(pairs) > MOST_LANES or len(set(signs)) != 1 or not signs[0]:
        return None
    return _check(table, pairs, signs[0] > 0, " ".join(text[slice(*comparison.span)].split()), index)


_OF_COST = re.compile(
    r"\b(?:fast\w*|slow\w*|quick\w*|efficien\w*|cheap\w*|small\w*|large[rst]\w*|compact|light\w*|time|parameters?|memory)\b",
    re.I,
)
_BRACKETS = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
_SHORT_NAME = re.compile(r"\(\s*(?P<name>[A-Za-z]*[A-Z][A-Za-z]*[A-Z][\w-]*)\s*\)")
_TAIL = re.compile(
    r"^\W*(?:(?:both|especially|even|\w+ly)\s+)?(?:on|in|across|for|of|over|at|under|with)\b(?P<words>.*)", re.I | re.S
)
_TAIL_END = re.compile(
    r"[;:.]\s|,|\b(?:which|that|showing|suggesting|demonstrating|indicating|by|while|whereas|but|because|since|as|when)\b",
    re.I,
)
_HYPHENATED = re.compile(r"\b[A-Za-z]+(?:-[A-Za-z]+)+\b")


def is_about(comparison: Comparison, text: str, view: TableView) -> bool:
    """Whether the table can be about what the claim says after its two sides ("on NER", "in terms of oracle scores")."""
    known = view.caption_forms.union(*view.column_forms, *view.row_forms)
    printed = " ".join([view.table.caption, *(" ".join(view.table.column_path(c)) for c in range(view.table.width))])
    printed += " ".join(view.table.row_name(r) for r in range(view.table.height))
    for word in _HYPHENATED.findall(comparison.condition):
        # "fully-supervised" where the table says "fully-supervision"
        if word.lower()[: max(6, len(word) - 3)] not in printed.lower():
            return False  # "in-domain" and "out-of-domain" differ in what no header word tells
    at = text.find(comparison.baseline, comparison.span[0]) if comparison.baseline else -1
    rest = text[at + len(comparison.baseline) :] if at >= 0 else text[comparison.span[1] :]
    tail = _TAIL.match(_BRACKETS.sub(" ", rest))
    if tail is None:
        return True
    words = _TAIL_END.split(tail["words"], maxsplit=1)[0]
    behind = _TAIL_END.split(rest, maxsplit=1)[0]
    if any(forms(m["name"]) <= known for m in _SHORT_NAME.finditer(behind)):
        return True  # "on the Stanford Question Answering Dataset (SQuAD)"
    names = {t.form for t in tokens(words) if t.namelike}
    if names and names <= known:
        return (
            True  # "on the highly competitive question answering set SQuAD": the name tells, not what is said about it
        )
    said = forms(words) - forms(comparison.dataset) - _VAGUE
    return 2 * len(said & known) >= len(said)


_VAGUE = frozenset(
    """all every each both case term standard benchmark setting large small margin significantly test dev set challenging popular
    several multiple many metric measure average overall general majority most difficult widely studied evaluation evaluated
    original corpus corpora task dataset""".split()
)


def _pair(
    table: Systems, lane: int, method: Sequence[int], baseline: Sequence[int], sense: Sense, generic: bool
) -> tuple[tuple[Cell, Cell], int] | None:
    """The two cells of one lane, and 1 where they are as the claim says, -1 where contrary, 0 where they do not say."""
    values = table.values
    mine = [i for i in method if np.isfinite(values[i, lane])]
    theirs = [i for i in baseline if np.isfinite(values[i, lane])]
    if not mine or not theirs:
        return None
    less = bool(table.view.lower_is_better[table.cell(mine[0], lane)])
    order = -1.0 if less else 1.0
    best = max(mine, key=lambda i: order * values[i, lane])
    way = raw_sense(table.view, table.cell(best, lane), sense)
    x = float(values[best, lane])
    up = 1.0 if way == "higher" else -1.0
    gaps = [up * (x - float(values[j, lane])) for j in theirs]
    closest = theirs[int(np.argmin(np.abs(gaps)))]
    if generic:
        against = float(np.mean([g < 0 for g in gaps]))
        sign = 1 if min(gaps) > 0 else -1 if against >= MOST_AGAINST and len(theirs) > 1 else 0
    else:
        sign = 1 if min(gaps) > 0 else -1 if max(gaps) < 0 else 0
    return (table.cell(best, lane), table.cell(closest, lane)), sign


def rivals(comparison: Comparison, table: Systems, method: Sequence[int]) -> list[int]:
    """Every system that is not the claim's, for "all other models"; for "previous work" only beside own rows."""
    phrase = comparison.baseline
    # a name written with a capital is somebody's: "the state-of-the-art system of Smith et al."
    named = {t.form for t in tokens(phrase) if t.text[:1].isupper() and t.form not in ("sota",)}
    if not _OTHERS.search(phrase) or _NARROWING.search(phrase) or named:
        return []
    mine = all(table.own[i] for i in method)
    if _PREVIOUS.search(phrase) and not mine:
        return []
    others = [i for i in range(len(table.systems)) if i not in method and np.isfinite(table.values[i]).any()]
    others = [i for i in others if not (mine and table.own[i]) and not is_bound(table.system_name(i))]
    if _PREVIOUS.search(phrase):
        # a table of one's own variants says nothing of previous work
        others = [i for i in others if not _variant(i, table, method)]
        printed = any(is_cited(table.system_name(i)) or _PREVIOUS.search(table.system_name(i)) for i in others)
        if not printed and len(others) < 3:
            return []
        return others
    return others if len(others) > 1 else []


_LESS = re.compile(
    r"^\s*(?:[-−–+]|w/?o?\b|without|with\b|no\b|only\b|full\b|replac|remov)|\bw/o\b|\bwithout\b|\bablat|\bbaseline\b",
    re.I,
)


_BOUND_ROW = re.compile(
    r"\b(?:humans?|oracles?|upper[ -]?bounds?|gold|ground[ -]truth|annotators?|(?:w/|with)\s+gold)\b", re.I
)


def is_bound(name: str) -> bool:
    """Whether a row is no system but what systems are measured by ("Human performance", "Oracle")."""
    return _BOUND_ROW.search(name) is not None


def _variant(system: int, table: Systems, method: Sequence[int]) -> bool:
    """Whether a row is a variant of the paper's own system: something left out or added, or the same name with more to it."""
    name = table.system_name(system)
    own = frozenset().union(*(table.systems[i] for i in method)) - _VAGUE
    shared = {f for f in table.systems[system] & own if not f.isdigit() and f not in ("single", "ensemble")}
    return _LESS.search(name) is not None or bool(shared)


def lanes_meant(
    comparison: Comparison, text: str, table: Systems, systems: Sequence[int], words: ClaimWords
) -> list[int]:
    """The lanes that the claim can mean: those that its dataset, metric and split name, else all that print scores."""
    view = table.view
    count = len(table.lanes)
    usable = [
        k for k in range(count)
        if np.isfinite(table.values[list(systems), k]).sum() > 1
        and not _NO_SCORE.search(table.lane_name(k)) and not is_change(table.lane_name(k))
    ]  # fmt: skip
    own_words = forms(comparison.method) | forms(comparison.baseline)
    everywhere = view.caption_forms.union(*(table.systems[i] for i in systems))
    data = {t.form for t in tokens(comparison.dataset) if t.form not in STOP}
    known = everywhere.union(*(table.lanes[k] for k in usable)) if usable else everywhere
    if data and not data & known:
        return []  # a table on another data set settles nothing
    usable = _narrowed(usable, table, frozenset(data))
    metric = forms(comparison.metric) & METRICS
    if metric:
        shown = {k: table.lanes[k] & METRICS for k in usable}
        if any(shown.values()):
            usable = [k for k in usable if shown[k] & metric]
        elif view.caption_forms & METRICS and not view.caption_forms & metric:
            return []
    said = forms(comparison.condition) | (forms(text) & frozenset({"dev", "test"}))
    for yes, no in (_SPLITS, _SPLITS[::-1]):
        if said & yes and not said & no:
            usable = [k for k in usable if not (table.lanes[k] & no and not table.lanes[k] & yes)]
    # what the rest of the sentence names tells columns apart as well ("in precision", "on entailment")
    rest = frozenset(t.form for t in words.words) - own_words - frozenset(data)
    return _narrowed(usable, table, rest)


def _narrowed(usable: Sequence[int], table: Systems, said: frozenset[str]) -> list[int]:
    """The lanes that have a word which is said and which not all of them have; all where there is none.

    "F1 on NER" means the F1 of NER: a lane that has only some of another lane's said words is not meant.
    """
    telling = {f for f in said if 0 < sum(f in table.lanes[k] for k in usable) < len(usable)}
    hits = {k: telling & table.lanes[k] for k in usable}
    named = [k for k in usable if hits[k] and not any(hits[k] < hits[j] for j in usable)]
    return named or list(usable)


def _check(table: Systems, pairs: Sequence[tuple[Cell, Cell]], holds: bool, spoken: str, index: TableIndex) -> Check:
    view = table.view
    label: Label = "supported" if holds else "refuted"
    parts = []
    for a, b in pairs:
        x, y = float(view.values[a]), float(view.values[b])
        sign = "=" if x == y else ">" if x > y else "<"
        parts.append(f"{printed_number(view, a)} {sign} {printed_number(view, b)}")
    less = " (less is better)" if view.lower_is_better[pairs[0][0]] else ""
    against = "" if holds else f', against "{spoken}"'
    rows = table.axis == "row"
    sides = [(table.system_name(a[0] if rows else a[1]), table.system_name(b[0] if rows else b[1])) for a, b in pairs]
    lanes = [table.lane_name(a[1] if rows else a[0]) for a, _ in pairs]
    if len(set(sides)) == 1:
        place = f"{sides[0][0]} - {sides[0][1]}, {', '.join(lanes)}"
    else:
        place = "; ".join(f"{m} - {b}, {lane}" for (m, b), lane in zip(sides, lanes, strict=True))
    cells = [c for pair in pairs for c in pair]
    return Check(
        kind="direction",
        label=label,
        score=0.7 if holds else 0.65,
        evidence=view.evidence(cells, index.paper),
        derivation=f"{', '.join(parts)}{less}{against}: {table_name(view.table)}, {place}",
        reason="" if holds else "the table shows the other direction",
    )
