"""One claim, one row: said again in other words and with other rounding; two results never share a row."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from claimcheck.claims import find_claims, find_quantities
from claimcheck.claims.candidates import Candidate
from claimcheck.claims.merge import merge
from claimcheck.claims.wording import Lexicon
from claimcheck.foundation.records import Claim, Document, Paper, Section, Sentence

TITLES = ("Abstract", "Introduction", "Results", "Conclusion")


def claims(*lines: tuple[str, str]) -> list[Claim]:
    """The claims of a document of (section title, sentence) pairs."""
    sections = tuple(Section(title=t, kind="abstract" if t == "Abstract" else "body") for t in TITLES)
    sentences = tuple(
        Sentence(
            text=text,
            section=TITLES.index(title),
            paragraph=i,
            kind="abstract" if title == "Abstract" else "body",
        )
        for i, (title, text) in enumerate(lines)
    )
    return list(find_claims(Document(paper=Paper(id="x"), sections=sections, sentences=sentences)).claims)


def together(first: str, second: str, *, within: tuple[str, str] = ("Abstract", "Conclusion")) -> bool:
    """Whether two sentences, in two parts of a paper, are one claim with two places."""
    found = claims((within[0], first), (within[1], second))
    assert sum(len(c.places) for c in found) == 2
    return len(found) == 1


GAIN = "Our parser improves the average score on the Faroese treebank by 8.7 points over BIST."


@pytest.mark.parametrize(
    "again",
    [
        "On the Faroese treebank, our parser gains 8.7 points over BIST on average.",
        "We gain nearly 9 points on average over BIST on the Faroese treebank.",
        "We improve the average score on the Faroese treebank by over 8 points.",
        "We improve the average score on the Faroese treebank by 8.68 points.",
    ],
)
def test_other_words_and_other_rounding_make_one_claim(again: str) -> None:
    assert together(GAIN, again)


@pytest.mark.parametrize(
    "other",
    [
        GAIN.replace("8.7", "8.5"),
        GAIN.replace("8.7 points", "8.7 times"),
        GAIN.replace("Faroese", "Icelandic"),
        GAIN.replace("Faroese treebank", "questions of ENFA"),
        "We improve the average score on the Faroese treebank by nearly 8 points.",
        "We improve the average score on the Faroese treebank by over 9 points.",
        "We improve the average score on the Faroese treebank by nearly 11 points.",
        "We improve the average score on the Faroese treebank by less than 11 points.",
    ],
)
def test_another_number_dataset_or_unit_makes_another_claim(other: str) -> None:
    assert not together(GAIN, other)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Our parser reaches 91.2 F1 on PENN.", "Our parser reaches 91.2 accuracy on PENN."),
        (
            "Our parser improves accuracy on whispered Faroese questions of the north.",
            "Our parser improves recall on whispered Faroese questions of the north.",
        ),
        ("Our single parser reaches 91.2 F1 on PENN.", "Our ensemble parser reaches 91.2 F1 on PENN."),
        ("Our parser reaches 91.2 F1 on the PENN dev set.", "Our parser reaches 91.2 F1 on the PENN test set."),
        (
            "Our parser outperforms all tree parsers on the Faroese treebank.",
            "Our parser does not outperform all tree parsers on the Faroese treebank.",
        ),
        (
            "Our parser outperforms the shared tagger on the Faroese treebank.",
            "Our parser is comparable to the shared tagger on the Faroese treebank.",
        ),
    ],
)
def test_metric_condition_and_outcome_keep_claims_apart(first: str, second: str) -> None:
    assert not together(first, second)


def test_three_results_with_one_number_are_three_claims() -> None:
    found = claims(
        ("Results", "On PENN, the gate improves accuracy by 2.1 points."),
        ("Results", "On NEGRA, the gate improves accuracy by 2.1 points."),
        ("Results", "On TIGER, the larger gate improves accuracy by 2.1 points."),
    )
    assert [len(c.places) for c in found] == [1, 1, 1]


def test_the_same_words_twice_in_one_part_are_two_claims_unless_nothing_differs() -> None:
    first = "The gate outperforms the plain cell on long German questions."
    other = "The gate outperforms the plain cell on short German questions."
    assert not together(first, other, within=("Results", "Results"))
    assert together(first, first, within=("Results", "Results"))


def test_a_claim_without_numbers_is_found_again() -> None:
    assert together(
        "We show that gated cells keep the word order of whispered questions.",
        "Our analysis showed that gated cells keep the word order of whispered questions.",
    )


def test_the_short_form_and_the_long_form_are_one_name() -> None:
    found = claims(
        ("Abstract", "Our parser reaches 91.2 F1 on the Faroese Spoken Questions Corpus (FSQC)."),
        ("Introduction", "On FSQC our parser reaches 91.2 F1."),
        ("Conclusion", "On the Faroese spoken questions corpus, the parser reaches 91.2 F1."),
    )
    assert [len(c.places) for c in found] == [3]


def test_a_name_beside_the_short_form_does_not_hide_the_long_one() -> None:
    found = claims(
        ("Abstract", "We collect the Faroese Spoken Questions Corpus (FSQC)."),
        ("Introduction", "On FSQC our gated parser gains 8.7 points over BIST in noisy rooms."),
        ("Conclusion", "On the Faroese Spoken Questions Corpus our gated parser gains 8.7 points in noisy rooms."),
    )
    assert [len(c.places) for c in found] == [1, 2]


def test_the_own_system_may_go_by_its_name() -> None:
    assert together(
        "We introduce WhisPar and show that WhisPar gains 8.7 points on the Faroese treebank.",
        "We show that our parser gains 8.7 points over BIST on the Faroese treebank.",
    )
    assert not together(
        "We introduce WhisPar and show that UDPipe gains 8.7 points on the Faroese treebank.",
        "We show that our parser gains 8.7 points over BIST on the Faroese treebank.",
    )


def test_a_sentence_that_fits_one_of_a_group_must_not_be_at_odds_with_another() -> None:
    text = "Our {}parser reaches 91.2 F1 on the Faroese treebank."
    found = claims(
        ("Abstract", text.format("single ")),
        ("Introduction", text.format("")),
        ("Conclusion", text.format("ensemble ")),
    )
    assert [len(c.places) for c in found] == [2, 1]


def test_the_row_has_the_most_complete_wording_and_all_places_in_order() -> None:
    short = "Our parser gains 8.7 points on the Faroese treebank."
    long = "On the Faroese treebank our parser gains 8.7 points over BIST, and 3.1 points over UDPipe."
    [claim] = claims(("Abstract", short), ("Results", long))
    assert claim.text == long
    assert [p.text for p in claim.places] == [short, long]
    assert [q.value for q in claim.quantities] == [8.7, 3.1]


def test_a_sentence_without_numbers_does_not_tie_two_results_together() -> None:
    found = claims(
        ("Abstract", "Our gated parser outperforms the plain BIST parser on Faroese questions by 8.7 points."),
        ("Introduction", "Our gated parser outperforms the plain BIST parser on Faroese questions."),
        ("Conclusion", "Our gated parser outperforms the plain BIST parser on Faroese questions by 8.1 points."),
    )
    assert sorted(len(c.places) for c in found) == [1, 2]


def test_abstract_and_conclusion_that_mean_the_same_share_a_row() -> None:
    assert together(
        "Our iterative procedure lets the decoder recover from early mistakes.",
        "We showed that iterating allows the decoder to recover from errors made early on.",
    )


def test_a_proposal_and_its_success_are_two_claims_however_near_their_words() -> None:
    proposal = "In this paper, we propose the novel parsing framework Faronet."
    assert not together(proposal, "The experiments demonstrate the superiority of our parsing framework Faronet.")


def test_two_thousand_candidates_take_seconds() -> None:
    texts = [f"On corpus{i} the gate gains {i % 90 / 10 + 1:.1f} points over cell{i % 50}." for i in range(2000)]
    sentences = tuple(Sentence(text=t) for t in texts)
    candidates = [
        Candidate(i, s, find_quantities(s.text), 0.9, found_by_head=True, found_by_patterns=True)
        for i, s in enumerate(sentences)
    ]
    start = time.process_time()
    groups = merge(candidates, Lexicon(Document(paper=Paper(id="x"), sentences=sentences)))
    assert time.process_time() - start < 15
    assert len(groups) == 2000


def test_the_weight_of_words_does_not_hang_on_their_order() -> None:
    texts = [f"word{i} " * (i % 7 + 1) for i in range(40)]
    sentences = tuple(Sentence(text=f"{a} {b}.") for a, b in pairwise(texts))
    lexicon = Lexicon(Document(paper=Paper(id="x"), sentences=sentences))
    words = [f"word{i}" for i in range(40)]
    # which sentence stands for a claim hangs on a tie between two such weights
    assert len({lexicon.weight(words[n:] + words[:n]) for n in range(40)}) == 1
