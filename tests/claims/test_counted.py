"""What a paper counts otherwise in another part is a finding; parts of it, bounds and other things are none."""

from __future__ import annotations

import pytest

from claimcheck.claims.counted import count_findings, counts_in
from claimcheck.foundation.records import Document, Finding, Paper, Section, Sentence

TITLES = ("Abstract", "Introduction", "Data", "Results", "Conclusion")
FIRST = "We evaluate our tagger on seven morphologically rich languages."


def found(*lines: tuple[str, str]) -> list[Finding]:
    sections = tuple(Section(title=t, kind="abstract" if t == "Abstract" else "body") for t in TITLES)
    sentences = tuple(
        Sentence(
            text=text,
            section=TITLES.index(title),
            paragraph=i,
            page=i + 1,
            kind="abstract" if title == "Abstract" else "body",
        )
        for i, (title, text) in enumerate(lines)
    )
    return count_findings(Document(paper=Paper(id="x"), sections=sections, sentences=sentences))


@pytest.mark.parametrize(
    "second",
    [
        FIRST.replace("seven", "eight"),
        "Our tagger was tested on 8 morphologically rich languages.",
        "Experiments are conducted on eight different morphologically rich languages.",
    ],
)
def test_two_counts_of_the_same_things_are_a_finding(second: str) -> None:
    [finding] = found(("Abstract", FIRST), ("Results", second))
    assert finding.kind == "places_differ"
    assert [e.quote for e in finding.evidence] == [FIRST, second]
    assert [e.pointer.page for e in finding.evidence] == [1, 2]
    assert "“seven morphologically rich languages” in Abstract, p. 1" in finding.text


def test_a_sentence_said_again_with_another_count_is_a_finding() -> None:
    first = "The tagger learns three auxiliary tasks of word formation together."
    [finding] = found(("Introduction", first), ("Data", first.replace("three", "four")))
    assert "four auxiliary tasks" in finding.text


@pytest.mark.parametrize(
    "second",
    [
        FIRST,
        FIRST.replace("seven", "7"),
        FIRST.replace("seven", "more than five"),
        FIRST.replace("seven", "two of the seven"),
        FIRST.replace("seven", "the other three"),
        FIRST.replace("seven morphologically rich", "three Uralic"),
        FIRST.replace("seven morphologically rich languages", "seven treebanks"),
        FIRST.replace("seven", "four").replace("We", "In addition, we"),
        "The gain is largest for the three morphologically rich languages of the Uralic family.",
        "Four morphologically rich languages have no lexicon.",
        "",
    ],
)
def test_parts_bounds_and_other_things_are_no_findings(second: str) -> None:
    assert found(("Abstract", FIRST), ("Results", second)) == []


def test_two_sorts_of_things_that_both_parts_count_are_no_findings() -> None:
    again = FIRST.replace("seven", "eight")
    assert found(("Abstract", FIRST), ("Results", again), ("Results", FIRST)) == []
    assert found(("Abstract", FIRST), ("Abstract", again), ("Results", again)) == []


def test_two_counts_in_the_body_alone_are_no_finding() -> None:
    assert found(("Data", FIRST), ("Results", FIRST.replace("seven", "eight"))) == []


def test_counts_are_read_in_words_and_figures_without_places_and_citations() -> None:
    text = "Table 3 tasks: twelve new tasks on 14 parallel corpora (5 tasks of Smith, 2016)."
    assert [(c.value, c.noun, c.narrowed) for c in counts_in(text)] == [
        (12, "task", frozenset()),
        (14, "corpora", frozenset({"parallel"})),
    ]


def test_data_sets_of_one_task_are_not_those_of_the_paper() -> None:
    whole = "Our model is evaluated on 11 benchmark datasets of parsing, tagging and reading."
    part = "We evaluate on 4 diverse datasets, including FaroTree and SamiTree."
    assert found(("Introduction", whole), ("Results", part)) == []
