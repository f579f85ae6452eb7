"""A loopback server that stands for arXiv: recorded API answers, small ones of our own, and every way to fail."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("CLAIMCHECK_DATA", REPOSITORY.parent / "shared" / "data"))
TEX = b"\\documentclass{article}\n\\begin{document}\nOur model is 2.1 points better.\n\\end{document}\n"
PDF = b"%PDF-1.5\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
LATEXML = b"<!DOCTYPE html>\n<html><body><article class='ltx_document'>Text.</article></body></html>"
_FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
 xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>arXiv Query</title><updated>2026-01-01T00:00:00Z</updated>
<opensearch:itemsPerPage>1</opensearch:itemsPerPage><opensearch:totalResults>{total}</opensearch:totalResults>
<opensearch:startIndex>0</opensearch:startIndex>{entry}</feed>"""
_ENTRY = """<entry><id>http://arxiv.org/abs/{key}</id><title>A Paper
  of Ours</title><updated>2021-02-03T00:00:00Z</updated><published>2020-05-27T10:00:00Z</published>
<summary>We do   things.</summary>{comment}
<author><name>Ada Example</name></author><author><name>Bo Sample</name></author>
</entry>"""


def feed(key: str = "", comment: str = "") -> bytes:
    """An Atom answer with one entry, or with none."""
    comment = f"<arxiv:comment>{comment}</arxiv:comment>" if comment else ""
    return _FEED.format(total=int(bool(key)), entry=_ENTRY.format(key=key, comment=comment) if key else "").encode()


def tar_gz(files: dict[str, bytes]) -> bytes:
    """A tar.gz of files by name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


@dataclass
class Say:
    """One answer of the server."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: float = 0.0  # seconds before the answer
    announced: bool = True  # whether the length is said beforehand
    cut_at: int | None = None  # bytes of the body after which the connection is closed


@dataclass
class Seen:
    """One request that the server saw."""

    path: str
    time: float
    headers: dict[str, str]


class FakeArxiv:
    """What the server says to which path, and what it was asked.

    `on(path, a, b, c)`: a, then b, then c for ever. The query service looks answers up by "api:ID".
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.at_once = self.most_at_once = 0
        self.url = ""
        self._says: dict[str, list[Say]] = defaultdict(list)
        self.lock = threading.Lock()

    def on(self, path: str, *says: Say | bytes) -> None:
        """What `path` is answered, in turn; the last answer stays."""
        self._says[path] = [s if isinstance(s, Say) else Say(s) for s in says]

    def answer(self, path: str, headers: dict[str, str]) -> Say:
        parts = urlsplit(path)
        key = parts.path
        if key == "/api/query":
            key = "api:" + parse_qs(parts.query, keep_blank_values=True)["id_list"][0]
        with self.lock:
            self.seen.append(Seen(key, time.monotonic(), headers))
            says = self._says[key]
            if not says:
                return Say(feed()) if key.startswith("api:") else Say(b"<html>not found</html>", 404)
            return says.pop(0) if len(says) > 1 else says[0]

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [s.path for s in self.seen]


class Handler(BaseHTTPRequestHandler):
    """Says what the server was told to say."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets: the second would wait 40 ms
    fake: FakeArxiv

    def do_GET(self) -> None:
        """Answer, or fail as told."""
        fake = self.fake
        say = fake.answer(self.path, {k.lower(): v for k, v in self.headers.items()})
        # counted until the answer goes out: once it is there, the next request may come before this thread runs on
        with fake.lock:
            fake.at_once += 1
            fake.most_at_once = max(fake.most_at_once, fake.at_once)
        time.sleep(say.stall)
        with fake.lock:
            fake.at_once -= 1
        try:
            self._say(say)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _say(self, say: Say) -> None:
        self.send_response(say.status)
        if say.announced:
            self.send_header("Content-Length", str(len(say.body)))
        else:
            self.send_header("Connection", "close")  # the end of the connection is the end of the body
        for name, value in say.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(say.body if say.cut_at is None else say.body[: say.cut_at])
        if say.cut_at is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


def recorded(name: str) -> dict[str, object]:
    """A recorded answer of arXiv whose file name begins with `name`; skips the test where it is absent."""
    found = sorted((DATA / "api" / "arxiv").glob(f"{name}*.json"))
    if not found:
        pytest.skip(f"no recorded arXiv answers in {DATA} (set CLAIMCHECK_DATA)")
    answer = json.loads(found[0].read_text(encoding="utf-8"))
    assert isinstance(answer, dict)
    return answer


def gz(data: bytes) -> bytes:
    """The gzip of `data`, the same bytes every time."""
    return gzip.compress(data, mtime=0)
