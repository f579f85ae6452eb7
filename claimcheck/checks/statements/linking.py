"""Which rows, columns and numbers of a table the words of a statement mean."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from claimcheck.checks.statements.facts import Facts, Name, value_of
from claimcheck.checks.statements.lexicon import OWN, STOP, stem
from claimcheck.checks.statements.said import Said, find_numbers
from claimcheck.foundation.words import Token, tokens

MAX_WORDS = 160  # of a statement; what follows is not linked
MAX_NUMBERS = 16
NEAR = 7  # words between two words of one name
_CUT = 5  # letters that a cut-off or inflected word must share


@dataclass(frozen=True)
class Mention:
    """Words of the statement that name rows or columns: one name, or several that fit as well."""

    side: str
    positions: tuple[int, ...]  # of the words, in order
    members: tuple[int, ...]  # rows of the body, or columns
    column: int  # the column whose cells are named; -1 for headers and groups
    share: float  # of the name's words that the statement says
    text: str

    @property
    def start(self) -> int:
        """The first word."""
        return self.positions[0]


@dataclass(frozen=True)
class Statement:
    """A statement's words with what they mean in one table."""

    text: str
    words: tuple[Token, ...]
    facts: Facts
    rows: tuple[Mention, ...]
    columns: tuple[Mention, ...]
    numbers: tuple[Said, ...]
    unlinked: tuple[int, ...]  # content words that nothing in the table names

    def before(self, offset: int) -> int:
        """How many words start before a character offset."""
        return sum(t.start < offset for t in self.words)

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Positions of two numbers printed as one score: "3 - 2"."""
        out = []
        for a, b in itertools.pairwise(range(len(self.words))):
            x, y = self.words[a], self.words[b]
            if x.text.isdigit() and y.text.isdigit() and re.fullmatch(r"\s?[-–:]\s?", self.text[x.end : y.start]):
                out.append((a, b))
        return tuple(out)

    @cached_property
    def content(self) -> tuple[int, ...]:
        """Positions of the content words."""
        return tuple(i for i, t in enumerate(self.words) if stem(t.form) not in STOP and not t.text[0].isdigit())

    @cached_property
    def linked_columns(self) -> tuple[int, ...]:
        """The columns that the statement names best: those that most of its header mentions share."""
        votes: dict[int, float] = {}
        for m in self.columns:
            for c in m.members:
                votes[c] = votes.get(c, 0.0) + m.share
        return tuple(sorted(votes, key=lambda c: (-votes[c], c)))

    @cached_property
    def filters(self) -> dict[int, tuple[Mention, ...]]:
        """Row mentions by the column whose cells they name."""
        out: dict[int, list[Mention]] = {}
        for m in self.rows:
            out.setdefault(m.column, []).append(m)
        return {c: tuple(ms) for c, ms in out.items()}

    def context(self, without: Sequence[Mention] = ()) -> frozenset[int]:
        """Rows that satisfy the row mentions: union within a column, intersection between columns where that leaves any."""
        left = set(range(len(self.facts.rows)))
        for mentions in self.filters.values():
            members = {r for m in mentions if m not in without for r in m.members}
            if members and left & members:
                left &= members
        return frozenset(left)


def read_statement(text: str, facts: Facts) -> Statement:
    """Links the first MAX_WORDS words of a statement to the names and numbers of a table."""
    words = tuple(tokens(text)[:MAX_WORDS])
    resolved = [_resolve(t, facts) for t in words]
    candidates = _candidates(resolved, facts)
    captioned = frozenset(re.findall(r"\d[\d.]*", facts.view.table.caption.replace(",", "")))
    numbers = find_numbers(text, words, captioned)
    mentions = _choose(candidates, facts)
    mentions += _number_rows(numbers, words, mentions, facts)
    mentions += _date_rows(words, facts)
    mentions += _own_rows(words, mentions, facts)
    mentions += _part_rows(words, resolved, mentions, facts)
    used = {p for m in mentions for p in m.positions}
    said = tuple(n for n in numbers if n.position not in used or n.ordinal)
    known = used | {n.position for n in said}
    unlinked = tuple(
        i
        for i, t in enumerate(words)
        if i not in known and stem(t.form) not in STOP and not t.text[0].isdigit() and stem(t.form) not in facts.caption
    )
    rows = tuple(sorted((m for m in mentions if m.side == "row"), key=lambda m: m.positions))
    columns = tuple(sorted((m for m in mentions if m.side == "column"), key=lambda m: m.positions))
    return Statement(text, words, facts, rows, columns, said[:MAX_NUMBERS], unlinked)


def _resolve(token: Token, facts: Facts) -> tuple[str, ...]:
    """The stems of the table that a word may stand for: itself, a longer or cut-off form, a slip of the pen."""
    word = stem(token.form)
    if word in facts.postings:
        return (word,)
    if len(word) < 4 or not word.isalpha():
        return ()
    near = facts.vocabulary.get(word[:1], ())
    cut = [v for v in near if v.isalpha() and _same_start(word, v)]
    if cut:
        return tuple(cut[:3])
    if len(word) < 5:
        return ()
    close = [v for v in near if abs(len(v) - len(word)) <= 2 and len(v) >= 5]
    return tuple(difflib.get_close_matches(word, close[:400], 1, 0.84))


def _same_start(a: str, b: str) -> bool:
    short, long_ = sorted((a, b), key=len)
    if len(short) < 3 or not long_.startswith(short[: max(3, min(len(short), _CUT))]):
        return False
    if long_.startswith(short):
        return len(short) >= 4 and len(long_) - len(short) <= 5
    common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(short))
    return common >= max(_CUT, len(long_) - 4)


@dataclass(frozen=True)
class _Candidate:
    name: Name
    positions: tuple[int, ...]
    weight: float
    share: float


def _candidates(resolved: list[tuple[str, ...]], facts: Facts) -> list[_Candidate]:
    """Every name with the words of the statement that say it, at each place where its rarest word stands."""
    at: dict[str, list[int]] = {}
    for i, found in enumerate(resolved):
        for word in found:
            at.setdefault(word, []).append(i)
    hit: dict[int, list[str]] = {}
    for word in at:
        for n in facts.postings[word]:
            hit.setdefault(n, []).append(word)
    out = []
    for n, said in hit.items():
        name = facts.names[n]
        total = sum(facts.weight[w] for w in name.words)
        content = [w for w in said if w not in STOP]
        if not content and len(said) < len(name.words):
            continue
        anchor = max(content or said, key=lambda w: (facts.weight[w], len(w), w))
        for place in at[anchor]:
            positions = {place}
            weight = facts.weight[anchor]
            for w in said:
                if w == anchor:
                    continue
                closest = min(at[w], key=lambda p: abs(p - place))
                if abs(closest - place) <= NEAR + (w not in STOP) * 3:
                    positions.add(closest)
                    weight += facts.weight[w]
            share = weight / total if total else 0.0
            enough = 0.5 if len(name.words) <= 4 else 0.34
            # a lone short word is meant only where it is the whole name
            if share >= enough and not (share < 0.95 and len(anchor) < 3):
                out.append(_Candidate(name, tuple(sorted(positions)), weight, min(1.0, share)))
    return out


def _choose(candidates: list[_Candidate], facts: Facts) -> list[Mention]:
    """The mentions: longest and fullest names first, each word once; names that fit the same words equally are one mention."""
    groups: dict[tuple[int, ...], list[_Candidate]] = {}
    for c in candidates:
        groups.setdefault(c.positions, []).append(c)
    order = sorted(
        groups.items(),
        key=lambda g: (-max(c.weight * (0.4 + 0.6 * c.share) for c in g[1]), g[0]),
    )
    claimed: set[int] = set()
    out: list[Mention] = []
    for positions, group in order:
        own = [p for p in positions if p not in claimed]
        if len(own) * 2 <= len(positions):
            continue
        best = max(c.share for c in group)
        kept = [c for c in group if c.share >= best - 0.12]
        for side in ("row", "column"):
            mine = [c for c in kept if c.name.side == side]
            by_column: dict[int, list[_Candidate]] = {}
            for c in mine:
                by_column.setdefault(c.name.column, []).append(c)
            for column, same in by_column.items():
                members = tuple(sorted({m for c in same for m in c.name.members}))
                out.append(Mention(side, positions, members, column, best, same[0].name.text))
        claimed |= set(positions)
    return _prefer_named_columns(out, facts)


def _prefer_named_columns(mentions: list[Mention], facts: Facts) -> list[Mention]:
    """Of cells of the same words in several columns, those whose header is named too; else the first column."""
    headers = {c for m in mentions if m.side == "column" for c in m.members}
    out = [m for m in mentions if m.side == "column"]
    by_place: dict[tuple[int, ...], list[Mention]] = {}
    for m in mentions:
        if m.side == "row":
            by_place.setdefault(m.positions, []).append(m)
    for same in by_place.values():
        if len(same) == 1:
            out += same
            continue
        named = [m for m in same if m.column in headers]
        out += named[:1] or [min(same, key=lambda m: m.column if m.column >= 0 else facts.width)]
    return out


def _number_rows(numbers: list[Said], words: tuple[Token, ...], mentions: list[Mention], facts: Facts) -> list[Mention]:
    """Rows that a number names: "round 5" under the header "round", "in 1995" in a column of years."""
    out = []
    taken = {p for m in mentions for p in m.positions}
    for n in numbers:
        if n.position in taken or n.spelled or n.bound or n.decimals:
            continue
        for c in range(facts.width):
            if not facts.numeric[c]:
                continue
            near = any(
                m.side == "column" and c in m.members and 0 < n.position - m.positions[-1] <= 1 for m in mentions
            ) or (
                n.ordinal
                and any(m.side == "column" and c in m.members and 0 < m.start - n.position <= 1 for m in mentions)
            )
            column = facts.values[:, c]
            finite = column[np.isfinite(column)]
            years = len(finite) > 0 and bool(np.all((finite > 1500) & (finite < 2100) & (finite == np.round(finite))))
            if not near and not (years and 1500 < n.value < 2100 and c <= facts.view.table.stub_columns):
                continue
            rows = tuple(int(r) for r in np.nonzero(np.abs(column - n.value) < 1e-9)[0])
            if rows:
                out.append(Mention("row", (n.position,), rows, c, 1.0, words[n.position].text))
                break
    return out


_MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", re.I)


def _date_rows(words: tuple[Token, ...], facts: Facts) -> list[Mention]:
    """Rows of a column of dates that "march 14" or "14 march 2009" names."""
    columns = [
        c for c in range(facts.width) if facts.numeric[c] and any(_MONTH.search(row[c]) for row in facts.texts[:3])
    ]
    out: list[Mention] = []
    if not columns:
        return out
    for i, t in enumerate(words):
        if not _MONTH.fullmatch(t.text):
            continue
        near = [
            j for j in (i + 1, i - 1) if 0 <= j < len(words) and re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", words[j].text)
        ]
        places, said = [i], t.text
        if near:
            day = int(re.sub(r"\D", "", words[near[0]].text))
            wanted = value_of(f"{t.text} {day}") % 372
            places, said = sorted((i, near[0])), f"{t.text} {day}"
        year = places[-1] + 1
        if year < len(words) and re.fullmatch(r"(?:1[5-9]|20)\d\d", words[year].text):
            places.append(year)
        for c in columns:
            if near:
                rows = tuple(int(r) for r in np.nonzero(np.abs(np.mod(facts.values[:, c], 372) - wanted) < 0.5)[0])
            else:
                short = t.text[:3].lower()
                rows = tuple(r for r in range(len(facts.rows)) if short in facts.texts[r][c].lower())
            if len(places) > 1 + len(near[:1]):
                dated = [
                    r
                    for r in rows
                    if words[places[-1]].text in facts.texts[r][c] or not re.search(r"\d{4}", facts.texts[r][c])
                ]
                rows = tuple(dated)
            if rows:
                out.append(Mention("row", tuple(places), rows, c, 1.0 if near else 0.6, said))
                break
    return out


def _part_rows(
    words: tuple[Token, ...], resolved: list[tuple[str, ...]], mentions: list[Mention], facts: Facts
) -> list[Mention]:
    """Rows whose cells hold a word that no whole name explains: "in pennsylvania" for "harrisburg , pennsylvania"."""
    taken = {p for m in mentions for p in m.positions}
    out = []
    for i, found in enumerate(resolved):
        if i in taken or not found or found[0] in STOP or len(found[0]) < 4 or words[i].text[0].isdigit():
            continue
        by_column: dict[int, set[int]] = {}
        for n in facts.postings[found[0]]:
            name = facts.names[n]
            if name.side == "row" and name.column >= 0:
                by_column.setdefault(name.column, set()).update(name.members)
        if by_column:
            column = max(by_column, key=lambda c: (len(by_column[c]), -c))
            if len(by_column[column]) < len(facts.rows):
                out.append(Mention("row", (i,), tuple(sorted(by_column[column])), column, 0.4, words[i].text))
    return out[:6]


def _own_rows(words: tuple[Token, ...], mentions: list[Mention], facts: Facts) -> list[Mention]:
    """The paper's own rows or columns for "our model", where the table marks them and the statement names none of them."""
    place = next((i for i, t in enumerate(words) if OWN.fullmatch(t.text)), None)
    if place is None:
        return []
    rows = tuple(i for i, r in enumerate(facts.rows) if facts.view.own_rows[r])
    columns = tuple(int(c) for c in np.nonzero(facts.view.own_columns)[0])
    if 0 < len(rows) <= len(facts.rows) / 2 and not any(
        m.side == "row" and set(m.members) & set(rows) for m in mentions
    ):
        stub = max((m.column for m in mentions if m.side == "row" and m.column >= 0), default=0)
        return [Mention("row", (place,), rows, stub, 0.7, words[place].text)]
    if 0 < len(columns) <= facts.width / 2 and not any(
        m.side == "column" and set(m.members) & set(columns) for m in mentions
    ):
        return [Mention("column", (place,), columns, -1, 0.7, words[place].text)]
    return []
