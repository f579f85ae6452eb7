"""Statements made for training: their label is what the cells say."""

from __future__ import annotations

import random

import numpy as np

from claimcheck.checks.statements.facts import Facts, table_facts
from claimcheck.checks.table_index import index_tables
from claimcheck.foundation.records import Table
from training.made_statements import Made, comparison, denied, difference, make, superlative

TABLE = Table.from_rows(
    ["Tool", "Speed", "Weight"],
    [["Adze", "12", "3.5"], ["Burin", "7", "2.0"], ["Chisel", "19", "1.0"], ["Drill", "4", "9.5"]],
)
ROWS, LANES = [0, 1, 2, 3], [1, 2]
NAMES = ["Adze", "Burin", "Chisel", "Drill"]


def facts() -> Facts:
    return table_facts(index_tables([TABLE]).views[0])


def test_comparisons_are_labelled_by_the_cells() -> None:
    rng, table = random.Random(3), facts()
    seen = set()
    for _ in range(200):
        made = comparison(table, rng, ROWS, LANES, 0)
        if made is None:
            continue
        first, second = sorted((made.text.index(n), n) for n in NAMES if n in made.text)
        lane = 1 if "Speed" in made.text else 2
        gap = table.values[NAMES.index(first[1]), lane] - table.values[NAMES.index(second[1]), lane]
        words = made.text[len(first[1]) : second[0]]
        says_less = any(w in words for w in ("lower", "less", "behind"))
        says_more = not says_less
        if "not" in words or "fails" in words:
            says_more = False
        assert (made.label == "supported") == ((gap > 0) == says_more), made.text
        seen.add(made.label)
    assert seen == {"supported", "refuted"}


def test_superlatives_are_labelled_by_the_cells() -> None:
    rng, table = random.Random(4), facts()
    for _ in range(100):
        made = superlative(table, rng, ROWS, LANES, 0)
        if made is None:
            continue
        lane = 1 if "Speed" in made.text else 2
        top = any(w in made.text for w in ("highest", "largest", "maximum"))
        winner = NAMES[int((np.argmax if top else np.argmin)(table.values[:, lane]))]
        holds = (winner in made.text) != (" not " in made.text)
        assert made.label == ("supported" if holds else "refuted"), made.text


def test_a_true_difference_is_that_of_the_cells() -> None:
    rng, table = random.Random(5), facts()
    for _ in range(50):
        made = difference(table, rng, ROWS, LANES, 0)
        if made is None or made.label != "supported":
            continue
        lane = 1 if "Speed" in made.text else 2
        said = float(made.text.split(" by ")[1].split()[0])
        a, b = (NAMES.index(n) for _, n in sorted((made.text.index(n), n) for n in NAMES if n in made.text))
        assert abs(abs(table.values[a, lane] - table.values[b, lane]) - said) < 0.06


def test_a_denied_truth_is_false() -> None:
    assert denied(Made("Adze has the lowest Speed", "supported")) == Made(
        "Adze does not have the lowest Speed", "refuted"
    )
    assert denied(Made("Adze never sleeps", "supported")) == Made("Adze never sleeps", "supported")


def test_the_same_seed_makes_the_same_statements() -> None:
    assert make(facts(), random.Random(1), 5, ["so it goes"]) == make(facts(), random.Random(1), 5, ["so it goes"])
    assert make(table_facts(index_tables([Table.from_rows(["A"], [["b"]])]).views[0]), random.Random(1), 5, []) == []
