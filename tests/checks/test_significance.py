"""Claims of significance against the marks that a caption defines and the p-values that a table prints."""

from __future__ import annotations

import pytest

import claimcheck
from claimcheck.checks.significance import BOLD, marks_of, significance_findings
from claimcheck.foundation.records import Check, Document, Paper, Sentence, Table

CAPTION = "Table 1: Accuracy of taggers. * denotes significance at p < 0.05 over the baseline, ** at p < 0.01."
HEADER = ("Model", "Faroese", "Sami", "Votic")


def table(ours: tuple[str, str, str], caption: str = CAPTION) -> Table:
    rows = [("Baseline", "81.4", "77.2", "69.5"), ("Larger lexicon", "82.0", "78.1*", "70.3"), ("Gated tagger", *ours)]
    return Table.from_rows(HEADER, rows, caption, "1")


def checked(claim: str, one: Table) -> list[Check]:
    document = Document(paper=Paper(id="x", title="Gated tagger"), sentences=(Sentence(text=claim),), tables=(one,))
    verdict = claimcheck.check(claim, [document])
    return [c for c in verdict.checks if c.derivation and ("marked" in c.derivation or "has no" in c.derivation)]


SAID = "The gated tagger reaches 84.7 on Faroese, a statistically significant gain over the baseline (p < 0.05)."
MUCH = "The gated tagger reaches 84.7 on Faroese, which is significantly better than the baseline."


@pytest.mark.parametrize(
    ("claim", "ours", "label"),
    [
        (SAID, ("84.7*", "80.2*", "71.1"), "supported"),
        (SAID, ("84.7**", "80.2*", "71.1"), "supported"),
        (SAID, ("84.7", "80.2*", "71.1"), "refuted"),
        (SAID.replace("0.05", "0.01"), ("84.7**", "80.2*", "71.1"), "supported"),
        (SAID.replace("a statistically", "no statistically"), ("84.7", "80.2*", "71.1"), "supported"),
    ],
)
def test_a_defined_mark_decides(claim: str, ours: tuple[str, str, str], label: str) -> None:
    [check] = checked(claim, table(ours))
    assert check.label == label
    assert check.derivation is not None
    assert "84.7" in check.derivation
    assert [e.pointer.cell for e in check.evidence] == [(3, 1)]


@pytest.mark.parametrize(
    ("claim", "ours", "caption"),
    [
        # the mark stands for less than the claim says, or for nothing
        (SAID.replace("0.05", "0.01"), ("84.7*", "80.2*", "71.1"), CAPTION),
        (SAID, ("84.7*", "80.2", "71.1"), "Table 1: Accuracy of taggers. * taken from the authors."),
        (SAID, ("84.7", "80.2*", "71.1"), "Table 1: Accuracy of taggers."),
        # "significantly" may mean "much"; no other number is marked; the mark is of another comparison
        (MUCH, ("84.7", "80.2*", "71.1"), CAPTION),
        (SAID.replace("over the baseline", "over the lexicon"), ("84.7", "80.2*", "71.1"), CAPTION),
        ("The gated tagger reaches 84.7 on Faroese.", ("84.7", "80.2*", "71.1"), CAPTION),
        (SAID.replace("a statistically", "maybe some statistically"), ("84.7", "80.2*", "71.1"), CAPTION),
    ],
)
def test_where_the_mark_may_mean_something_else_nothing_is_said(
    claim: str, ours: tuple[str, str, str], caption: str
) -> None:
    assert checked(claim, table(ours, caption)) == []


def test_a_missing_mark_refutes_only_where_other_cells_have_it() -> None:
    plain = Table.from_rows(
        HEADER, [("Baseline", "81.4", "77.2", "69.5"), ("Gated tagger", "84.7", "80.2", "71.1")], CAPTION, "1"
    )
    assert checked(SAID, plain) == []


@pytest.mark.parametrize(
    ("caption", "marks"),
    [
        (CAPTION, [("*", 0.05), ("**", 0.01)]),
        ("Scores. Statistically significant differences are marked with an asterisk.", [("*", None)]),
        ("† stands for significantly better than the trigram tagger with 0.95 confidence.", [("†", 0.05)]),
        ("∗: p < .05, ∗∗: p < .01.", [("*", 0.05), ("**", 0.01)]),
        ("Significant improvements over the baseline are in bold.", [(BOLD, None)]),
        ("† indicates no significant difference to the best.", []),
        ("* is an estimated value. Our results are significantly better.", []),
        ("Our tagger is significantly better. * from Smith.", []),
        ("", []),
    ],
)
def test_marks_are_what_the_caption_says(caption: str, marks: list[tuple[str, float | None]]) -> None:
    assert [(m.symbol, m.level) for m in marks_of(caption)] == marks


@pytest.mark.parametrize(
    ("claim", "label"),
    [
        ("The gated tagger reaches 84.7 on Faroese, a statistically significant gain (p < 0.01).", "refuted"),
        ("The gated tagger reaches 84.7 on Faroese, a statistically significant gain (p < 0.05).", "supported"),
        ("The gated tagger reaches 84.7 on Faroese, which is not significant at the 0.01 level.", "supported"),
    ],
)
def test_a_printed_p_value_is_held_to_the_level(claim: str, label: str) -> None:
    rows = [("Baseline", "81.4", "-"), ("Larger lexicon", "82.0", "0.41"), ("Gated tagger", "84.7", "0.03")]
    one = Table.from_rows(("Model", "Faroese", "p-value"), rows, "Table 1: Accuracy of taggers.", "1")
    document = Document(paper=Paper(id="x", title="Gated tagger"), sentences=(Sentence(text=claim),), tables=(one,))
    found = [c for c in claimcheck.check(claim, [document]).checks if "p = 0.03" in (c.derivation or "")]
    assert [c.label for c in found] == [label]


def test_a_sentence_whose_p_value_is_above_its_level_is_a_finding() -> None:
    def findings(text: str) -> int:
        return len(significance_findings(Document(paper=Paper(id="x"), sentences=(Sentence(text=text),))))

    assert findings("The gain is significant at the 0.01 level (p = 0.03).") == 1
    assert findings("The gain is significant at the 0.05 level (p = 0.03).") == 0
    assert findings("The gain is not significant at the 0.01 level (p = 0.03).") == 0
    assert findings("Dropout with p = 0.3 has a significant effect.") == 0
