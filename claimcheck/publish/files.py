"""A ledger's files on disk: one folder a paper, each file written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Ledger
from claimcheck.foundation.store import write_atomic
from claimcheck.publish.escape import file_stem, short_hash
from claimcheck.publish.view import NOTHING, Extras

__all__ = ["FORMATS", "folder_name", "render", "rendered", "write_ledger"]


@dataclass(frozen=True, slots=True)
class Format:
    """One of the formats: its file, and module and function of this package that make it of (ledger, extras)."""

    file: str
    module: str
    function: str


_FORMATS = {
    "json": Format("ledger.json", "data", "ledger_json"),
    "csv": Format("ledger.csv", "data", "ledger_csv"),
    "md": Format("report.md", "documents", "ledger_markdown"),
    "html": Format("report.html", "documents", "ledger_html"),
    "tex": Format("report.tex", "documents", "ledger_latex"),
    "pdf": Format("report.pdf", "pdf", "ledger_pdf"),
    "bib": Format("sources.bib", "bibliography", "ledger_bib"),
    "sarif": Format("report.sarif", "sarif", "ledger_sarif"),
    "badge": Format("badge.svg", "badge", "ledger_badge"),
    "claimreview": Format("claimreview.jsonld", "claimreview", "ledger_claimreview"),
    "crate": Format("ro-crate-metadata.json", "crate", "ledger_crate"),  # last: it describes the files beside it
}
FORMATS: tuple[str, ...] = tuple(_FORMATS)
"""The formats that a ledger is rendered in."""


def render(ledger: Ledger, format: str, extras: Extras = NOTHING) -> bytes:
    """The ledger in one of `FORMATS`, UTF-8 (but for PDF), the same bytes for the same input at any time and place.

    Raises UsageError for another format, for "pdf" where no TeX is installed, and for "crate", which describes a
    folder's files: `write_ledger` makes it.
    """
    if _known(format) == "crate":
        raise UsageError("an RO-Crate is a folder", where="--format crate", todo="add --out DIR")
    return _render(ledger, format, extras, {})


def write_ledger(ledger: Ledger, out: Path, formats: Sequence[str] = (), extras: Extras = NOTHING) -> list[Path]:
    """Writes OUT/<paper id>-<8 hex of the source's hash>/ledger.json and the other formats asked for.

    Formats that the folder holds already are made anew as well, so that none tells of another ledger than the others;
    a PDF only where TeX is installed. Returns the files in the order of `FORMATS`. Raises UsageError for an unknown
    format, before anything is written, and where the folder cannot be written to.
    """
    folder = Path(out) / folder_name(ledger)
    formats = (*formats, *(f for f in FORMATS if f not in formats and _is_held(folder, f)))
    # the ledger is the truth: everything is rendered before the first file changes
    contents = rendered(ledger, ("json", *formats), extras)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write the report: {error.strerror or error}", where=str(folder), todo="choose another --out"
        ) from error
    for name, content in contents.items():
        write_atomic(folder / name, content)
    return [folder / name for name in contents]


def _is_held(folder: Path, format: str) -> bool:
    """Whether a file of the format is there that can be made anew."""
    if not (folder / _FORMATS[format].file).is_file():
        return False
    if format != "pdf":
        return True
    from claimcheck.publish.pdf import check_installed

    try:
        check_installed()
    except UsageError:
        return False
    return True


def rendered(ledger: Ledger, formats: Sequence[str], extras: Extras = NOTHING) -> dict[str, bytes]:
    """Name and content of the file of each format, in the order of `FORMATS`. Raises as `render`."""
    asked = {_known(f) for f in formats}
    contents: dict[str, bytes] = {}
    for format in FORMATS:
        if format in asked:
            contents[_FORMATS[format].file] = _render(ledger, format, extras, contents)
    return contents


def folder_name(ledger: Ledger) -> str:
    """<paper id>-<8 hex of the source's hash>, safe on any file system."""
    paper = ledger.paper
    # not pydantic's own JSON, which refuses a lone surrogate
    everything = json.dumps(paper.model_dump(), ensure_ascii=False, separators=(",", ":"))
    return f"{file_stem(paper.id)}-{short_hash(paper.source_sha256, everything)}"


def _render(ledger: Ledger, format: str, extras: Extras, beside: Mapping[str, bytes]) -> bytes:
    from importlib import import_module

    known = _FORMATS[format]
    function: Callable[..., bytes] = getattr(import_module(f"claimcheck.publish.{known.module}"), known.function)
    return function(ledger, extras, beside) if format == "crate" else function(ledger, extras)


def _known(format: str) -> str:
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}", todo=f"choose among {', '.join(FORMATS)}")
    return format
