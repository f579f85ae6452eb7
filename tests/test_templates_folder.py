"""A user's folder of templates: what it replaces, that nothing in it goes unescaped, and how its errors are told."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from ledgers import HOSTILE, full_ledger

from claimcheck.cli import main
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Ledger, Reruns
from claimcheck.foundation.settings import Settings
from claimcheck.pipeline import _settings_that_matter
from claimcheck.publish import FORMATS, Extras, render
from claimcheck.publish.join import join

Capture = pytest.CaptureFixture[str]
NAMES = {"html": "report.html.j2", "md": "report.md.j2", "tex": "report.tex.j2"}
# a hostile title, name and cell: each says something in one of the formats
BAD = r"<script>alert(1)</script> \input{/etc/passwd} [a](javascript:b) `c` $x$ #1 & 50% _u_"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mine"
    made.mkdir()
    return made


def hostile() -> Ledger:
    book = full_ledger()
    paper = book.paper.model_copy(update={"title": BAD, "authors": (BAD, HOSTILE), "id": "x"})
    claims = tuple(c.model_copy(update={"text": BAD, "statement": BAD}) for c in book.claims[:3])
    return book.model_copy(update={"paper": paper, "claims": claims})


def rendered(folder: Path, format: str, template: str, ledger: Ledger | None = None) -> str:
    """What a user's template makes; written with { } for HTML and Markdown and put into LaTeX's delimiters here."""
    if format == "tex":
        for ours, latex in (("{{", "<<"), ("}}", ">>"), ("{%", "<%"), ("%}", "%>")):
            template = template.replace(ours, latex)
    (folder / NAMES[format]).write_text(template)
    return render(ledger or hostile(), format, Extras(templates=folder)).decode()


def assert_harmless(text: str, format: str) -> None:
    text = text.replace("\n", " ")
    if format == "html":
        assert "<script" not in text
    elif format == "tex":
        assert not re.search(r"\\input\b", text)
        assert not re.search(r"(?<!\\)[#&%$_]", text), text
    else:
        from markdown_it import MarkdownIt

        page = MarkdownIt("commonmark", {"html": True}).render(text)
        assert not any(bad in page for bad in ("<script", "<a ", "<code", "<em"))


# each of these forgets about escaping in another way, or mixes safe text with a paper's
FORGETFUL = {
    "printed": "{{ report.title }}",
    "switched off": "{% autoescape false %}{{ report.title }}{% endautoescape %}",
    "joined with what is safe": "{{ ('x'|safe) ~ report.title }}",
    "joined with an address": "{{ url('https://example.org') ~ report.title }}",
    "added": "{{ url('https://example.org') + report.title }}",
    "added before": "{{ report.title + url('https://example.org') }}",
    "formatted": "{{ '%s'|safe|format(report.title) }}",
    "a list": "{{ [report.title, report.title]|join(' ') }}",
    "a list with what is safe": "{{ [anchor('a'), report.title]|join(' x '|safe) }}",
    "a list of fields": "{{ report.claims|join(' ', attribute='text') }}",
    "escaped by hand": "{{ report.title|e }}",
    "escaped twice": "{{ report.title|forceescape }}",
    "replaced": "{{ 'x'|safe|replace('x', report.title) }}",
    "replaced in": "{{ report.title|replace('zzz', 'y'|safe) }}",
    "a block": "{% set x %}{{ report.title }}{% endset %}{{ x }}",
    "a block and more": "{% set x %}a{% endset %}{{ x ~ report.title }}{{ x + report.title }}",
    "a filter block": "{% filter upper %}{{ report.title|lower }}{% endfilter %}",
    "a macro": "{% macro m(t) %}{{ t }}{% endmacro %}{{ m(report.title) }}",
    "a macro and more": "{% macro m(t) %}x{% endmacro %}{{ m(1) ~ report.title }}{{ m(1) + report.title }}",
    "a call": "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ report.title }}{% endcall %}",
    "a loop": "{% for c in report.claims %}{{ c.text }}{% endfor %}",
    "an upper case": "{{ report.title|upper|lower }}",
    "a slice": "{{ report.title[:30] }}",
    "stripped": "{{ report.title|trim }} {{ report.title|truncate(40) }} {{ report.title|indent }}",
    "the authors": "{{ report.authors }}",
    "the whole view": "{{ report }}",
}


@pytest.mark.parametrize("format", NAMES)
@pytest.mark.parametrize("way", FORGETFUL)
def test_a_template_cannot_forget_to_escape(way: str, format: str, folder: Path) -> None:
    text = rendered(folder, format, FORGETFUL[way])
    assert "alert" in text.lower() or way == "a slice"
    assert_harmless(text, format)


@pytest.mark.parametrize("format", NAMES)
def test_what_is_escaped_is_not_escaped_again(format: str, folder: Path) -> None:
    plain = rendered(folder, format, "{{ report.title }}")
    for way in ("a block", "a macro", "a call", "escaped by hand", "escaped twice"):
        assert rendered(folder, format, FORGETFUL[way]) == plain


def test_constants_of_a_template_are_escaped_for_its_format(folder: Path) -> None:
    assert rendered(folder, "tex", "{{ '50 % & more' }}") == "50 \\% \\& more\n"
    assert rendered(folder, "html", "{{ '50 % & more' }}") == "50 % &amp; more\n"


def test_html_filters_are_not_for_latex_and_markdown(folder: Path) -> None:
    for format in ("tex", "md"):
        with pytest.raises(UsageError, match="No filter named 'tojson'"):
            rendered(folder, format, "{{ report.title|tojson }}")
    assert "<script" not in rendered(folder, "html", "{{ report.title|tojson }}")


def test_safe_is_the_users_own_doing(folder: Path) -> None:
    assert rendered(folder, "md", "{{ '<b>'|safe }}") == "<b>\n"


@pytest.mark.parametrize("format", NAMES)
def test_an_empty_folder_of_other_names_replaces_nothing(format: str, folder: Path) -> None:
    (folder / "report.css").write_text("body { color: green }\n")
    ours = render(full_ledger(), format)
    with_own = render(full_ledger(), format, Extras(templates=folder))
    assert (with_own == ours) == (format != "html")


@pytest.mark.parametrize("format", NAMES)
def test_a_copy_of_the_shipped_templates_makes_the_same_bytes(format: str, folder: Path) -> None:
    shipped = Path(__file__).parents[1] / "templates"
    for file in shipped.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    for ledger in (full_ledger(), hostile()):  # titles, names and cells that are hostile in every format
        assert render(ledger, format, Extras(templates=folder)) == render(ledger, format)


def test_a_style_of_ones_own_is_allowed_by_the_pages_policy(folder: Path) -> None:
    (folder / "report.css").write_text("body { color: green }\n")
    page = render(full_ledger(), "html", Extras(templates=folder)).decode()
    assert "<style>body { color: green }\n</style>" in page
    import base64
    import hashlib

    style = page.split("<style>")[1].split("</style>")[0]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in page.split("<style>")[0]


def test_includes_and_macros_of_the_folder(folder: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "head.j2").write_text("Head: {{ report.title }}\n")
    (folder / "macros.j2").write_text("{% macro loud(t) %}!{{ t }}!{% endmacro %}")
    text = rendered(
        folder,
        "md",
        '{% import "macros.j2" as m %}{% include "parts/head.j2" %}{{ m.loud(report.title) }}',
        full_ledger(),
    )
    assert text.startswith("Head: Small Adapters")
    assert "\n!Small Adapters" in text.replace("\\!", "!")


def test_a_shipped_template_is_extended(folder: Path) -> None:
    (folder / "_macros.html.j2").write_text("{% macro broken() %}{% endmacro %}")
    with pytest.raises(UsageError) as caught:
        render(full_ledger(), "html", Extras(templates=folder))
    assert "report.html.j2:" in str(caught.value)  # the shipped page misses a macro of the user's file
    assert "has no attribute" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../secret.j2", "parts/../../secret.j2", "/etc/passwd", "..\\secret.j2", "./secret.j2", "a//b", "", "C:x"]
)
def test_no_way_leads_out_of_the_folder(name: str, folder: Path) -> None:
    (folder.parent / "secret.j2").write_text("SECRET")
    for statement in ("include", "import", "extends"):
        more = " as m" if statement == "import" else ""
        with pytest.raises(UsageError) as caught:
            rendered(folder, "md", f"{{% {statement} {json.dumps(name)}{more} %}}")
        assert "SECRET" not in str(caught.value)
        assert f"{folder / 'report.md.j2'}:1: " in str(caught.value)
    assert "SECRET" not in rendered(folder, "md", f"x{{% include {json.dumps(name)} ignore missing %}}")


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ("a\n{% if %}", 2, "Expected an expression"),
        ("a\n\n{{ report.nothing }}", 3, "has no attribute 'nothing'"),
        ("{{ nothing }}", 1, "'nothing' is undefined"),
        ("a\n{{ 1 / 0 }}", 2, "ZeroDivisionError"),
        ("a\n{{ report.title + 1 }}", 2, "TypeError"),
        ("a\n{% for x in report.title %}", 2, "end"),
        ("a\n{{ x|nofilter }}", 2, "nofilter"),
        ("{% include 'report.md.j2' %}", 1, "without end"),
        ("a\n{% include 'nowhere.j2' %}", 2, "no template 'nowhere.j2'"),
        ("a\n{% macro m() %}\n{{ nothing }}\n{% endmacro %}\n{{ m() }}", 3, "'nothing' is undefined"),
        ("{% set x = '" + "y" * 3000 + "' %}{{ nothing." + "z" * 3000 + " }}", 1, "is undefined"),
    ],
)
def test_an_error_is_one_line_with_file_and_line(template: str, line: int, words: str, folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        rendered(folder, "md", template)
    told = str(caught.value)
    assert told.startswith(f"{folder / 'report.md.j2'}:{line}: ")
    assert words in told
    assert "\n" not in told
    assert len(told) < 1200


@pytest.mark.parametrize("format", ["html", "md", "tex"])
@pytest.mark.parametrize(
    "template",
    [
        "{{ cycler.__init__.__globals__.os.system('touch OUT') }}",
        "{{ (report.title|attr('__class__')).__mro__ }}",
        "{{ '{0.__class__}'.format(report.title) }}",
        "{{ [report]|join(', ', attribute='__class__.__mro__') }}",
        "{{ REPRODUCED.runs[0].parse_raw('cposix\\nsystem\\n(Vtouch OUT\\ntR.', proto='pickle', allow_pickle=True) }}",
        "{{ REPRODUCED.runs[0].parse_file('/etc/hostname') }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
    ],
)
def test_a_template_runs_no_code(template: str, format: str, folder: Path, tmp_path: Path) -> None:
    # a claimcheck.toml in the current folder can name the templates of whoever wrote it
    book = full_ledger()
    found = [claim.reproduction for claim in book.claims if claim.reproduction is not None and claim.reproduction.runs]
    loose = [one for one in found[:1] if one is not None]
    assert loose
    book = join([Ledger(paper=book.paper, run=book.run)], [Reruns(paper=book.paper, reproductions=tuple(loose))])[0]
    out = tmp_path / "out"
    template = template.replace("OUT", str(out)).replace("REPRODUCED", "report.reproductions[0]")
    with pytest.raises(UsageError, match=r"is unsafe|Range too big"):
        rendered(folder, format, template, book)
    assert not out.exists()


def test_an_error_in_an_included_file_names_that_file(folder: Path) -> None:
    (folder / "part.j2").write_text("x\ny {{ nothing }}\n")
    with pytest.raises(UsageError, match=rf"{re.escape(str(folder / 'part.j2'))}:2: 'nothing' is undefined"):
        rendered(folder, "md", "a\n{% include 'part.j2' %}")
    (folder / "part.j2").write_text("x\n{% if %}")
    with pytest.raises(UsageError, match=r"part\.j2:2: "):
        rendered(folder, "md", "a\nb\n{% include 'part.j2' %}")


def test_a_template_that_changed_is_read_again(folder: Path) -> None:
    assert rendered(folder, "md", "one") == "one\n"
    file = folder / "report.md.j2"
    file.write_text("two")
    os.utime(file, ns=(1, 1))
    assert render(full_ledger(), "md", Extras(templates=folder)) == b"two\n"


def test_a_folder_that_is_none(folder: Path) -> None:
    (folder / "file").write_text("x")
    for path, words in (
        (folder / "missing", "no such folder"),
        (folder / "file", "not a folder"),
        (folder, "holds no file with the name of a template; known are "),
    ):
        with pytest.raises(UsageError, match=words) as caught:
            render(full_ledger(), "md", Extras(templates=path))
        assert str(path) in str(caught.value)
    (folder / "report.md.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8 at byte 0"):
        render(full_ledger(), "md", Extras(templates=folder))


def test_the_setting(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.load().templates is None
    (tmp_path / "claimcheck.toml").write_text('templates = "mine"\n')
    assert Settings.load().templates == folder
    monkeypatch.setenv("CLAIMCHECK_TEMPLATES", "other")
    assert Settings.load().templates == tmp_path / "other"
    assert Settings.load(templates=Path("third")).templates == tmp_path / "third"
    (tmp_path / "claimcheck.toml").write_text("templates = 5\n")
    monkeypatch.delenv("CLAIMCHECK_TEMPLATES")
    with pytest.raises(UsageError, match="a folder"):
        Settings.load()


def test_templates_change_no_ledger(folder: Path) -> None:
    assert _settings_that_matter(Settings(templates=folder)) == _settings_that_matter(Settings())


def test_table_renders_with_them(paper: Path, folder: Path, tmp_path: Path, capsys: Capture) -> None:
    (folder / "report.md.j2").write_text("MINE {{ report.title }} {{ report.claims|length }}\n")
    out = tmp_path / "out"
    arguments = ["table", str(paper), "--out", str(out), "--format", "md"]
    assert main([*arguments, "--templates", str(folder)]) == 0
    [report] = out.glob("*/report.md")
    assert report.read_text().startswith("MINE Fast Span Reader")
    assert main(arguments) == 0
    assert "MINE" not in report.read_text()
    capsys.readouterr()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--format", "html"], "no file with the name of a template"),
        (["--format", "json"], "nothing that a template makes"),
        ([], "nothing that a template makes"),
    ],
)
def test_table_refuses_a_folder_before_it_checks_a_paper(
    given: list[str], words: str, paper: Path, folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["table", str(paper), "--out", str(tmp_path / "out"), "--templates", str(folder), *given]) == 2
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert words in shown.err
    assert not (tmp_path / "out").exists()


def test_a_broken_template_stops_table_with_code_2(paper: Path, folder: Path, tmp_path: Path, capsys: Capture) -> None:
    for template, line in (("a\n{% if %}", 2), ("{{ report.nothing }}", 1)):
        (folder / "report.html.j2").write_text(template)
        arguments = ["table", str(paper), "--out", str(tmp_path / "out"), "--format", "html"]
        assert main([*arguments, "--templates", str(folder)]) == 2
        shown = capsys.readouterr()
        assert f"report.html.j2:{line}: " in shown.err
        assert shown.err.count("\n") == 1


def test_table_writes_every_format(paper: Path, tmp_path: Path) -> None:
    formats = [name for name in FORMATS if name != "pdf"]  # which needs TeX
    assert main(["table", str(paper), "--out", str(tmp_path / "out"), "--format", ",".join(formats)]) == 0
    [folder] = (tmp_path / "out").iterdir()
    assert len(list(folder.iterdir())) == len(formats)
    assert all(file.stat().st_size for file in folder.iterdir())


def test_table_says_that_tex_is_missing_before_it_checks_a_paper(
    paper: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["table", str(paper), "--out", str(tmp_path / "out"), "--format", "pdf"]) == 2
    shown = capsys.readouterr()
    assert "latexmk is not installed" in shown.err
    assert shown.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_help_names_every_format(capsys: Capture) -> None:
    assert main(["table", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for format in FORMATS:
        assert re.search(rf"\b{format}\b", shown)
