"""A paper's results as a leaderboard carries them: task, dataset, metric, score of its own best rows or of all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from claimcheck.claims.prose_results import prose_results
from claimcheck.claims.result_tables import Scene, Score, scores
from claimcheck.claims.taxonomy import Taxonomy, load_taxonomy
from claimcheck.foundation.own_systems import COMMON_NAMES, marked_own, own_names
from claimcheck.foundation.records import Document, Pointer, Result
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.words import tokens

__all__ = ["results"]

Role = Literal["own_best", "own", "ablation", "baseline"]
Key = tuple[str, str, str]


def results(document: Document, all: bool = False) -> list[Result]:
    """The paper's own best row for each (dataset, metric), in the order of its tables.

    `all=True` gives every row of its result tables; `role` says whether it is own_best, own, ablation or baseline.
    Scores that the paper states only in prose are added, with a pointer to the sentence. A table without headers,
    without numbers or of one row gives none. Raises UsageError where the user's own taxonomy.toml cannot be read.
    """
    taxonomy = load_taxonomy(Settings.load().home)
    scene = Scene.of(document, taxonomy, own_names(document) | marked_own(document.tables))
    tables = [scores(table, scene) for table in document.tables]
    labels = _ablated_labels(tables)
    listed: list[tuple[Score, bool]] = []
    inferred: set[int] = set()
    for found in tables:
        own, marked = _own_rows(found, labels)
        listed += [(s, (s.row, s.column) in own) for s in found]
        if found and not marked:
            inferred.add(id(found[0].table))
    best = _best(listed, taxonomy, frozenset(inferred))
    found_results = []
    for score, is_own in listed:
        own_best = best.get(_key(score)) is score
        if not all and not own_best:
            continue
        role: Role = "own_best" if own_best else _role(score, is_own)
        found_results.append(_result(score, role, document))
    covered = {(r.dataset, r.metric) for r in found_results if r.role == "own_best"}
    return found_results + prose_results(scene, covered)


def _role(score: Score, own: bool) -> Role:
    if not own:
        return "baseline"
    return "ablation" if score.ablated or score.kind == "ablation" else "own"


def _own_rows(found: Sequence[Score], labels: frozenset[str]) -> tuple[set[tuple[int, int]], bool]:
    """The cells (row, column) of the paper's own systems and whether anything marks them.

    Without marks: rows that nobody is cited for where others are cited, else the last ones.
    """
    marked = [s for s in found if (s.own or _label(s) in labels) and not s.baseline] or [s for s in found if s.own]
    if marked:
        stems = {stem for s in marked if len(stem := _stem(s.system)) >= 4}
        kin = [s for s in found if not s.baseline and _stem(s.system) in stems]
        return {(s.row, s.column) for s in (*marked, *kin)}, True
    free = [s for s in found if not s.baseline]
    if any(s.baseline for s in found) and free:
        last = max((s.row for s in found if s.baseline), default=-1)
        below = [s for s in free if s.row > last]
        return {(s.row, s.column) for s in below or free}, False
    if all(s.unnamed for s in free):
        return {(s.row, s.column) for s in free}, False
    if free:
        # nothing is marked or cited: the last group of rows, in a table of one group its last row
        block = max(s.block for s in free)
        group = [s for s in free if s.block == block]
        if block == min(s.block for s in free):
            group = [s for s in free if s.row == max(x.row for x in free)]
        return {(s.row, s.column) for s in group}, False
    return set(), False


def _label(score: Score) -> str:
    """A system's name to compare over tables."""
    return re.sub(r"[\W_]+", "", re.sub(r"\([^)]*\)", "", score.system).lower())


def _stem(system: str) -> str:
    """The first six letters of a system's first coined name: FastQA and FastQAExt are kin."""
    first = next(
        (
            t
            for t in tokens(system)
            if t.namelike and len(t.form) > 3 and t.form[0].isalpha() and t.form not in COMMON_NAMES
        ),
        None,
    )
    return first.form[:6] if first else ""


