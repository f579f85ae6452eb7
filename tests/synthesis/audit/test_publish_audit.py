# ruff: noqa: E501 - sentences read best on one line
"""An audit as Markdown, HTML, JSON and in a terminal: golden files, the schema, and hostile reports shown as text."""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path

import jsonschema
import pytest
import report_texts as texts
from lxml import html
from markdown_it import MarkdownIt
from rich.console import Console

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records.audits import ReportAudit
from claimcheck.foundation.settings import Settings
from claimcheck.publish.audits import (
    TITLES,
    audit_html,
    audit_json,
    audit_markdown,
    audit_schema,
    print_audit,
    write_audit,
)
from claimcheck.publish.data import schema_text
from claimcheck.synthesis.audit import audit_reports, read_report

GOLDEN = Path(__file__).with_name("golden")
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) ${7*7} {{7*7}} | `rm` \x1b[31m \u202e =1+1 \"'> # @user"


def audits(folder: Path, *reports: str) -> list[ReportAudit]:
    settings = Settings.load(offline=True)
    read = []
    for i, text in enumerate(reports, 1):
        path = folder / f"report{i}.txt"
        path.write_text(text)
        read.append(read_report(path, settings))
    return [timeless(a) for a in audit_reports(read, settings)]


def timeless(audit: ReportAudit) -> ReportAudit:
    return audit.model_copy(update={"run": audit.run.model_copy(update={"started": "", "versions": {}})})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[ReportAudit]:
    """Two reports of one make: cut claims, the same ones in both, another question in the second."""
    rows = [f"{c.text[:60]}\t✓\t{c.confidence / 2:.2f}" for c in texts.CLAIMS]
    claims = "\n".join(["Claim\tVerified\tConfidence", *rows])
    first = texts.report(
        claims, results="9 papers retrieved. 6 claims extracted; 5 independently verified. Score: 8.8/10."
    )
    other = "Research question: Does the order of watering and feeding change the taste of basil?."
    return audits(tmp_path_factory.mktemp("pair"), first, texts.report(claims, question=other))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> ReportAudit:
    rows = f"Claim\tVerified\tConfidence\tSource\n{HOSTILE} raises the yield.\t✓ {HOSTILE[:20]}\t{HOSTILE}\t{HOSTILE}"
    text = texts.report(
        rows, references=[f"{HOSTILE} https://evil.example/<script>?a=\"b\"'", "javascript:alert(1)"],
        question=f"Research question: Does {HOSTILE} increase the yield?", results=f"9 papers retrieved {HOSTILE}. Score: 9/10.",
    ).replace("Tea for tomatoes", f"Tea {HOSTILE}")  # fmt: skip
    [found] = audits(tmp_path_factory.mktemp("hostile"), text)
    return found


@pytest.mark.parametrize("format", ["md", "json"])
def test_golden(pair: list[ReportAudit], format: str) -> None:
    made = (audit_markdown if format == "md" else audit_json)(pair[0]).decode()
    file = GOLDEN / f"audit.{format}"
    if os.environ.get("WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(made)
    # cosines differ in their last digits between processors
    assert rounded(made) == rounded(file.read_text())


def rounded(text: str) -> str:
    return re.sub(r"\d\.\d{3,}", lambda m: f"{float(m[0]):.2f}", text)


def test_what_is_wrong_with_a_report_of_this_make(pair: list[ReportAudit]) -> None:
    found = {f.kind: f for f in pair[0].findings}
    assert set(found) == {
        "claims_cut_off", "question_unaddressed", "counts_differ", "ticks_unbacked", "confidence_meaningless",
        "score_not_recomputable", "claims_recycled", "references_unresolved", "boilerplate",
    } - ({"question_unaddressed"} if any(c.addresses_question for c in pair[0].claims) else set())  # fmt: skip
    assert found["claims_cut_off"].claims == (1, 2, 3, 4, 5)
    assert found["claims_recycled"].reports == ("report2.txt",)
    assert found["confidence_meaningless"].claims == (1, 2, 3, 4, 5)
    assert found["references_unresolved"].references == (1, 2, 3)
    assert [(s.what, s.stated, s.counted) for s in pair[0].stated] == [
        ("papers", 9, 3), ("claims", 6, 5), ("verified", 5, 5), ("score", 8.8, None),
    ]  # fmt: skip
    [unaddressed] = [f for f in pair[1].findings if f.kind == "question_unaddressed"]
    assert "the taste of basil" in unaddressed.text


def test_findings_are_ordered_by_severity(pair: list[ReportAudit]) -> None:
    ranks = [("error", "warning", "note").index(f.severity) for f in pair[0].findings]
    assert ranks == sorted(ranks)


def test_every_kind_of_finding_has_a_title() -> None:
    from typing import get_args

    from claimcheck.foundation.records.audits import AuditKind

    assert set(TITLES) == set(get_args(AuditKind))


def test_a_sound_report_has_no_errors(tmp_path: Path) -> None:
    rows = "\n".join(
        [
            "Claim\tVerified\tConfidence\tEvidence",
            "Cold tea increased the yield of tomatoes by 12 percent.\tyes\t0.93\tHansen 2019, Table 2",
            "Black tea made no difference to the yield.\tno\t0.21\tHansen 2019, Table 3",
        ]
    )
    text = texts.report(rows, results="2 claims extracted; 1 verified. Confidence was calibrated on 300 claims.")
    [found] = audits(tmp_path, text)
    assert {f.kind for f in found.findings} == {"references_unresolved"}


def test_json_follows_the_shipped_schema(pair: list[ReportAudit], hostile: ReportAudit) -> None:
    import claimcheck.publish

    path = Path(claimcheck.publish.__file__).with_name("audit.schema.json")
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(schema_text(audit_schema()), "utf-8")
    assert path.read_text("utf-8") == schema_text(audit_schema())
    validator = jsonschema.Draft202012Validator(audit_schema())
    for one in (*pair, hostile):
        document = json.loads(audit_json(one))
        validator.validate(document)
        assert ReportAudit.model_validate_json(audit_json(one)) == one
        assert list(validator.iter_errors({**document, "more": 1}))


def test_a_hostile_report_is_text_in_html(hostile: ReportAudit) -> None:
    source = audit_html(hostile).decode()
    page = html.document_fromstring(source)
    assert not page.xpath("//script | //iframe | //img | //form")
    assert {urlscheme(a) for a in page.xpath("//a/@href")} <= {"#", "https"}
    assert "<script>alert(1)</script>" in page.text_content()
    assert "\u202e" not in source
    assert "\x1b" not in source
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "default-src 'none'" in policy


def urlscheme(address: str) -> str:
    return "#" if address.startswith("#") else address.partition(":")[0]


def test_a_hostile_report_is_text_in_markdown(hostile: ReportAudit) -> None:
    rendered = MarkdownIt("commonmark").enable("table").render(audit_markdown(hostile).decode())
    tree = html.fromstring(f"<div>{rendered}</div>")
    assert not tree.xpath("//script | //img")
    assert {urlscheme(a) for a in tree.xpath("//a/@href")} <= {"https"}
    assert len(tree.xpath("//table//tbody/tr")) == 1


def test_a_hostile_report_steers_no_terminal(hostile: ReportAudit) -> None:
    out = io.StringIO()
    print_audit(hostile, Console(file=out, width=120, force_terminal=False, markup=False, emoji=False, highlight=False))
    assert "\x1b" not in out.getvalue()
    assert "\u202e" not in out.getvalue()
    assert "alert(1)" in out.getvalue()


def test_files_are_written_whole_and_again_the_same(pair: list[ReportAudit], tmp_path: Path) -> None:
    files = write_audit(pair[0], tmp_path, ("html", "md"))
    assert [f.name for f in files] == ["audit.json", "audit.html", "audit.md"]
    assert files[0].parent.name.startswith("report1-")
    before = [f.read_bytes() for f in files]
    assert [f.read_bytes() for f in write_audit(pair[0], tmp_path, ("html", "md"))] == before
    with pytest.raises(UsageError, match="no format 'docx'"):
        write_audit(pair[0], tmp_path, ("docx",))


def test_the_page_has_no_row_too_few(pair: list[ReportAudit]) -> None:
    page = html.document_fromstring(audit_html(pair[0]))
    assert len(page.xpath("//section[@id='claims']//tbody/tr")) == len(texts.CLAIMS)
    assert len(page.xpath("//ol[@class='cited']/li")) == 3
    assert len(page.xpath("//ol[@class='faults']/li")) == len(pair[0].findings)
    assert not page.xpath("//script")
