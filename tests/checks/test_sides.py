"""Comparisons by the claim's own slots: lists, "all others", previous work, conditions that a table does not tell."""

from __future__ import annotations

import pytest
from result_tables import INTERMEDIATE, READERS, first_check, verdict

from claimcheck import Table
from claimcheck.foundation.records import Label

PARSERS = Table.from_rows(
    ["Parser", "UAS", "LAS"],
    [
        ["Abe et al. (2014)", "91.2", "88.9"],
        ["Berg and Cole (2015)", "92.7", "90.1"],
        ["Diaz et al. (2016)", "93.0", "91.4"],
        ["TreeNet (ours)", "94.1", "92.2"],
        ["Greedy", "90.2", "87.5"],
    ],
    caption="Dependency parsing on the news treebank",
    label="6",
)


@pytest.mark.parametrize(
    ("claim", "label"),
    [
        ("Our model outperforms all previous parsers.", "supported"),
        ("Our model underperforms all previous parsers.", "refuted"),
        ("We outperform the state of the art in UAS and LAS.", "supported"),
        ("TreeNet outperforms Greedy and Abe et al. (2014).", "supported"),
        ("TreeNet underperforms Greedy and Abe et al. (2014).", "refuted"),
    ],
)
def test_several_rivals_at_once(claim: str, label: Label) -> None:
    assert verdict(claim, PARSERS).label == label


@pytest.mark.parametrize(
    "claim",
    [
        "Greedy outperforms the previous state of the art.",  # not the paper's own
        "Our model outperforms all previous parsers on constituency trees of spoken Welsh.",  # another table's subject
        "Our model outperforms several strong parsers.",  # which ones is not said
        "In the in-domain setting, Greedy is worse than TreeNet.",  # the table does not tell settings apart
    ],
)
def test_an_open_side_or_another_subject_says_nothing(claim: str) -> None:
    if "in-domain" in claim:
        assert verdict(claim, PARSERS).label != "refuted"
    else:
        assert verdict(claim, PARSERS).label == "not_enough_info"


def test_every_lane_must_agree() -> None:
    assert verdict("FSR outperforms all other models.", READERS).label != "supported"  # not on SST
    assert verdict("FSR outperforms all other models on MNLI.", READERS).label == "supported"


def test_the_derivation_names_the_closest_rival() -> None:
    check = first_check("Our model outperforms all previous parsers.", PARSERS)
    assert "94.1 > 93.0" in (check.derivation or "")
    assert {e.pointer.row for e in check.evidence} == {"TreeNet (ours)", "Diaz et al. (2016)"}


def test_on_par_is_supported_only_where_figures_are_near() -> None:
    assert verdict("SQuAD is comparable to XLM-R on PAWS.", INTERMEDIATE).label == "supported"
    assert verdict("SQuAD is comparable to XLM-R on TyDiQA.", INTERMEDIATE).label == "not_enough_info"


def test_a_score_said_before_is_what_a_change_starts_from() -> None:
    table = Table.from_rows(
        ["Model", "EM"],
        [["Net (single)", "71.4"], ["Net (ensemble)", "76.0"], ["CRF", "60.3"]],
        caption="EM on the test set",
    )
    claim = "The single Net achieves 71.4 EM and the ensemble Net {} to 76.0 EM."
    assert verdict(claim.format("improves"), table).label == "supported"
    assert verdict(claim.format("degrades"), table).label == "refuted"
