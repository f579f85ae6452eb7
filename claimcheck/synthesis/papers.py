"""The works of a search as papers: each fetched, read and checked through the pipeline, or left out with its reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.foundation.errors import (
    ClaimcheckError,
    InputError,
    MissingInputError,
    NotAPaperError,
    ServiceError,
    UnreadableInputError,
)
from claimcheck.foundation.records import Document, Ledger, LiteratureSearch, Paper, Work
from claimcheck.foundation.records.syntheses import Basis, Exclusion, SynthesisPaper

if TYPE_CHECKING:
    from claimcheck.foundation.settings import Settings
    from claimcheck.pipeline import Outcome

__all__ = ["Gathered", "anchor_work", "gather"]

_LEAST_ABSTRACT = 60  # characters from which an abstract is worth reading for itself
_LANGUAGE = {"de": "German", "fr": "French", "es": "Spanish", "zh": "Chinese", "ja": "Japanese", "ru": "Russian",
             "pt": "Portuguese", "it": "Italian", "ko": "Korean"}  # fmt: skip


@dataclass(frozen=True)
class Gathered:
    """The papers in the order of the search, and how their ledgers were made."""

    papers: tuple[SynthesisPaper, ...]
    ledgers: dict[str, Ledger]  # by the paper's key
    _settings: Settings
    _sources: dict[str, str | Path] = field(default_factory=dict)

    def document(self, key: str) -> Document | None:
        """What was read of a paper, from the cache; None where it cannot be read any more."""
        from claimcheck.pipeline import read_paper

        try:
            return read_paper(self._sources[key], self._settings) if key in self._sources else None
        except ClaimcheckError:
            return None

    @property
    def versions(self) -> dict[str, str]:
        """Versions of claimcheck and the libraries that made the ledgers."""
        return self._merged("versions")

    @property
    def models(self) -> dict[str, str]:
        """The models behind the ledgers."""
        return self._merged("models")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the ledgers."""
        return self._merged("settings")

    def _merged(self, name: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for ledger in self.ledgers.values():
            out |= getattr(ledger.run, name)
        if not out and name != "settings":
            from claimcheck.pipeline import check_document

            empty = check_document(Document(paper=Paper(id="none")), self._settings)
            out = dict(getattr(empty.run, name))
        return out


def anchor_work(paper: str | Path, settings: Settings) -> Work:
    """The anchor paper as a work, with what its source says of it. Raises InputError, ServiceError."""
    from claimcheck.pipeline import read_with_source
    from claimcheck.sources.identify import ArxivId, identify

    source, document = read_with_source(paper, settings, tables=False)
    found = document.paper
    is_file = bool(isinstance(paper, Path) or Path(str(paper)).exists())
    arxiv = identify(found.id)
    year = re.match(r"(?:19|20)\d\d", found.published)
    return Work(
        title=found.title or found.id,
        authors=found.authors,
        year=int(year[0]) if year else None,
        arxiv_id=arxiv.id if isinstance(arxiv, ArxivId) else "",
        doi=found.doi.lower(),
        version=found.version or source.paper.version,
        abstract=found.abstract,
        url=found.url,
        databases=(),
        relation="anchor",
        path=str(paper) if is_file else "",
    )


def gather(
    found: LiteratureSearch, settings: Settings, on_paper: Callable[[Outcome, int], None] | None = None
) -> Gathered:
    """The papers of a search, each read and checked; what fails is left out with the reason, or read as its abstract.

    `on_paper` gets each outcome when it is there, out of order, and how many there will be.
    """
    from claimcheck.pipeline import check_papers

    sources: dict[int, str | Path] = {}
    for i, work in enumerate(found.works):
        source = _source_of(work)
        if source is not None and _refused(work) is None:
            sources[i] = source
    order = list(sources)
    outcomes: dict[int, Outcome] = {}

    def done(outcome: Outcome) -> None:
        if on_paper:
            on_paper(outcome, len(order))

    if order:
        with closing(check_papers([sources[i] for i in order], settings, on_done=done)) as checked:
            for outcome in checked:
                outcomes[order[outcome.index]] = outcome
    papers: list[SynthesisPaper] = []
    ledgers: dict[str, Ledger] = {}
    for i, work in enumerate(found.works):
        key = f"P{i + 1}"
        paper, ledger = _paper(key, work, outcomes.get(i), order, settings)
        papers.append(paper)
        if ledger is not None and paper.kept:
            ledgers[key] = ledger
    return Gathered(tuple(papers), ledgers, settings, {f"P{i + 1}": s for i, s in sources.items()})


def _source_of(work: Work) -> str | Path | None:
    """What the pipeline can fetch: a file, or an arXiv paper; None for a work of which no free text is known."""
    if work.path:
        return Path(work.path)
    if work.arxiv_id:
        return work.arxiv_id + work.version
    return None


def _refused(work: Work) -> tuple[Exclusion, str] | None:
    """Why a work is not read at all."""
    if work.retracted:
        notes = f" ({'; '.join(work.notes)})" if work.notes else ""
        return "retracted", f"it was retracted or withdrawn{notes}"
    if work.language not in ("", "en"):
        return (
            "other_language",
            f"it is in {_LANGUAGE.get(work.language, work.language)}, and claims are found in English alone",
        )
    return None


def _paper(
    key: str, work: Work, outcome: Outcome | None, order: Sequence[int], settings: Settings
) -> tuple[SynthesisPaper, Ledger | None]:
    refused = _refused(work)
    if refused is not None:
        return _left_out(key, work, *refused), None
    if outcome is not None and outcome.same_as is not None:
        return _left_out(key, work, "duplicate", f"it has the same contents as P{order[outcome.same_as] + 1}"), None
    if outcome is not None and outcome.ledger is not None:
        return _kept(key, work, outcome.ledger, "full_text"), outcome.ledger
    error = outcome.error if outcome is not None else None
    why = str(error) if error is not None else "no free full text is known of it"
    ledger = _of_abstract(work, settings)
    if ledger is not None:
        return _kept(key, work, ledger, "abstract", why), ledger
    exclusion: Exclusion = "not_retrieved"
    if isinstance(error, UnreadableInputError | NotAPaperError):
        exclusion = "not_readable"
    elif error is not None and not isinstance(error, InputError | ServiceError | MissingInputError):
        exclusion = "failed"
    return _left_out(key, work, exclusion, why), None


def _kept(key: str, work: Work, ledger: Ledger, basis: Basis, why: str = "") -> SynthesisPaper:
    claims = len(ledger.claims)
    if not claims:
        text = "the abstract" if basis == "abstract" else "it"
        return _left_out(key, work, "no_claims", f"no checkable claim was found in {text}", ledger.paper)
    relation = {
        "anchor": "the paper that the question was asked of",
        "cites_anchor": "it cites the anchor paper",
        "cited_by_anchor": "the anchor paper cites it",
        "library": "in the library",
        "query": "found by a query",
    }[work.relation]
    relevance = f", relevance {work.relevance:.2f}" if work.relevance is not None and work.relation != "anchor" else ""
    reason = f"{relation}{relevance}; {claims} claims"
    if basis == "abstract":
        reason += f" of the abstract alone ({why})"
    return SynthesisPaper(
        key=key,
        paper=_paper_of(work, ledger.paper),
        work=work,
        kept=True,
        reason=reason,
        basis=basis,
        ledger_sha256=hashlib.sha256(ledger.model_dump_json().encode()).hexdigest(),
        claims=ledger.claims,
        findings=ledger.findings,
        tables=ledger.run.tables,
        sentences=ledger.run.sentences,
        claims_found=ledger.run.claims_found,
    )


def _left_out(key: str, work: Work, exclusion: Exclusion, reason: str, paper: Paper | None = None) -> SynthesisPaper:
    return SynthesisPaper(
        key=key, paper=_paper_of(work, paper), work=work, kept=False, exclusion=exclusion, reason=reason
    )


def _paper_of(work: Work, read: Paper | None) -> Paper:
    """What was read, with what only the databases know."""
    if read is None:
        name = (
            work.arxiv_id or work.doi or (Path(work.path).stem if work.path else "") or work.openalex_id or work.s2_id
        )
        read = Paper(id=name or "unknown", version=work.version)
    return read.model_copy(
        update={
            "title": read.title or work.title,
            "authors": read.authors or work.authors,
            "abstract": read.abstract or work.abstract,
            "doi": read.doi or work.doi,
            "url": read.url or work.url,
            "version": read.version or work.version,
            "published": read.published or (str(work.year) if work.year else ""),
        }
    )


def _of_abstract(work: Work, settings: Settings) -> Ledger | None:
    """The ledger of a work's abstract alone; None where there is none to speak of."""
    from claimcheck.pipeline import check_document
    from claimcheck.reading.text import read_text

    text = work.abstract.strip()
    if len(text) < _LEAST_ABSTRACT or work.path:
        return None
    data = f"# {work.title}\n\n## Abstract\n\n{text}\n".encode()
    paper = _paper_of(work, None).model_copy(update={"source_sha256": hashlib.sha256(data).hexdigest()})
    try:
        return check_document(read_text(data, paper), settings)
    except InputError:
        return None
