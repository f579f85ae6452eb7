"""A ledger in every format: the golden files, the same bytes again, and what each format must and must not hold.

The golden files and the shipped schema are written anew with WRITE_GOLDEN=1; look at the difference before you keep it.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from ledgers import FORMULA, claims, empty_ledger, full_ledger, many_claims
from lxml import html

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Ledger, Paper
from claimcheck.publish import FORMATS, ledger_schema, rendered, write_ledger
from claimcheck.publish.data import schema_text

GOLDEN = Path(__file__).parent / "golden"
TEXTS = tuple(format for format in FORMATS if format != "pdf")  # test_pdf.py has that one
CASES = [("full", full_ledger), ("empty", empty_ledger)]


def render(ledger: Ledger, format: str) -> bytes:
    """One format alone; an RO-Crate of no other file."""
    [content] = rendered(ledger, [format]).values()
    return content


@pytest.mark.parametrize("format", TEXTS)
@pytest.mark.parametrize(("name", "make"), CASES)
def test_golden(name: str, make: Callable[[], Ledger], format: str) -> None:
    path = GOLDEN / f"{name}.{format}"
    rendered = render(make(), format)
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_bytes(rendered)
    assert rendered.decode("utf-8") == path.read_bytes().decode("utf-8")
    assert rendered.endswith(b"\n")


@pytest.mark.parametrize("format", TEXTS)
def test_the_order_of_mappings_changes_nothing(format: str) -> None:
    ledger = full_ledger()
    run = ledger.run
    turned = ledger.model_copy(
        update={
            "run": run.model_copy(
                update={
                    k: dict(reversed(getattr(run, k).items())) for k in ("versions", "models", "settings", "seconds")
                }
            ),
            "claims": tuple(
                c.model_copy(
                    update={
                        "verdict": c.verdict.model_copy(
                            update={"probabilities": dict(reversed(c.verdict.probabilities.items()))}
                        )
                    }
                )
                for c in ledger.claims
            ),
        }
    )
    assert render(turned, format) == render(ledger, format)


def test_an_unknown_format_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"docx.*json, csv, md, html, tex"):
        render(full_ledger(), "docx")
    with pytest.raises(UsageError):
        write_ledger(full_ledger(), tmp_path, ["html", "docx"])
    assert not list(tmp_path.iterdir())


# JSON


@pytest.mark.parametrize(("name", "make"), CASES)
def test_json_fits_the_schema_and_comes_back_as_the_ledger(name: str, make: Callable[[], Ledger]) -> None:
    document = render(make(), "json")
    jsonschema.Draft202012Validator(ledger_schema()).validate(json.loads(document))
    assert Ledger.model_validate_json(document) == make()
    assert json.loads(document)["schema"] == "claimcheck/ledger/v1"


def test_the_schema_refuses_what_is_no_ledger() -> None:
    validator = jsonschema.Draft202012Validator(ledger_schema())
    good = json.loads(render(full_ledger(), "json"))
    for bad in ({**good, "schema": "other/v1"}, {**good, "more": 1}, {k: v for k, v in good.items() if k != "claims"}):
        assert list(validator.iter_errors(bad))


def test_the_shipped_schema_is_the_generated_one() -> None:
    import claimcheck.publish

    path = Path(claimcheck.publish.__file__).with_name("ledger.schema.json")
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(schema_text(), "utf-8")
    assert path.read_text("utf-8") == schema_text()
    assert json.loads(schema_text()) == ledger_schema()
    assert ledger_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"$id", "title"} <= set(ledger_schema())
    jsonschema.Draft202012Validator.check_schema(ledger_schema())


def test_json_hides_no_character() -> None:
    text = render(full_ledger(), "json").decode("utf-8")
    assert "\\u202e" in text
    assert "\u202e" not in text


# HTML


def page(ledger: Ledger) -> html.HtmlElement:
    return html.document_fromstring(render(ledger, "html"))


def test_html_asks_nothing_of_a_network() -> None:
    tree = page(full_ledger())
    assert not tree.xpath("//@src | //link | //iframe | //object | //form | //base")
    for node in tree.xpath("//*[@href]"):
        assert node.tag == "a"
        assert re.match(r"#|https://arxiv\.org/abs/", node.get("href"))
    style = "".join(tree.xpath("//style/text()"))
    assert "url(" not in style
    assert "@import" not in style
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_html_policy_names_the_style_and_the_script_that_are_in_it() -> None:
    import base64
    import hashlib

    source = render(full_ledger(), "html").decode("utf-8")
    for tag in ("style", "script"):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        assert body is not None
        digest = base64.b64encode(hashlib.sha256(body[1].encode("utf-8")).digest()).decode("ascii")
        assert f"{tag}-src 'sha256-{digest}'" in source


def test_html_ids_are_unique_and_links_lead_somewhere() -> None:
    doubled = full_ledger().model_copy(update={"claims": claims() + claims()})
    tree = page(doubled)
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {x[1:] for x in tree.xpath("//@href") if x.startswith("#")} <= set(ids)
    assert "c-0a1b2c3d4e5f" in ids


def test_html_holds_hostile_text_as_text() -> None:
    tree = page(full_ledger())
    assert len(tree.xpath("//script")) == 1
    assert not tree.xpath("//@onerror | //@onclick | //@style")
    quote = tree.xpath("//tbody[@id='c-3a1b2c3d4e5f']//p[@class='quote']")[0].text_content()
    assert quote.startswith("<script>alert(1)</script></style> \\input{/etc/passwd}")
    assert "🎉 中文 текст α→β ± ½ x² H₂O" in quote


def test_html_shows_everything_about_a_claim() -> None:
    tree = page(full_ledger())
    claim = tree.xpath("//tbody[@id='c-0a1b2c3d4e5f']")[0].text_content()
    for words in (
        "Our adapters improve the average over XLM-R by 8.7 points on the nine tasks.",
        "Abstract, p. 1; Section 4.2 Results, p. 5",
        "supported",
        "0.94",
        "82.2 - 73.5 = 8.7: Table 2, Multi-task - XLM-R, Avg",
        "row and column headers fit the words around the number",
        "Table 2 (p. 5)",
        "We improve the XLM-R average by 8.7 points.",
        "8.7 points ± 0.05",
        "lab: a small model of our own, not the paper's",
        "equivalence radius ±1.80 points, at another scale than the claimed number's",
        "encoder of 14M parameters",
    ):
        assert words in claim, words
    assert "uncalibrated" in tree.xpath("//tbody[@id='c-4a1b2c3d4e5f']//td[4]")[0].text_content()
    assert "0.58" not in tree.xpath("//tbody[@id='c-4a1b2c3d4e5f']")[0].text_content()
    link = tree.xpath("//tbody[@id='c-4a1b2c3d4e5f']//figcaption/a")[0]
    assert (link.text, link.get("href")) == (
        "arXiv 1911.99999v1: Section 4, p. 4",
        "https://arxiv.org/abs/1911.99999v1",
    )


def test_refuted_claims_come_first_then_the_important_ones() -> None:
    order = [x.get("id") for x in page(full_ledger()).xpath("//tbody[@class='claim']")]
    assert order == [
        f"c-{x}" for x in ("1a1b2c3d4e5f", "3a1b2c3d4e5f", "0a1b2c3d4e5f", "x", "4a1b2c3d4e5f", "2a1b2c3d4e5f")
    ]


# what holds for every format that people read


@pytest.mark.parametrize("format", ["html", "md", "tex", "csv"])
def test_no_abstract_and_no_context_in_a_public_report(format: str) -> None:
    text = render(full_ledger(), format).decode("utf-8")
    assert "NOT FOR PUBLIC" not in text
    assert "CONTEXT" not in text


@pytest.mark.parametrize("format", ["html", "md", "tex"])
def test_a_report_says_that_a_machine_made_it_and_leaves_the_authors_a_place(format: str) -> None:
    text = " ".join(render(full_ledger(), format).decode("utf-8").replace("\\", "").split())
    for words in (
        "A machine made this report",
        "rate of its numeric checks is 1.3%",
        "authors",
        "p. 11 (no text layer)",
        "38 claims",
    ):
        assert words in text
    assert "No measured false" in render(empty_ledger(), format).decode("utf-8")
    assert "No checkable claims were found" in render(empty_ledger(), format).decode("utf-8")


@pytest.mark.parametrize("format", TEXTS)
def test_no_reordering_or_control_character_in_any_format(format: str) -> None:
    text = render(full_ledger(), format).decode("utf-8")
    assert not re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("format", TEXTS)
def test_a_title_of_a_megabyte_does_no_harm(format: str) -> None:
    ledger = empty_ledger().model_copy(update={"paper": Paper(id="x", title="A<\\" * 350_000)})
    rendered = render(ledger, format)
    assert len(rendered) < (60_000 if format != "json" else 2_500_000)
    if format in ("html", "md", "tex"):
        assert b"more characters in ledger.json" in rendered


def test_five_hundred_claims_in_all_formats_take_under_five_seconds() -> None:
    ledger = many_claims(500)
    started = time.process_time()  # of this process: others may keep the machine busy
    rendered(ledger, TEXTS)
    assert time.process_time() - started < 5


# Markdown, CSV


def test_markdown_reads_as_a_document_with_one_table_row_a_claim() -> None:
    from markdown_it import MarkdownIt

    source = render(full_ledger(), "md").decode("utf-8")
    tree = html.fromstring("<div>" + MarkdownIt("commonmark").enable("table").render(source) + "</div>")
    assert len(tree.xpath("(//table)[1]/tbody/tr")) == 6
    assert all(len(row.xpath("td")) == 5 for row in tree.xpath("(//table)[1]/tbody/tr"))
    assert not tree.xpath("//script | //img | //code")
    assert (
        "<script>alert(1)</script></style> \\input{/etc/passwd}"
        in tree.xpath("(//table)[1]/tbody/tr[2]/td[2]")[0].text_content()
    )
    assert all(re.match(r"#c-|https://arxiv\.org/abs/", x) for x in tree.xpath("//@href"))
    assert {x[1:] for x in tree.xpath("//@href") if x.startswith("#")} <= set(tree.xpath("//@id"))


def test_csv_has_a_row_a_claim_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(render(full_ledger(), "csv").decode("utf-8"))))
    assert [r["verdict"] for r in rows] == [
        "refuted", "refuted", "supported", "not_enough_info", "supported", "not_enough_info",
    ]  # fmt: skip
    assert rows[3]["claim"] == "'" + FORMULA
    assert rows[1]["derivation"].startswith("'-1.2 - 3.4 = -4.6: <script>")
    assert [r["confidence"] for r in rows[:3]] == ["0.81", "uncalibrated", "0.936"]
    assert rows[2]["said_in"] == "Abstract, p. 1; Section 4.2 Results, p. 5"
    assert not [x for r in rows for x in r.values() if x[:1] in "=+@\t" and x]


# files


def test_write_ledger_makes_one_folder_a_paper(tmp_path: Path) -> None:
    written = write_ledger(full_ledger(), tmp_path / "out", ["html", "csv"])
    folder = tmp_path / "out" / "2105.01234-9f2c41d0"
    assert written == [folder / x for x in ("ledger.json", "ledger.csv", "report.html")]
    assert sorted(p.name for p in folder.iterdir()) == ["ledger.csv", "ledger.json", "report.html"]
    assert written[2].read_bytes() == render(full_ledger(), "html")
    assert write_ledger(full_ledger(), tmp_path / "new") == [tmp_path / "new" / folder.name / "ledger.json"]


def test_a_hostile_id_stays_in_the_folder(tmp_path: Path) -> None:
    paper = Paper(id="../../../evil/\x00id", source_sha256="../../../x")
    (path,) = write_ledger(Ledger(paper=paper), tmp_path / "out")
    assert path.parent.parent == tmp_path / "out"
    assert re.fullmatch(r"evil_id-[0-9a-f]{8}", path.parent.name)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = write_ledger(full_ledger(), tmp_path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    changed = full_ledger().model_copy(update={"claims": ()})
    with pytest.raises(UsageError, match=r"(?i)no space left"):
        write_ledger(changed, tmp_path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["ledger.json"]


def test_an_out_that_is_a_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match="cannot write the report") as caught:
        write_ledger(full_ledger(), tmp_path / "out")
    assert "\n" not in str(caught.value)
