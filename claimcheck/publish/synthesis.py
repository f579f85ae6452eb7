"""A synthesis in its formats: synthesis.json, the truth, and HTML, LaTeX, PDF and Markdown made of it alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from claimcheck.foundation.records.syntheses import SYNTHESIS_SCHEMA, Synthesis
from claimcheck.foundation.store import write_atomic
from claimcheck.publish import typeset
from claimcheck.publish.data import ordered_json, record_schema
from claimcheck.publish.documents import html_page, rendered_template
from claimcheck.publish.view.synthesis import synthesis_view

__all__ = [
    "SYNTHESIS_FORMATS",
    "read_synthesis",
    "render_synthesis",
    "synthesis_html",
    "synthesis_json",
    "synthesis_latex",
    "synthesis_markdown",
    "synthesis_schema",
    "write_synthesis",
]

_STEM = "synthesis"
_TODO = "give the synthesis.json that `claimcheck synthesize --out` wrote"


def synthesis_json(synthesis: Synthesis, templates: Path | None = None) -> bytes:
    """The record in UTF-8, indented by two, free mappings sorted; it parses to an equal synthesis."""
    return ordered_json(synthesis)


def synthesis_html(synthesis: Synthesis, templates: Path | None = None) -> bytes:
    """One self-contained page without a script; it loads nothing."""
    context = {"s": synthesis_view(synthesis)}
    styles = ("report.css", "synthesis.css")
    return html_page("synthesis.html.j2", styles, (), "form-action 'none'", context, folder=templates)


def synthesis_latex(synthesis: Synthesis, templates: Path | None = None) -> bytes:
    """A document that pdflatex compiles as it is, twice for its references; ASCII only."""
    context: dict[str, Any] = {
        "s": synthesis_view(synthesis),
        "clip": typeset.clip,
        "small_tables": typeset.small_tables,
    }
    return rendered_template("tex", "synthesis.tex.j2", context, templates)


def synthesis_pdf(synthesis: Synthesis, templates: Path | None = None) -> bytes:
    """The LaTeX document as PDF. Raises UsageError where no TeX is installed, ClaimcheckError where it fails."""
    from claimcheck.publish.pdf import compile_latex

    own = templates is not None and any(templates.glob("*.tex.j2"))
    return compile_latex(synthesis_latex(synthesis, templates), own_template=own).pdf


def synthesis_markdown(synthesis: Synthesis, templates: Path | None = None) -> bytes:
    """A document in GitHub's Markdown."""
    return rendered_template("md", "synthesis.md.j2", {"s": synthesis_view(synthesis)}, templates)


_FORMATS: Mapping[str, Callable[[Synthesis, Path | None], bytes]] = {
    "json": synthesis_json,
    "md": synthesis_markdown,
    "html": synthesis_html,
    "tex": synthesis_latex,
    "pdf": synthesis_pdf,
}
SYNTHESIS_FORMATS: tuple[str, ...] = tuple(_FORMATS)
"""The formats that a synthesis is rendered in; its file is synthesis.FORMAT."""


def render_synthesis(synthesis: Synthesis, format: str, templates: Path | None = None) -> bytes:
    """The synthesis in one of `SYNTHESIS_FORMATS`, the same bytes for the same record. Raises UsageError."""
    if format not in _FORMATS:
        raise UsageError(f"there is no format '{format}'", where="--format", todo=f"known are {', '.join(_FORMATS)}")
    return _FORMATS[format](synthesis, templates)


def write_synthesis(
    synthesis: Synthesis, out: Path, formats: Sequence[str] = (), templates: Path | None = None
) -> list[Path]:
    """Writes OUT/synthesis.json and the other formats asked for, all rendered before the first file changes.

    Raises UsageError for an unknown format and where the folder cannot be written.
    """
    contents = {
        f"{_STEM}.{format}": render_synthesis(synthesis, format, templates)
        for format in dict.fromkeys(("json", *formats))
    }
    for name, content in contents.items():
        write_atomic(out / name, content)
    return [out / name for name in contents]


def read_synthesis(path: Path) -> Synthesis:
    """The synthesis in a file. Raises MissingInputError, UnreadableInputError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingInputError("there is no such file", where=str(path), todo=_TODO) from None
    except OSError as error:
        raise UnreadableInputError(f"cannot be read ({error.strerror})", where=str(path), todo=_TODO) from None
    try:
        return Synthesis.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableInputError(
            f"is no {SYNTHESIS_SCHEMA} ({f'{where}: ' if where else ''}{first['msg']})", where=str(path), todo=_TODO
        ) from None


def synthesis_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `synthesis.json`."""
    return record_schema(Synthesis, SYNTHESIS_SCHEMA, "claimcheck synthesis")


def schema_text() -> str:
    """The schema as the package ships it: synthesis.schema.json beside this module."""
    return json.dumps(synthesis_schema(), indent=2, ensure_ascii=False) + "\n"
