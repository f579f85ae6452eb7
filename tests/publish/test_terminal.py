"""The claim table in a terminal: whole claims, no markup or control of the paper's own, honest confidence."""

from __future__ import annotations

import io
import re

import pytest
from ledgers import claims, empty_ledger, full_ledger
from rich.console import Console

from claimcheck.foundation.records import Ledger
from claimcheck.publish import print_ledger


def printed(ledger: Ledger, width: int, colour: bool = False) -> str:
    out = io.StringIO()
    system = "standard" if colour else None
    print_ledger(ledger, Console(file=out, width=width, force_terminal=colour, color_system=system))
    return out.getvalue()


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_claims_are_whole_and_lines_fit(width: int) -> None:
    from rich.cells import cell_len

    one = full_ledger().model_copy(update={"claims": claims()[1:2]})
    text = printed(one, width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert "…" not in text
    body = [line for line in text.splitlines() if line.startswith(" ")]
    column = re.search(r"Claim\s+(?=Verdict)", body[0] if "Claim" in body[0] else body[1])
    assert column is not None
    words = " ".join(line[1 : column.end()].strip() for line in body)
    assert letters(claims()[1].text) in letters(words)


def test_a_narrow_terminal_gets_a_list() -> None:
    text = printed(full_ledger().model_copy(update={"claims": claims()[1:2]}), 40)
    assert letters(claims()[1].text) in letters(text)
    assert "refuted  0.81" in text
    assert max(map(len, text.splitlines())) <= 40


def test_refuted_first_then_by_importance_with_the_place_of_the_evidence() -> None:
    text = printed(full_ledger(), 200)
    starts = ["Adapters outperform", "<script>", "Our adapters", "=HYPERLINK", "Prior work", "Adapters have"]
    assert [text.index(x) for x in starts] == sorted(text.index(x) for x in starts)
    for words in ("Table 2, Multi-task - XLM-R, Avg", "82.2 - 73.5 = 8.7", "arXiv 1911.99999v1: Section 4, p. 4"):
        assert words in text
    assert "6 claims: 2 refuted, 2 supported, 2 not enough information" in text
    assert "11 (no text layer)" in text


def test_uncalibrated_is_said_once_and_without_a_figure() -> None:
    text = printed(full_ledger(), 200)
    assert text.count("uncalibrated") == 1
    assert "0.94" in text
    assert "0.58" not in text
    assert "0.60" not in text


def test_without_any_calibration_there_is_no_column_of_confidence() -> None:
    text = printed(full_ledger().model_copy(update={"claims": claims()[5:]}), 120)
    assert text.count("uncalibrated") == 1
    assert not re.search(r"0\.\d\d", text)


def test_nothing_of_a_paper_reaches_the_terminal_as_a_command() -> None:
    hostile = claims()[3].model_copy(update={"text": "[red]x[/red] [/] \x1b]0;title\x07 \x1b[2J \u202eevil"})
    paper = full_ledger().paper.model_copy(update={"title": "\x1b[31mtitle [bold]"})
    text = printed(full_ledger().model_copy(update={"claims": (hostile,), "paper": paper}), 100)
    assert "[red]x[/red] [/]" in text
    assert "title [bold]" in text
    assert not re.findall("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)


def test_the_verdict_is_a_word_and_a_colour() -> None:
    text = printed(full_ledger(), 100, colour=True)
    assert "\x1b[1;31mrefuted" in text
    assert "\x1b[32msupported" in text


def test_a_text_without_claims_says_so() -> None:
    assert "No checkable claims were found" in printed(empty_ledger(), 80)
