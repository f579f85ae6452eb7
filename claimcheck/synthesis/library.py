"""A local folder of papers as a database: every file in it that is a paper, by title, abstract and identifier.

Papers are read whole, as for checking them, since what a paper tested seldom stands in its abstract. What is needed of
them here (title, abstract, how often each word occurs) is kept in the cache under the file's contents.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from claimcheck.foundation.errors import ClaimcheckError, MissingInputError, UnreadableInputError, UsageError
from claimcheck.foundation.process import unforeseen
from claimcheck.foundation.records import Document, Work
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store
from claimcheck.reading import read_source
from claimcheck.reading.dispatch import code_version, reader_version
from claimcheck.sources import resolve
from claimcheck.sources.identify import ArxivId, arxiv_id_in_file_name, identify
from claimcheck.synthesis.parallel import in_threads
from claimcheck.synthesis.ranking import Bag, words_of

__all__ = ["Library", "read_library"]

NAME = "library"
_KIND = "library-works"  # of entries in the cache
_SUFFIXES = (".pdf", ".tar.gz", ".tgz", ".tar", ".zip", ".gz", ".html", ".htm", ".xhtml", ".tex")
_CLASS = re.compile(rb"^[^%\n]*\\document(?:class|style)\b", re.MULTILINE)
_HEAD = 20_000  # bytes of a TeX file in which its class line stands
_MOST_TEX = 2_000_000  # bytes of a TeX file that are searched for the names of figures
_NAMED = 10  # files that a message names
_MOST_DEPTH = 12  # folders below the library's
# of the ACL Anthology: a letter for the venue, two digits of the year, a dash, four digits ("N18-1202"); since 2020
# "2020.acl-main.1"
_ANTHOLOGY = re.compile(r"(?P<old>[A-Z](?P<yy>\d\d)-\d{4})|(?P<new>(?P<yyyy>20\d\d)\.[a-z0-9]+-[a-z0-9]+\.\d{1,4})")

StageProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Library:
    """What a folder holds: its papers, the files that could not be read with the reason, and what was left out."""

    works: tuple[Work, ...]
    bags: Mapping[str, Bag]  # by path: the wanted words in the whole paper
    unreadable: tuple[tuple[str, str], ...]  # (path below the folder, reason)
    left_out: tuple[str, ...] = ()  # in words
    is_cut: bool = False  # whether there are more papers than may be read

    @property
    def message(self) -> str:
        """What is missing, in one line; "" where nothing is."""
        told = []
        if self.unreadable:
            shown = ", ".join(f"{name} ({reason})" for name, reason in self.unreadable[:_NAMED])
            more = f" and {len(self.unreadable) - _NAMED} more" if len(self.unreadable) > _NAMED else ""
            of = len(self.unreadable) + len(self.works)
            told.append(f"{len(self.unreadable)} of {of} files could not be read: {shown}{more}")
        return "; ".join((*told, *self.left_out))


def read_library(
    folder: Path, settings: Settings, question: str = "", on_progress: StageProgress | None = None
) -> Library:
    """The papers in a folder and the folders below it, in the order of their names, with the question's words in them.

    PDF and HTML files, archives of LaTeX sources, TeX files with a class line, and folders that hold one; no link is
    followed and nothing hidden is read. At most `settings.max_files` papers are read; what does not get in is said.
    Raises MissingInputError where there is no such folder, UsageError where it is a file, UnreadableInputError where
    the folder itself cannot be read.
    """
    found = _find(folder, settings.max_files)
    read = partial(_read, settings=settings, store=Store(settings.home), wanted=frozenset(words_of(question)))
    results: dict[int, tuple[Work, Bag] | ClaimcheckError] = {}
    for index, result in in_threads(read, found.papers, settings.workers or os.cpu_count() or 1):
        results[index] = result
        if on_progress:
            on_progress("reading the library", len(results), len(found.papers))
    works, unreadable = [], []
    bags: dict[str, Bag] = {}
    for number, path in enumerate(found.papers):
        result = results[number]
        if isinstance(result, ClaimcheckError):
            unreadable.append((_shown(path.relative_to(folder)), _shown(result.what)))
        else:
            works.append(result[0])
            bags[result[0].path] = result[1]
    return Library(tuple(works), bags, tuple(unreadable), found.left_out, found.is_cut)


# --- which files are papers -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    papers: list[Path]
    left_out: tuple[str, ...]
    is_cut: bool


def _find(folder: Path, most: int) -> _Found:
    where = str(folder)
    try:
        mode = folder.stat().st_mode
    except (OSError, ValueError):
        raise MissingInputError("there is no such folder", where=where, todo="give the folder of your papers") from None
    if not stat.S_ISDIR(mode):
        raise UsageError("is not a folder", where=where, todo="give the folder of your papers")
    papers: list[Path] = []
    links = others = 0
    beyond = False
    for path, kind in _walk(folder):
        if kind == "link":
            links += 1
        elif kind == "other":
            others += 1
        elif len(papers) >= most:
            beyond = True
            break
        else:
            papers.append(path)
    left_out = []
    if beyond:
        left_out.append(f"only the first {most} papers by name were read; raise CLAIMCHECK_MAX_FILES for more")
    if links:
        left_out.append(f"{links} symbolic {'link was' if links == 1 else 'links were'} not followed")
    if others:
        left_out.append(f"{others} {'file' if others == 1 else 'files'} of other kinds not read")
    return _Found(papers, tuple(left_out), beyond)


def _walk(root: Path) -> Iterator[tuple[Path, str]]:
    """(path, "paper" | "link" | "other") in the order of names, folder by folder."""
    for place, folders, names in os.walk(root, onerror=partial(_refuse, root)):
        here = Path(place)
        sources = [n for n in names if n.lower().endswith(".tex") and _has_class_line(here / n)]
        said = b""
        if here != root and sources:
            yield here, "paper"
            # chapters and figures are parts of that paper; what its TeX does not name stands beside it
            said = _tex_of(here, names)
            folders[:] = [f for f in folders if f.lower().encode("utf-8", "surrogateescape") not in said]
            names = [n for n in names if n.lower().endswith(_SUFFIXES) and n not in sources]
            names = [n for n in names if not n.lower().endswith(".tex") and not _is_named(n, said, sources)]
        if len(here.relative_to(root).parts) >= _MOST_DEPTH:
            folders.clear()
        for name in sorted((*folders, *names)):
            path = here / name
            if name.startswith("."):
                continue
            if path.is_symlink():
                yield path, "link"
            elif name in folders:
                continue
            elif not path.is_file():
                yield path, "other"
            elif name.lower().endswith(".tex"):
                yield path, "paper" if name in sources else "other"
            else:
                yield path, "paper" if name.lower().endswith(_SUFFIXES) else "other"
        folders[:] = sorted(f for f in folders if not f.startswith(".") and not (here / f).is_symlink())


def _tex_of(folder: Path, names: Sequence[str]) -> bytes:
    """The TeX files of a folder, in lower case."""
    texts = []
    for name in sorted(names):
        path = folder / name
        if name.lower().endswith(".tex") and path.is_file() and not path.is_symlink():
            with suppress(OSError), path.open("rb") as file:
                texts.append(file.read(_MOST_TEX).lower())
    return b"\n".join(texts)


def _is_named(name: str, said: bytes, sources: Sequence[str]) -> bool:
    """Whether a file is a part of a source, or what TeX made of it."""
    stem = name.lower().partition(".")[0]
    return stem.encode("utf-8", "surrogateescape") in said or any(stem == Path(s).stem.lower() for s in sources)


def _refuse(root: Path, error: OSError) -> None:
    """A folder below that cannot be listed is passed over; the library's own is an error."""
    if error.filename is not None and Path(error.filename) == root:
        what = f"cannot be read ({(error.strerror or str(error)).lower()})"
        raise UnreadableInputError(what, where=str(root), todo="check its rights") from None


