"""Pages in a real browser: Debian's chromium, headless, driven by Playwright; nothing but the page itself may load.

A conftest that wants them imports the fixtures by name, `from browser import chromium, open_page  # noqa: F401`.
The browser is one of the module, not of the session: Playwright's loop runs in the thread of the tests until it is
closed, and another module's `asyncio.run` would fail under it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK, PHONE = (1280, 900), (390, 844)
MISSING = "no browser: `apt-get install chromium`, and playwright from the dev requirements"


def program() -> str:
    """The path of chromium; the test is skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip(MISSING)
    return found


@contextmanager
def browser() -> Iterator[Any]:
    """A headless chromium (playwright.sync_api.Browser); the test is skipped where there is none."""
    path = program()
    sync_api = pytest.importorskip("playwright.sync_api", reason=MISSING)
    with sync_api.sync_playwright() as playwright:
        # its own time limits suit a machine that does other work as well
        started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS), timeout=90_000)
        try:
            yield started
        finally:
            started.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser of a test module."""
    with browser() as started:
        yield started


OpenPage = Callable[..., Any]


@pytest.fixture
def open_page(chromium: Any) -> Iterator[OpenPage]:
    """`open_page(path or address, size=PHONE, dark=True, javascript=False)` -> playwright.sync_api.Page.

    After the test it fails on console errors and warnings, on errors of scripts, and on any request but that for the
    page itself and those whose address starts with one of `allowed`. `ignored`: parts of console messages that the test
    provokes on purpose.
    """
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_one(
        address: Path | str,
        *,
        fragment: str = "",
        size: tuple[int, int] = DESK,
        dark: bool = False,
        javascript: bool = True,
        allowed: tuple[str, ...] = (),
        ignored: tuple[str, ...] = (),
    ) -> Any:
        url = address.as_uri() if isinstance(address, Path) else address
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: (
                wrong.append(f"console {said.type}: {said.text}")
                if said.type in ("error", "warning") and not any(x in said.text for x in ignored)
                else None
            ),
        )
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("data:", *allowed)) or request.url.partition("#")[0] == url
                else wrong.append(f"request: {request.method} {request.url}")
            ),
        )
        page.goto(url + fragment)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not wrong, "\n".join(wrong)


def serious(page: Any, *, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds serious or critical on a page: rule, help, and the first places. It asks no network.

    All its rules are run, or `rules` alone.
    """
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is a dev requirement")
    # evaluated by the debugger, which a Content-Security-Policy does not hold back
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text("utf-8"))
    found = page.evaluate(
        """(rules) => axe.run(document, {
          resultTypes: ['violations'], ...(rules.length && {runOnly: {type: 'rule', values: rules}}),
        })""",
        list(rules),
    )["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes'][:4]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
