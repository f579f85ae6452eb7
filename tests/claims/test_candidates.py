"""Which sentences become candidates: what the patterns know by its words, and what claims nothing in any words."""

from __future__ import annotations

import pytest

from claimcheck.claims.candidates import find_candidates, readable_sentences
from claimcheck.claims.parts import own_names, parts_of
from claimcheck.claims.patterns import matches_patterns, says_nothing_checkable
from claimcheck.claims.quantities import find_quantities
from claimcheck.foundation.records import Document, Paper, Section, Sentence

CLAIMS = {
    "number": "The parser reaches 94.2 LAS on the German test set.",
    "comparison": "Tree features are more useful than word order on short questions.",
    "achievement": "The tagger achieves competitive results on all treebanks.",
    "change": "Removing the gate hurts accuracy on rare words.",
    "trend": "Accuracy increases steadily with the number of layers.",
    "cause": "The lower error is due to the larger vocabulary.",
    "first": "To our knowledge, no previous work has parsed Faroese without supervision.",
    "found along": "We timed both parsers and found that the tagger waits for neither.",
    "twice as": "The gated parser is about twice as fast as the plain one.",
    "the same as": "It reaches the same accuracy as the pipeline without any tags.",
    "finding": "Our analysis reveals that the second layer stores word order.",
}
NOTHINGS = {
    "pointer": "Table 3 shows the best results of all systems.",
    "passive pointer": "The results of all systems are shown in Table 3.",
    "announcement": "In this section, we describe the best baseline.",
    "experiment": "We evaluate the parser on three treebanks.",
    "purpose": "To see whether depth is better than width, we compared two parsers.",
    "future": "In the future, we plan to improve the results on German.",
    "belief": "We believe that the parser is useful for other tasks.",
    "possibility": "Larger corpora could bring better results.",
    "set-up": "We train the parser with a learning rate of 0.01 and dropout.",
    "question": "Is the parser any better than the tagger?",
    "contributions": "Our contributions are as follows.",
    "step": "Then, another layer combines the two states.",
    "sections": "We compare the accuracy of both in Sections 4.3, 4.4 and 4.5.",
    "list": "Two ways to better results are:",
    "thanks": "We are grateful to Nils for better sentences.",
    "outline": "We conclude the paper with Section 5.",
}


@pytest.mark.parametrize("text", CLAIMS.values(), ids=CLAIMS)
def test_the_patterns_know_a_claim_by_its_words(text: str) -> None:
    assert matches_patterns(text, find_quantities(text), part="results")
    assert not says_nothing_checkable(text)


@pytest.mark.parametrize("text", NOTHINGS.values(), ids=NOTHINGS)
def test_what_announces_points_or_hopes_claims_nothing(text: str) -> None:
    assert says_nothing_checkable(text, find_quantities(text))


@pytest.mark.parametrize(
    "text",
    [
        "Table 3 shows that the parser outperforms the tagger.",
        "We compare two parsers and find that depth helps more than width.",
        "The parser fails on questions, which we leave to future work, but improves German by 2.1 points.",
        "We introduce a new treebank of 4,000 questions, a basis for future research.",
        "We train with half of the data and achieve better results than with all of it.",
    ],
)
def test_an_outcome_makes_a_claim_of_an_announcement(text: str) -> None:
    assert not says_nothing_checkable(text)


def test_a_set_up_that_says_what_came_of_it_is_a_claim() -> None:
    text = "At a learning rate of 0, where no weight can change, the gain still amounts to 17.1 points."
    assert not says_nothing_checkable(text, find_quantities(text))


def test_a_hope_does_not_become_a_claim_by_the_outcome_it_hopes_for() -> None:
    assert says_nothing_checkable("We hope to find a parser that outperforms it.")
    assert not says_nothing_checkable("It outperforms all parsers, and we hope to release it.")


def test_levels_of_significance_are_no_results() -> None:
    text = "The precision of the differences was tested (p < 0.05)."
    assert not matches_patterns(text, find_quantities(text), part="results")
    text = "The precision of the parser is 0.95 on German."
    assert matches_patterns(text, find_quantities(text), part="results")


def paper(*lines: tuple[str, str], title: str = "") -> Document:
    """A document of (section title, sentence) pairs."""
    titles = list(dict.fromkeys(t for t, _ in lines))
    sections = tuple(Section(title=t, kind="abstract" if t == "Abstract" else "body") for t in titles)
    sentences = tuple(
        Sentence(text=text, section=titles.index(t), kind="abstract" if t == "Abstract" else "body")
        for t, text in lines
    )
    return Document(paper=Paper(id="x", title=title), sections=sections, sentences=sentences)


def test_an_abstract_turns_to_the_own_work_once_and_stays_there() -> None:
    field = "Parsers of spoken language have many uses in practice."
    own = "This paper presents a parser of whispered speech."
    after = "The first stage cuts the sound into even pieces."
    whole = paper(("Abstract", field), ("Abstract", own), ("Abstract", after), ("Conclusion", after))
    assert parts_of(whole).own == (False, True, True, True)
    assert [c.sentence.text for c in find_candidates(whole)] == [own, after, after]


def test_how_a_method_works_and_what_others_found_is_no_claim_by_its_words_alone() -> None:
    text = "The gate is crucial, as it keeps the states of the cell apart."
    assert matches_patterns(text, (), part="results")
    assert not matches_patterns(text, (), part="other")
    assert not matches_patterns(text, (), part="related")


def test_the_part_of_a_section_comes_from_its_title_or_from_the_section_above() -> None:
    sections = (
        Section(title="Introduction", number="1", level=1),
        Section(title="The Gate", number="1.1", level=2),
        Section(title="Experiments", number="2", level=1),
        Section(title="German", number="2.1", level=2),
        Section(title="Discussion", number="3", level=1),
    )
    whole = Document(
        paper=Paper(id="x"),
        sections=sections,
        sentences=tuple(Sentence(text="Some words stand here.", section=i) for i in range(5)),
    )
    assert parts_of(whole).part == ("introduction", "other", "results", "results", "conclusion")
    ended = whole.model_copy(update={"sections": (*sections[:4], Section(title="Concluding remarks"))})
    assert parts_of(ended).part[4] == "conclusion"


def test_own_names_stand_before_the_titles_colon_or_behind_we_introduce() -> None:
    whole = paper(
        ("Abstract", "We introduce the Whispered Speech Parser (WSP) for noisy rooms."),
        ("Introduction", "We call it WhisPar and train it with an LSTM."),
        title="LOUDNET: Parsing Aloud",
    )
    assert own_names(whole) == {"WSP", "WhisPar", "LOUDNET"}


def test_rubble_is_not_readable() -> None:
    whole = paper(("Results", "1.0 2.0 3.0 4.0 5.0 6.0 a b"), ("Results", "Too short."), ("Results", "word " * 151))
    assert readable_sentences(whole) == []


def test_a_hypothesis_is_a_claim_of_abstract_and_conclusion_only() -> None:
    text = "We hypothesize that word order keeps the parser robust across domains."
    assert not says_nothing_checkable(text, main=True)
    assert says_nothing_checkable(text)


def test_how_something_varies_is_an_outcome_and_how_to_do_it_is_none() -> None:
    assert not says_nothing_checkable("We analyze the questions and show how accuracy varies with their length.")
    assert says_nothing_checkable("We discuss three parsers and show how to combine them.")
