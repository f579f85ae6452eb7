"""Which reader reads what, and the version of all of them together."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from claimcheck.foundation.errors import UnreadableInputError
from claimcheck.foundation.records import Document, Source, SourceKind

_END = 1 << 16  # bytes of a large file that count


def parse(source: Source, *, tables: bool, max_pages: int) -> Document:
    """Read a source in this very process. For trusted bytes, the worker and the tests of the parsers."""
    return load_reader(source.kind, tables=tables, max_pages=max_pages)(source)


def load_reader(
    kind: SourceKind,
    *,
    tables: bool,
    max_pages: int,
    on_page: Callable[[int], None] | None = None,
    skip: Mapping[int, str] | None = None,
) -> Callable[[Source], Document]:
    """The function that reads sources of one kind; its imports are done when it is returned.

    A PDF's reader calls `on_page` with the number of each page that it begins, 0 for what concerns all of them, and
    leaves out the pages in `skip`, with the reasons that stand there.
    """
    if kind == "pdf":
        from claimcheck.reading.pdf import read_pdf

        return lambda source: read_pdf(
            _only_file(source), source.paper, tables=tables, max_pages=max_pages, on_page=on_page, skip=skip
        )
    if kind == "latex":
        from claimcheck.reading.latex import read_latex

        return lambda source: read_latex(source.files, source.paper, main=source.main, tables=tables)
    if kind == "html":
        from claimcheck.reading.html import read_html

        return lambda source: read_html(_only_file(source), source.paper, tables=tables)
    from claimcheck.reading.text import read_text

    return lambda source: read_text(_only_file(source), source.paper)


def _only_file(source: Source) -> bytes:
    if source.main in source.files:
        return source.files[source.main]
    if len(source.files) != 1:
        raise UnreadableInputError(
            f"expected one {source.kind} file, found {len(source.files)}",
            where=source.paper.id,
            todo="give the file itself",
        )
    return next(iter(source.files.values()))


@functools.cache
def code_version(folder: Path) -> str:
    """12 hex digits that change with the files of a package: a cache serves only the code that filled it.

    Code and its JSON tables count by content, large files such as weights by their size and end: other weights of the
    same shapes differ everywhere.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.parent.name != "__pycache__":
            contents = path.read_bytes() if path.suffix in (".py", ".json") else _size_and_end(path)
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + contents + b"\0")
    return digest.hexdigest()[:12]


def _size_and_end(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END))
        return str(size).encode() + b"\0" + file.read()


def reader_version() -> str:
    """The version of the readers and of the records that they fill."""
    here = Path(__file__).parent
    return code_version(here) + code_version(here.parent / "foundation")
