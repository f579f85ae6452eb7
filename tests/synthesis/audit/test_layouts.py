# ruff: noqa: E501 - sentences read best on one line
"""Every row of a synthesis report is read, in whichever layout, style of headings, ticks and encoding it comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import report_texts as texts
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.errors import InputError, MissingInputError, NotAPaperError, UnreadableInputError
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.audit import ReadReport, audit_reports, read_report
from claimcheck.synthesis.audit.values import confidence_of, tick_of

Layout = Callable[[texts.Ticks, texts.Numbers], str]


def read(tmp_path: Path, text: str | bytes, name: str = "report.txt") -> ReadReport:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_report(path, Settings())


def assert_is_whole(report: ReadReport) -> None:
    assert [r.text for r in report.rows] == [c.text for c in texts.CLAIMS]
    assert [r.verified for r in report.rows] == [c.tick for c in texts.CLAIMS]
    assert [r.confidence for r in report.rows] == pytest.approx([c.confidence for c in texts.CLAIMS])
    assert report.question == texts.QUESTION


@pytest.mark.parametrize("layout", texts.LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "ticks", [("✓", "×"), ("yes", "no"), ("True", "False"), ("✔️", "❌"), ("verified", "unverified")]
)
@pytest.mark.parametrize("number", [texts.plain, texts.percent], ids=lambda f: f.__name__)
def test_every_layout_gives_every_row(
    tmp_path: Path, layout: Layout, ticks: texts.Ticks, number: texts.Numbers
) -> None:
    report = read(tmp_path, texts.report(layout(ticks, number)))
    assert_is_whole(report)
    assert len(report.references) == 3


@pytest.mark.parametrize("heading", texts.HEADINGS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("layout", [texts.tabs, texts.pipes, texts.leading_ticks], ids=lambda f: f.__name__)
@pytest.mark.parametrize("references_first", [False, True])
def test_every_style_of_headings(
    tmp_path: Path, heading: Callable[[int, str], str], layout: Layout, references_first: bool
) -> None:
    text = texts.report(layout(("✓", "×"), texts.plain), heading=heading, references_first=references_first)
    report = read(tmp_path, text)
    assert_is_whole(report)
    assert [(r.arxiv_id, r.doi) for r in report.references] == [
        ("", "10.5555/tea.2019.7"), ("2104.01234v2", ""), ("1911.00021", ""),
    ]  # fmt: skip
    assert report.references[0].title == "Cold tea on balconies"
    assert report.references[2].title == "Tomatoes in the north"
    assert (report.title, report.maker, report.date) == (
        "Tea for tomatoes on northern balconies", "Synthesis Bureau", "May 3, 2026",
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, ends: str) -> None:
    text = texts.report(texts.tabs(("yes", "×"), texts.plain)).replace("Olsen", "Ølsen").replace("\n", ends)
    report = read(tmp_path, text.encode(encoding))
    assert_is_whole(report)
    assert "Ølsen" in report.references[0].text


def test_a_report_without_references(tmp_path: Path) -> None:
    report = read(tmp_path, texts.report(references=()))
    assert_is_whole(report)
    assert report.references == ()


def test_addresses_in_the_text_are_references_where_there_is_no_list(tmp_path: Path) -> None:
    text = texts.report(references=()).replace("We water", "As in https://arxiv.org/abs/2104.01234v2, we water")
    assert [r.arxiv_id for r in read(tmp_path, text).references] == ["2104.01234v2"]


@pytest.mark.parametrize(
    ("reference", "title", "arxiv_id", "doi"),
    [
        ('[1] K. Berg, "Tea and its leaves," Acta Hortensia, 2018.', "Tea and its leaves", "", ""),
        ("Berg, K. (2018). Tea and its leaves in the garden. Acta Hortensia, 4, 1-9.", "Tea and its leaves in the garden", "", ""),
        ("Tea and its leaves in the garden. arXiv:1805.00001v3 [cs.GA]", "Tea and its leaves in the garden", "1805.00001v3", ""),
        ("https://doi.org/10.5555/ABC.1", "", "", "10.5555/abc.1"),
        ("doi: 10.48550/arXiv.2104.01234", "", "2104.01234", ""),
        ("hep-th/9901001", "", "", ""),
        ("arXiv:hep-th/9901001v1", "", "hep-th/9901001v1", ""),
    ],
)  # fmt: skip
def test_what_a_reference_names(tmp_path: Path, reference: str, title: str, arxiv_id: str, doi: str) -> None:
    [found] = read(tmp_path, texts.report(references=[reference])).references
    assert (found.title, found.arxiv_id, found.doi) == (title, arxiv_id, doi)


def test_references_as_paragraphs_and_as_a_table(tmp_path: Path) -> None:
    long = "K. Berg. Tea and its leaves\nin the garden. Acta Hortensia, 2018.\n\nL. Dahl. Roots. 2020."
    text = texts.report(references=()) + f"\n\n5 References\n\n{long}\n"
    assert [r.text for r in read(tmp_path, text).references] == [
        "K. Berg. Tea and its leaves in the garden. Acta Hortensia, 2018.", "L. Dahl. Roots. 2020.",
    ]  # fmt: skip
    table = "| # | Paper | Link |\n|--|--|--|\n| 1 | Tea and its leaves | https://arxiv.org/abs/1805.00001 |\n"
    text = texts.report(references=()) + f"\n\n5 References\n\n{table}"
    assert [r.arxiv_id for r in read(tmp_path, text).references] == ["1805.00001"]


def test_a_separator_in_a_claim_is_part_of_it(tmp_path: Path) -> None:
    rows = "Claim\tVerified\tConfidence\nGrowth (P|tea) is 0.3 | 0.4 in both.\t✓\t0.5\nA\tB test favours tea.\t×\t0.2"
    found = read(tmp_path, texts.report(rows)).rows
    assert found[0].text == "Growth (P|tea) is 0.3 | 0.4 in both."
    assert (found[1].verified, found[1].confidence) == (False, 0.2)
    escaped = "| Claim | Verified |\n|---|---|\n| P(a \\| b) falls. | yes |"
    assert [r.text for r in read(tmp_path, texts.report(escaped)).rows] == ["P(a | b) falls."]


def test_a_row_that_was_wrapped_is_one_claim(tmp_path: Path) -> None:
    rows = "Claim\tVerified\tConfidence\nTea raises\nthe yield.\t✓\t0.5\nWater does not.\t×\t0.2"
    assert [r.text for r in read(tmp_path, texts.report(rows)).rows] == ["Tea raises the yield.", "Water does not."]


def test_numbers_at_the_end_of_claims_are_no_confidence(tmp_path: Path) -> None:
    items = "- Tea raises the yield (12 %).\n- Water lowers the share of blossoms (0.4).\n- Roots grow deeper."
    rows = read(tmp_path, texts.report(items)).rows
    assert [r.text for r in rows] == [
        "Tea raises the yield (12 %).", "Water lowers the share of blossoms (0.4).", "Roots grow deeper.",
    ]  # fmt: skip
    assert [r.confidence for r in rows] == [None, None, None]


def test_a_source_beside_a_claim_is_kept(tmp_path: Path) -> None:
    rows = "| Claim | Source | Verdict |\n|--|--|--|\n| Tea raises the yield. | Hansen 2019, Table 2 | supported |"
    [row] = read(tmp_path, texts.report(rows)).rows
    assert (row.source, row.verified, row.confidence) == ("Hansen 2019, Table 2", True, None)


def test_a_table_of_claims_below_another_heading_is_found(tmp_path: Path) -> None:
    text = texts.report(texts.pipes(("yes", "no"), texts.plain)).replace("Extracted Claims", "What we know")
    assert_is_whole(read(tmp_path, text))


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (f"**Research Question:** {texts.QUESTION}", texts.QUESTION),
        (f"RQ1: {texts.QUESTION} RQ2 follows.", texts.QUESTION),
        (f"Research question - {texts.QUESTION}?.", texts.QUESTION),
        (f"We ask one thing. {texts.QUESTION}", texts.QUESTION),
        ("Research question: the effect of tea on tomatoes. More below.", "the effect of tea on tomatoes."),
        ("It asks nothing.", ""),
    ],
)
def test_the_question(tmp_path: Path, question: str, wanted: str) -> None:
    assert read(tmp_path, texts.report(question=question)).question == wanted


def test_a_question_below_a_heading_of_its_own(tmp_path: Path) -> None:
    text = texts.report(question="", heading=texts.hashed_heading)
    text = text.replace("## 3 Results", f"## Research Question\n\n{texts.QUESTION}\n\n## 3 Results")
    assert read(tmp_path, text).question == texts.QUESTION


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", UnreadableInputError, "is empty"),
        (b" \r\n\t ", UnreadableInputError, "is empty"),
        (b"...\n---\n", UnreadableInputError, "holds no words"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", UnreadableInputError, "is binary data"),
        (b"PK\x03\x04\x14\0\0\0", UnreadableInputError, "is binary data"),
        (b"Dear diary, today I drank tea and thought of nothing else.", NotAPaperError, "is no synthesis report"),
        (b"x" * 20_000_001, UnreadableInputError, "is larger than 20 MB"),
    ],
)
def test_what_is_no_report(tmp_path: Path, data: bytes, error: type[InputError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        read(tmp_path, data)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_a_wrong_path_and_a_folder(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text(texts.report())
    with pytest.raises(MissingInputError, match=r"did you mean .*report\.txt"):
        read_report(tmp_path / "repor.txt", Settings())
    with pytest.raises(UnreadableInputError, match="is a folder"):
        read_report(tmp_path, Settings())


def test_a_report_as_html(tmp_path: Path) -> None:
    rows = "".join(
        f"<tr><td>{c.text}</td><td>{'✓×'[not c.tick]}</td><td>{c.confidence}</td></tr>" for c in texts.CLAIMS
    )
    page = (
        "<!doctype html><html><head><title>Tea</title></head><body><h1>Tea</h1><h2>Introduction</h2>"
        f"<p>Research question: {texts.QUESTION}</p><h2>Extracted Claims</h2><table><tr><th>Claim</th><th>Verified</th>"
        f"<th>Confidence</th></tr>{rows}</table><h2>References</h2><p>K. Berg. Tea and its leaves. arXiv:1805.00001</p></body></html>"
    )
    assert_is_whole(read(tmp_path, page, "report.html"))


def test_a_report_of_megabytes_is_audited_in_seconds(tmp_path: Path) -> None:
    claim = "Tea raises the yield of tomatoes ( on balconies | and , in gardens - by 0.5 %"
    rows = "\n".join(f"{claim} {i}.\t✓\t0.5" for i in range(20_000))
    report = read(tmp_path, texts.report(f"Claim\tVerified\tConfidence\n{rows}"))
    assert len(report.rows) == 20_000
    settings = Settings.load(offline=True)
    started = time.process_time()
    [audit] = audit_reports([report], settings)
    assert time.process_time() - started < 30
    assert len(audit.claims) == 20_000
    assert "Only the first 500 claims were held against the question." in audit.run.notes


@pytest.mark.parametrize(
    "line", ["(" * 200_000, "- " * 100_000, "| " * 100_000, "a, " * 100_000, "**" * 100_000, "[x] " * 50_000]
)
def test_hostile_lines_take_no_time(tmp_path: Path, line: str) -> None:
    assert_is_whole(read(tmp_path, texts.report().replace("We water", f"{line} We water")))
    read(tmp_path, texts.report(f"- {line}\n- Tea raises the yield."))


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    from claimcheck.synthesis.audit.citations import citations
    from claimcheck.synthesis.audit.rows import claim_rows
    from claimcheck.synthesis.audit.sections import parts_of, question_of

    parts = parts_of(f"{text}\n\nClaims\n\n{text}\n\nReferences\n\n{text}")
    rows, _ = claim_rows(parts)
    assert all(r.text and (r.confidence is None or 0 <= r.confidence <= 1) for r in rows)
    assert isinstance(question_of(parts, ""), str)
    assert all(c.text for c in citations(parts))


def test_ticks_and_confidences() -> None:
    assert [tick_of(x) for x in ("✓", "[x]", "YES", "Not verified", "[ ]", "✗ refuted", "maybe", "", "0.5")] == [
        True, True, True, False, False, False, None, None, None,
    ]  # fmt: skip
    assert [confidence_of(x) for x in (".17", "0,17", "17 %", "17%", "17/100", "85", "1", "0", "250", "high", "-1")] == [
        0.17, 0.17, 0.17, 0.17, 0.17, 0.85, 1.0, 0.0, None, None, None,
    ]  # fmt: skip
