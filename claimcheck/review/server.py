"""The page of a review on 127.0.0.1: who may ask for it, and what of a form reaches the desk.

Four things keep other web pages and other users of the machine out: nothing but the loopback interface is bound; each
reviewer has a secret in the path; the Host header must be ours, so that no foreign name can point here (DNS
rebinding); and what is posted must carry our own Origin, so that no foreign page can post here. The secret stands in
the path and not in a cookie, since a browser sends cookies to every port of a host and keeps one a name, while two
reviewers may share a browser. Answers to forms are a redirect, or JSON where the page's script asks for it.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from claimcheck.foundation.console import say
from claimcheck.foundation.errors import ClaimcheckError, UsageError
from claimcheck.foundation.process import unforeseen
from claimcheck.review.desk import Desk, Form, RefusedError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ADDRESS", "LARGEST_BODY", "Server", "create_app"]

ADDRESS = "127.0.0.1"
LARGEST_BODY = 256 << 10  # bytes: the longest note and reply in the form's encoding, and some
_FORM = "application/x-www-form-urlencoded"
_FIELDS = ("claim", "label", "choice", "note", "reply", "version")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the page's own policy stands in the page
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # not no-referrer: then a form of our own would have the origin "null"
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FAREWELL = 3  # seconds for requests under way when the review ends


def create_app(desk: Desk, tokens: Mapping[str, str], port: int, *, note: Callable[[str], None] = say) -> ASGIApp:
    """The ASGI application of a review: `tokens` are token -> reviewer, `port` the one that browsers ask at."""
    pages = _Pages(desk, tokens, note)
    routes = [
        Route("/favicon.ico", pages.icon),
        Route("/{token}", pages.slash),
        Route("/{token}/", pages.show),
        Route("/{token}/decide", pages.decide, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_allowed, Exception: pages.failed})
    app.router.redirect_slashes = False
    return _Guard(app, port)


class Server:
    """A review that is served: made, it listens; `run` answers until SIGINT, SIGTERM or `stop`.

    Use it as a context manager. Raises UsageError where the port cannot be had.
    """

    def __init__(self, desk: Desk, port: int = 0, *, note: Callable[[str], None] = say) -> None:
        self._socket = _listening(port)
        self.port: int = self._socket.getsockname()[1]
        tokens = {secrets.token_urlsafe(24): name for name in desk.reviewers}
        self.addresses = tuple((name, f"http://{ADDRESS}:{self.port}/{token}/") for token, name in tokens.items())
        self._app = create_app(desk, tokens, self.port, note=note)
        self._running: uvicorn.Server | None = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def run(self) -> None:
        """Answers until it is interrupted; returns when the last answer is out."""
        import uvicorn

        config = uvicorn.Config(
            self._app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=100,
            timeout_graceful_shutdown=_FAREWELL,
        )
        server = uvicorn.Server(config)
        self._running = server
        # uvicorn ends in an orderly way on both signals and sends them again to whoever handled them before
        with _interrupting(signal.SIGTERM), contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Makes `run`, in another thread, return."""
        if self._running is not None:
            self._running.should_exit = True


