"""Results of several papers held beside each other: the same system on the same dataset and metric, and its numbers.

A row of one paper is linked with a row of another where both are of one work: the row cites the other paper and that
paper reports the figure of its own system ("quoted"), or both rows cite the same third work ("shared"). Of several
rows that may be meant, the one counts whose number and conditions come nearest. Two prints of one paper (its preprint
and its publication) are not compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from claimcheck.checks.across.bibliography import same_work
from claimcheck.checks.across.conditions import EXPERIMENT, differences, unstated
from claimcheck.checks.across.numbers import likeness
from claimcheck.checks.across.rows import PaperRows, Row
from claimcheck.foundation.own_systems import COMMON_NAMES
from claimcheck.foundation.records import CrossLink, Document, Result
from claimcheck.foundation.records.links import Basis, Relation

_FACETS = {
    "averaging": "the metric is averaged otherwise",
    "punctuation": "punctuation is counted otherwise",
    "anonymisation": "the data are not the same form",
    "unit": "what is counted is not the same",
    "matching": "what counts as a match is not the same",
    "case": "case is treated otherwise",
    "tokens": "the text is tokenized otherwise",
    "recall or F1": "one is recall, the other F1",
}
_STANDING = {"own_best": 0, "own": 1, "baseline": 2, "ablation": 3}
Key = tuple[str, str, str]


def compare_papers(papers: Sequence[tuple[Document, Sequence[Result]]]) -> list[CrossLink]:
    """The links between the results of papers, each given with all of its results (`results(document, all=True)`).

    In the order of the papers and of the rows of the first of each two; a row is linked at most once with each other
    paper. Papers with the same title are one paper: what one print of it lacks the other may have.
    """
    prints: dict[str, list[PaperRows]] = {}
    for i, (document, results) in enumerate(papers):
        rows = PaperRows(document, results)
        prints.setdefault(rows.title or f"#{i}", []).append(rows)
    groups = [_Prints(tuple(group)) for group in prints.values()]
    links: list[CrossLink] = []
    for i, mine in enumerate(groups):
        for paper in mine.papers:
            for j, theirs in enumerate(groups):
                if i != j:
                    links += _between(paper, theirs, shared=i < j)
    return links


def quoting_rows(papers: Sequence[tuple[Document, Sequence[Result]]]) -> list[tuple[Result, tuple[str, ...]]]:
    """The results that cite others of the papers, each with the ids of those that have results on its data and metric."""
    prepared = [PaperRows(document, results) for document, results in papers]
    keys = [{_key(row.result) for row in paper.rows if row.own} for paper in prepared]
    found = []
    for mine in prepared:
        for row in mine.rows:
            quoted = tuple(
                theirs.paper.id
                for theirs, known in zip(prepared, keys, strict=True)
                if theirs.title != mine.title and _key(row.result) in known and _cites(row, mine, theirs)
            )
            if quoted:
                found.append((row.result, quoted))
    return found


def cited_preprints(document: Document, results: Sequence[Result]) -> list[str]:
    """The arXiv ids of the works that the rows of a paper's result tables cite, those of most rows first."""
    rows = PaperRows(document, results).rows
    cited = Counter(entry.arxiv_id for row in rows for entry in dict.fromkeys(row.works) if entry.arxiv_id)
    return [arxiv_id for arxiv_id, _ in cited.most_common()]


@dataclass(frozen=True)
class _Prints:
    """The prints of one paper."""

    papers: tuple[PaperRows, ...]

    @cached_property
    def by_key(self) -> dict[Key, list[tuple[Row, PaperRows]]]:
        """All rows by task, dataset and metric."""
        found: dict[Key, list[tuple[Row, PaperRows]]] = defaultdict(list)
        for paper in self.papers:
            for row in paper.rows:
                found[_key(row.result)].append((row, paper))
        return found


def _between(mine: PaperRows, theirs: _Prints, *, shared: bool) -> Iterator[CrossLink]:
    """The links of one paper's rows with another's; a number that one row agrees with is no conflict with another row."""
    links = list(_all_between(mine, theirs, shared=shared))
    agreed = {_place(link.second) for link in links if link.relation == "equal"}
    yield from (link for link in links if link.relation == "equal" or _place(link.second) not in agreed)


def _place(result: Result) -> tuple[object, ...]:
    return result.pointer.paper, result.pointer.table, result.pointer.cell, result.metric


def _all_between(mine: PaperRows, theirs: _Prints, *, shared: bool) -> Iterator[CrossLink]:
    """The rows of one paper that quote the other one and, where `shared`, those of works that both quote."""
    for row in mine.rows:
        candidates = theirs.by_key.get(_key(row.result))
        if not candidates:
            continue
        found = _quoted(row, mine, candidates)
        basis: Basis = "quoted"
        if found is None and shared:
            found, basis = _shared(row, mine, candidates), "shared"
        if found is None:
            continue
        link = _link(row, mine, found, basis)
        if link is not None:
            yield link


