"""Pictures of a paper's pages, for pages of one's own: those that a ledger points to, or all of a source."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.foundation.errors import ClaimcheckError, UnreadableInputError
from claimcheck.foundation.process import Child, ChildLostError, error_from_json, pack
from claimcheck.foundation.records import Ledger, PagePicture, Paper, Pointer, Source
from claimcheck.foundation.store import Store

if TYPE_CHECKING:
    from claimcheck.foundation.settings import Settings

__all__ = ["PagePicture", "pictures_for", "pictures_of"]

MOST_BYTES = 20_000_000  # of all pictures of a report
ALL_PAGES = 60  # pages of a source that are drawn at most
ALL_BYTES = 40_000_000
PAGE_SECONDS = 10.0
_REPLY_BYTES = 24 << 20  # of one page
_NONSENSE = "the process that draws gave no picture"
_NAMED = 20  # pages or files that a note names


def pictures_for(
    ledger: Ledger, paths: Sequence[Path], settings: Settings, *, most_bytes: int = MOST_BYTES
) -> tuple[tuple[PagePicture, ...], tuple[str, ...]]:
    """(pictures by rising page, notes in words) of the pages on which claims and their evidence stand.

    `paths` are PDFs or folders to look in; the file whose SHA-256 is the ledger's source hash is drawn, and where none
    is, the copy in the cache. Where the pictures come to more than `most_bytes`, the pages of refuted claims and those
    that most claims need are kept. Pages are drawn in a process with the limits on memory and time that reading has.
    What is missing is a note, never an error.
    """
    paper = ledger.paper
    if paper.source_kind != "pdf":
        return (), (f"No page is shown: the paper was read as {_KINDS[paper.source_kind]}, which has no pages.",)
    wanted = _pages(ledger)
    if not wanted:
        return (), ("No page is shown: no claim and no piece of evidence names one.",)
    data, note = _find(paper, paths, settings)
    if data is None:
        return (), (note,)
    return _Drawer(paper, data, settings, most_bytes).draw(wanted)


def pictures_of(
    source: Source,
    pages: int,
    settings: Settings,
    *,
    most_pages: int = ALL_PAGES,
    most_bytes: int = ALL_BYTES,
    on_page: Callable[[int, int], None] | None = None,
) -> tuple[tuple[PagePicture, ...], tuple[str, ...]]:
    """(pictures by rising page, notes in words) of the first `most_pages` of a source's `pages` pages.

    A source other than a PDF has none, without a note. `on_page(done, in all)` is called after each page. Pages are
    drawn in a process with the limits on memory and time that reading has; what is missing is a note, never an error.
    """
    if source.kind != "pdf" or pages < 1:
        return (), ()
    data = source.files.get(source.main) or next(iter(source.files.values()))
    drawn = min(pages, most_pages)
    pictures, notes = _Drawer(source.paper, data, settings, most_bytes, on_page).draw(range(1, drawn + 1))
    if drawn < pages:
        rest = f"Page {pages} is" if pages - drawn == 1 else f"Pages {drawn + 1} to {pages} are"
        notes += (f"{rest} not shown: at most {most_pages} pages of a paper are.",)
    return pictures, notes


_KINDS = {"latex": "LaTeX", "html": "HTML", "text": "plain text"}


def _pages(ledger: Ledger) -> list[int]:
    """Pages that places and evidence name, those of refuted claims first, then those that are named most often."""
    own = {"", ledger.paper.id, f"{ledger.paper.id}{ledger.paper.version}"}
    named: Counter[int] = Counter()
    refuted: set[int] = set()
    for claim in ledger.claims:
        pointers: list[Pointer] = [place.pointer for place in claim.places]
        pointers += [evidence.pointer for check in claim.verdict.checks for evidence in check.evidence]
        pages = {p.page for p in pointers if p.page is not None and p.page > 0 and p.paper in own}
        named.update(pages)
        if claim.verdict.label == "refuted":
            refuted |= pages
    return sorted(named, key=lambda page: (page not in refuted, -named[page], page))


def _find(paper: Paper, paths: Sequence[Path], settings: Settings) -> tuple[bytes | None, str]:
    """(the bytes of the ledger's source, "") or (None, why there are none)."""
    wanted = paper.source_sha256.lower()
    if len(wanted) != 64:
        return None, "No page is shown: the ledger does not say which file it was made of."
    refused: list[str] = []
    for path in paths:
        found, why = _look(Path(path), wanted, settings)
        if found is not None:
            return found, ""
        refused.append(why)
    cached = Store(settings.home).blob(wanted)
    if cached is not None and b"%PDF" in cached[:2048]:
        return cached, ""
    more = f"; and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
    reasons = "; ".join(refused[:_NAMED]) + more if refused else "no file was given"
    return None, f"No page is shown: {reasons}. The ledger's PDF has the SHA-256 {wanted}."


def _look(path: Path, wanted: str, settings: Settings) -> tuple[bytes | None, str]:
    """The bytes with that hash in a file or folder, or why there are none. Only names are told, no folders."""
    name = path.name or str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            looked = 0
            for file, relative in _walk(path, settings):
                looked += 1
                data = _read(file, settings)
                if data is not None and _is_source(data, relative, wanted):
                    return data, ""
            return None, f"none of the {looked} PDFs in {name} is the one that the ledger was made of"
        if not stat.S_ISREG(mode):
            return None, f"{name} is neither a file nor a folder"
        data = _read(path, settings)
    except FileNotFoundError:
        return None, f"there is no file {name}"
    except (OSError, ValueError) as error:
        return None, f"{name} cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})"
    if data is None:
        return None, f"{name} is larger than {settings.max_input_mb} MB"
    if not _is_source(data, name, wanted):
        return None, f"{name} is not the file that the ledger was made of"
    return data, "" if b"%PDF" in data[:2048] else f"{name} is no PDF"


def _is_source(data: bytes, relative: str, wanted: str) -> bool:
    """Whether these are the bytes that were read: a file by itself, or the only one of a folder (sources.files)."""
    if b"%PDF" not in data[:2048]:
        return False
    if hashlib.sha256(data).hexdigest() == wanted:
        return True
    alone = hashlib.sha256(f"{relative}\0{len(data)}\0".encode("utf-8", "replace"))
    alone.update(data)
    return alone.hexdigest() == wanted


def _walk(root: Path, settings: Settings) -> Iterator[tuple[Path, str]]:
    """(path, name below the root) of the PDFs in a folder, in order; links are not followed, the search ends."""
    seen = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not (Path(folder) / f).is_symlink())
        for name in sorted(names):
            seen += 1
            if seen > settings.max_files:
                return
            file = Path(folder) / name
            if name.lower().endswith(".pdf") and stat.S_ISREG(file.lstat().st_mode):
                yield file, file.relative_to(root).as_posix()


