"""A report says which results stand in other papers and quotes both cells where they differ; it judges neither."""

from __future__ import annotations

import json

import pytest

from claimcheck.foundation.records import CrossLink, Evidence, Finding, Ledger, Paper, Pointer, Result
from claimcheck.foundation.records.links import Relation
from claimcheck.publish import render
from claimcheck.publish.sarif import ledger_sarif

HOME = Paper(id="1901.00002", title="Otter")
OTHER = Paper(id="1801.00001", title="Heron", url="https://arxiv.org/abs/1801.00001")


def link(relation: Relation, mine: str, theirs: str) -> CrossLink:
    def result(paper: str, score: str) -> Result:
        place = Pointer(paper=paper, page=5, table="1", row="Brook (2018)", column="F1", cell=(2, 1))
        return Result(
            task="tagging", dataset="Delta", metric="F1", score=score, method="Brook (2018)", role="own", pointer=place
        )

    first, second = result(HOME.id, mine), result(OTHER.id, theirs)
    return CrossLink(
        task="tagging",
        dataset="Delta",
        metric="F1",
        method="Brook (2018)",
        basis="quoted",
        relation=relation,
        reason=f"{mine} is quoted, the paper itself reports {theirs}",
        first=first,
        second=second,
        evidence=(
            Evidence(quote=mine, pointer=first.pointer),
            Evidence(quote=theirs, pointer=second.pointer),
        ),
    )


LEDGER = Ledger(paper=HOME, sources=(OTHER,), links=(link("equal", "81.2", "81.2"), link("conflict", "79.4", "81.25")))


@pytest.mark.parametrize("format", ["html", "md", "tex"])
def test_differing_results_are_listed_with_both_cells_and_agreeing_ones_counted(format: str) -> None:
    text = render(LEDGER, format).decode()
    assert "The same results in other papers" in text
    assert "2 numbers of this paper" in text
    assert "1 agree" in text
    assert "Another number" in text
    assert "81.25" in text
    assert "1801.00001" in text
    assert "The same number" not in text


@pytest.mark.parametrize("format", ["html", "md", "tex"])
def test_a_ledger_that_was_held_against_nothing_says_nothing_of_other_papers(format: str) -> None:
    assert "The same results in other papers" not in render(Ledger(paper=HOME), format).decode()


def test_links_go_to_json_and_back() -> None:
    assert Ledger.model_validate_json(render(LEDGER, "json")).links == LEDGER.links


def test_findings_without_claims_have_words_and_fingerprints_of_their_own() -> None:
    def bold(row: str) -> Finding:
        place = Pointer(paper=HOME.id, page=4, table="1", row=row, column="Yew", cell=(3, 5))
        return Finding(kind="bold_not_best", text=f"{row} is bold.", evidence=(Evidence(quote="51.6", pointer=place),))

    ledger = Ledger(paper=HOME, findings=(bold("Ours"), bold("Ours, small")))
    assert "Bold marks a number that is not the best" in render(ledger, "html").decode()
    results = json.loads(ledger_sarif(ledger))["runs"][0]["results"]
    assert len({json.dumps(r["partialFingerprints"]) for r in results}) == 2
