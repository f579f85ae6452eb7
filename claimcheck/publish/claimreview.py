"""schema.org ClaimReview in JSON-LD, of the claims whose verdict a person accepted and nobody rejected."""

from __future__ import annotations

import re
from typing import Any

from claimcheck.foundation.records import Label, Ledger, Paper
from claimcheck.publish.data import plain_json
from claimcheck.publish.escape import anchor, shorten
from claimcheck.publish.view import NOTHING, ClaimView, Extras, view_of
from claimcheck.publish.view.places import LONGEST_TITLE, paper_link, paper_name

_RATINGS: dict[Label, tuple[int | None, str]] = {
    "refuted": (1, "Refuted"),
    # no point of a scale: in the middle it would read as half true
    "not_enough_info": (None, "Not enough information"),
    "supported": (2, "Supported"),
}
_SCALE = (
    "Two points: 1, refuted (a table or a passage gives another number or another direction), and 2, supported. "
    "“Not enough information” has no rating."
)
_MOST_AUTHORS = 30


def ledger_claimreview(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """One ClaimReview an accepted verdict, its authors the people who accepted it; an empty @graph where there is none.

    `url` leads to the claim in report.html of the same folder: put the address of the place where that is published
    before it, as search engines ask for. Source: https://schema.org/ClaimReview.
    """
    report = view_of(ledger, extras)
    reviews = [_review(claim, ledger.paper, report.made_by) for claim in report.claims if claim.accepted]
    return plain_json({"@context": "https://schema.org", "@graph": reviews})


def _review(claim: ClaimView, paper: Paper, made_by: str) -> dict[str, Any]:
    accepted = [one for one in claim.decisions if one.choice == "accept" and not one.outdated]
    rating, words = _RATINGS[claim.label]
    dates = [one.at for one in accepted if re.fullmatch(r"\d{4}-\d{2}-\d{2}", one.at)]
    evidence = claim.derivation or claim.reason or "; ".join(claim.where)
    review: dict[str, Any] = {
        "@type": "ClaimReview",
        "@id": f"#{anchor(claim.anchor)}",
        "url": f"report.html#{anchor(claim.anchor)}",
        "claimReviewed": claim.text,
        "author": [{"@type": "Person", "name": one.reviewer} for one in accepted],
    }
    if dates:
        review["datePublished"] = max(dates)
    review["itemReviewed"] = _without_blanks(
        {
            "@type": "Claim",
            "name": claim.text,
            "identifier": claim.id,
            "author": _people(paper),
            "appearance": _article(paper),
        }
    )
    review["reviewRating"] = {
        "@type": "Rating",
        **({} if rating is None else {"ratingValue": rating, "worstRating": 1, "bestRating": 2}),
        "alternateName": words,
        "ratingExplanation": _SCALE,
    }
    notes = [f"{one.reviewer}: {one.note}" for one in accepted if one.note]
    review["reviewBody"] = " ".join(
        x for x in (f"{words}. {evidence}".strip(), *notes, f"A machine proposed this verdict. {made_by}") if x
    )
    review["inLanguage"] = "en"
    return review


def _article(paper: Paper) -> dict[str, Any]:
    return _without_blanks(
        {
            "@type": "ScholarlyArticle",
            "name": shorten(paper.title, LONGEST_TITLE) or paper_name(paper),
            "identifier": paper_name(paper),
            "url": paper_link(paper),
            "datePublished": paper.published[:10] if re.match(r"\d{4}-\d{2}-\d{2}", paper.published) else "",
            "author": _people(paper),
        }
    )


def _without_blanks(entity: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in entity.items() if v not in ("", [])}


def _people(paper: Paper) -> list[dict[str, str]]:
    return [{"@type": "Person", "name": shorten(name, 200)} for name in paper.authors[:_MOST_AUTHORS] if name]
