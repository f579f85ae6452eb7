"""Documents for people: HTML, LaTeX and Markdown from a ledger's view through Jinja2 templates.

Every value that a template prints passes the escaper of its format in Jinja's `finalize`: a template cannot forget it.
Only what the escapers, the macros and our own style sheet and script return is `Markup` and passes as it is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Ledger
from claimcheck.publish import escape
from claimcheck.publish.view import view_of

_LATEX_DELIMITERS = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}
_LONGEST_ROW = 1_500  # characters


def ledger_html(ledger: Ledger) -> bytes:
    """One self-contained page. Its security policy allows its own style and script by their hashes and nothing else."""
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_source_hash(style)}'; script-src '{_source_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = _environment("html").get_template("report.html.j2")
    out = page.render(report=view_of(ledger), style=Markup(style), script=Markup(script), policy=Markup(policy))  # noqa: S704 - our own files
    return _finished(out)


def ledger_latex(ledger: Ledger) -> bytes:
    """A document that pdflatex compiles as it is, twice for the widths of its table; ASCII only."""
    return _finished(_environment("tex").get_template("report.tex.j2").render(report=view_of(ledger)))


def ledger_markdown(ledger: Ledger) -> bytes:
    """A document in GitHub's Markdown."""
    return _finished(_environment("md").get_template("report.md.j2").render(report=view_of(ledger)))


def templates_folder() -> Traversable:
    """claimcheck/_templates of an installed package, templates/ of a checkout.

    Raises ClaimcheckError where neither is there.
    """
    installed = resources.files("claimcheck") / "_templates"
    if installed.is_dir():
        return installed
    checkout = Path(__file__).parents[2] / "templates"
    if checkout.is_dir():
        return checkout
    raise ClaimcheckError("the report templates are missing", where=str(installed), todo="install claimcheck again")


@cache
def _environment(format: str) -> Environment:
    # autoescape is on in all three: for LaTeX and Markdown it does nothing to what `finalize` has made Markup
    options: dict[str, Any] = _LATEX_DELIMITERS if format == "tex" else {}
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        finalize=_finalizer(_ESCAPERS[format]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    address = escape.latex_url if format == "tex" else escape.safe_url
    environment.globals["url"] = lambda text: Markup(address(text))  # noqa: S704 - percent-encoded
    # a row of LaTeX's tables cannot run over a page's end
    environment.globals["brief"] = lambda text: escape.shorten(text, _LONGEST_ROW, "in full below")
    environment.globals["anchor"] = lambda text: Markup(escape.anchor(text))  # noqa: S704 - letters, digits, hyphens
    return environment


_ESCAPERS: dict[str, Callable[[str], str]] = {"html": escape.html, "tex": escape.latex, "md": escape.markdown}


def _finalizer(escaper: Callable[[str], str]) -> Callable[[Any], Any]:
    def finalize(value: Any) -> Any:
        if isinstance(value, Markup):
            return value
        return Markup(escaper("" if value is None else str(value)))  # noqa: S704 - this is the escaping

    return finalize


def _template(name: str) -> str:
    try:
        return (templates_folder() / name).read_text("utf-8")
    except FileNotFoundError:
        raise TemplateNotFound(name) from None


def _asset(name: str) -> str:
    return _template(name).strip() + "\n"


def _source_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _finished(text: str) -> bytes:
    lines = [line.rstrip() for line in text.split("\n")]
    # blank lines of a template's own blocks come in groups
    out = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return ("\n".join(out).rstrip("\n") + "\n").encode("utf-8", "replace")