def _key(result: Result) -> Key:
    return result.task, result.dataset, result.metric


# --- which row of the other paper -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pair:
    """A row and one that may be its counterpart, with all that speaks for and against it."""

    other: Row
    paper: PaperRows  # that the other row stands in
    alike: str  # numbers.Likeness
    definition: tuple[str, ...]  # facets that differ
    condition: tuple[str, ...]
    open: tuple[str, ...]  # facets that only one of the two states
    part: bool  # whether both numbers are of the same part of the data, as far as headers say
    guessed: bool  # the row states no split: a test set is meant sooner than a dev set
    names: tuple[frozenset[str], frozenset[str]]  # words of the two names that are no own names of the other paper
    twins: tuple[str, ...] = ()  # the numbers of all rows of that name and those conditions, where they are several

    @property
    def differing(self) -> int:
        """Facets that both state and that differ."""
        return len(self.definition) + len(self.condition)

    @property
    def rank(self) -> tuple[object, ...]:
        """How near the other row comes: number, conditions, part of the data, name, standing in its paper."""
        # tables of two dates are of one system all the same
        differing = len(self.definition) + sum(f != "date" for f in self.condition)
        number = self.alike == "same" or (self.alike == "cut" and not differing)
        mine, theirs = self.names
        return (
            not (number and not differing),
            differing > 0 and not number,
            differing,
            not self.part,
            len(mine - theirs),
            len(self.open),
            self.guessed and self.other.conditions.split == "dev",
            self.other.dropped,
            len(theirs - mine),
            _STANDING[self.other.result.role],
        )


def _quoted(row: Row, mine: PaperRows, candidates: Sequence[tuple[Row, PaperRows]]) -> _Pair | None:
    """The row of the other paper's own system that a row quotes."""
    pairs: list[_Pair] = []
    quoted = {paper.paper.id for paper in {id(p): p for _, p in candidates}.values() if _cites(row, mine, paper)}
    for other, paper in candidates:
        known = paper.own_names | paper.title_words
        if paper.paper.id in quoted and other.added >= row.added - known:
            pair = _pair(row, other, paper, known)
            # a row that the paper does not mark as its own counts where it has the very name
            if other.own or (pair.names[0] and pair.names[0] <= pair.names[1]):
                pairs.append(pair)
    best = min(pairs, key=lambda p: p.rank, default=None)
    if best is None or best.alike != "differs":
        return best
    best = _first_twin(best, pairs)
    for paper in {id(p): p for _, p in candidates}.values():
        elsewhere = paper.own_row(row.result.score) if paper.paper.id in quoted else None
        if elsewhere is not None:
            return _pair(row, elsewhere, paper, paper.own_names | paper.title_words)
    return best


def _first_twin(best: _Pair, pairs: Sequence[_Pair]) -> _Pair:
    """Where a table has several rows of one name and says nothing to tell them apart, the first of them, with all values."""
    place = best.other.result.pointer
    twins = [
        p
        for p in pairs
        if p.other.result.pointer.table == place.table
        and p.other.result.pointer.paper == place.paper
        and p.other.result.pointer.column == place.column
        and p.other.result.method == best.other.result.method
        and p.other.conditions == best.other.conditions
    ]
    first = min(twins, key=lambda p: p.other.result.pointer.cell or (0, 0))
    return replace(first, twins=tuple(dict.fromkeys(p.other.result.score for p in twins)))


def _cites(row: Row, mine: PaperRows, theirs: PaperRows) -> bool:
    """Whether a row is of the other paper's system: cited in the row, beside its name in the text, or by its own name."""
    if row.works:
        cited = not mine.bibliography.naming(theirs.paper).isdisjoint(row.works)
        return cited and (len(row.works) == 1 or bool(row.name & theirs.own_names))
    if row.own or not row.name:
        return False
    named = row.name & theirs.own_names - mine.own_names
    coined = {n for n in named if len(n) >= 4 and n not in COMMON_NAMES}
    return bool(coined) and bool(mine.bibliography.naming(theirs.paper))


def _shared(row: Row, mine: PaperRows, candidates: Sequence[tuple[Row, PaperRows]]) -> _Pair | None:
    """The row of another paper that quotes the work that this row quotes."""
    if len(row.works) != 1 or row.own or row.works[0] in mine.bibliography.naming(mine.paper):
        return None
    pairs = [
        _pair(row, other, paper, frozenset())
        for other, paper in candidates
        if not other.own and len(other.works) == 1 and other.added == row.added and other.dropped == row.dropped
        if same_work(row.works[0], other.works[0]) and other.works[0] not in paper.bibliography.naming(paper.paper)
    ]
    return min(pairs, key=lambda p: p.rank, default=None)


