"""A Hugging Face hub on 127.0.0.1: enough of its API for the real clients, with every way to fail on demand.

Point a process at it with `HF_ENDPOINT=hub.url` and a `HF_HOME` of its own. Repositories hold bytes by path for each of
their revisions; `hub.faults` makes answers go wrong, `hub.log` says what was asked.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["CONVERTED", "Fault", "Hub", "Repository"]

CONVERTED = "refs/convert/parquet"  # where the hub keeps what it made of a repository with a loading script

Kind = Literal["model", "dataset"]


@dataclass
class Fault:
    """Answers to requests whose method and path match, "GET /datasets/.*parquet", go wrong, so many `times`.

    `cut`: the head promises the whole body, only this share of it is sent, and the connection closes. `corrupt`: the
    body has its length, but not its content. Else `status`, with `code` as the hub's own name of the error.
    """

    pattern: str
    status: int = 500
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: float | None = None
    corrupt: bool = False
    times: int = 1_000_000
    met: int = 0


@dataclass
class Repository:
    """Files by path, for each revision; a revision's commit is a hash of them."""

    kind: Kind
    id: str
    revisions: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"main": {}})

    def commit(self, revision: str) -> str:
        """40 hex digits."""
        digest = hashlib.sha1(self.id.encode())
        for path, content in sorted(self.revisions[revision].items()):
            digest.update(f"{path}\0".encode() + hashlib.sha1(content).digest())
        return digest.hexdigest()

    def find(self, revision: str) -> str | None:
        """The name of the revision that a name or a commit means."""
        if revision in self.revisions:
            return revision
        return next((name for name in self.revisions if self.commit(name) == revision), None)


