"""Search in evidence: sentences with their place, the right ones first, and bounded work whatever the evidence."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.checks.text.search import DOCUMENTS, LINES_BY_WORDS, Bm25, Line, TextIndex, sentence_spans
from claimcheck.claims import claim_of
from claimcheck.foundation.models.encoder import SentenceEncoder, Vectors
from claimcheck.foundation.records import Claim, Document, Paper, Passage, Sentence
from claimcheck.foundation.settings import Settings


class CountingEncoder(SentenceEncoder):
    """The embedded encoder, and what it was asked for."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.seen: list[str] = []

    def encode(self, sentences: Sequence[str]) -> Vectors:
        self.seen += sentences
        return super().encode(sentences)


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder(Settings.load())


def nearest(index: TextIndex, claim: Claim) -> list[Line]:
    """The nearest lines of the first piece of evidence."""
    lines = index.candidates(claim, 0)
    index.vectors.embed([claim.text, *(x.text for x in lines)])
    return index.nearest(claim, lines)


@given(st.text(max_size=2000))
def test_sentence_spans_lose_nothing_but_blanks(text: str) -> None:
    spans = sentence_spans(text)
    assert all(a < b <= a + 700 for a, b in spans)
    assert [s for s in spans if text[s[0] : s[1]].strip() != text[s[0] : s[1]]] == []
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Rats slept. Mice did not! Did cats?", ["Rats slept.", "Mice did not!", "Did cats?"]),
        ("Rats (e.g. Wistar) slept 3.5 h. They woke.", ["Rats (e.g. Wistar) slept 3.5 h.", "They woke."]),
        ("Shown in Fig. 2 and by J. Miller. It holds.", ["Shown in Fig. 2 and by J. Miller.", "It holds."]),
        ("大鼠睡着了。小鼠没有！猫呢？", ["大鼠睡着了。", "小鼠没有！", "猫呢？"]),
        ("", []),
        ("   \n ", []),
    ],
)
def test_where_sentences_end(text: str, sentences: list[str]) -> None:
    assert [text[a:b] for a, b in sentence_spans(text)] == sentences


def test_bm25_prefers_rare_words_and_short_bags() -> None:
    bags = [["rat", "sleep"], ["rat", "eat"], ["rat", "sleep", "a", "b", "c", "d", "e", "f"], ["owl"]]
    found = Bm25(bags)
    scores = found.scores(["sleep", "rat"])
    assert np.argsort(-scores).tolist()[:2] == [0, 2]
    assert scores[3] == 0
    assert found.weight("owl") > found.weight("rat") > 0
    assert Bm25([]).scores(["rat"]).tolist() == []


def test_the_nearest_line_need_not_share_words(encoder: CountingEncoder) -> None:
    text = "The kitchen was painted green. Physicians recommend the drug for children. Trains were late again."
    index = TextIndex([Passage(text, "elsewhere")], encoder)
    lines = nearest(index, claim_of("Doctors advise giving kids the medicine."))
    assert lines[0].text == "Physicians recommend the drug for children."
    assert lines[0].pointer.paper == "elsewhere"
    assert lines[0].pointer.span is not None
    assert text[slice(*lines[0].pointer.span)] == lines[0].text


def test_of_many_pieces_the_ones_about_the_claim_are_read(encoder: CountingEncoder) -> None:
    about = [Passage(f"Study {i} measured the yield of wheat in dry summers on {i} farms.") for i in range(60)]
    index = TextIndex([*about, Passage("Vitamin K slows the loss of bone in older women."), Passage("")], encoder)
    [found] = index.documents([claim_of("Bone loss in elderly women is slowed by vitamin K.")])
    assert found[0] == 60
    assert len(found) <= DOCUMENTS


def test_of_few_pieces_all_are_read_but_empty_ones_and_the_claims_own_paper(encoder: CountingEncoder) -> None:
    own = Document(paper=Paper(id="p"), sentences=(Sentence(text="Vitamin K slows the loss of bone in older women."),))
    claim = claim_of("Vitamin K slows the loss of bone in older women!", [own])
    index = TextIndex([own, Passage("Nothing of it."), Passage("")], encoder)
    assert index.own_documents(claim) == [0]
    assert index.documents([claim]) == [[1]]


def test_work_is_bounded_for_a_million_characters(encoder: CountingEncoder) -> None:
    lines = [f"Case {i} of the registry was a patient with fever and a rash." for i in range(20_000)]
    text = " ".join([*lines[:9000], "Vitamin K slows the loss of bone in older women.", *lines[9000:]])
    begin = time.process_time()
    index = TextIndex([Passage(text)], encoder)
    found = nearest(index, claim_of("Vitamin K slows bone loss in women."))
    assert time.process_time() - begin < 20
    assert found[0].text == "Vitamin K slows the loss of bone in older women."
    assert len(encoder.seen) <= LINES_BY_WORDS + 1