def _read(file: Path, settings: Settings) -> bytes | None:
    """A file's bytes, or None where they are more than an input may have."""
    most = settings.max_input_mb * 1_000_000
    with file.open("rb") as stream:
        data = stream.read(most + 1)
    return data if len(data) <= most else None


class _Drawer:
    """Asks a worker for one page after the other; a worker that a page ends is followed by a new one."""

    def __init__(
        self,
        paper: Paper,
        data: bytes,
        settings: Settings,
        most_bytes: int,
        on_page: Callable[[int, int], None] | None = None,
    ) -> None:
        self._paper, self._data, self._settings, self._most_bytes = paper, data, settings, most_bytes
        self._on_page = on_page or (lambda done, total: None)
        self._total = 0
        self._end = time.monotonic() + settings.read_seconds
        self._pictures: list[PagePicture] = []
        self._missing: dict[str, list[int]] = {}  # reason: pages

    def draw(self, pages: Sequence[int]) -> tuple[tuple[PagePicture, ...], tuple[str, ...]]:
        """Pictures and notes; `pages` in the order of their importance."""
        todo = list(pages)
        self._total = len(todo)
        try:
            while todo and self._seconds_left() > 0:
                with Child("claimcheck.reading.picture_worker", trusted=False) as child:
                    self._open(child)
                    self._draw_with(child, todo)
        except ClaimcheckError as error:
            self._miss(error.what, *todo)
        except ChildLostError as lost:
            self._miss(f"opening the PDF {lost.cause}", *todo)
        else:
            self._miss(f"drawing takes more than {self._settings.read_seconds:g} s", *todo)
        notes = tuple(f"{_listed(pages)} not shown: {reason}." for reason, pages in self._missing.items() if pages)
        return tuple(sorted(self._pictures, key=lambda p: p.page)), notes

    def _draw_with(self, child: Child, todo: list[int]) -> None:
        """Take pages off `todo` until it is empty, the time is over or the child is lost."""
        while todo and self._seconds_left() > 0:
            page = todo.pop(0)
            self._on_page(self._total - len(todo) - 1, self._total)
            try:
                picture = self._page(child, page)
            except ClaimcheckError as error:
                self._miss(error.what, page)
                continue
            except ChildLostError as lost:
                return self._miss(f"drawing it {lost.cause}", page)
            if sum(len(p.png) for p in self._pictures) + len(picture.png) > self._most_bytes:
                self._miss(f"all pictures together may take {self._most_bytes / 1e6:g} MB", page)
            else:
                self._pictures.append(picture)
        return None

    def _miss(self, reason: str, *pages: int) -> None:
        self._missing.setdefault(reason, []).extend(pages)

    def _seconds_left(self) -> float:
        return self._end - time.monotonic()

    def _open(self, child: Child) -> None:
        source = Source(paper=Paper(id=self._paper.id), kind="pdf", files={"paper.pdf": self._data})
        limits = {"seconds": self._settings.read_seconds, "memory_mb": self._settings.read_memory_mb}
        self._ask(child, pack(limits, source))

    def _page(self, child: Child, page: int) -> PagePicture:
        answer = self._ask(child, pack({"page": page}))
        try:
            png = base64.b64decode(answer["png"], validate=True)
            width, height = float(answer["width"]), float(answer["height"])
        except (ValueError, KeyError, TypeError):
            raise UnreadableInputError(_NONSENSE) from None
        if not png.startswith(b"\x89PNG\r\n\x1a\n") or not (0 < width < 1e6 and 0 < height < 1e6):
            raise UnreadableInputError(_NONSENSE)
        return PagePicture(self._paper.id, page, png, width, height)

    def _ask(self, child: Child, request: Iterator[bytes]) -> dict[str, Any]:
        """The worker's answer. Raises ChildLostError, or UnreadableInputError where it is an error or none at all."""
        seconds = max(0.1, min(PAGE_SECONDS, self._seconds_left()))
        reply = child.ask(request, seconds=seconds, reply_bytes=_REPLY_BYTES)
        try:
            answer = json.loads(reply)
        except (ValueError, RecursionError):
            raise UnreadableInputError(_NONSENSE) from None
        if not isinstance(answer, dict):
            raise UnreadableInputError(_NONSENSE)
        if "error" in answer:
            raise error_from_json(answer["error"])
        return answer


def _listed(pages: Sequence[int]) -> str:
    if len(pages) == 1:
        return f"Page {pages[0]} is"
    more = f" and {len(pages) - _NAMED} more" if len(pages) > _NAMED else ""
    return f"Pages {', '.join(map(str, sorted(pages)[:_NAMED]))}{more} are"
