"""Parts of a system that a claim adds or takes away ("without gated fusion, F1 falls by 0.9", "adding replay helps"), against
the rows of an ablation: the row that names the part beside the row that it changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from claimcheck.checks.alignment import ClaimWords
from claimcheck.checks.derivation_text import printed_number, table_name
from claimcheck.checks.ranking import equals, slips
from claimcheck.checks.sides import lanes_meant
from claimcheck.checks.systems import table_rows
from claimcheck.checks.table_index import TableIndex, TableView
from claimcheck.foundation.records import Check, Comparison, Label, Quantity
from claimcheck.foundation.words import STOP, forms, plain, tokens

MOST_LANES = 8
_REMOVE = re.compile(
    r"\b(?:remov(?:ing|al\s+of|es?|ed)|without(?:\s+using)?|w/o|eliminat(?:ing|ion\s+of|es?|ed)|ablat(?:ing|ion\s+(?:of|for)|ed)|excluding|omitting|"
    r"disabling|turning\s+off|taking\s+out|leaving\s+out|dropping)\s+",
    re.I,
)
_ADD = re.compile(
    r"\b(?:add(?:ing|s|ed)?|addition\s+of|includ(?:ing|es)|inclusion\s+of|incorporat(?:ing|ion\s+of)|introduc(?:ing|tion\s+of)|"
    r"enabling)\s+",
    re.I,
)
_NEEDED = re.compile(
    r"\b(?:contributes?|(?:is|are|proves?\s+to\s+be|proved\s+to\s+be)\s+(?:\w+ly\s+|very\s+|all\s+|both\s+)*"
    r"(?:critical|crucial|important|essential|necessary|beneficial|helpful))\b",
    re.I,
)
_HURTS = re.compile(
    r"\b(?:drop(?:s|ped)?|decreas\w*|degrad\w*|hurts?|hurting|declin\w*|lower(?:s|ed|ing)?|worse\w*|reduc\w*|falls?|fell|costs?|"
    r"los(?:s|es|t|ing)|decays?|decayed|harm\w*|deteriorat\w*)\b",
    re.I,
)
_HELPS = re.compile(
    r"\b(?:improv\w*|increas\w*|helps?|helped|boost\w*|gains?|better|benefits?|rais\w*|higher|rises?)\b", re.I
)
_NOT = re.compile(
    r"\b(?:not|n't|never|no|nor|hardly|barely|neither|little|slight(?:ly)?\s+or\s+no|marginal\s+or\s+no)\s+(?:[\w-]+\s+){0,3}$",
    re.I,
)
_WHAT_END = re.compile(
    r",|;|\b(?:from|on|in|to|leads?|results?|causes?|would|will|also|does|do|we|the\s+(?:performance|scores?|accuracy|f1|result|em)|it|further|"
    r"significantly|consistently|slightly|substantially|all|both|each)\b",
    re.I,
)
# what else than a score may rise or fall
_OF_COST = re.compile(
    r"\b(?:numbers?\s+of|efficien\w*|(?:training|running|inference)\s+time|updates|length|memory|parameters|speed|epochs|cost\s+of)\b",
    re.I,
)
_CLAUSE = re.compile(
    r"[;:,]\s|\.\s|\b(?:that|which|who|whether|how|as|reveals?|shows?|indicat\w+|suggest\w+|find|found)\b", re.I
)
_EVERY_PART = re.compile(
    r"\b(?:any|each|every|either|all|both)\b(?:\s+(?:of|one|the|these|two|three|four|five|other|aspects?))*\s+(?:[\w-]+\s+){0,2}?"
    r"(?:components?|parts?|features?|modules?|strateg(?:y|ies)|heuristics?|penalt(?:y|ies)|elements?|techniques?|embeddings?|aspects?)\b",
    re.I,
)
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[†‡*∗§¶]")
_LESS = re.compile(
    r"^\W*(?:w/?\s?o\.?(?=\s|/)|without|no(?=\s)|not(?=\s)|removing|remove|excl\.?|minus|[-−–—](?=\s*[A-Za-z]))\s*",
    re.I,
)
_MORE = re.compile(r"^\s*(?:\+|w/(?!\s?o\b)|with(?=\s)|add(?:ing)?(?=\s))\s*", re.I)


@dataclass(frozen=True)
class Change:
    """A row that has a part less (or more) than another row of its table; `lanes` are the columns that the claim can mean."""

    view: TableView
    row: int
    base: int
    added: bool
    lanes: tuple[int, ...]

    def gain(self, lane: int) -> float:
        """By how much the row with the part is better than the row without it."""
        full, less = (self.row, self.base) if self.added else (self.base, self.row)
        gap = float(self.view.values[full, lane] - self.view.values[less, lane])
        return -gap if self.view.lower_is_better[full, lane] else gap


@dataclass(frozen=True)
class _Told:
    """What a claim says of a part: the words that name it, and whether it helps to have it."""

    what: str
    added: bool | None  # None: said to be needed, so either kind of row tells
    helps: bool
    every: bool
    spoken: str
    end: int


def check_parts(text: str, words: ClaimWords, views: Sequence[TableView], index: TableIndex) -> list[Check]:
    """A check of what the claim says that adding or taking away a part does, where every column it can mean agrees."""
    told = _told(text)
    if told is None:
        return []
    found: list[Check] = []
    for view in views:
        changes = _changes(told, text, view, words)
        pairs = [(x, lane) for x in changes for lane in x.lanes]
        if not pairs or (len(pairs) > MOST_LANES and not told.every):
            continue
        gains = [x.gain(lane) for x, lane in pairs]
        if told.every:
            holds = all(g > 0 for g in gains) if told.helps else all(g < 0 for g in gains)
            if not holds:
                continue  # which of them a claim over all means is seldom told exactly enough
        elif len({g > 0 for g in gains}) != 1 or not all(gains):
            continue
        else:
            holds = (gains[0] > 0) == told.helps
        found.append(_direction(pairs[:MOST_LANES], holds, told.spoken, index))
    return found[:1] if len({c.label for c in found}) == 1 and (len(found) == 1 or not told.every) else []


def check_part_number(
    quantity: Quantity, words: ClaimWords, views: Sequence[TableView], index: TableIndex
) -> Check | None:
    """The change that a part makes against the number the claim gives for it; refuted where row and column are named and the
    number is one digit away."""
    told = _told(words.text)
    if told is None or told.every or quantity.role != "delta" or quantity.unit not in ("percent", "points", ""):
        return None
    if quantity.high is not None:
        return None
    found: list[Check] = []
    for view in views:
        for change in _changes(told, words.text, view, words):
            sizes = np.array([abs(change.gain(lane)) for lane in change.lanes])
            if not sizes.size:
                continue
            met = equals(sizes, quantity)
            over_all = quantity.bound is not None and len(sizes) > 1
            if met.all() or (met.any() and not over_all):
                lanes = [lane for lane, yes in zip(change.lanes, met, strict=True) if yes]
                found.append(_number(change, lanes if not over_all else change.lanes, quantity, True, index))
            elif len(sizes) == 1 and quantity.bound is None and bool(slips(sizes, quantity)[0]):
                found.append(_number(change, change.lanes, quantity, False, index))
    return found[0] if found and len({c.label for c in found}) == 1 else None


def _told(text: str) -> _Told | None:
    """What the sentence says of a part, its effect found behind it, or just before it ("F1 drops by 2 when removing X")."""
    for pattern, added in ((_REMOVE, False), (_ADD, True)):
        for m in pattern.finditer(text):
            rest = text[m.end() :].split(". ")[0]
            hurts, helps = _HURTS.search(rest), _HELPS.search(rest)
            effect = min((x for x in (hurts, helps) if x is not None), key=lambda x: x.start(), default=None)
            at = m.end() + effect.start() if effect is not None else 0
            if effect is None:
                before = text[max(0, m.start() - 90) : m.start()]
                hurts, helps = _HURTS.search(before), _HELPS.search(before)
                effect = hurts or helps
                at = m.start()
                if effect is None or (hurts and helps) or not re.search(r"\b(?:when|by|if|after|for)\s*$", before):
                    continue
                what = rest
            else:
                if effect.start() > 110:
                    continue
                what = rest[: effect.start()]
            if _NOT.search(text[:at]) or (added is not None and _OF_COST.search(text[at : at + 60])):
                return None
            worse = effect is hurts
            helps_to_have = worse if not added else not worse
            every = _EVERY_PART.match(what) is not None
            return _Told(
                _cut(what, every), added, helps_to_have, every, " ".join((m[0] + "... " + effect[0]).split()), at
            )
    needed = _NEEDED.search(text)
    if needed is not None and not _NOT.search(text[: needed.start()]):
        before = _CLAUSE.split(text[: needed.start()])[-1]
        every = _EVERY_PART.search(before) is not None
        return _Told(before, None, True, every, needed[0], needed.start())
    return None


def _cut(what: str, every: bool) -> str:
    return what if every else _WHAT_END.split(what)[0] or what


def _changes(told: _Told, text: str, view: TableView, words: ClaimWords) -> list[Change]:
    """The rows of a table that differ in the part, each with the row it changes."""
    table = view.table
    rows = [r for r in range(table.header_rows, table.height) if np.isfinite(view.values[r]).any()]
    leaves = {r: plain(_ASIDE.sub(" ", (table.row_path(r) or ("",))[-1])) for r in rows}
    less = [r for r in rows if _LESS.match(leaves[r])]
    more = [r for r in rows if _MORE.match(leaves[r])]
    kinds = []
    if told.added is not True:
        kinds += [(r, False, _LESS.sub("", leaves[r])) for r in less]
    if told.added is not False:
        kinds += [(r, True, _MORE.sub("", leaves[r])) for r in more]
        kinds += [(r, True, leaves[r].split("+", 1)[1]) for r in rows if "+" in leaves[r][1:] and r not in more]
    if told.every:
        picked = _every(told.what, [k for k in kinds if k[1] == (told.added is True)])
    else:
        said = forms(told.what)
        named = []
        for kind in kinds:
            special = frozenset(t.form for t in tokens(kind[2]) if t.form not in STOP)
            if special and special <= said:
                named.append((len(special), kind))
        most = max((n for n, _ in named), default=0)
        picked = [kind for n, kind in named if n == most]
        if len(picked) != 1:
            return []
    out = []
    for r, added, _ in picked:
        base = _base(view, r, rows, [*less, *more], leaves, forms(text))
        if base is None:
            return []
        lanes = lanes_meant(Comparison(span=(0, 0)), text, table_rows(view), [r, base], _without(words, told.what))
        lanes = [x for x in lanes if np.isfinite(view.values[r, x]) and np.isfinite(view.values[base, x])]
        out.append(Change(view, r, base, added, tuple(lanes[:MOST_LANES])))
    return [c for c in out if c.lanes]


_COUNTS = {"both": 2, "either": 2, "two": 2, "three": 3, "four": 4, "five": 5}


def _every(what: str, kinds: Sequence[tuple[int, bool, str]]) -> list[tuple[int, bool, str]]:
    """The rows of "any of the heuristics", "all three penalties": those that carry the noun where some do, as many as are said."""
    m = _EVERY_PART.search(what)
    if m is None:
        return []
    noun = forms(m[0].split()[-1])
    carrying = [k for k in kinds if noun & forms(k[2])] or list(kinds)
    told = {_COUNTS[w] for w in m[0].lower().split() if w in _COUNTS}
    return carrying if len(carrying) > 1 and (not told or told == {len(carrying)}) else []


def _without(words: ClaimWords, what: str) -> ClaimWords:
    """The words without those that name the part: they tell no columns apart."""
    gone = forms(what)
    kept = tuple(t for t in words.words if t.form not in gone)
    return replace(words, words=kept)


def _base(
    view: TableView,
    row: int,
    rows: Sequence[int],
    changed: Sequence[int],
    leaves: dict[int, str],
    said: frozenset[str],
) -> int | None:
    """The row that another one changes: "Y" for "Y + X"; else the nearest own row above, or the first row, that changes nothing."""
    path = view.table.row_path(row)[:-1]
    group = [r for r in rows if view.table.row_path(r)[:-1] == path]
    if row not in changed and "+" in leaves[row]:
        root = leaves[row].split("+", 1)[0].strip().lower()
        same = [r for r in group if leaves[r].strip().lower() == root]
        if len(same) != 1 or not (view.own_rows[same[0]] or forms(root) <= said):
            return None  # somebody's system with the part added: only where the claim names it
        return same[0]
    plain_rows = [r for r in group if r not in changed and "+" not in leaves[r][1:]]
    own = [r for r in plain_rows if view.own_rows[r]]
    if len(own) > 1 and "ensemble" not in said:
        # what is taken away is taken from one model, not from an ensemble
        own = [r for r in own if "ensemble" not in view.row_forms[r]] or own
    above = [r for r in (own or plain_rows) if r < row]
    if above:
        return above[-1] if own or len(above) == 1 else None
    below = [r for r in own if r > row]
    return below[0] if len(below) == 1 else None


def _cells(pairs: Sequence[tuple[Change, int]]) -> list[tuple[int, int]]:
    return [cell for x, lane in pairs for cell in ((x.base, lane), (x.row, lane))]


def _direction(pairs: Sequence[tuple[Change, int]], holds: bool, spoken: str, index: TableIndex) -> Check:
    view = pairs[0][0].view
    parts = []
    for x, lane in pairs:
        a, b = view.values[x.base, lane], view.values[x.row, lane]
        sign = "=" if a == b else ">" if a > b else "<"
        parts.append(f"{printed_number(view, (x.base, lane))} {sign} {printed_number(view, (x.row, lane))}")
    against = "" if holds else f', against "{spoken}"'
    label: Label = "supported" if holds else "refuted"
    return _made(view, pairs, label, f"{', '.join(parts)}{against}", "direction", 0.7 if holds else 0.65, index)


def _number(change: Change, lanes: Sequence[int], quantity: Quantity, holds: bool, index: TableIndex) -> Check:
    view = change.view
    pairs = [(change, lane) for lane in lanes]
    parts = []
    for lane in lanes:
        a, b = sorted(((change.base, lane), (change.row, lane)), key=lambda c: -float(view.values[c]))
        gap = f"{abs(change.gain(lane)):.{max(quantity.decimals, 2)}f}".rstrip("0").rstrip(".")
        parts.append(f"{printed_number(view, a)} - {printed_number(view, b)} = {gap}")
    bound = f"{quantity.bound.replace('_', ' ')} " if quantity.bound else ""
    told = f" ({bound}{quantity.text})" if holds else f", not {bound}{quantity.text}"
    label: Label = "supported" if holds else "refuted"
    return _made(view, pairs, label, f"{', '.join(parts)}{told}", "cells", 0.75 if holds else 0.7, index)


def _made(
    view: TableView,
    pairs: Sequence[tuple[Change, int]],
    label: Label,
    line: str,
    kind: str,
    score: float,
    index: TableIndex,
) -> Check:
    t = view.table
    names = dict.fromkeys(f"{t.row_name(x.base)} - {t.row_name(x.row)}" for x, _ in pairs)
    lanes = dict.fromkeys(t.column_name(lane) for _, lane in pairs)
    return Check(
        kind="cells" if kind == "cells" else "direction",
        label=label,
        score=score,
        evidence=view.evidence(dict.fromkeys(_cells(pairs)), index.paper),
        derivation=f"{line}: {table_name(t)}, {'; '.join(names)}, {', '.join(lanes)}",
        reason="" if label == "supported" else "the table shows another effect of that part",
    )
