"""Verdicts are always well formed: shares that sum to one, the label their argmax, whatever comes in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import claimcheck
from claimcheck import Passage, Table
from claimcheck.checks.decide import Found, decide
from claimcheck.checks.statements import StatementCheck
from claimcheck.checks.text import TextCheck
from claimcheck.foundation.models.verifier import NAME
from claimcheck.foundation.records import LABELS, Check, Evidence, Label, Pointer, Verdict

_WORDS = ["FSR", "BERT", "outperforms", "F1", "by", "91.3", "2.1 points", "on 3 of 4", "not", "the best", "12%", "Avg"]
_CELLS = st.one_of(
    st.sampled_from(["91.3", "-", "nan", "", "FSR", "12%", "80.1 ± 0.3", "1/2", "inf", "+2.1"]), st.text(max_size=5)
)
_SENTENCES = st.lists(st.one_of(st.sampled_from(_WORDS), st.text(max_size=6)), max_size=12).map(" ".join)
_TABLES = st.builds(
    Table.from_rows,
    st.lists(_CELLS, max_size=4),
    st.lists(st.lists(_CELLS, max_size=4), max_size=5),
    st.text(max_size=20),
)


def assert_well_formed(verdict: Verdict) -> None:
    assert set(verdict.probabilities) == set(LABELS)
    assert sum(verdict.probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert min(verdict.probabilities.values()) >= 0
    assert verdict.confidence == verdict.probabilities[verdict.label] == max(verdict.probabilities.values())


@settings(max_examples=40, deadline=None)
@given(st.lists(_SENTENCES, min_size=1, max_size=3), st.lists(_TABLES, max_size=2))
def test_any_claims_and_tables_give_well_formed_verdicts(claims: list[str], tables: list[Table]) -> None:
    verdicts = claimcheck.check_many([(claim, tables) for claim in claims])
    assert len(verdicts) == len(claims)
    for verdict in verdicts:
        assert_well_formed(verdict)
        for check in verdict.checks:
            assert 0 <= check.score <= 1
            quotes = {cell.text for table in tables for row in table.grid for cell in row}
            assert {e.quote for e in check.evidence} <= quotes


def _checks(kind: str) -> st.SearchStrategy[Check]:
    return st.builds(
        lambda label, score: Check(kind=kind, label=label, score=score),  # type: ignore[arg-type]
        st.sampled_from(LABELS),
        st.floats(0, 1),
    )


def shares(label: Label, share: float = 0.8) -> dict[Label, float]:
    return {x: share if x == label else (1 - share) / 2 for x in LABELS}


def text(label: Label, model: str = NAME) -> TextCheck:
    return TextCheck(Check(kind="text", label=label, score=0.8), shares(label), model)


def statement(label: Label) -> StatementCheck:
    return StatementCheck(Check(kind="statement", label=label, score=0.8), shares(label), {})


@settings(max_examples=40, deadline=None)
@given(st.lists(_checks("cells"), max_size=4), st.lists(_checks("direction"), max_size=3), st.sampled_from(LABELS))
def test_rules_in_order_of_strength(numbers: list[Check], directions: list[Check], said: Label) -> None:
    verdict = decide(Found(numbers, directions, None, text(said)))
    assert_well_formed(verdict)
    assert len(verdict.checks) == len(numbers) + len(directions) + 1
    if any(c.label == "refuted" for c in (*numbers, *directions)):
        assert verdict.label == "refuted"
        assert verdict.checks[0].label == "refuted"
    elif numbers and all(c.label == "supported" for c in numbers):
        assert verdict.label == "supported"
    elif numbers and any(c.label == "supported" for c in numbers):
        assert verdict.label == "not_enough_info"


def one(label: Label, score: float = 0.9, paper: str = "") -> Check:
    place = Evidence(quote="91.3", pointer=Pointer(paper=paper, table="2", row="FSR", column="F1"))
    return Check(kind="cells", label=label, score=score, evidence=[place])


def test_a_stronger_check_gives_more_confidence() -> None:
    for label in ("supported", "refuted"):
        weak, strong = (decide(Found([one(label, score, paper="2005.13013")])) for score in (0.5, 0.9))
        assert weak.confidence < strong.confidence


def test_text_decides_only_where_no_table_does() -> None:
    assert decide(Found(text=text("refuted"))).label == "refuted"
    assert decide(Found([one("supported")], text=text("refuted"))).label == "supported"


def test_a_verdict_names_the_calibration_set_behind_its_confidence() -> None:
    by_text, by_table = decide(Found(text=text("supported"))), decide(Found(statement=statement("refuted")))
    assert by_text.calibration
    assert "SciFact" in by_text.calibration
    assert by_table.calibration
    assert by_table.calibration != by_text.calibration
    assert by_table.probabilities == shares("refuted")
    # the paper that says it again and a model of the user's have none
    assert decide(Found(text=text("supported", model=""))).calibration is None
    assert decide(Found(text=text("supported", model="other/model"))).calibration is None


def test_settled_cells_of_a_paper_go_before_the_wording_and_open_ones_do_not() -> None:
    settled = one("supported", paper="2005.13013")
    assert decide(Found([settled], statement=statement("refuted"))).label == "supported"
    assert decide(Found([one("not_enough_info", 0.1)], statement=statement("refuted"))).label == "refuted"


def test_on_a_table_that_stands_alone_cells_go_before_the_wording_only_in_the_prose_of_papers() -> None:
    settled = one("supported")
    plain = decide(Found([settled], statement=statement("refuted")))
    assert plain.label == "refuted"
    assert settled in plain.checks
    words = {"words": 20.0, "prose": 3.0, "method": 2.0}
    prose = StatementCheck(Check(kind="statement", label="refuted", score=0.8), shares("refuted"), words)
    assert decide(Found([settled], statement=prose)).label == "supported"


def test_cells_name_the_set_that_tells_how_often_they_are_right() -> None:
    for label in ("supported", "refuted"):
        in_paper, alone = decide(Found([one(label, paper="2005.13013")])), decide(Found([one(label)]))
        assert in_paper.label == alone.label == label
        assert "papers" in str(in_paper.calibration)
        assert "TabFact" in str(alone.calibration)
        assert in_paper.confidence > alone.confidence


def test_comparisons_that_are_open_support_nothing() -> None:
    open_ = Check(kind="direction", label="not_enough_info", score=0.0)
    assert decide(Found(directions=[open_])).label == "not_enough_info"


def test_a_table_that_tells_nothing_leaves_the_claim_to_the_text() -> None:
    assert decide(Found(statement=statement("not_enough_info"), text=text("refuted"))).label == "refuted"
    assert decide(Found(statement=statement("supported"), text=text("refuted"))).label == "supported"


@pytest.mark.parametrize("claim", ["", "   ", "\x00\x01", "12345", "!!!", "word " * 10_000])
def test_empty_claims_and_rubble_are_open(claim: str) -> None:
    table = Table.from_rows(["Model", "F1"], [["FSR", "91.3"], ["BERT", "89.2"]])
    for evidence in ([], [table], [Passage("")], [Passage("FSR is fast.")]):
        verdict = claimcheck.check(claim, evidence)  # type: ignore[arg-type]
        assert verdict.label == "not_enough_info"
        assert_well_formed(verdict)


def test_verdicts_do_not_depend_on_the_company() -> None:
    table = Table.from_rows(["Model", "F1"], [["FSR", "91.3"], ["BERT", "89.2"]], caption="F1 on SQuAD")
    claims = ["FSR reaches 91.3 F1 on SQuAD.", "", "FSR reaches 91.8 F1 on SQuAD.", "BERT outperforms FSR."]
    alone = [claimcheck.check(claim, [table]) for claim in claims]
    assert claimcheck.check_many([(claim, [table]) for claim in claims]) == alone
    assert [v.label for v in alone] == ["supported", "not_enough_info", "refuted", "refuted"]
