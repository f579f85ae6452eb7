"""The claims of a document: found whole, once each with every place, with the ids that the design defines."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import claimcheck
from claimcheck.claims import claim_of, extract_claims
from claimcheck.foundation.records import Document, Paper, Section, Sentence
from claimcheck.foundation.settings import Settings

DATA = Path(__file__).resolve().parents[1] / "data"
GAIN = "Our multi-task model FSR improves the average over BERT by 8.7 points."
GAIN_AGAIN = "FSR improves the average by 8.7 points over BERT, as a multi-task model."


def document(*texts: str, kind: str = "body", paper: str = "2005.13013") -> Document:
    sentences = [Sentence(text=t, kind=kind, paragraph=i, page=i + 1) for i, t in enumerate(texts)]  # type: ignore[arg-type]
    return Document(paper=Paper(id=paper), sentences=tuple(sentences))


@pytest.fixture(scope="module")
def paragraph() -> list[claimcheck.Claim]:
    return claimcheck.extract(claimcheck.read(DATA / "stilts_paragraph.txt"))


def test_every_claim_of_the_paragraph_is_found_whole_with_its_quantities(paragraph: list[claimcheck.Claim]) -> None:
    expected = json.loads((DATA / "stilts_paragraph.json").read_text())
    found = {claim.text: claim for claim in paragraph}
    for wanted in expected["claims"]:
        claim = found[wanted["text"]]
        assert [(q.value, q.unit) for q in claim.quantities] == [(q["value"], q["unit"]) for q in wanted["quantities"]]
        if len(claim.quantities) > 1:
            assert [q.subject for q in claim.quantities] == [q["subject"] for q in wanted["quantities"]]
    assert not set(found) & set(expected["neutral"])


def test_ids_are_12_hex_of_the_versionless_paper_and_the_letters_and_digits() -> None:
    [claim] = extract_claims(document(GAIN, paper="2005.13013"))
    letters = re.sub(r"[^a-z0-9]", "", GAIN.lower())
    assert claim.id == hashlib.sha256(f"2005.13013{letters}".encode()).hexdigest()[:12]
    assert [c.id for c in extract_claims(document(GAIN, paper="2005.13013v3"))] == [claim.id]
    assert [c.id for c in extract_claims(document(GAIN, paper="1234.56789"))] != [claim.id]


def test_a_claim_said_twice_is_one_claim_with_two_places() -> None:
    [claim] = extract_claims(document(GAIN, GAIN_AGAIN))
    assert claim.text == GAIN
    assert [(p.text, p.pointer.page, p.sentence) for p in claim.places] == [(GAIN, 1, 0), (GAIN_AGAIN, 2, 1)]


def test_another_number_or_another_unit_is_another_claim() -> None:
    others = [GAIN.replace("8.7", "8.8"), GAIN.replace("8.7 points", "8.7 times")]
    for other in others:
        claims = extract_claims(document(GAIN, other))
        assert [c.text for c in claims] == [GAIN, other]


def test_headings_references_captions_and_questions_are_no_claims() -> None:
    for kind in ("heading", "reference", "caption", "title"):
        assert extract_claims(document(GAIN, kind=kind)) == []
    references = Section(title="References", kind="references")
    sentence = Sentence(text=GAIN, section=0)
    assert extract_claims(Document(paper=Paper(id="x"), sections=(references,), sentences=(sentence,))) == []
    assert extract_claims(document("Is our new parser any better than the parser of last year?")) == []


def test_a_place_knows_the_words_before_it_and_the_tables_named_around_it() -> None:
    before = "Table 2 holds the results of all systems."
    sentences = (Sentence(text=before, section=0), Sentence(text=GAIN, section=0))
    whole = Document(paper=Paper(id="x"), sections=(Section(title="Results", number="4"),), sentences=sentences)
    [place] = next(c for c in extract_claims(whole) if c.text == GAIN).places
    assert (place.context, place.tables, place.pointer.section) == (before, ("2",), "4 Results")


def test_only_the_most_important_claims_are_kept_in_reading_order() -> None:
    lines = [
        "Peters et al. (2018) report a gain of 0.3 points on it.",
        GAIN,
        "We outperform ELMo by 3.3 points on NER.",
    ]
    every = extract_claims(document(*lines))
    assert [c.text for c in every] == lines
    kept = extract_claims(document(*lines), Settings(max_claims=2))
    assert [c.text for c in kept] == lines[1:]


def test_a_sentence_of_10000_words_is_not_taken_and_breaks_nothing() -> None:
    assert (
        extract_claims(document("We improve by 2.1 points and " * 2000 + "so on.", "\x00\x01 \x1b[0m \x07", "")) == []
    )


def test_claim_of_takes_the_surroundings_of_the_sentence_it_repeats() -> None:
    said = document("We compare three systems.", GAIN)
    claim = claim_of("Our multi-task FSR model improves the average over BERT by 8.7 points.", [said])
    assert [p.sentence for p in claim.places] == [1]
    assert [(q.value, q.unit) for q in claim.quantities] == [(8.7, "points")]
    assert claim_of("Dogs are faster than cats on land.", [said]).places == ()