def _ablated_labels(tables: Sequence[Sequence[Score]]) -> frozenset[str]:
    """Names of systems that a table takes apart ("w/o …", "- attention"): nobody but its makers ablates a system."""
    labels: set[str] = set()
    for found in tables:
        rows = {s.row: s for s in found}
        ablated = [s for s in rows.values() if s.ablated]
        whole = [s for s in rows.values() if not s.ablated and not s.baseline]
        if len(ablated) >= 2 and len(whole) <= len(ablated) + 1 and whole and len(_label(whole[0])) > 3:
            labels.add(_label(whole[0]))
    return frozenset(labels) - {"full", "fullmodel", "model", "all", "final", "finalmodel"}


def _key(score: Score) -> Key:
    if score.dataset is not None:
        return score.dataset.task, score.dataset.name, score.dataset.label(score.metric)
    return "", score.raw_dataset, score.metric


def _best(listed: Sequence[tuple[Score, bool]], taxonomy: Taxonomy, inferred: frozenset[int]) -> dict[Key, Score]:
    """For each (task, dataset, metric) the score to report: of the tables and splits that count most, the best value.

    A companion of other metrics (a number of parameters) is that of the row that wins one of them.
    """
    groups: dict[Key, list[Score]] = {}
    for score, own in listed:
        if own and (score.dataset is not None or score.raw_dataset):
            groups.setdefault(_key(score), []).append(score)
    best: dict[Key, Score] = {}
    companions: list[Key] = []
    for key, group in groups.items():
        metric = taxonomy.metric(group[0].metric)
        if metric.companion:
            companions.append(key)
            continue
        rank = min(_priority(s, inferred) for s in group)
        if rank[0] >= 2:
            continue
        first = [s for s in group if _priority(s, inferred) == rank]
        if first[0].qualifier:
            # parts of a result (languages, subsets) are not comparable: the first one printed
            first = [s for s in first if s.table is first[0].table and s.qualifier == first[0].qualifier]
        sign = 1.0 if metric.lower else -1.0
        best[key] = min(first, key=lambda s: (sign * s.number.value, s.table.label, s.row, s.column))
    winners = {(id(s.table), s.row) for s in best.values()}
    for key in companions:
        beside = [s for s in groups[key] if (id(s.table), s.row) in winners and s.dataset is not None]
        if beside:
            best[key] = beside[0]
    return best


def _priority(score: Score, inferred: frozenset[int]) -> tuple[int, ...]:
    """How little a score counts as the paper's result: dev sets, ablations, parts of a result, far-fetched datasets."""
    split = {"test": 0, "": 0, "dev": 1, "other": 2}[score.split]
    return (
        split,
        score.kind == "ablation",
        id(score.table) in inferred,
        score.distance >= 2,
        score.dataset is not None and score.dataset.label(score.metric) != score.metric,
        bool(score.qualifier),
        score.distance,
    )


def _result(score: Score, role: Role, document: Document) -> Result:
    task, dataset, metric = _key(score)
    table = score.table
    return Result(
        task=task,
        dataset=dataset,
        metric=metric,
        score=printed(score),
        method=score.system,
        role=role,
        pointer=Pointer(
            paper=document.paper.id,
            page=table.page,
            box=table.grid[score.row][score.column].box or table.box,
            table=table.label,
            row=table.row_name(score.row),
            column=table.column_name(score.column),
            cell=(score.row, score.column),
            line=table.line,
        ),
    )


def printed(score: Score) -> str:
    """The token as printed, with a unit letter ("16.3M") where it has one and without spread or marks."""
    text = score.table.grid[score.row][score.column].text
    m = re.search(rf"(?<![\d.]){re.escape(score.number.text)}\s?([KMB])?(?![\w.]*\d)", text)
    return score.number.text + (m[1] if m and m[1] else "")