def _has_class_line(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return _CLASS.search(file.read(_HEAD)) is not None
    except OSError:
        return False


# --- what a file is -------------------------------------------------------------------------------


class _Entry(BaseModel):
    """What the cache keeps of a paper."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    work: Work
    words: dict[str, int]
    length: int


def _read(path: Path, settings: Settings, store: Store, wanted: frozenset[str]) -> tuple[Work, Bag] | ClaimcheckError:
    """The work in a file, from the cache where its contents were read before; or the error that it gives."""
    try:
        source = resolve(path, settings)
        key = "\0".join((source.paper.source_sha256, source.paper.id, source.paper.version, _code_version()))
        entry = _stored(store, key)
        if entry is None:
            document = read_source(source, settings)
            words = words_of(_text(document))
            entry = _Entry(work=_work(document, path), words=dict(words), length=words.total())
            store.put(_KIND, key, entry.model_dump_json().encode())
        # of thousands of papers only the words that count are kept in memory
        bag = Bag({form: entry.words[form] for form in wanted if form in entry.words}, entry.length)
        return entry.work.model_copy(update={"path": str(path)}), bag
    except ClaimcheckError as error:
        return error
    except Exception as error:  # one file must not end the others
        return unforeseen(error, str(path))


def _stored(store: Store, key: str) -> _Entry | None:
    data = store.get(_KIND, key)
    if data is None:
        return None
    try:
        return _Entry.model_validate_json(data)
    except ValidationError:  # another version's: read again
        return None


def _code_version() -> str:
    """The version of the readers and of what is made here of what they read."""
    return reader_version() + code_version(Path(__file__).parent)


def _text(document: Document) -> str:
    """All that a paper says, its tables too; not its references."""
    said = [s.text for s in document.sentences if s.kind not in ("reference", "other")]
    for table in document.tables:
        said.append(table.caption)
        said += [cell.text for row in table.grid for cell in row if cell.origin is None]
    return " ".join(said)


def _work(document: Document, path: Path) -> Work:
    paper = document.paper
    title = paper.title or next((s.text for s in document.sentences if s.kind == "title"), "")
    abstract = paper.abstract or " ".join(s.text for s in document.sentences if s.kind == "abstract")
    if not abstract:
        # a paper without the heading opens with what it is about
        abstract = " ".join(s.text for s in document.sentences if s.kind == "body")[:1500]
    named = arxiv_id_in_file_name(path.stem if path.suffix.lower() != ".gz" else Path(path.stem).stem)
    ids = named or _arxiv_of(paper.id)
    anthology = _ANTHOLOGY.fullmatch(paper.id)
    url = paper.url or (f"https://aclanthology.org/{paper.id}" if anthology else "")
    return Work(
        title=title or paper.id,
        authors=paper.authors,
        year=_year(paper.published, ids, anthology),
        arxiv_id=ids.id if ids else "",
        version=ids.version if ids else "",
        doi="" if paper.doi.lower().startswith("10.48550/") else paper.doi.lower(),
        abstract=abstract,
        url=url,
        databases=(NAME,),
        relation="library",
        path=str(path),
    )


def _arxiv_of(paper: str) -> ArxivId | None:
    found = identify(paper)
    return found if isinstance(found, ArxivId) else None


def _year(published: str, ids: ArxivId | None, anthology: re.Match[str] | None) -> int | None:
    if published[:4].isdigit():
        return int(published[:4])
    if ids is not None:
        digits = ids.id.rpartition("/")[2][:2]
        return _century(int(digits))
    if anthology is not None:
        return int(anthology["yyyy"]) if anthology["yyyy"] else _century(int(anthology["yy"]))
    return None


def _century(year: int) -> int:
    """The year of two digits; arXiv and the Anthology have none before 1960."""
    return 1900 + year if year >= 60 else 2000 + year


def _shown(text: object) -> str:
    """Text for a message: printable, in one line, of bounded length."""
    return " ".join("".join(c if c.isprintable() else "\ufffd" for c in str(text)).split())[:200]
