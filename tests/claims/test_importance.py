"""Which claims come first: of abstract and conclusion, of the own work, with results, said more than once."""

from __future__ import annotations

from claimcheck.claims import extract_claims
from claimcheck.foundation.records import Claim, Document, Paper, Section, Sentence
from claimcheck.foundation.settings import Settings

TITLES = ("Abstract", "Introduction", "Related Work", "Results", "Conclusion", "Appendix")


def ranked(*lines: tuple[str, str], most: int = 0) -> list[Claim]:
    """The claims of a document of (section title, sentence) pairs, the most important first."""
    kinds = {"Abstract": "abstract", "Appendix": "appendix"}
    sections = tuple(Section(title=t, kind=kinds.get(t, "body")) for t in TITLES)  # type: ignore[arg-type]
    sentences = tuple(
        Sentence(text=text, section=TITLES.index(t), paragraph=i, kind="abstract" if t == "Abstract" else "body")
        for i, (t, text) in enumerate(lines)
    )
    whole = Document(paper=Paper(id="x"), sections=sections, sentences=sentences)
    return sorted(extract_claims(whole, Settings(max_claims=most)), key=lambda c: -c.importance)


def test_the_same_words_count_by_where_they_stand() -> None:
    text = "We show that our gate {} outperforms the plain cell by 2.{} points."
    lines = [(title, text.format(name, i)) for i, (title, name) in enumerate(zip(TITLES, "ABCDEF", strict=True))]
    order = [c.places[0].pointer.section for c in ranked(*lines)]
    assert order[:4] == ["Abstract", "Conclusion", "Introduction", "Results"]
    assert set(order[4:]) == {"Related Work", "Appendix"}


def test_the_field_comes_behind_the_own_work() -> None:
    field = "Neural parsers outperform all older parsers by 3.1 points on German questions."
    own = "We show that our gate outperforms neural parsers on Faroese questions."
    assert [c.text for c in ranked(("Abstract", field), ("Abstract", own))] == [own, field]


def test_the_results_of_others_come_behind_the_own() -> None:
    theirs = "Peters et al. (2018) report a gain of 2.1 points on German."
    own = "We report a gain of 1.7 points on Faroese."
    assert [c.text for c in ranked(("Introduction", theirs), ("Introduction", own))] == [own, theirs]


def test_what_is_said_in_two_parts_comes_before_what_is_said_in_one() -> None:
    once = "We show that our gate gains 2.1 points on German questions."
    twice = "We show that our gate gains 1.7 points on Faroese questions."
    first, second = ranked(("Introduction", once), ("Introduction", twice), ("Results", twice))
    assert (first.text, len(first.places)) == (twice, 2)
    assert second.text == once


def test_results_come_before_methods() -> None:
    method = "We propose a gate that reads each question from both ends."
    result = "We show that our gate gains 2.1 points on German questions."
    assert [c.text for c in ranked(("Conclusion", method), ("Conclusion", result))] == [result, method]


def test_the_number_of_claims_takes_the_most_important() -> None:
    lines = [
        ("Related Work", "Peters et al. (2018) report a gain of 2.1 points on German."),
        ("Abstract", "We show that our gate gains 1.7 points on Faroese questions."),
    ]
    assert [c.text for c in ranked(*lines, most=1)] == [lines[1][1]]
    assert all(0 <= c.importance < 1 for c in ranked(*lines))
