"""What the tests of reviews share: a review of two people that is served, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from ledgers import full_ledger

from claimcheck.foundation.records import Decision, Ledger
from claimcheck.review.decisions import read_decisions
from claimcheck.review.desk import Desk
from claimcheck.review.server import Server

REFUTED = "c-1a1b2c3d4e5f"  # the anchor of a claim of full_ledger


@dataclass
class Review:
    """A running review of Ada and Ben."""

    folder: Path
    server: Server
    desk: Desk
    said: list[str] = field(default_factory=list)

    def address(self, name: str) -> str:
        return dict(self.server.addresses)[name]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return read_decisions(self.folder / "decisions.jsonl", pytest.fail)

    def write(self, ledger: Ledger) -> None:
        (self.folder / "ledger.json").write_text(ledger.model_dump_json(), "utf-8")

    def post(self, name: str, form: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Posts what the page's form would; `headers` are added to those of a browser, None takes one out."""
        fields = {"claim": REFUTED, "label": "refuted", "choice": "accept", "note": "", "reply": "", "version": "x"}
        headers = {"Origin": self.origin, "Accept": "application/json"} | more.pop("headers", {})
        return httpx.post(
            more.pop("url", self.address(name) + "decide"),
            data=more.pop("data", fields | (form or {})),
            headers={k: v for k, v in headers.items() if v is not None},
            trust_env=False,
            timeout=20,
            **more,
        )


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Review]:
    folder = tmp_path / "paper"
    folder.mkdir()
    (folder / "ledger.json").write_text(full_ledger().model_dump_json(), "utf-8")
    said: list[str] = []
    desk = Desk(folder / "ledger.json", ["Ada", "Ben"], note=said.append)
    with Server(desk, note=said.append) as server:
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield Review(folder, server, desk, said)
        server.stop()
        thread.join(10)
        assert not thread.is_alive(), "the server did not end"


Get = Callable[..., httpx.Response]


@pytest.fixture
def get() -> Get:
    return lambda url, **more: httpx.get(url, trust_env=False, timeout=20, **more)