class _Pages:
    """The answers, one method a route."""

    def __init__(self, desk: Desk, tokens: Mapping[str, str], note: Callable[[str], None]) -> None:
        self._desk, self._note = desk, note
        self._tokens = [(token.encode(), name) for token, name in tokens.items()]

    async def icon(self, request: Request) -> Response:
        return Response(status_code=204)  # browsers ask for it by themselves

    async def slash(self, request: Request) -> Response:
        if self._reviewer(request) is None:
            return _not_found(request)
        return RedirectResponse(f"/{request.path_params['token']}/", 307)

    async def show(self, request: Request) -> Response:
        reviewer = self._reviewer(request)
        if reviewer is None:
            return _not_found(request)
        try:
            page = await run_in_threadpool(self._desk.page, reviewer)
        except ClaimcheckError as error:  # decisions.jsonl was broken meanwhile
            self._note(str(error))
            return PlainTextResponse(str(error), 500)
        return Response(page, media_type="text/html")

    async def decide(self, request: Request) -> Response:
        reviewer = self._reviewer(request)
        if reviewer is None:
            return _not_found(request)
        form: Form | None = None
        try:
            form = _form(request, await _body(request))
            saved = await run_in_threadpool(self._desk.decide, reviewer, form)
        except RefusedError as error:
            return await self._refused(request, reviewer, error.status, str(error), form)
        except ClaimcheckError as error:
            self._note(str(error))
            return await self._refused(request, reviewer, 500, str(error), form)
        if _wants_json(request):
            return JSONResponse(saved | {"answer": asdict(saved["answer"])})
        return RedirectResponse(f"/{request.path_params['token']}/#judge-{form.claim}", 303)

    async def failed(self, request: Request, error: Exception) -> Response:
        words = str(unforeseen(error))
        self._note(words)
        return JSONResponse({"error": words}, 500) if _wants_json(request) else PlainTextResponse(words, 500)

    async def _refused(self, request: Request, reviewer: str, status: int, words: str, form: Form | None) -> Response:
        if _wants_json(request):
            return JSONResponse({"error": words}, status)
        page = await run_in_threadpool(self._desk.error_page, reviewer, words, form)
        return Response(page, status, media_type="text/html")

    def _reviewer(self, request: Request) -> str | None:
        given = str(request.path_params["token"]).encode("utf-8", "replace")
        found = None
        for token, name in self._tokens:  # all of them, whichever it is: the time tells nothing
            if secrets.compare_digest(token, given):
                found = name
        return found


class _Guard:
    """Lets requests pass that are meant for this server and come from its own pages; puts headers on every answer."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        names = (ADDRESS, "localhost")
        self._hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *ours]}
            await send(message)

        refusal = self._refusal(scope)
        app = self._app if refusal is None else PlainTextResponse(refusal, 403)
        await app(scope, receive, send_safe)

    def _refusal(self, scope: Scope) -> str | None:
        host = _only(scope, b"host").lower()
        if host not in self._hosts:
            return "This review answers to 127.0.0.1 alone."
        if scope["method"] in ("GET", "HEAD"):
            return None
        # a browser puts the Origin on all that it posts; scripts can set it
        if _only(scope, b"origin").lower() != f"http://{host}":
            return "Only this review's own page may post here: the Origin header is missing or another's."
        if _only(scope, b"sec-fetch-site") not in ("", "same-origin"):
            return "Only this review's own page may post here."
        return None


def _only(scope: Scope, name: bytes) -> str:
    """The header's value; "" where it is absent or there twice."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise RefusedError(415, "That is not the form of this page.")
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise RefusedError(411, "The length of the form is missing.")
    too_large = RefusedError(413, f"The form is larger than {LARGEST_BODY >> 10} KB, and nothing was saved.")
    if len(length) > 12 or int(length) > LARGEST_BODY:
        raise too_large
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LARGEST_BODY:
                raise too_large
            parts.append(part)
    except ClientDisconnect:  # a page that was closed or loaded again meanwhile; nobody reads the answer
        raise RefusedError(400, "The form did not arrive whole, and nothing was saved.") from None
    return b"".join(parts)


def _form(request: Request, body: bytes) -> Form:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise RefusedError(400, "The form cannot be read.") from None
    fields: dict[str, Any] = {name: value for name, value in pairs if name in _FIELDS}
    if len(fields) != len(pairs) or not {"claim", "label"} <= set(fields):
        raise RefusedError(400, "That is not the form of this page.")
    return Form(**fields)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _not_found(request: Request, error: Exception | None = None) -> Response:
    return PlainTextResponse("There is nothing here. The address of a review has a secret in it: copy all of it.", 404)


def _not_allowed(request: Request, error: Exception) -> Response:
    return PlainTextResponse("That cannot be done here.", 405)


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # a port of a review that has just ended can be had again
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"port {port} cannot be had ({reason.lower()})", where="--port", todo="choose another, or leave it out"
        ) from None
    return listener


@contextlib.contextmanager
def _interrupting(*signals: signal.Signals) -> Iterator[None]:
    """These signals raise KeyboardInterrupt meanwhile, as Ctrl-C does; other threads than the main one get none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    former: Sequence[tuple[signal.Signals, Any]] = [(one, signal.signal(one, interrupt)) for one in signals]
    try:
        yield
    finally:
        for one, handler in former:
            signal.signal(one, handler)
