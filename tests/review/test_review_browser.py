"""The page of a review in a real browser: two people at once, with and without JavaScript, accessibility."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from browser import DESK, PHONE, chromium, open_page, serious  # noqa: F401

REFUTED, SUPPORTED = "c-1a1b2c3d4e5f", "c-0a1b2c3d4e5f"
SAVED = re.compile(r"Saved 20\d\d-")
Review = Any  # of conftest.py


@pytest.fixture
def enter(review: Review, open_page: Callable[..., Any]) -> Callable[..., Any]:  # noqa: F811
    """`enter("Ada", javascript=False)`: the page of a reviewer in a browser context of its own, open at a claim."""

    def one(name: str, *, claim: str = f"judge-{REFUTED}", **more: Any) -> Any:
        address = review.address(name)
        return open_page(address, fragment=f"#{claim}", allowed=(address,), **more)

    return one


def form_of(page: Any, claim: str = REFUTED) -> Any:
    return page.locator(f"#judge-{claim}")


def save(form: Any) -> None:
    form.get_by_role("button", name="Save").click()


def test_two_reviewers_at_once(review: Review, enter: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    ada, ben = enter("Ada"), enter("Ben")
    first, second = form_of(ada), form_of(ben)
    expect(first.get_by_label("Undecided")).to_be_checked()
    first.get_by_label("Reject").check()
    first.get_by_label("Your note").fill("Table A.3 says\nsomething else <b>")
    expect(first.locator(".state")).to_have_text("Not saved yet")
    save(first)
    expect(first.locator(".state")).to_have_text(SAVED)
    expect(ada.locator("#progress")).to_have_text("1 of 6 judged")
    expect(ada.locator(f"#{REFUTED} .people")).to_contain_text("rejected by 1 person")
    expect(first.locator(".others li")).to_have_count(0)

    second.get_by_label("Accept").check()
    save(second)
    expect(second.locator(".others")).to_contain_text("Ada rejected the verdict")
    expect(second.locator(".others .typed")).to_have_text("Table A.3 says\nsomething else <b>", use_inner_text=True)
    expect(ben.locator(f"#{REFUTED} .people")).to_contain_text("accepted by 1 person")

    ada.reload()
    expect(first.get_by_label("Reject")).to_be_checked()
    expect(first.get_by_label("Your note")).to_have_value("Table A.3 says\nsomething else <b>")
    expect(first.locator(".others")).to_contain_text("Ben accepted the verdict")
    expect(ada.locator(".agreement")).to_contain_text("2 reviewers: 1 of 6 claims judged by both")
    assert [(one.reviewer, one.choice) for one in review.decisions] == [("Ada", "reject"), ("Ben", "accept")]


def test_the_way_from_claim_to_claim(enter: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = enter("Ada", claim="review")
    page.get_by_role("link", name="Next claim to judge").click()
    form = form_of(page)
    expect(form).to_be_visible()
    # by keyboard alone: the radio buttons, the note, and Ctrl+Enter
    form.get_by_label("Undecided").focus()
    page.keyboard.press("ArrowUp")
    expect(form.get_by_label("Needs another check")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Which table?")
    page.keyboard.press("Control+Enter")
    expect(form.locator(".state")).to_have_text(SAVED)
    form.get_by_role("link", name="Next claim to judge").click()
    expect(page).not_to_have_url(re.compile(REFUTED))
    expect(page.locator(".claim:target details").first).to_have_attribute("open", "")
    # the filter of the report knows what was decided
    page.get_by_label("People").select_option("needs_check")
    expect(page.locator("#shown")).to_contain_text("1 of 6 shown")


def test_a_failure_says_so_and_keeps_what_was_typed(review: Review, enter: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = enter("Ada", ignored=("Failed to load resource", "net::ERR"))
    form = form_of(page)
    form.get_by_label("Accept").check()
    form.get_by_label("Your note").fill("a long thought")
    page.context.set_offline(True)
    save(form)
    expect(form.locator(".state")).to_contain_text("Not saved. The review’s server does not answer")
    expect(form.get_by_label("Your note")).to_have_value("a long thought")
    page.context.set_offline(False)
    form.locator("input[name=label]").evaluate("x => { x.value = 'supported'; }")
    save(form)
    expect(form.locator(".state")).to_contain_text("Reload the page and judge again")
    assert review.decisions == ()
    form.locator("input[name=label]").evaluate("x => { x.value = 'refuted'; }")
    save(form)
    expect(form.locator(".state")).to_have_text(SAVED)
    assert [one.note for one in review.decisions] == ["a long thought"]


def test_leaving_with_something_unsaved_asks_first(enter: Callable[..., Any]) -> None:
    page = enter("Ada")
    form_of(page).get_by_label("Your note").fill("not saved")
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.reload()
    assert asked == ["beforeunload"]


def test_without_javascript(review: Review, enter: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    page = enter("Ada", javascript=False)
    form = form_of(page)
    expect(form).to_be_visible()  # the link opens the details that the form is in
    form.get_by_label("Accept").check()
    form.get_by_label("Your note").fill("plain\n\n\n  form")
    form.get_by_label("The authors’ reply").fill("Thank you.")
    save(form)
    expect(form.locator(".state")).to_have_text(SAVED)
    expect(form.get_by_label("Accept")).to_be_checked()
    expect(form.get_by_label("Your note")).to_have_value("plain\n\n\n  form")
    expect(page.locator("#progress")).to_have_text("1 of 6 judged")
    assert page.url.endswith(f"/#judge-{REFUTED}")
    save(form)  # unchanged: what a page shows is what was typed
    page.wait_for_load_state()
    assert [(one.choice, one.note, one.reply) for one in review.decisions] == [
        ("accept", "plain\n\n\n  form", "Thank you.")
    ]


@pytest.mark.parametrize(("size", "dark"), [(DESK, False), (PHONE, True)])
def test_nothing_serious_keeps_people_out(enter: Callable[..., Any], size: tuple[int, int], dark: bool) -> None:
    page = enter("Ada", size=size, dark=dark)
    page.locator(f"#{SUPPORTED} summary").first.click()
    form = form_of(page, SUPPORTED)
    form.get_by_label("Accept").check()
    save(form)
    form.locator(".state", has_text=SAVED).wait_for()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
