"""Markdown as a reader on GitHub sees it: reruns, people's words, cited cells, reliability, hostile strings as text."""

from __future__ import annotations

import re
import time

import pytest
from ledgers import claims, empty_ledger, full_ledger, many_claims
from lxml import html
from machine_ledgers import EVIL, decided, hostile_extras, hostile_ledger, rerun_ledger
from markdown_it import MarkdownIt

from claimcheck.foundation.records import Decision, Ledger
from claimcheck.publish import NOTHING, Extras, render


def shown(ledger: Ledger, extras: Extras = NOTHING) -> html.HtmlElement:
    source = render(ledger, "md", extras).decode("utf-8")
    return html.fromstring("<div>" + MarkdownIt("commonmark").enable("table").render(source) + "</div>")


def words(node: html.HtmlElement) -> str:
    return " ".join(node.text_content().split())


def table(tree: html.HtmlElement, *header: str) -> list[list[str]]:
    """The rows of the first table with that header."""
    for one in tree.xpath("//table"):
        if tuple(words(x) for x in one.xpath(".//th")) == header:
            return [[words(x) for x in row.xpath("td")] for row in one.xpath(".//tbody/tr")]
    raise AssertionError(f"no table {header}")


REPRODUCTION = ("Claimed", "Reproduced", "Interval", "Verdict", "Scale")


def test_a_rerun_stands_beside_its_claim() -> None:
    ((claimed, reproduced, interval, verdict, scale),) = table(shown(full_ledger()), *REPRODUCTION)
    assert "8.7" in claimed
    assert "not comparable" in claimed  # at scale lab a number of the paper is of another model
    assert "2.13" in reproduced
    assert "0.90" in interval
    assert verdict.startswith("not tested")
    assert scale == "lab"


def test_reruns_beside_no_claim_are_rows_of_their_own() -> None:
    tree = shown(rerun_ledger())
    rows = table(tree, "Claim", *REPRODUCTION)
    assert [row[0].split(":")[0] for row in rows] == ["squad", "mnli", "qa", "toy"]
    assert [row[-1] for row in rows] == ["paper", "paper", "lab", "smoke"]
    assert "not comparable" not in rows[0][1]
    text = words(tree)
    assert "2 claims fit; it may be claim 3 or claim 1" in text
    assert "batch size 16 in place of 32" in text
    assert "8 finished of 9 planned" in text
    assert "Does not count: job 9: no predictions" in text
    assert "1 reproduced at scale paper" in text
    assert "1 reproduced at scale smoke" in text


def test_what_people_said_stands_beside_the_claims_and_the_reply_in_its_place() -> None:
    text = words(shown(full_ledger(), decided()))
    assert "Zoë accepted the verdict (2026-02-03)" in text
    assert "Max rejected the verdict (2026-02-04): “misread cell”" in text
    assert "this was on a former verdict" in text
    assert text.count("“Thank you.”") == 2
    assert "refuted; accepted by a person" in text
    assert "no person has checked it" not in text
    both = (
        *decided().decisions,
        *(
            Decision(claim=c.id, reviewer=name, choice="accept", label=c.verdict.label)
            for c in claims()
            for name in ("Zoë", "Max")
        ),
    )
    assert "Krippendorff" in words(shown(full_ledger(), Extras(decisions=both)))
    assert "What people say" not in words(shown(full_ledger()))


def test_reliability_is_a_table() -> None:
    tree = shown(rerun_ledger())
    assert table(tree, "Confidence", "Right", "Verdicts") == [["0.65", "0.70", "200"], ["0.95", "0.93", "212"]]
    assert "expected calibration error 0.031" in words(tree)


def test_cited_cells_are_a_small_table() -> None:
    tree = shown(full_ledger())
    assert table(tree, "", "Avg") == [["Multi-task", "82.2"], ["XLM-R", "73.5"]]
    assert "Table 2 (p. 5), cited cells only:" in words(tree)


@pytest.mark.parametrize("ledger", [full_ledger(), rerun_ledger(), hostile_ledger()], ids=["full", "rerun", "hostile"])
def test_no_markup_of_a_papers_own(ledger: Ledger) -> None:
    tree = shown(ledger, hostile_extras())
    tags = {x.tag for x in tree.iter() if isinstance(x.tag, str)}
    assert tags <= {
        "div", "h1", "h2", "h3", "p", "a", "strong", "em", "ul", "li", "blockquote", "table", "thead", "tbody", "tr",
        "th", "td", "details", "summary",
    }  # fmt: skip
    assert not tree.xpath("//em")
    assert all(re.match(r"#|https://(arxiv\.org|doi\.org)/", x) for x in tree.xpath("//@href"))
    assert {x[1:] for x in tree.xpath("//@href") if x.startswith("#")} <= set(tree.xpath("//@id"))
    for one in tree.xpath("//table"):
        width = len(one.xpath(".//th"))
        assert all(len(row.xpath("td")) == width for row in one.xpath(".//tbody/tr"))


def test_hostile_strings_are_shown_as_they_are() -> None:
    source = render(hostile_ledger(), "md", hostile_extras())
    assert len(source) < 400_000
    assert "\u2067" not in source.decode("utf-8")
    tree = shown(hostile_ledger(), hostile_extras())
    seen = words(tree.xpath("//blockquote")[1])
    assert "<script>alert(1)</script></style> \\input{/etc/passwd}" in seen
    assert "@article{x, =1+1 ](" in EVIL
    assert "@article{x, =1+1 ](" in seen


def test_a_machine_made_it_and_the_authors_have_a_place() -> None:
    for ledger in (full_ledger(), empty_ledger(), rerun_ledger()):
        tree = shown(ledger)
        assert "A machine made this report" in words(tree.xpath("//blockquote")[0])
        assert [words(x) for x in tree.xpath("//h2")][-3:] == ["Limitations", "The authors’ reply", "Provenance"]
    assert "1.3%" in words(shown(full_ledger()).xpath("//blockquote")[0])


def test_five_hundred_claims_take_a_second() -> None:
    ledger = many_claims(500)
    render(empty_ledger(), "md")  # the template is compiled once
    started = time.process_time()
    render(ledger, "md")
    assert time.process_time() - started < 2
