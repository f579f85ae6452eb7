"""What a report says of the paper as a whole: contradictions, comparisons without numbers, and what may be missed."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from ledgers import HOSTILE, claims, findings, full_ledger
from lxml import html

from claimcheck.foundation.records import Comparison, Completeness, Finding
from claimcheck.publish import render
from claimcheck.publish.view import view_of
from claimcheck.publish.view.findings import completeness_words

# the words of Completeness


def test_the_number_missed_is_what_the_estimate_leaves_beyond_the_found() -> None:
    one = Completeness(head=30, patterns=28, both=20, total=41.81, interval=(39.2, 52.6))
    assert one.found == 38
    assert one.missed == pytest.approx(3.81)
    words = completeness_words(one)
    assert "took 30 for claims and the patterns 28, 20 of them both" in words
    assert "at least about 4 more were missed by both (95% interval 1 to 15" in words


def test_an_estimate_below_what_was_found_misses_nothing() -> None:
    one = Completeness(head=5, patterns=5, both=5, total=4.9, interval=(4.0, 5.0))
    assert one.missed == 0.0
    assert "about 0 more" in completeness_words(one)


def test_where_nothing_was_found_nothing_is_estimated() -> None:
    assert "nothing can be estimated" in completeness_words(
        Completeness(head=0, patterns=0, both=0, total=0.0, interval=(0.0, 0.0))
    )
    assert completeness_words(None) == ""


# in the formats


def test_a_finding_names_its_claims_and_quotes_its_places() -> None:
    report = view_of(full_ledger())
    first, hostile = report.findings
    numbers = {claim.id: claim.number for claim in report.claims}
    assert [words for _, words in first.claims] == [
        f"claim {numbers['0a1b2c3d4e5f']}", f"claim {numbers['2a1b2c3d4e5f']}"
    ]  # fmt: skip
    assert [e.quote for e in first.evidence] == [e.quote for e in findings()[0].evidence]
    assert hostile.claims == ()  # its claim is not in the list


def test_every_kind_of_finding_has_words() -> None:
    kinds = get_args(Finding.model_fields["kind"].annotation)
    all_kinds = tuple(Finding(kind=kind, text=f"It is {kind}.") for kind in kinds)
    views = view_of(full_ledger().model_copy(update={"findings": all_kinds})).findings
    assert [v.text for v in views] == [f.text for f in all_kinds]
    assert len({v.kind for v in views}) == len(kinds)


@pytest.mark.parametrize("format", ["html", "md", "tex"])
def test_every_document_prints_findings_and_the_estimate(format: str) -> None:
    text = render(full_ledger(), format).decode("utf-8")
    assert "8.7 points in Abstract and 8.5 points in Section 6" in text
    assert "The average rises by 8.5." in text
    assert "at least about 4 more were missed by both" in text
    assert "Contradictions in the paper" in text
    without = render(full_ledger().model_copy(update={"findings": ()}), format).decode("utf-8")
    assert "Contradictions" not in without


def test_hostile_words_of_a_finding_stay_words() -> None:
    tree = html.document_fromstring(render(full_ledger(), "html"))
    [listed] = tree.xpath("//ul[@class='findings']")
    assert not listed.xpath(".//script | .//b")
    assert "<script>alert(1)</script>" in listed.text_content()
    latex = render(full_ledger(), "tex").decode("utf-8")
    assert "\\input{/etc/passwd}" not in latex
    assert "\\write18" not in latex


def test_sarif_has_a_result_for_each_finding() -> None:
    [run] = json.loads(render(full_ledger(), "sarif"))["runs"]
    found = [r for r in run["results"] if r["ruleId"] == "inconsistent"]
    assert len(found) == 2
    first = found[0]
    assert first["locations"][0]["properties"]["page"] == 1
    assert [x["message"]["text"] for x in first["relatedLocations"]] == ["The average rises by 8.5."]
    assert first["properties"]["claims"] == list(findings()[0].claims)
    assert "{{a_b}}" in found[1]["message"]["text"]  # braces of the text are no placeholders
    assert "{a_b}" in HOSTILE


def test_a_comparison_says_what_is_compared_and_none_is_printed_where_nothing_is_known() -> None:
    [claim] = [c for c in view_of(full_ledger()).claims if c.comparisons]
    [facts] = claim.comparisons
    assert dict(facts) == {
        "method": "adapters", "direction": "above", "baseline": "XLM-R", "called better": "adapters",
        "dataset": "WikiAnn",
    }  # fmt: skip
    for format in ("html", "md", "tex"):
        assert "Compared" in render(full_ledger(), format).decode("utf-8")


def test_the_worse_side_of_a_comparison_is_named_as_such() -> None:
    ledger = full_ledger()
    worse = Comparison(method="A", baseline="B", direction="above", better=False, metric="perplexity")
    claim = claims()[0].model_copy(update={"comparisons": (worse,)})
    [view] = view_of(ledger.model_copy(update={"claims": (claim,), "findings": ()})).claims
    assert dict(view.comparisons[0])["called better"] == "B"
