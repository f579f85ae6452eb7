"""From a report's file to its text: UTF-8, UTF-16 or Latin-1 as it comes, PDF, HTML and LaTeX through the readers."""

from __future__ import annotations

import codecs
import difflib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError
from claimcheck.foundation.records import Document
from claimcheck.foundation.settings import Settings

__all__ = ["MAX_BYTES", "ReportFile", "document_text", "read_report_file"]

MAX_BYTES = 20_000_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"utf-8-sig": "UTF-8 with a byte order mark", "utf-16": "UTF-16", "utf-32": "UTF-32"}
_PAPERLIKE = re.compile(
    rb"%PDF-|(?:\xef\xbb\xbf)?\s{0,200}(?:<!doctype\s+html|<html\b|(?:%[^\n]{0,200}\n){0,50}\\documentclass)", re.I
)
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b")
_TODO = "give a report as text, Markdown, HTML or PDF"


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report's text with line ends made "\\n", and where it came from."""

    name: str  # the file's name without folders
    text: str
    sha256: str
    encoding: str


def read_report_file(path: Path, settings: Settings) -> ReportFile:
    """The text of a report's file.

    Raises MissingInputError where nothing stands there, UnreadableInputError for a folder, an empty or binary file, and
    one over 20 MB, and what reading a PDF, HTML or LaTeX file raises.
    """
    data = _read(path)
    sha256 = hashlib.sha256(data).hexdigest()
    where = str(path)
    if not data.strip():
        raise UnreadableInputError("is empty", where=where, todo=_TODO)
    if _PAPERLIKE.match(data):
        from claimcheck.pipeline import read_paper

        kind = "PDF" if data.startswith(b"%PDF-") else "LaTeX" if b"\\documentclass" in data[:12_000] else "HTML"
        return ReportFile(path.name, document_text(read_paper(path, settings)), sha256, kind)
    text, encoding = _decoded(data, where)
    if not any(c.isalnum() for c in text):
        raise UnreadableInputError("holds no words", where=where, todo=_TODO)
    return ReportFile(path.name, text.replace("\r\n", "\n").replace("\r", "\n"), sha256, encoding)


def _read(path: Path) -> bytes:
    where = str(path)
    if "\0" in where:
        raise MissingInputError("there is no such file", where=where.replace("\0", "\ufffd"), todo="check the path")
    try:
        if path.is_dir():
            raise UnreadableInputError("is a folder", where=where, todo=f"give the reports in it: {path / '*.txt'}")
        if path.exists() and not path.is_file():
            raise UnreadableInputError("is no regular file", where=where, todo=_TODO)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except OSError as error:
        if error.filename is not None and len(where) > 255:
            raise _missing(path) from None
        what = f"cannot be read ({(error.strerror or str(error)).lower()})"
        raise UnreadableInputError(what, where=where, todo="check its rights") from None
    if len(data) > MAX_BYTES:
        what = f"is larger than {MAX_BYTES // 1_000_000} MB, which no report is"
        raise UnreadableInputError(what, where=where, todo="check the file")
    return data


def _missing(path: Path) -> MissingInputError:
    try:
        names = [p.name for p in path.parent.iterdir()]
    except OSError:
        names = []
    near = difflib.get_close_matches(path.name[:200], names, n=1)
    todo = f"did you mean {path.parent / near[0]}?" if near else "check the path"
    return MissingInputError("there is no such file", where=str(path)[:300], todo=todo)


def _decoded(data: bytes, where: str) -> tuple[str, str]:
    """The text and its encoding's name; raises UnreadableInputError where the bytes are no text."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), _NAMES[encoding]
            except UnicodeDecodeError:
                if encoding != "utf-8-sig":
                    raise UnreadableInputError(f"is damaged {_NAMES[encoding]}", where=where, todo=_TODO) from None
                data = data[len(mark) :]
    sample = data[:1_000_000]
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    if b"\0" in data or controls > 0.01 * len(sample):
        raise UnreadableInputError("is binary data, not a report's text", where=where, todo=_TODO)
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"


def document_text(document: Document) -> str:
    """A read report as Markdown: headings, paragraphs, each table as a pipe table after its section's text."""
    lines: list[str] = []
    if document.paper.title:
        lines += [f"# {document.paper.title}", ""]
    tables: dict[int, list[str]] = {}
    for table in document.tables:
        rows = [[_cell(cell.text if cell.origin is None else "") for cell in row] for row in table.grid]
        tables.setdefault(table.section, []).extend([*(f"| {' | '.join(row)} |" for row in rows), ""])
    section, paragraph = -1, -1
    lines += tables.pop(-1, [])

    def close(number: int) -> None:
        lines.extend(["", *tables.pop(number, [])])

    for sentence in document.sentences:
        if sentence.kind in ("heading", "title", "caption"):
            continue
        for number in range(section + 1, sentence.section + 1):
            close(number - 1)
            one = document.sections[number]
            lines.extend([f"## {one.number} {one.title}".replace("  ", " "), ""])
        if sentence.section != section or sentence.paragraph != paragraph:
            lines.append("")
        section, paragraph = max(section, sentence.section), sentence.paragraph
        lines.append(("- " if sentence.kind == "reference" else "") + " ".join(sentence.text.split()))
    for number in range(section, len(document.sections)):
        if number > section:
            lines.extend([f"## {document.sections[number].title}", ""])
        close(number)
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
