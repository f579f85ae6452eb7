"""Documents for people: HTML, LaTeX and Markdown from a ledger's view through Jinja2 templates.

Every value that a template prints passes the escaper of its format (templates.py): a template cannot forget it. Only
what the escapers, the macros and our own style sheet and script return is `Markup` and passes as it is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from markupsafe import Markup

from claimcheck.foundation.errors import ClaimcheckError, UsageError
from claimcheck.foundation.records import Ledger
from claimcheck.publish import charts, escape, typeset
from claimcheck.publish.templates import SafeEnvironment, TemplateFiles
from claimcheck.publish.view import NOTHING, Extras, view_of

_LATEX_DELIMITERS = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}
FRAGMENTS = {"table": "table.tex.j2"}
"""The parts of a report that LaTeX gives alone, for a paper, and their templates."""
TEMPLATES = {
    "html": ("html", "report.html.j2"),
    "tex": ("tex", "report.tex.j2"),
    "pdf": ("tex", "report.tex.j2"),
    "md": ("md", "report.md.j2"),
}
"""The formats that a template makes, with the kind of escaping and the template's name."""


def ledger_html(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """One self-contained page. Its security policy allows its own style and script by their hashes and nothing else.

    Pictures of pages, in a local report, are data in the page.
    """
    return _page("report.html.j2", ("report.css",), ("report.js",), "form-action 'none'", ledger, extras, {})


def review_html(
    ledger: Ledger, extras: Extras, *, context: Mapping[str, Any], template: str = "review.html.j2"
) -> bytes:
    """The report with the tools of a review, whose forms go to the server that it came from and nowhere else."""
    policy = "form-action 'self'; connect-src 'self'"
    return _page(template, ("report.css", "review.css"), ("report.js", "review.js"), policy, ledger, extras, context)


def _page(
    template: str,
    styles: Sequence[str],
    scripts: Sequence[str],
    allowed: str,
    ledger: Ledger,
    extras: Extras,
    context: Mapping[str, Any],
) -> bytes:
    shown = {"report": view_of(ledger, extras), **context}
    return html_page(template, styles, scripts, allowed, shown, images=bool(extras.pictures), folder=extras.templates)


def html_page(
    template: str,
    styles: Sequence[str],
    scripts: Sequence[str],
    allowed: str,
    context: Mapping[str, Any],
    *,
    images: bool = False,
    folder: Path | None = None,
) -> bytes:
    """A template as one self-contained page, with style, script and a security policy that allows these two alone.

    `allowed` is added to the policy; `images` allows pictures that are data in the page; `folder` is a user's own
    folder of templates.
    """
    environment = _environment("html", folder)
    style = "".join(_asset(environment, name) for name in styles)
    script = "".join(_asset(environment, name) for name in scripts)
    pictures = "img-src data:; " if images else ""
    policy = (
        f"default-src 'none'; style-src '{_source_hash(style)}'; script-src '{_source_hash(script)}'; {pictures}"
        f"base-uri 'none'; {allowed}"
    )
    own = {"style": Markup(style), "script": Markup(script), "policy": Markup(policy)}  # noqa: S704 - our own files
    return _finished(environment.get_template(template).render(**own, **context))


def ledger_latex(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """A document that pdflatex compiles as it is, twice for its references, or one of `FRAGMENTS`; ASCII only.

    Raises UsageError for another fragment.
    """
    if extras.fragment not in ("", *FRAGMENTS):
        known = ", ".join(FRAGMENTS)
        raise UsageError(f"there is no fragment {extras.fragment!r}", where="--fragment", todo=f"known are {known}")
    template = _environment("tex", extras.templates).get_template(FRAGMENTS.get(extras.fragment, "report.tex.j2"))
    context = typeset.helpers(ledger, extras.decisions) | {"pgf_preamble": Markup(charts.PGF_PREAMBLE)}  # noqa: S704 - our own text
    return _finished(template.render(report=view_of(ledger, extras), **context))


def ledger_markdown(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """A document in GitHub's Markdown."""
    template = _environment("md", extras.templates).get_template("report.md.j2")
    return _finished(template.render(report=view_of(ledger, extras), reliability=ledger.run.reliability))


def diff_markdown(diff: object, templates: Path | None = None) -> bytes:
    """What changed between two ledgers (a view of it in words), in GitHub's Markdown."""
    return _finished(_environment("md", templates).get_template("diff.md.j2").render(diff=diff))


def rendered_template(kind: str, name: str, context: Mapping[str, Any], templates: Path | None = None) -> bytes:
    """A template of a kind of escaping ("html", "tex", "md") in UTF-8; `templates`: a user's own folder."""
    return _finished(_environment(kind, templates).get_template(name).render(**context))


def check_templates(templates: Path, formats: Iterable[str]) -> None:
    """Raises UsageError where a user's folder is missing, holds no template, or one of these formats' is broken."""
    for format in formats:
        if format in TEMPLATES:
            kind, name = TEMPLATES[format]
            _environment(kind, templates).get_template(name)


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
def _environment(format: str, templates: Path | None) -> SafeEnvironment:
    options: dict[str, Any] = _LATEX_DELIMITERS if format == "tex" else {}
    environment = SafeEnvironment(
        TemplateFiles(templates, templates_folder()),
        _ESCAPERS[format],
        html=format == "html",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    mark = environment.mark
    address = escape.latex_url if format == "tex" else escape.safe_url
    environment.globals["url"] = lambda text: mark(address(text))  # percent-encoded
    if format == "html":
        environment.globals["svg"] = lambda figure, name: mark(charts.svg(figure, name))  # escaped there
        environment.globals["png"] = lambda data: "data:image/png;base64," + base64.b64encode(data).decode("ascii")
    if format == "tex":
        environment.globals["pgf"] = lambda figure: mark(charts.pgf(figure))  # escaped there
    environment.globals["anchor"] = lambda text: mark(escape.anchor(text))  # letters, digits, hyphens
    return environment


_ESCAPERS: dict[str, Callable[[str], str]] = {"html": escape.html, "tex": escape.latex, "md": escape.markdown}


def _asset(environment: SafeEnvironment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0].strip() + "\n"


def _source_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _finished(text: str) -> bytes:
    lines = [line.rstrip() for line in text.split("\n")]
    # blank lines of a template's own blocks come in groups
    out = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return ("\n".join(out).rstrip("\n") + "\n").encode("utf-8", "replace")
