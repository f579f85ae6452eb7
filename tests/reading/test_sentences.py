"""Sentence splitting: whole sentences by offsets, nothing cut at a number or an abbreviation."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.reading.sentences import split_sentences


def split(text: str) -> list[str]:
    return [text[a:b] for a, b in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Smith et al. (2019) report 8.7 points on XNLI.",
        "Gains reach 8.7 points, e.g. on MNLI (Fig. 3), cf. Tab. 2, Eq. 4 and Sec. 4.1.",
        "In v2.0 of the U.S. corpus it works (Smith et al., 2019).",
        "J. Smith and A. B. Jones agree w.r.t. the mean, i.e. approx. 3 % resp. 4 %.",
        "Models vs. People: see App. B, no. 5 and pp. 3 to 7.",
        "The rate (see Sec. 3. It is small. Very.) stays low.",
        "It was 85. 3 before the setting tore it apart.",
        "And then ... so on it goes.",
        "3. We propose a list item.",
        "Table 2. Results on the test set.",
        "Results are presented in Table. 1 of the paper.",
        "See Yahoo! Answers for more.",
    ],
)
def test_one_sentence_stays_whole(sentence: str) -> None:
    assert split(sentence) == [sentence]
    following = "We show the rest."
    assert split(f"{sentence} {following}") == [sentence, following]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It wins. It loses.", ["It wins.", "It loses."]),
        ("As in [12]. Next we go.", ["As in [12].", "Next we go."]),
        ("Known from Smith et al. We differ.", ["Known from Smith et al.", "We differ."]),
        ("See Appendix C. We find it.", ["See Appendix C.", "We find it."]),
        ("This is ML. Sparse coding helps.", ["This is ML.", "Sparse coding helps."]),
        ("Is it so? Yes! We think.", ["Is it so?", "Yes!", "We think."]),
        ('He said "yes." Then he left.', ['He said "yes."', "Then he left."]),
        ("It rests. mBERT wins.", ["It rests.", "mBERT wins."]),
        ("good performance.13 We see it.", ["good performance.13", "We see it."]),
        ("First part\n\nsecond part", ["First part", "second part"]),
        ("Items:\n• one thing\n• two things", ["Items:", "• one thing", "• two things"]),
        ("It was found in 2019. They agree.", ["It was found in 2019.", "They agree."]),
        ("这是。那是！", ["这是。", "那是！"]),
    ],
)
def test_boundaries(text: str, parts: list[str]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize("text", ["", "   \n ", "...", "1.5 2.3 4.5", "? ! ."])
def test_text_without_letters(text: str) -> None:
    assert "".join("".join(split(text)).split()) == "".join(text.split())


@given(st.text(alphabet="aB. 1?!()[]\n,•\"'", max_size=200))
def test_spans_partition_what_is_not_space(text: str) -> None:
    spans = split_sentences(text)
    assert all(a < b for a, b in spans)
    assert all(spans[i][1] <= spans[i + 1][0] for i in range(len(spans) - 1))
    assert "".join(text[a:b] for a, b in spans).replace(" ", "").replace("\n", "") == text.replace(" ", "").replace(
        "\n", ""
    )
    assert all(text[a:b] == text[a:b].strip() for a, b in spans)


@pytest.mark.parametrize("unit", ["a. ", "(", "()", ".", "\n", "e.g. B ", "1.2 ", "A", "We see it. "])
def test_long_input_takes_linear_time(unit: str) -> None:
    start = time.process_time()
    split_sentences(unit * 60_000)
    assert time.process_time() - start < 5  # quadratic behaviour takes minutes
