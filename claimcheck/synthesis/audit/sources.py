"""The papers behind a report: its references resolved in a local library, among papers given, or online."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Document, Paper, Work
from claimcheck.foundation.records.audits import Resolution
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.audit.citations import Citation
from claimcheck.synthesis.audit.cuts import letters

__all__ = ["Holdings", "Resolved", "open_holdings"]

SAME_TITLE = 0.92  # similarity of the letters of two titles from which they are one
_VERSION = re.compile(r"v\d+$")
_DATABASES = ("OpenAlex", "Semantic Scholar", "Crossref")  # that look up a DOI or a title
_OFFLINE = "offline, and in no paper given"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a reference came to. `document` is None where only the paper's title and abstract are known."""

    status: Resolution
    paper: Paper | None = None
    document: Document | None = None
    reason: str = ""


@dataclass
class _Held:
    """A paper at hand: what is known of it, and its document once it was read."""

    paper: Paper
    origin: Resolution
    path: str = ""
    document: Document | None = None
    error: str = ""


class Holdings:
    """Papers at hand. A library's paper is read when a reference names it; papers given are read at once."""

    def __init__(self, held: Sequence[_Held], settings: Settings, notes: Sequence[str] = ()) -> None:
        self._held = list(held)
        self._settings = settings
        self.notes = list(notes)
        self._asked: dict[str, Resolved] = {}

    def given(self) -> list[Document]:
        """The documents of the papers that the user gave, whether a reference names them or not."""
        return [h.document for h in self._held if h.origin == "against" and h.document is not None]

    def resolve(self, citation: Citation) -> Resolved:
        """The paper that a reference names; the same answer for the same reference."""
        key = _bare(citation.arxiv_id) or citation.doi or letters(citation.title) or citation.text
        if key not in self._asked:
            self._asked[key] = self._resolve(citation)
        return self._asked[key]

    def _resolve(self, citation: Citation) -> Resolved:
        for held in self._held:
            if _names(citation, held.paper):
                return self._read(held)
        if not (citation.arxiv_id or citation.doi or citation.title):
            return Resolved("unresolved", reason="it names no arXiv id, DOI or title")
        if self._settings.offline:
            return self._cached(citation)
        return self._online(citation)

    def _read(self, held: _Held) -> Resolved:
        if held.document is None and not held.error:
            from claimcheck.pipeline import read_paper

            try:
                held.document = read_paper(Path(held.path), self._settings)
            except ClaimcheckError as error:
                held.error = str(error.what)
        if held.document is None:
            return Resolved(held.origin, held.paper, None, held.error)
        return Resolved(held.origin, _known(held.paper, held.document), held.document)

    def _cached(self, citation: Citation) -> Resolved:
        """A paper that was fetched before is at hand without the network too."""
        if citation.arxiv_id:
            found = self._fetch(citation.arxiv_id)
            if found.document is not None:
                return found
        return Resolved("unresolved", reason=_OFFLINE)

    def _online(self, citation: Citation) -> Resolved:
        if citation.arxiv_id:
            return self._fetch(citation.arxiv_id)
        work = self._look_up(citation)
        if isinstance(work, str):
            return Resolved("unresolved", reason=work)
        if work.arxiv_id:
            found = self._fetch(work.arxiv_id)
            if found.document is not None:
                return found
        return Resolved("database", paper_of(work), None, "only its title and abstract are at hand")

    def _fetch(self, arxiv_id: str) -> Resolved:
        from claimcheck.pipeline import read_paper

        try:
            document = read_paper(arxiv_id, self._settings)
        except ClaimcheckError as error:
            return Resolved("unresolved", reason=str(error.what))
        return Resolved("arxiv", document.paper, document)

    def _look_up(self, citation: Citation) -> Work | str:
        """The work that a DOI or a title names in the databases, else why there is none; one that is down is told."""
        from claimcheck.sources.databases import open_database

        wanted = Work(title=citation.title, doi=citation.doi)
        failures = []
        for name in _DATABASES:
            database = None
            try:
                database = open_database(name, self._settings)
                found = database.lookup(wanted)
            except ClaimcheckError as error:
                failures.append(f"{name} {error.what}")
                continue
            finally:
                if database is not None:
                    database.close()
            if found is not None and (
                not citation.title or not found.title or citation.doi or same_title(citation.title, found.title)
            ):
                return found
        return "; ".join(failures) if failures else "no database knows it"


def open_holdings(
    against: Sequence[str],
    library: Path | None,
    settings: Settings,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Holdings:
    """The papers given and those of a library's folder. Raises what reading a given paper raises, MissingInputError."""
    from claimcheck.pipeline import read_paper

    held: list[_Held] = []
    notes: list[str] = []
    for number, source in enumerate(against):
        if on_progress:
            on_progress("reading papers", number, len(against))
        document = read_paper(source, settings)
        held.append(_Held(_titled(document), "against", document=document))
    if library is not None:
        from claimcheck.synthesis.library import read_library

        found = read_library(library, settings, on_progress=on_progress)
        held += [_Held(paper_of(work), "library", work.path) for work in found.works]
        if found.message:
            notes.append(f"library: {found.message}")
    return Holdings(held, settings, notes)


def paper_of(work: Work) -> Paper:
    """A work as the record of a paper; its id is the arXiv id, else the DOI, else the file's stem, else the title."""
    stem = Path(work.path).stem if work.path else ""
    return Paper(
        id=work.arxiv_id or work.doi or stem or work.title[:80],
        version=work.version,
        title=work.title,
        authors=work.authors,
        abstract=work.abstract,
        doi=work.doi,
        url=work.url,
    )


def _titled(document: Document) -> Paper:
    """What is known of a paper that was read, its arXiv id among it where its first page is stamped with one."""
    abstract = document.paper.abstract or " ".join(s.text for s in document.sentences if s.kind == "abstract")
    return document.paper.model_copy(update={"abstract": abstract})


def _known(paper: Paper, document: Document) -> Paper:
    """The record of a paper with what its document adds."""
    read = _titled(document)
    return read.model_copy(
        update={
            "id": paper.id or read.id,
            "title": paper.title or read.title,
            "abstract": read.abstract or paper.abstract,
            "doi": paper.doi or read.doi,
            "url": paper.url or read.url,
        }
    )


def _names(citation: Citation, paper: Paper) -> bool:
    """Whether a reference names this paper: by arXiv id, DOI, or title."""
    if citation.arxiv_id and _bare(citation.arxiv_id) in (
        _bare(paper.id),
        _bare(paper.doi.lower().removeprefix("10.48550/arxiv.")),
    ):
        return True
    if citation.doi and paper.doi and citation.doi == paper.doi.lower():
        return True
    return bool(citation.title) and same_title(citation.title, paper.title)


def same_title(a: str, b: str) -> bool:
    """Whether two titles are one, whatever their case and dashes; a title may lack its part behind a colon."""
    x, y = letters(a), letters(b)
    if min(len(x), len(y)) < 12:
        return bool(x) and x == y
    if x == y or (min(len(x), len(y)) >= 24 and (x.startswith(y) or y.startswith(x))):
        return True
    if abs(len(x) - len(y)) > 0.2 * max(len(x), len(y)):
        return False
    return SequenceMatcher(None, x[:300], y[:300], autojunk=False).ratio() >= SAME_TITLE


def _bare(arxiv_id: str) -> str:
    return _VERSION.sub("", arxiv_id)
