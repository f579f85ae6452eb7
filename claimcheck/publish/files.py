"""A ledger's files on disk: one folder a paper, each file written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Ledger
from claimcheck.publish.escape import file_stem, short_hash

FORMATS: tuple[str, ...] = ("json", "csv", "md", "html", "tex")
"""The formats that a ledger is rendered in."""

_NAMES = {"json": "ledger.json", "csv": "ledger.csv", "md": "report.md", "html": "report.html", "tex": "report.tex"}


def render(ledger: Ledger, format: str) -> bytes:
    """The ledger in one of `FORMATS`, UTF-8, the same bytes for the same ledger at any time and place.

    Raises UsageError for another format.
    """
    from claimcheck.publish import data, documents

    renderers = {
        "json": data.ledger_json,
        "csv": data.ledger_csv,
        "md": documents.ledger_markdown,
        "html": documents.ledger_html,
        "tex": documents.ledger_latex,
    }
    return renderers[_known(format)](ledger)


def write_ledger(ledger: Ledger, out: Path, formats: Sequence[str] = ()) -> list[Path]:
    """Writes OUT/<paper id>-<8 hex of the source's hash>/ledger.json and the other formats asked for.

    Returns the files in the order of `FORMATS`. Raises UsageError for an unknown format, before anything is written,
    and where the folder cannot be written to.
    """
    asked = {_known(f) for f in formats}
    paper = ledger.paper
    folder = Path(out) / f"{file_stem(paper.id)}-{short_hash(paper.source_sha256, paper.model_dump_json())}"
    # the ledger is the truth: everything is rendered before the first file changes
    contents = {_NAMES[f]: render(ledger, f) for f in FORMATS if f == "json" or f in asked}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            _write_atomically(folder / name, content)
    except OSError as error:
        raise UsageError(
            f"cannot write the report: {error.strerror or error}", where=str(folder), todo="choose another --out"
        ) from error
    return [folder / name for name in contents]


def _known(format: str) -> str:
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}", todo=f"choose among {', '.join(FORMATS)}")
    return format


def _write_atomically(path: Path, content: bytes) -> None:
    """The file as it was or as it shall be, also for who reads it meanwhile and after a crash."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