def _pair(row: Row, other: Row, paper: PaperRows, known: frozenset[str]) -> _Pair:
    alike = likeness(row.value, row.decimals, other.value, other.decimals)
    definition, condition = differences(row.conditions, other.conditions)
    if alike != "differs":
        # what agrees was no other setting for all that headers call it, but a dev score is no test score
        condition = [f for f in condition if f in EXPERIMENT]
    return _Pair(
        other=other,
        paper=paper,
        alike=alike,
        definition=tuple(definition),
        condition=tuple(condition),
        open=tuple(unstated(row.conditions, other.conditions)),
        part=row.conditions.part == other.conditions.part,
        guessed=not row.conditions.split,
        names=((row.name | row.added) - known, (other.name | other.added) - known),
    )


# --- what the two numbers come to -----------------------------------------------------------------


def _link(row: Row, mine: PaperRows, pair: _Pair, basis: Basis) -> CrossLink | None:
    said = _relation(row, mine, pair, basis)
    if said is None:
        return None
    relation, reason = said
    result = row.result
    return CrossLink(
        task=result.task,
        dataset=result.dataset,
        metric=result.metric,
        split=row.conditions.split or pair.other.conditions.split,
        method=result.method,
        basis=basis,
        relation=relation,
        reason=reason,
        first=result,
        second=pair.other.result,
        evidence=(row.evidence, pair.other.evidence),
    )


def _relation(row: Row, mine: PaperRows, pair: _Pair, basis: Basis) -> tuple[Relation, str] | None:
    """How the numbers stand to each other, and why; None where the rows are too unlike to say anything."""
    other = pair.other
    a, b = row.result.score, other.result.score
    if len(pair.twins) > 1:
        b = f"{' and '.join(pair.twins)} under one name"
    numbers = f"{a} and {b}"
    if pair.alike != "differs" and not pair.differing:
        if pair.alike == "cut":
            return "equal", f"{numbers}: the last digits are cut off, not rounded"
        head = (
            f", there as {other.result.metric} on {other.result.dataset}"
            if _key(other.result) != _key(row.result)
            else ""
        )
        return "equal", f"{numbers} are the same number" if a != b else f"both print {a}{head}"
    if not pair.part and pair.alike == "differs":
        return None
    if basis == "shared" and (
        any(f in EXPERIMENT for f in (*pair.condition, *pair.open)) or not _same_name(*pair.names)
    ):
        return None  # two experiments of that work, or two of its systems
    if pair.differing:
        told = "; ".join(_told(f, row, other) for f in (*pair.definition, *pair.condition))
        numbers = f"both print {a}" if a == b else numbers
        return "different_definition" if pair.definition else "different_condition", f"{numbers}, but {told}"
    if mine.is_rerun(row) != pair.paper.is_rerun(other):
        return "different_condition", f"{numbers}: one of the papers ran the system itself"
    elsewhere = pair.paper.prints(a, other) if basis == "quoted" else ""
    if elsewhere:
        return "different_condition", f"{numbers}, and the quoted paper prints {a} in another place ({elsewhere})"
    if pair.open:
        told = " and as ".join(_stated(f, row, other) for f in pair.open)
        return "different_condition", f"{numbers}, and only one of the two is stated as {told}"
    if basis == "shared" and row.year != other.year and row.year and other.year:
        return "different_condition", f"{numbers}: quoted from the editions of {row.year} and {other.year}"
    if row.conditions.marks != other.conditions.marks:
        marks = "".join(sorted(row.conditions.marks ^ other.conditions.marks))
        return "different_condition", f"{numbers}, and the mark {marks} sets one of the rows apart in its table"
    if basis == "shared":
        return "conflict", f"the same work is quoted with {a} here and with {b} there; nothing that is stated differs"
    if not _same_variant(row, mine, pair):
        return "different_condition", f"{numbers}, and the rows may be of two variants of the system"
    preprint = any(e.is_preprint for e in mine.bibliography.naming(pair.paper.paper))
    more = "; it is cited as a preprint, of which there may be other versions" if preprint else ""
    return "conflict", f"{a} is quoted, the paper itself reports {b}; nothing that is stated differs{more}"


def _same_name(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two papers' names of a system agree: the same words, or the one's among the other's."""
    return a == b or (bool(a and b) and (a <= b or b <= a))


def _same_variant(row: Row, mine: PaperRows, pair: _Pair) -> bool:
    """Whether a row is of the variant that the quoted paper reports, as far as names go.

    Where a paper quotes one number of a work only, its name for it is a matter of taste and means the main result.
    """
    a, b = pair.names
    if _same_name(a, b):
        return True
    return mine.is_alone(row) and (a <= b or b <= a)


def _told(facet: str, row: Row, other: Row) -> str:
    mine, theirs = row.conditions.stated[facet], other.conditions.stated[facet]
    return f"{_FACETS[facet]} ({mine} and {theirs})" if facet in _FACETS else f"one is {mine}, the other {theirs}"


def _stated(facet: str, row: Row, other: Row) -> str:
    return row.conditions.stated.get(facet) or other.conditions.stated.get(facet, "")
