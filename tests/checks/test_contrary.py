"""Two places that make one statement and say opposite ways are a finding; what can hold of both is none."""

from __future__ import annotations

import pytest

from claimcheck.checks.consistency import consistency_findings
from claimcheck.checks.contrary import contrary_findings
from claimcheck.claims import find_claims, said_twice
from claimcheck.foundation.records import Document, Finding, Paper, Place, Pointer, Section, Sentence
from claimcheck.foundation.settings import Settings
from claimcheck.pipeline import check_document

FIRST = "Our gated tagger outperforms the trigram tagger on the Faroese treebank."


def place(text: str, section: str) -> tuple[str, Place]:
    return section[:12], Place(pointer=Pointer(paper="x", page=3, section=section), text=text)


def held(first: str, second: str) -> list[Finding]:
    return contrary_findings([(place(first, "Abstract"), place(second, "5 Results"))])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRST, FIRST.replace("outperforms", "underperforms")),
        (FIRST, FIRST.replace("outperforms", "does not outperform")),
        (FIRST, FIRST.replace("outperforms", "performs worse than")),
        (FIRST, "The trigram tagger outperforms our gated tagger on the Faroese treebank."),
        (FIRST, "Our gated tagger is outperformed by the trigram tagger on the Faroese treebank."),
        ("Morpheme dropout improves tagging accuracy.", "Morpheme dropout lowers tagging accuracy."),
        ("Accuracy increases with the size of the lexicon.", "Accuracy decreases with the size of the lexicon."),
        ("The sieve decoder is faster than beam search.", "The sieve decoder is slower than beam search."),
        (
            "The gated tagger obtains 0.8% higher accuracy and 3.6% higher recall than the trigram tagger.",
            "The gated tagger obtains 0.8% higher accuracy and 3.6% lower recall than the trigram tagger.",
        ),
        (
            "Morpheme dropout helps on Faroese, while it hurts on Sami treebanks.",
            "Morpheme dropout helps on Faroese, while it improves on Sami treebanks.",
        ),
    ],
)
def test_one_statement_said_both_ways_is_a_finding(first: str, second: str) -> None:
    [finding] = held(first, second)
    assert finding.kind == "directions_differ"
    assert [e.quote for e in finding.evidence] == [first, second]
    assert [e.pointer.section for e in finding.evidence] == ["Abstract", "5 Results"]
    assert finding.claims == ("Abstract", "5 Results")
    assert "Section 5 Results, p. 3" in finding.text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRST, FIRST),
        (FIRST, FIRST.replace("outperforms", "surpasses")),
        # said the other way round of the two sides exchanged
        (FIRST, "The trigram tagger underperforms our gated tagger on the Faroese treebank."),
        (FIRST, "The trigram tagger is outperformed by our gated tagger on the Faroese treebank."),
        (FIRST, FIRST.replace("outperforms", "may underperform")),
        (FIRST, FIRST.replace("outperforms", "sometimes underperforms")),
        # of another case, or of one case only
        (FIRST, "Our gated tagger underperforms the trigram tagger on short sentences of the Faroese treebank."),
        (FIRST, "Our gated tagger underperforms the trigram tagger on the Sami treebank."),
        ("Morpheme dropout improves tagging accuracy.", "Removing morpheme dropout lowers tagging accuracy."),
        ("Morpheme dropout lowers the tagging error.", "Morpheme dropout improves the tagging error."),
        ("The sieve decoder does not hurt accuracy.", "The sieve decoder improves accuracy."),
        (
            "The sieve decoder has 30 times fewer parameters and is 1.4 times faster than beam search.",
            "The sieve decoder has 30 times fewer parameters than beam search.",
        ),
        ("The sieve decoder is faster than beam search.", "The sieve decoder has fewer states than beam search."),
        (FIRST, "Our gated tagger outperforms the trigram tagger by more than 2 points on the Faroese treebank."),
        (FIRST, FIRST.replace("treebank.", "treebank, but with less memory.")),
        ("Larger lexicons improve tagging accuracy.", "Smaller lexicons improve tagging accuracy."),
        (FIRST, "Our gated tagger underperforms the trigram tagger on all treebanks except the Faroese treebank."),
        (FIRST, "Does our gated tagger underperform the trigram tagger on the Faroese treebank?"),
        (FIRST, ""),
    ],
)
def test_what_can_hold_of_both_is_no_finding(first: str, second: str) -> None:
    assert held(first, second) == []


def paper(first: str, second: str) -> Document:
    titles = ("Abstract", "Introduction", "Results")
    sections = tuple(Section(title=t, kind="abstract" if t == "Abstract" else "body") for t in titles)
    lines = ((first, 0, "abstract"), ("Taggers for small languages are few and old.", 1, "body"), (second, 2, "body"))
    sentences = tuple(
        Sentence(text=text, section=section, paragraph=section, page=section + 1, kind=kind)  # type: ignore[arg-type]
        for text, section, kind in lines
    )
    return Document(paper=Paper(id="x"), sections=sections, sentences=sentences)


def test_a_paper_that_says_both_ways_has_the_finding() -> None:
    document = paper(FIRST, FIRST.replace("outperforms", "underperforms"))
    twice = said_twice(document, find_claims(document).claims)
    assert [f.kind for f in consistency_findings(document, twice)] == ["directions_differ"]


def test_a_ledger_carries_the_finding() -> None:
    document = paper(FIRST, FIRST.replace("outperforms", "underperforms"))
    ledger = check_document(document, Settings.load())
    assert [f.kind for f in ledger.findings] == ["directions_differ"]
    assert set(ledger.findings[0].claims) == {c.id for c in ledger.claims}


def test_places_make_one_statement_only_with_the_same_names_metric_setting_and_numbers() -> None:
    first = "Our gated tagger improves F1 on the Faroese treebank by 2.1 points over TnT."

    def pairs(second: str) -> int:
        document = paper(first, second)
        return len(said_twice(document, find_claims(document).claims))

    assert pairs("On the Faroese treebank, the gated tagger lowers F1 by 2.1 points over TnT.") == 1
    assert pairs(first.replace("2.1", "3.4").replace("improves", "lowers")) == 0
    assert pairs(first.replace(" by 2.1 points over TnT", "").replace("Faroese", "Sami")) == 0
    assert pairs(first.replace(" by 2.1 points over TnT", "").replace("F1", "recall")) == 0


def test_overlong_sentences_take_no_time() -> None:
    said = "It improves " * 20_000
    assert held(said, said.replace("improves", "worsens")) == []
