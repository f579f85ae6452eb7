"""Contradictions planted in memory: a number changed in one of the places that say it, the best cell's bold moved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.checks.consistency import marked_best, table_findings
from claimcheck.claims.parts import parts_of
from claimcheck.claims.patterns import results_of
from claimcheck.claims.quantities import find_quantities
from claimcheck.foundation.records import Claim, Document, Quantity

SUMMING_UP = ("abstract", "introduction", "conclusion")


@dataclass(frozen=True, slots=True)
class Planted:
    """A document with one contradiction in it, and where that is."""

    kind: str
    document: Document
    sentence: int  # index of the changed sentence, -1 for a table
    before: str
    after: str


def changed_numbers(document: Document, claims: Sequence[Claim], generator: np.random.Generator) -> Iterator[Planted]:
    """For each claim with a number in two parts of the paper, the document with one of the two changed by a digit."""
    parts = parts_of(document).part
    for claim in claims:
        places = [p for p in claim.places if 0 <= p.sentence < len(document.sentences)]
        said = [(p.sentence, q) for p in places for q in _results(document.sentences[p.sentence].text)]
        pairs = [
            (i, q)
            for i, q in said
            for j, r in said
            if i != j and q.value == r.value and q.decimals == r.decimals and parts[i] != parts[j]
            if parts[i] in SUMMING_UP or parts[j] in SUMMING_UP
        ]
        if not pairs:
            continue
        index, quantity = pairs[int(generator.integers(len(pairs)))]
        sentence = document.sentences[index]
        printed = f"{quantity.value:.{quantity.decimals}f}"
        if sentence.text.count(printed) != 1:
            continue
        other = _other_number(printed, generator)
        changed = with_sentence(document, index, sentence.text.replace(printed, other))
        yield Planted("number", changed, index, printed, other)


def moved_bold(document: Document, generator: np.random.Generator) -> Iterator[Planted]:
    """For each table whose bold marks the best and does so rightly, the document with a bold moved to the runner-up."""
    if table_findings(document):
        return  # what is wrong before is no plant
    for t, table in enumerate(document.tables):
        marked = marked_best(table)
        if not marked:
            continue
        best, runner_up = marked[int(generator.integers(len(marked)))]
        grid = [list(row) for row in table.grid]
        grid[best[0]][best[1]] = grid[best[0]][best[1]].model_copy(update={"bold": False})
        grid[runner_up[0]][runner_up[1]] = grid[runner_up[0]][runner_up[1]].model_copy(update={"bold": True})
        tables = list(document.tables)
        tables[t] = table.model_copy(update={"grid": tuple(map(tuple, grid))})
        yield Planted(
            "bold", document.model_copy(update={"tables": tuple(tables)}), -1, table.label, f"{best} -> {runner_up}"
        )


def _results(text: str) -> list[Quantity]:
    return [q for q in results_of(text, find_quantities(text)) if q.decimals and q.high is None]


def _other_number(printed: str, generator: np.random.Generator) -> str:
    """The number with one digit changed, not the first one: what a slip of the pen or a stale copy looks like."""
    at = [m.start() for m in re.finditer(r"\d", printed)][1:]
    place = at[int(generator.integers(len(at)))]
    digit = str((int(printed[place]) + int(generator.integers(1, 10))) % 10)
    return printed[:place] + digit + printed[place + 1 :]


def with_sentence(document: Document, index: int, text: str) -> Document:
    """The document with another text of one sentence."""
    sentence = document.sentences[index].model_copy(update={"text": text})
    sentences = [*document.sentences[:index], sentence, *document.sentences[index + 1 :]]
    update: dict[str, object] = {"sentences": tuple(sentences)}
    if document.sentences[index].kind == "abstract" and document.paper.abstract:
        text = document.paper.abstract.replace(document.sentences[index].text, sentence.text)
        update["paper"] = document.paper.model_copy(update={"abstract": text})
    return document.model_copy(update=update)
