"""Fixtures: a loopback server that stands for arXiv, and settings that point at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from fake_arxiv import TEX, FakeArxiv, Handler, feed, tar_gz

from claimcheck.foundation.settings import Settings


@pytest.fixture
def fake() -> Iterator[FakeArxiv]:
    """A server that knows no paper until told."""
    fake = FakeArxiv()
    handler = type("Handler", (Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    # shutdown() waits for a poll: a short one keeps the tests fast
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    # hundreds of small cache writes; that they survive a power cut is not what these tests are about
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    # a proxy of the machine that runs the tests must not stand before the loopback server
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


SettingsFor = Callable[..., Settings]


@pytest.fixture
def settings_for(fake: FakeArxiv, tmp_path: Path) -> SettingsFor:
    """Settings that point at the server, with short delays; keywords change them."""

    def make(**changes: object) -> Settings:
        values: dict[str, object] = {
            "home": tmp_path / "home",
            "arxiv_api": f"{fake.url}/api/query",
            "arxiv_site": fake.url,
            "arxiv_delay": 0.01,
            "timeout": 5,
            "retries": 2,
            "patience_seconds": 5,
        }
        return Settings.model_validate(values | changes)

    return make


@pytest.fixture
def settings(settings_for: SettingsFor) -> Settings:
    """Settings that point at the server."""
    return settings_for()


@pytest.fixture
def paper(fake: FakeArxiv) -> FakeArxiv:
    """The server with the paper 2005.13013v2 as a tar.gz of LaTeX."""
    for key in ("2005.13013", "2005.13013v2"):
        fake.on(f"api:{key}", feed("2005.13013v2"))
    fake.on(
        "/e-print/2005.13013v2", tar_gz({"main.tex": TEX, "intro.tex": b"Text.", "fig.png": b"\x89PNG\r\n\x1a\n\0"})
    )
    return fake
