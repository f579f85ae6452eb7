"""A loopback server that stands for arXiv, OpenAlex, Semantic Scholar and Crossref, each below a path of its own."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from fake_arxiv import DATA, FakeArxiv, Handler, Say, Seen

from claimcheck.foundation.settings import Settings

RECORDINGS = Path(__file__).resolve().parents[1] / "data" / "api"
SERVICES = ("arxiv", "openalex", "s2", "crossref")
_HOSTS = {"api.openalex.org": "openalex", "api.semanticscholar.org": "s2", "api.crossref.org": "crossref"}

Answering = Callable[[str, dict[str, str]], Say | None]


class FakeDatabases(FakeArxiv):
    """What each service says: to begin with our own recordings in tests/data/api, else what a test tells it to.

    `down("s2", Say(status=503))` makes a service say that to everything; `rules` may answer before the recordings.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rules: list[Answering] = []
        self.queries: list[tuple[str, dict[str, str]]] = []
        self._down: dict[str, list[Say]] = {}

    def down(self, service: str, *says: Say) -> None:
        """What a service says to every request from now on, in turn; the last answer stays."""
        assert service in SERVICES
        self._down[service] = list(says)

    def up(self, service: str) -> None:
        """The service answers again."""
        self._down.pop(service, None)

    def answer(self, path: str, headers: dict[str, str]) -> Say:
        parts = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        with self.lock:
            self.seen.append(Seen(unquote(parts.path), time.monotonic(), headers))
            self.queries.append((unquote(parts.path), asked))
            says = self._down.get(parts.path.split("/")[1])
            if says:
                return says.pop(0) if len(says) > 1 else says[0]
        for rule in self.rules:
            said = rule(unquote(parts.path), asked)
            if said is not None:
                return said
        return recorded_answer(unquote(parts.path), asked)

    def settings(self, home: Path, **changes: object) -> Settings:
        """Settings that point at the server, with hardly any delay."""
        values: dict[str, object] = {
            "home": home,
            "arxiv_api": f"{self.url}/arxiv/api/query",
            "arxiv_site": f"{self.url}/arxiv",
            "arxiv_delay": 0.005,
            "openalex_api": f"{self.url}/openalex",
            "semantic_scholar_api": f"{self.url}/s2/graph/v1",
            "crossref_api": f"{self.url}/crossref",
            "database_delay": 0.005,
            "timeout": 20,
            "retries": 2,
            "patience_seconds": 20,
            "metadata_days": 0,  # every request is sent
        }
        return Settings.model_validate(values | changes)


def json_say(value: object, **more: Any) -> Say:
    """An answer that is JSON."""
    return Say(json.dumps(value).encode(), headers={"Content-Type": "application/json"}, **more)


def recorded_answer(path: str, asked: dict[str, str]) -> Say:
    """Our own recording for a request: which one is found by the service, the path and the words of the query."""
    service, _, rest = path.strip("/").partition("/")
    if service == "arxiv":
        return Say((RECORDINGS / ("arxiv_id.xml" if asked.get("id_list") else "arxiv_search.xml")).read_bytes())
    name = ""
    if service == "openalex":
        wanted = asked.get("filter", "")
        kind = wanted.partition(":")[0].replace(".", "_") or "search"
        name = f"openalex_{kind}.json" if rest == "works" else "openalex_work.json"
        if rest != "works" and not any(known in rest for known in ("W4100000001", "2101.00001", "replay.2021.17")):
            return json_say({"error": "Not found"}, status=404)
    elif service == "s2":
        kind = rest.rpartition("/")[2]
        name = f"s2_{kind}.json" if kind in ("search", "match", "citations", "references") else "s2_paper.json"
    elif service == "crossref":
        name = "crossref_search.json" if rest == "works" else "crossref_work.json"
    file = RECORDINGS / name
    if not file.is_file():
        return json_say({"error": f"no recording {name}"}, status=404)
    start = int(asked.get("offset", 0)) or (int(asked.get("page", 1)) - 1) * int(asked.get("per_page", 100))
    # one page is all there is
    return json_say(_emptied(json.loads(file.read_bytes()))) if start else Say(file.read_bytes())


def _emptied(answer: Any) -> Any:
    for key in ("results", "data"):
        if key in answer:
            answer[key] = []
    if "message" in answer:
        answer["message"]["items"] = []
    return answer


@contextlib.contextmanager
def serving(fake: FakeDatabases | None = None) -> Iterator[FakeDatabases]:
    """The server on a free port of this machine."""
    fake = fake or FakeDatabases()
    handler = type("Handler", (Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()


def cassettes() -> list[tuple[str, str, dict[str, str], Say]]:
    """(service, path below its base, parameters, answer) of all recorded requests to the three services.

    Skips the test where the recordings of the development data are absent.
    """
    import yaml

    files = sorted((DATA / "api" / "cassettes").glob("*.yaml"))
    if not files:
        pytest.skip(f"no recorded answers in {DATA} (set CLAIMCHECK_DATA)")
    found = []
    for file in files:
        for one in yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"]:
            parts = urlsplit(one["request"]["uri"])
            service = _HOSTS.get(parts.hostname or "")
            if service is None or "/transform/" in parts.path:
                continue
            body = one["response"]["body"].get("string") or b""
            body = body if isinstance(body, bytes) else body.encode()
            headers = {k: v[0] for k, v in one["response"]["headers"].items() if k.lower().startswith("content-")}
            headers = {k: v for k, v in headers.items() if k.lower() != "content-length"}
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            path = unquote(parts.path).removeprefix("/graph/v1")
            found.append((service, path, asked, Say(body, one["response"]["status"]["code"], headers)))
    return found


def unpacked(body: bytes) -> Any:
    """The JSON of a recorded body."""
    return json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
