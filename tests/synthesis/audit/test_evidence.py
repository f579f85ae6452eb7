"""Claims are held against the cited papers that are at hand, and never count as missing from those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_texts as texts

from claimcheck.foundation.errors import MissingInputError
from claimcheck.foundation.records.audits import AuditFinding, ReportAudit
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.audit import audit_reports, read_report

CLAIMS = (
    ("FSR reaches 91.3 F1 on SQuAD, 2.1 points above BERT.", "✓", "0.9"),
    ("On the data set SQuAD the reader FSR reaches 91.3 F1.", "✓", "0.8"),
    ("BERT obtains 82.9 accuracy on MNLI.", "✓", "0.7"),
    ("Tomatoes that are watered with cold tea ripen a week earlier in Norway.", "✓", "0.95"),
    ("In this paper we describe a new model", "×", "0.2"),
)
QUESTION = "Does FSR improve the F1 of question answering on SQuAD?"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return written(tmp_path, ["Fast Span Reader, 2021."])


def written(folder: Path, references: list[str], name: str = "report.txt") -> Path:
    rows = "\n".join(["Claim\tVerified\tConfidence", *("\t".join(c) for c in CLAIMS)])
    path = folder / name
    path.write_text(
        texts.report(rows, references=references, question=f"Research question: {QUESTION}", results="Done.")
    )
    return path


def audit(path: Path, **more: object) -> ReportAudit:
    settings = Settings.load(offline=True)
    [found] = audit_reports([read_report(path, settings)], settings, **more)  # type: ignore[arg-type]
    return found


def finding(found: ReportAudit, kind: str) -> AuditFinding:
    [one] = [f for f in found.findings if f.kind == kind]
    return one


def kinds(found: ReportAudit) -> set[str]:
    return {f.kind for f in found.findings}


def test_claims_in_the_cited_paper(report: Path, paper: Path) -> None:
    found = audit(report, library=paper.parent)
    assert [r.status for r in found.references] == ["library"]
    assert [c.backing for c in found.claims] == ["verbatim", "in_part", "contradicted", "not_found", "verbatim"]
    assert found.claims[0].evidence[0].quote == CLAIMS[0][0]
    assert any("82.5" in e.quote for e in found.claims[2].evidence)
    assert finding(found, "claims_contradicted").claims == (3,)
    assert finding(found, "claims_not_in_sources").claims == (4,)
    assert finding(found, "ticks_against_evidence").claims == (3, 4)
    assert found.references[0].claims == (1, 2, 3, 5)
    assert found.references[0].bears


def test_a_claim_that_the_paper_completes(report: Path, paper: Path) -> None:
    found = audit(report, library=paper.parent).claims[4]
    assert found.truncated
    assert found.continuation == "for it."


def test_offline_without_the_paper_nothing_is_missing_from_it(report: Path) -> None:
    found = audit(report)
    assert [r.status for r in found.references] == ["unresolved"]
    assert {c.backing for c in found.claims} == {"not_checked"}
    assert "references_unresolved" in kinds(found)
    assert not kinds(found) & {"claims_not_in_sources", "claims_contradicted", "ticks_against_evidence"}
    assert found.references[0].bears is None


def test_one_reference_of_two_unresolved_accuses_no_claim(tmp_path: Path, paper: Path) -> None:
    path = written(tmp_path, ["Fast Span Reader, 2021.", "https://arxiv.org/abs/2104.01234"])
    found = audit(path, library=paper.parent)
    assert [r.status for r in found.references] == ["library", "unresolved"]
    assert found.claims[3].backing == "not_found"
    assert "claims_not_in_sources" not in kinds(found)
    assert finding(found, "ticks_against_evidence").claims == (3,)


def test_a_paper_given_backs_claims_and_resolves_its_reference(report: Path, paper: Path) -> None:
    found = audit(report, against=[str(paper)])
    assert found.references[0].status == "against"
    assert found.claims[0].backing == "verbatim"


def test_a_paper_given_that_is_not_cited_resolves_nothing(tmp_path: Path, paper: Path) -> None:
    path = written(tmp_path, ["https://arxiv.org/abs/2104.01234"])
    found = audit(path, against=[str(paper)])
    assert found.references[0].status == "unresolved"
    assert found.claims[0].backing == "verbatim"


def test_a_reference_without_bearing(tmp_path: Path, paper: Path) -> None:
    other = tmp_path / "volcanoes.html"
    other.write_text(
        "<!doctype html><html><head><title>Ash layers of Iceland</title></head><body><h1>Ash layers of Iceland</h1>"
        "<h2>Abstract</h2><p>Volcanic ash from four eruptions covers glaciers of southern Iceland. Drilling cores show "
        "its age.</p><h2>1 Introduction</h2><p>Ash falls on ice.</p></body></html>"
    )
    path = written(tmp_path, ["Fast Span Reader, 2021.", "Ash layers of Iceland, 1999.", "Fast span reader"])
    found = audit(path, library=tmp_path)
    assert [r.bears for r in found.references] == [True, False, True]
    assert finding(found, "references_without_bearing").references == (2,)
    assert finding(found, "references_repeated").references == (3,)
    assert finding(found, "one_source").claims == (1, 2, 3, 5)


def test_a_missing_library_is_an_error(report: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no such folder"):
        audit(report, library=tmp_path / "nowhere")


def test_the_same_number_elsewhere_is_not_the_claim(tmp_path: Path, paper: Path) -> None:
    rows = "Claim\tVerified\nOur results on SQuAD stand in Table 1: FSR reaches 95.7 F1.\t✓"
    path = tmp_path / "one.txt"
    path.write_text(texts.report(rows, references=["Fast Span Reader, 2021."], question=""))
    [claim] = audit(path, library=paper.parent).claims
    assert claim.backing in ("not_found", "contradicted")
