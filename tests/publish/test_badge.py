"""The badge: what it counts and what it never counts, its colours, and that it is harmless SVG of a fitting width."""

from __future__ import annotations

import re
import time

import pytest
from ledgers import claims, empty_ledger, full_ledger, many_claims
from lxml import etree
from machine_ledgers import decided, hostile_extras, hostile_ledger, loose, reproduction, rerun_ledger

from claimcheck.foundation.records import Decision, Ledger, Paper, Reproduction
from claimcheck.publish import NOTHING, Extras, render

SVG = "{http://www.w3.org/2000/svg}"


def badge(ledger: Ledger, extras: Extras = NOTHING) -> tuple[str, str, str]:
    """Message, colour and title."""
    root = etree.fromstring(render(ledger, "badge", extras))
    texts = [x.text for x in root.iter(f"{SVG}text")]
    assert texts[0] == "claimcheck"
    title = root.findtext(f"{SVG}title") or ""
    assert root.get("aria-label") == f"claimcheck: {texts[1]}"
    rect = root.find(f"{SVG}rect")
    assert rect is not None
    return texts[1] or "", rect.get("fill") or "", title


def of(*reproductions: Reproduction) -> Ledger:
    return Ledger(paper=Paper(id="2105.01234"), reproductions=loose(*reproductions))


def test_it_counts_verdicts_and_reproductions_of_the_paper() -> None:
    message, colour, title = badge(rerun_ledger())
    assert message == "2 supported, 2 refuted, 1 reproduced, 1 not reproduced"
    assert colour == "#b3261e"
    assert "2 with not enough information" in title
    assert "A machine made this report" in title
    assert "1.3%" in title
    assert "at scale lab" in title
    assert "reproduced at scale smoke" in title


@pytest.mark.parametrize("scale", ["lab", "smoke"])
def test_a_smaller_scale_is_never_reproduced(scale: str) -> None:
    message, colour, _ = badge(of(reproduction("a", scale=scale), reproduction("b", scale=scale)))
    assert message == f"2 rerun at scale {scale}"
    assert colour == "#5f6368"
    failed = of(reproduction("a", scale=scale, verdict="not_reproduced_lower"))
    assert badge(failed)[0] == f"1 rerun at scale {scale}"


def test_deviations_small_shifts_and_inconclusive_reruns() -> None:
    ledger = of(
        reproduction("a", verdict="reproduced"), reproduction("b", verdict="reproduced_small_shift"),
        reproduction("c", verdict="reproduced_with_deviations"), reproduction("d", verdict="inconclusive"),
        reproduction("e", verdict="degenerate"), reproduction("f", verdict="not_tested", reason="no_predictions"),
    )  # fmt: skip
    assert badge(ledger)[:2] == ("2 reproduced, 1 reproduced with deviations", "#1e7033")
    assert badge(of(reproduction("d", verdict="inconclusive")))[:2] == ("1 rerun at scale paper", "#5f6368")


def test_a_registry_alone_and_nothing_at_all() -> None:
    registered = reproduction("a", verdict="not_tested", reason="not_run", mean=None, values=(), n=0, runs=())
    assert badge(of(registered))[0] == "1 registered, nothing run"
    assert badge(empty_ledger())[:2] == ("no claims found", "#5f6368")
    undecided = full_ledger().model_copy(update={"claims": (claims()[2],)})
    assert badge(undecided)[:2] == ("1 undecided", "#5f6368")
    supported = full_ledger().model_copy(update={"claims": (claims()[5],)})
    assert badge(supported)[:2] == ("1 supported", "#1e7033")


def test_a_refutation_that_a_person_rejected_is_contested() -> None:
    message, colour, title = badge(full_ledger(), decided())
    assert message == "2 supported, 2 refuted (1 contested)"
    assert colour == "#b3261e"  # the other one is not
    both = (*decided().decisions, Decision(claim="1a1b2c3d4e5f", reviewer="Max", choice="reject", label="refuted"))
    message, colour, title = badge(full_ledger(), Extras(decisions=both))
    assert (message, colour) == ("2 supported, 2 refuted (2 contested)", "#8a5300")
    assert "A person rejected 2 of the refutations." in title


def test_white_on_each_colour_can_be_read() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    source = render(full_ledger(), "badge").decode()
    for colour in {*re.findall("#[0-9a-f]{6}", source), "#8a5300", "#1e7033", "#5f6368"}:
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour


def test_it_is_self_contained_and_hostile_text_stays_text() -> None:
    source = render(hostile_ledger(), "badge", hostile_extras())
    root = etree.fromstring(source)
    assert {x.tag for x in root.iter()} == {f"{SVG}{x}" for x in ("svg", "title", "rect", "path", "g", "text")}
    assert not [k for x in root.iter() for k in x.attrib if k in ("style", "href", "onload", "id")]
    assert b"url(" not in source
    assert len(source) < 6_000
    assert "<script>" in (root.findtext(f"{SVG}title") or "")


def test_the_texts_stand_beside_each_other_within_the_badge() -> None:
    for ledger in (rerun_ledger(), empty_ledger(), many_claims(500)):
        root = etree.fromstring(render(ledger, "badge"))
        left, right = ((float(x.get("x")), float(x.get("textLength"))) for x in root.iter(f"{SVG}text"))
        assert left[0] + left[1] < right[0]
        assert right[0] + right[1] <= float(root.get("width"))


def test_five_hundred_claims_take_under_a_second() -> None:
    ledger = many_claims(500)
    started = time.process_time()
    render(ledger, "badge")
    assert time.process_time() - started < 1