class Hub:
    """The server; a context manager. It may be filled and made to fail at any time."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.faults: list[Fault] = []
        self.log: list[str] = []
        self.connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Be gone: connections are refused from now on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        for connection in list(self.connections):  # those that clients keep open would still be answered
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def put(self, kind: Kind, id: str, files: Mapping[str, bytes], revision: str = "main") -> Repository:
        """Add files to a repository, which is made where absent."""
        repository = self.repositories.setdefault((kind, id), Repository(kind, id))
        repository.revisions.setdefault(revision, {}).update(files)
        return repository

    def fail(self, pattern: str, status: int = 500, **how: object) -> Fault:
        """Let answers go wrong from now on: see `Fault`."""
        fault = Fault(pattern, status, **how)  # type: ignore[arg-type]
        self.faults.append(fault)
        return fault

    def asked(self, pattern: str) -> list[str]:
        """The requests so far whose method and path match."""
        with self._lock:
            return [line for line in self.log if re.search(pattern, line)]

    def note(self, line: str) -> Fault | None:
        """Log a request; the fault that it meets, if any."""
        with self._lock:
            self.log.append(line)
            for fault in self.faults:
                if fault.met < fault.times and re.search(fault.pattern, line):
                    fault.met += 1
                    return fault
        return None


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def _json(content: object, **headers: str) -> _Answer:
    return _Answer(200, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


def _refusal(status: int, code: str, **headers: str) -> _Answer:
    named = {"X-Error-Code": code, "X-Error-Message": code} if code else {}
    return _Answer(status, json.dumps({"error": code or str(status)}).encode(), {**named, **headers})


_API = re.compile(r"/api/(?P<kind>models|datasets)/(?P<id>[^/]+/[^/]+)(?:/(?P<what>[a-z-]+)(?:/(?P<rest>.*))?)?")
_FILE = re.compile(r"/(?P<datasets>datasets/)?(?P<id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


def _answer(hub: Hub, path: str, query: str, body: bytes) -> _Answer:
    # a revision with slashes comes with them encoded, so that the address is taken apart before it is decoded
    if match := _API.fullmatch(path):
        kind: Kind = "dataset" if match["kind"] == "datasets" else "model"
        repository = hub.repositories.get((kind, match["id"]))
        if repository is None:
            return _refusal(401, "RepoNotFound")
        rest = match["rest"] or ""
        revision, _, inner = rest.partition("/")
        found = repository.find(unquote(revision or "main"))
        if found is None:
            return _refusal(404, "RevisionNotFound")
        if match["what"] == "tree":
            whole = parse_qs(query).get("recursive", ["false"])[0].lower() in ("true", "1")
            return _tree(repository.revisions[found], unquote(inner), whole)
        return _about(repository, found, match["what"] or "revision", body)
    if match := _FILE.fullmatch(path):
        repository = hub.repositories.get(("dataset" if match["datasets"] else "model", match["id"]))
        if repository is None:
            return _refusal(401, "RepoNotFound")
        found = repository.find(unquote(match["revision"]))
        if found is None:
            return _refusal(404, "RevisionNotFound")
        commit = {"X-Repo-Commit": repository.commit(found)}
        content = repository.revisions[found].get(unquote(match["path"]))
        if content is None:
            return _refusal(404, "EntryNotFound", **commit)
        tag = _oid(match["path"], content)
        return _Answer(200, content, {"ETag": f'"{tag}"', "Accept-Ranges": "bytes", **commit})
    return _refusal(404, "")


def _about(repository: Repository, revision: str, what: str, body: bytes) -> _Answer:
    """What the API says of a repository: its description, some of its files."""
    files = repository.revisions[revision]
    if what == "revision":
        return _json(
            {
                "_id": "0",
                "id": repository.id,
                "sha": repository.commit(revision),
                "private": False,
                "gated": False,
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "siblings": [{"rfilename": path} for path in sorted(files)],
            }
        )
    if what == "paths-info":
        wanted = json.loads(body)["paths"] if body[:1] == b"{" else parse_qs(body.decode()).get("paths", [])
        return _json([_entry(path, files[path]) for path in wanted if path in files])
    return _refusal(404, "")


def _tree(files: Mapping[str, bytes], folder: str, whole: bool) -> _Answer:
    """The files and folders in a folder, with those further down where the whole tree is asked for."""
    start = f"{folder}/" if folder else ""
    within = {path: content for path, content in sorted(files.items()) if path.startswith(start)}
    if not within and folder:
        return _refusal(404, "EntryNotFound")
    deep = [path[len(start) :].split("/") for path in within]
    folders = sorted({start + "/".join(parts[:n]) for parts in deep for n in range(1, len(parts) if whole else 2)})
    listed: list[dict[str, object]] = [
        {"type": "directory", "path": path, "size": 0, "oid": hashlib.sha1(path.encode()).hexdigest()}
        for path in folders
        if path not in within
    ]
    listed += [_entry(path, content) for path, content in within.items() if whole or "/" not in path[len(start) :]]
    return _json(listed)


def _entry(path: str, content: bytes) -> dict[str, object]:
    entry: dict[str, object] = {
        "type": "file",
        "path": path,
        "size": len(content),
        "oid": hashlib.sha1(content).hexdigest(),
    }
    if _is_large(path):
        sha = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": sha, "size": len(content), "pointerSize": 134}
    return entry


def _is_large(path: str) -> bool:
    return path.endswith((".parquet", ".safetensors"))


def _oid(path: str, content: bytes) -> str:
    """Of files in large file storage the sha256, of others the hash that git gives."""
    if _is_large(path):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def setup(self) -> None:
            super().setup()
            hub.connections.add(self.connection)

        def finish(self) -> None:
            hub.connections.discard(self.connection)
            super().finish()

        def do_GET(self) -> None:
            self._serve(b"")

        def do_HEAD(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def _serve(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            path = parts.path
            fault = hub.note(f"{self.command} {unquote(path)}")
            try:
                self._send(_answer(hub, path, parts.query, body), fault)
            except OSError:  # the client is gone, or this hub
                self.close_connection = True

        def _send(self, answer: _Answer, fault: Fault | None) -> None:
            if fault is not None and fault.cut is None and not fault.corrupt:
                answer = _refusal(fault.status, fault.code, **fault.headers)
            body, status, headers = answer.body, answer.status, dict(answer.headers)
            if fault is not None and fault.corrupt:
                body = bytes(255 - byte for byte in body)
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
            if asked and status == 200:
                first, last = int(asked[1]), int(asked[2] or len(body) - 1)
                headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
                body, status = body[first : last + 1], 206
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            if fault is not None and fault.cut is not None:
                body = body[: int(len(body) * fault.cut)]
                self.close_connection = True
            self.wfile.write(body)

    return Handler
