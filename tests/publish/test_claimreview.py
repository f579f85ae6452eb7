"""ClaimReview: only what people accepted, who they are, and nothing that breaks out of a page."""

from __future__ import annotations

import json
import time
from typing import Any

from ledgers import empty_ledger, full_ledger, many_claims
from machine_ledgers import decided, everybody, hostile_extras, hostile_ledger

from claimcheck.foundation.records import Decision, Ledger
from claimcheck.publish import NOTHING, Extras, render


def reviews(ledger: Ledger, extras: Extras = NOTHING) -> dict[str, dict[str, Any]]:
    document = json.loads(render(ledger, "claimreview", extras))
    assert document["@context"] == "https://schema.org"
    assert set(document) == {"@context", "@graph"}
    return {x["itemReviewed"]["identifier"]: x for x in document["@graph"]}


def test_there_is_none_where_nobody_accepted() -> None:
    assert reviews(full_ledger()) == {}
    assert reviews(empty_ledger()) == {}
    first = decided().decisions[0]
    for change in (
        {"choice": "reject"},
        {"choice": "needs_check"},
        {"choice": None, "note": "x"},
        {"label": "supported"},
    ):
        assert reviews(full_ledger(), Extras(decisions=(first.model_copy(update=change),))) == {}
    taken_back = (first, first.model_copy(update={"choice": None}))
    assert reviews(full_ledger(), Extras(decisions=taken_back)) == {}


def test_accepted_verdicts_and_no_others() -> None:
    found = reviews(full_ledger(), decided())
    # the claim that one accepted and another rejected, the rejected one and the one on a former verdict are left out
    assert set(found) == {"1a1b2c3d4e5f", "0a1b2c3d4e5f"}
    refuted = found["1a1b2c3d4e5f"]
    assert refuted["@type"] == "ClaimReview"
    assert refuted["author"] == [{"@type": "Person", "name": "Zoë"}]
    assert refuted["datePublished"] == "2026-02-03"
    assert refuted["url"] == "report.html#c-1a1b2c3d4e5f"
    rating = refuted["reviewRating"]
    assert (rating["ratingValue"], rating["worstRating"], rating["bestRating"]) == (1, 1, 2)
    assert rating["alternateName"] == "Refuted"
    assert "1, refuted" in rating["ratingExplanation"]
    item = refuted["itemReviewed"]
    assert item["@type"] == "Claim"
    assert item["author"][0] == {"@type": "Person", "name": "Zoë Müller"}
    assert item["appearance"]["url"] == "https://arxiv.org/abs/2105.01234v2"
    assert item["appearance"]["@type"] == "ScholarlyArticle"
    assert refuted["claimReviewed"].startswith("Adapters outperform full fine-tuning")
    assert "best on 6 of 9, claimed 7 of 9" in refuted["reviewBody"]
    assert "A machine proposed this verdict." in refuted["reviewBody"]
    assert "1.3%" in refuted["reviewBody"]
    supported = found["0a1b2c3d4e5f"]
    assert supported["reviewRating"]["ratingValue"] == 2
    assert "Zoë: seen" in supported["reviewBody"]


def test_not_enough_information_has_no_rating_value() -> None:
    accept = Decision(claim="2a1b2c3d4e5f", reviewer="Max", choice="accept", label="not_enough_info")
    (review,) = reviews(full_ledger(), Extras(decisions=(accept,))).values()
    assert review["reviewRating"]["alternateName"] == "Not enough information"
    assert not {"ratingValue", "bestRating", "worstRating"} & set(review["reviewRating"])
    assert "datePublished" not in review


def test_both_reviewers_are_its_authors() -> None:
    first = decided().decisions[0]
    both = Extras(decisions=(first, first.model_copy(update={"reviewer": "Ann", "at": "2026-03-01T00:00:00Z"})))
    (review,) = reviews(full_ledger(), both).values()
    assert [x["name"] for x in review["author"]] == ["Ann", "Zoë"]
    assert review["datePublished"] == "2026-03-01"


def test_hostile_text_stays_in_its_string() -> None:
    document = render(hostile_ledger(), "claimreview", hostile_extras())
    assert b"<" not in document  # so that no </script> of a page is closed
    assert "\u2067" not in document.decode("utf-8")
    (review,) = json.loads(document)["@graph"]
    assert "<script>alert(1)</script>" in review["claimReviewed"]
    assert "javascript:" not in json.dumps(review["itemReviewed"]["appearance"].get("url", ""))
    assert len(document) < 200_000


def test_five_hundred_claims_take_under_a_second() -> None:
    ledger = many_claims(500)
    started = time.process_time()
    found = reviews(ledger, everybody(ledger))
    assert time.process_time() - started < 1
    assert len(found) == 500
