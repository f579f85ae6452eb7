# ruff: noqa: E501 - sentences read best on one line
"""A language model's wording is kept only where its quotes entail it; a server that fails changes nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.settings import Settings
from claimcheck.publish.synthesis import read_synthesis, synthesis_html, synthesis_latex, synthesis_markdown
from claimcheck.synthesis.rephrase import Endpoint, Quoted, rephrase, reword

QUOTE = "Training with dropout raised the accuracy of the tagger from 96.8 to 97.3 on the test set."
SENTENCE = Quoted(QUOTE, (QUOTE,))
FAITHFUL = "Training with dropout raised the tagger's accuracy from 96.8 to 97.3 on the test set."


class Server(ThreadingHTTPServer):
    """Answers chat completions with what `answer` makes of the request's body."""

    answer: Callable[[dict[str, Any]], tuple[int, bytes]]
    requests: list[tuple[dict[str, Any], str]]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.requests.append((body, self.headers.get("Authorization", "")))
        status, data = server.answer(body)
        self.send_response(status if self.path == "/v1/chat/completions" else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.requests = []
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()


def endpoint(server: Server, key: str = "") -> Endpoint:
    return Endpoint(f"http://127.0.0.1:{server.server_port}/v1", "small", key)


def says(sentence: str) -> Callable[[dict[str, Any]], tuple[int, bytes]]:
    content = json.dumps({"sentence": sentence})
    return lambda _: (200, json.dumps({"choices": [{"message": {"content": content}}]}).encode())


def test_a_wording_that_the_quotes_entail_is_kept(server: Server) -> None:
    server.answer = says(FAITHFUL)
    [found] = rephrase([SENTENCE], Settings.load(), endpoint(server, "secret"))
    assert (found.text, found.changed) == (FAITHFUL, True)
    [(body, authorization)] = server.requests
    assert authorization == "Bearer secret"
    assert body["model"] == "small"
    assert QUOTE in body["messages"][1]["content"].encode().decode()
    assert "secret" not in json.dumps(body)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("Training with dropout raised the accuracy of the tagger from 96.8 to 98.3 on the test set.", "adds the number 98.3"),
        ("Training with dropout raised the accuracy of the BiLSTM tagger from 96.8 to 97.3.", "adds the name BiLSTM"),
        ("Dogs prefer long walks in the rain.", "do not entail"),
        ("Dropout is described at https://evil.example.", "markup or an address"),
        ("Training with dropout raised the accuracy. " * 10, "much longer"),
    ],
)  # fmt: skip
def test_a_wording_that_adds_something_is_thrown_away(server: Server, answer: str, reason: str) -> None:
    server.answer = says(answer)
    [found] = rephrase([SENTENCE], Settings.load(), endpoint(server))
    assert (found.text, found.changed) == (QUOTE, False)
    assert reason in found.reason


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json",
        b"[]",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": "x"}}]}',
        b"x" * 300_000,
        b"[" * 150_000,
    ],
)
def test_an_answer_that_makes_no_sense(server: Server, data: bytes) -> None:
    server.answer = lambda _: (200, data)
    found = rephrase([SENTENCE, SENTENCE], Settings.load(), endpoint(server))
    assert [f.text for f in found] == [QUOTE, QUOTE]
    assert {f.reason for f in found} == {"the language model's answer makes no sense"}
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [302, 401, 429, 500])
def test_a_server_that_fails_is_asked_once(server: Server, status: int) -> None:
    server.answer = lambda _: (status, b"{}")
    found = rephrase([SENTENCE, SENTENCE], Settings.load(), endpoint(server))
    assert [(f.text, f.changed) for f in found] == [(QUOTE, False)] * 2
    assert f"answered {status}" in found[0].reason
    assert len(server.requests) == 1


def test_a_server_that_is_not_there() -> None:
    [found] = rephrase([SENTENCE], Settings.load(), Endpoint("http://127.0.0.1:9/v1", "small"))
    assert not found.changed
    assert "cannot be reached" in found.reason


def test_offline_and_without_an_endpoint_nothing_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not rephrase([SENTENCE], Settings.load(offline=True), endpoint(server))[0].changed
    monkeypatch.delenv("CLAIMCHECK_LLM_URL", raising=False)
    assert rephrase([SENTENCE], Settings.load())[0].reason == "no language model is set"
    assert server.requests == []


@pytest.mark.parametrize(
    ("url", "model", "key", "words"),
    [
        ("ftp://host/v1", "m", "", "is no web address"),
        ("http://[", "m", "", "is no web address"),
        ("https://host/v1", "", "", "CLAIMCHECK_LLM_MODEL: is not set"),
        ("http://host/v1", "m", "k", "unencrypted"),
        ("https://host/v1", "m", "k\ny", "is no key"),
    ],
)
def test_a_wrong_environment_is_told(
    monkeypatch: pytest.MonkeyPatch, url: str, model: str, key: str, words: str
) -> None:
    for name, value in (("URL", url), ("MODEL", model), ("KEY", key)):
        monkeypatch.setenv(f"CLAIMCHECK_LLM_{name}", value)
    with pytest.raises(UsageError, match=words) as caught:
        Endpoint.from_environment()
    assert not key or key not in str(caught.value)


def test_a_new_wording_stands_beside_its_quote_in_the_record_and_in_every_format(server: Server) -> None:
    record = read_synthesis(Path(__file__).resolve().parents[2] / "reports" / "synthesis" / "synthesis.json")
    [first, *others] = [x for x in record.answer.statements if x.kind == "quote"]

    def answer(body: dict[str, Any]) -> tuple[int, bytes]:
        asked = json.loads(body["messages"][1]["content"])["sentence"]
        new = (
            asked.replace("Table 1 shows that", "Table 1 reports that") if asked == first.text else asked + " Buy now!"
        )
        return says(new)(body)

    server.answer = answer
    said = reword(record.answer, Settings.load(), endpoint(server))
    assert [x.text for x in said.statements] == [x.text for x in record.answer.statements]
    new = first.text.replace("Table 1 shows that", "Table 1 reports that")
    assert [x.reworded for x in said.statements if x.kind == "quote"] == [new, *("" for _ in others)]
    changed = record.model_copy(update={"answer": said})
    plain, printed = synthesis_html(record).decode(), synthesis_html(changed).decode()
    assert new not in plain
    assert new in printed
    assert new in synthesis_markdown(changed).decode()
    assert new in synthesis_latex(changed).decode()
