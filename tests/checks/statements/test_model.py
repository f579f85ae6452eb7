"""The model over the signs: shares that sum to one, better answers never hurt, absent words never help."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.checks.statements import calibration
from claimcheck.checks.statements.model import Trees, load_model

MODEL = load_model()
ANSWERS = [s for s in MODEL.holds.signs if s.endswith(("_best", "_worst"))]
SIGNS = st.dictionaries(st.sampled_from(MODEL.holds.signs), st.floats(-5, 60), max_size=20)


@given(SIGNS)
def test_probabilities_are_shares(signs: dict[str, float]) -> None:
    (found,) = MODEL.probabilities([signs])
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) >= 0.0


@given(SIGNS, st.sampled_from(ANSWERS), st.floats(0, 2))
def test_a_better_answer_never_lowers_that_it_holds(signs: dict[str, float], answer: str, more: float) -> None:
    better = {**signs, answer: signs.get(answer, 0.0) + more}
    low, high = MODEL.holds.probability([signs, better])
    assert high >= low - 1e-12


@given(SIGNS, st.sampled_from(["unlinked", "unlinked_share", "cause", "hedge"]), st.floats(0, 5))
def test_a_word_without_a_place_never_raises_that_the_table_tells(
    signs: dict[str, float], sign: str, more: float
) -> None:
    farther = {**signs, sign: signs.get(sign, 0.0) + more}
    before, after = MODEL.decided.probability([signs, farther])
    assert after <= before + 1e-12


def test_trees_are_what_their_json_says() -> None:
    tree = {"sign": [0, -1, 1, -1, -1], "at": [0.5, 0, 2.0, 0, 0], "left": [1, 0, 3, 0, 0], "right": [2, 0, 4, 0, 0],
            "value": [0, -1.0, 0, 0.25, 3.0]}  # fmt: skip
    trees = Trees.from_json({"signs": ["a", "b"], "base": 0.5, "temperature": 2.0, "trees": [tree, tree]})
    rows = [{"a": 0.5}, {"a": 0.6, "b": 2.0}, {"a": 0.6, "b": 2.1}, {}]
    expected = 1 / (1 + np.exp(-np.array([0.5 - 2.0, 0.5 + 0.5, 0.5 + 6.0, 0.5 - 2.0]) / 2.0))
    assert trees.probability(rows) == pytest.approx(expected)


def test_the_weights_are_small_and_their_trees_shallow() -> None:
    text = resources.files("claimcheck.checks.statements").joinpath("weights.json").read_text(encoding="utf-8")
    assert len(text) < 400_000
    raw = json.loads(text)
    for model in (raw["decided"], raw["holds"]):
        assert model["temperature"] > 0
        for tree in model["trees"]:
            depth = {0: 0}
            for i, sign in enumerate(tree["sign"]):
                if sign >= 0:
                    depth[tree["left"][i]] = depth[tree["right"][i]] = depth[i] + 1
                    assert sign < len(model["signs"])
            assert max(depth.values()) <= 4


def test_every_sign_of_the_model_is_drawn() -> None:
    from claimcheck.checks.statements.facts import table_facts
    from claimcheck.checks.statements.signs import read
    from claimcheck.checks.table_index import index_tables
    from claimcheck.foundation.records import Table

    table = Table.from_rows(["Name", "Value"], [["a", "1"], ["b", "2"]])
    drawn = read("a is higher than b", table_facts(index_tables([table]).views[0])).signs
    assert set(MODEL.holds.signs) | set(MODEL.decided.signs) <= set(drawn)


def test_prose_of_papers_is_judged_less_surely_and_never_otherwise() -> None:
    plain = {"words": 10.0, "plain_words": 0.4, "link": 1.6, "compare_best": 1.0, "any_best": 1.0, "programs": 2.0}
    prose = {**plain, "words": 26.0, "prose": 3.0, "method": 2.0, "hedge": 1.0}
    assert MODEL.prose.likeness([plain])[0] < 0.5 < MODEL.prose.likeness([prose])[0]
    sure = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    # a statement that was made for a table is left as it is
    assert MODEL.prose.flattened(sure, [plain, plain]) == pytest.approx(sure)
    flat = MODEL.prose.flattened(sure, [prose, prose])
    assert flat.argmax(axis=1).tolist() == [0, 1]
    assert (flat.max(axis=1) < sure.max(axis=1) - 0.1).all()
    assert flat.sum(axis=1) == pytest.approx(np.ones(2))


def test_every_sign_of_the_wording_is_drawn() -> None:
    assert set(MODEL.prose.weights) <= set(MODEL.holds.signs)
    assert MODEL.prose.temperature > 1


def test_the_calibration_names_its_sets_and_their_size() -> None:
    raw = json.loads(
        resources.files("claimcheck.checks.statements").joinpath("weights.json").read_text(encoding="utf-8")
    )
    told = calibration()
    assert told.startswith("TabFact and InfoTabS")
    assert f"({raw['calibration']['statements']} statements)" in told
    assert raw["calibration"]["statements"] > 1000
