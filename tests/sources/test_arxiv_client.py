"""arXiv over real HTTP: the real client and httpx against a loopback server that answers well, badly, not at all."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from fake_arxiv import LATEXML, PDF, TEX, FakeArxiv, Say, feed, gz, recorded, tar_gz

from claimcheck.foundation.errors import MissingInputError, ServiceError, UnreadableInputError, UsageError
from claimcheck.foundation.settings import Settings
from claimcheck.sources import resolve
from claimcheck.sources.arxiv_client import fetch_paper
from claimcheck.sources.identify import ArxivId

SettingsFor = Callable[..., Settings]
API, EPRINT = "api:2005.13013", "/e-print/2005.13013v2"


def test_a_paper_with_its_metadata_and_source(paper: FakeArxiv, settings: Settings) -> None:
    source = resolve("arXiv:2005.13013", settings)
    assert source.kind == "latex"
    assert source.main == "main.tex"
    assert sorted(source.files) == ["intro.tex", "main.tex"]
    meta = source.paper
    assert (meta.id, meta.version) == ("2005.13013", "v2"), "the latest version is recorded"
    assert meta.title == "A Paper of Ours"
    assert meta.authors == ("Ada Example", "Bo Sample")
    assert meta.abstract == "We do things."
    assert meta.published == "2020-05-27"
    assert meta.url == "https://arxiv.org/abs/2005.13013v2"
    assert meta.doi == "10.48550/arXiv.2005.13013"
    assert len(meta.source_sha256) == 64
    assert paper.paths == [API, EPRINT]
    assert paper.seen[0].headers["user-agent"].startswith("claimcheck/")


@pytest.mark.parametrize(
    ("name", "paper_id", "version", "title"),
    [
        ("id_1605.08386_", "1605.08386", "v1", "Heat-bath random walks with Markov bases"),
        ("id_astro-ph_0601001", "astro-ph/0601001", "v1", ""),
        ("id_quant-ph_0201082v1", "quant-ph/0201082", "v1", ""),
        ("id_2104.12255v1", "2104.12255", "v1", "0"),
    ],
)
def test_recorded_answers(
    name: str, paper_id: str, version: str, title: str, fake: FakeArxiv, settings: Settings
) -> None:
    answer = recorded(name)
    asked = str(answer["url"]).partition("id_list=")[2].partition("&")[0].replace("%2F", "/")
    fake.on(f"api:{asked}", Say(str(answer["body"]).encode(), int(str(answer["status_code"]))))
    fake.on(f"/e-print/{paper_id}{version}", gz(TEX))
    paper = resolve(asked, settings).paper
    assert (paper.id, paper.version) == (paper_id, version)
    assert paper.title == title or (not title and len(paper.title) > 10)
    assert paper.authors
    assert len(paper.abstract) > 100
    assert len(paper.published) == 10


@pytest.mark.parametrize("name", ["id_0000.0000", "id_abc"])
def test_recorded_refusals(name: str, fake: FakeArxiv, settings: Settings) -> None:
    answer = recorded(name)
    asked = str(answer["url"]).partition("id_list=")[2].partition("&")[0]
    fake.on(f"api:{asked}", Say(str(answer["body"]).encode(), int(str(answer["status_code"]))))
    with pytest.raises(MissingInputError, match=rf"arXiv {asked}: arXiv has no such paper; check the id"):
        fetch_paper(ArxivId(asked), settings)
    assert len(fake.seen) == 1, "a refusal was asked for again"


@pytest.mark.parametrize(
    ("body", "kind", "main"),
    [
        (tar_gz({"main.tex": TEX}), "latex", "main.tex"),
        (gz(TEX), "latex", "paper.tex"),
        (TEX, "latex", "paper.tex"),
        (gz(b"\\magnification=1200 Plain \\TeX\\bye"), "latex", "paper.tex"),
        (PDF, "pdf", "paper.pdf"),
        (tar_gz({"paper.pdf": PDF, "anc/data.pdf": PDF}), "pdf", "paper.pdf"),  # codespell:ignore anc
        (tar_gz({"index.html": LATEXML}), "html", "index.html"),
    ],
)
def test_forms_of_an_e_print(body: bytes, kind: str, main: str, paper: FakeArxiv, settings: Settings) -> None:
    # arXiv names the gzip of the source as an encoding, which must not be undone twice
    paper.on(EPRINT, Say(body, headers={"Content-Encoding": "x-gzip"} if body[:2] == b"\x1f\x8b" else {}))
    source = resolve("2005.13013", settings)
    assert (source.kind, source.main, list(source.files)) == (kind, main, [main])
    assert resolve("2005.13013", settings) == source, "the stored copy reads otherwise"


BOMB = gz(b" " * 40_000_000)


@pytest.mark.parametrize(
    "source",
    [
        Say(b"", 404),
        gz(b"%!PS-Adobe-3.0\n"),
        BOMB,
        tar_gz({"../main.tex": TEX}),
        gz(b"%auto-ignore\nThis paper has been withdrawn."),
        tar_gz({"withdrawn.tex": b"%auto-ignore\nThis paper has been withdrawn."}),
        tar_gz({"main.tex": TEX})[:-40],
    ],
)
def test_html_then_pdf_where_the_source_is_absent_or_unreadable(
    source: Say | bytes, paper: FakeArxiv, settings: Settings
) -> None:
    paper.on(EPRINT, source)
    paper.on("/html/2005.13013v2", LATEXML)
    assert resolve("2005.13013", settings).kind == "html"
    assert paper.paths == [API, EPRINT, "/html/2005.13013v2"]


def test_pdf_where_the_page_is_no_paper(paper: FakeArxiv, settings: Settings) -> None:
    paper.on(EPRINT, Say(b"", 404))
    paper.on("/html/2005.13013v2", b"<!DOCTYPE html><html>HTML is not available for this paper</html>")
    paper.on("/pdf/2005.13013v2", PDF)
    source = resolve("2005.13013", settings)
    assert (source.kind, source.main) == ("pdf", "paper.pdf")
    assert source.paper.source_kind == "pdf"


def test_unknown_id(fake: FakeArxiv, settings: Settings) -> None:
    with pytest.raises(MissingInputError, match="arXiv has no such paper") as caught:
        resolve("2005.99999", settings)
    assert caught.value.exit_code == 3
    assert len(fake.seen) == 1


def test_withdrawn_paper(fake: FakeArxiv, settings: Settings) -> None:
    fake.on("api:2005.13013", feed("2005.13013v3", comment="This paper has been withdrawn by the authors"))
    fake.on("/e-print/2005.13013v3", gz(b"%auto-ignore\nWithdrawn."))
    with pytest.raises(MissingInputError, match=r"2005\.13013v3: was withdrawn .*earlier version"):
        resolve("2005.13013", settings)


def test_a_paper_without_any_file(paper: FakeArxiv, settings: Settings) -> None:
    paper.on(EPRINT, Say(b"", 404))
    with pytest.raises(MissingInputError, match="has neither a source nor a PDF on arXiv"):
        resolve("2005.13013", settings)
    paper.on("/pdf/2005.13013v2", b"not a PDF \x00\x01")
    with pytest.raises(UnreadableInputError, match="holds binary data"):
        resolve("2005.13013", settings)


@pytest.mark.parametrize(
    "failure",
    [
        Say(b"", 429, {"Retry-After": "0"}),
        Say(b"", 503),
        Say(b"", 500),
        Say(feed("2005.13013v2"), cut_at=300),
        Say(feed("2005.13013v2")[:300]),
        Say(b"<html>Service unavailable</html>"),
        Say(b"Rate exceeded."),
        Say(b""),
        Say(feed("2005.13013v2"), stall=0.5),
    ],
    ids=["429", "503", "500", "cut off", "cut off unannounced", "html", "not xml", "empty body", "stalled"],
)
def test_failures_that_pass(failure: Say, paper: FakeArxiv, settings_for: SettingsFor) -> None:
    paper.on(API, failure, Say(feed("2005.13013v2")))
    settings = settings_for(timeout=0.2 if failure.stall else 5)
    assert resolve("2005.13013", settings).paper.version == "v2"
    assert paper.paths == [API, API, EPRINT]


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Say(b"", 429), r"answered 429 \(3 tries\)"),
        (Say(b"", 503), r"answered 503 \(3 tries\)"),
        (Say(feed("2005.13013v2"), cut_at=300), r"cut the connection .*\(3 tries\)"),
        (Say(b"<html>hello</html>"), r"the answer is not an Atom feed \(3 tries\)"),
        (Say(b"hello"), r"the answer is cut off or not XML \(3 tries\)"),
        (Say(feed("2005.13013v2"), stall=0.3), r"did not answer in time \(3 tries\)"),
        (Say(b"", 403), "refuses automated requests .*CLAIMCHECK_CONTACT"),
        (Say(b"", 418), "answered 418"),
        (Say(feed("1706.03762v1")), "answered with another paper"),
        (Say(b"", 429, {"Retry-After": "3600"}), "answered 429, and asks to wait 3600 s; try again after that"),
    ],
    ids=["429", "503", "cut off", "html", "not xml", "stalled", "403", "418", "another", "wait an hour"],
)
def test_failures_that_stay(failure: Say, said: str, paper: FakeArxiv, settings_for: SettingsFor) -> None:
    paper.on(API, failure)
    with pytest.raises(ServiceError, match=said) as caught:
        resolve("2005.13013", settings_for(timeout=0.1 if failure.stall else 5))
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


def test_retry_after_is_honoured(paper: FakeArxiv, settings: Settings) -> None:
    paper.on(API, Say(b"", 429, {"Retry-After": "1"}), Say(feed("2005.13013v2")))
    resolve("2005.13013", settings)
    assert paper.seen[1].time - paper.seen[0].time >= 0.95


def test_back_off_grows_and_patience_ends_it(paper: FakeArxiv, settings_for: SettingsFor) -> None:
    paper.on(API, Say(b"", 503))
    with pytest.raises(ServiceError):
        resolve("2005.13013", settings_for(arxiv_delay=0.1, retries=20, patience_seconds=0.6))
    gaps = [b.time - a.time for a, b in pairwise(paper.seen)]
    # waits of 0.05, 0.1, 0.2, and 0.4 would pass the patience of 0.6; the turnstile makes the first at least 0.1
    assert len(gaps) == 3
    assert gaps[2] > gaps[1] >= 0.06


def test_a_source_that_fails_is_a_service_error(paper: FakeArxiv, settings: Settings) -> None:
    paper.on(EPRINT, Say(b"x" * 1000, cut_at=10))
    with pytest.raises(ServiceError, match="cut the connection"):
        resolve("2005.13013", settings)
    paper.on(EPRINT, tar_gz({"main.tex": TEX}))
    assert resolve("2005.13013", settings).kind == "latex"


def test_no_network(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = Settings(home=tmp_path, arxiv_api=url, arxiv_site=url, arxiv_delay=0.01)
    with pytest.raises(ServiceError, match=r"cannot be reached .*\(3 tries\); check the network, or pass a local file"):
        resolve("2005.13013", settings)


def test_a_second_call_asks_nothing(paper: FakeArxiv, settings: Settings, settings_for: SettingsFor) -> None:
    first = resolve("2005.13013", settings)
    assert resolve("https://arxiv.org/abs/2005.13013", settings) == first
    assert resolve("10.48550/arXiv.2005.13013v2", settings) == first
    assert resolve("2005.13013", settings_for(offline=True)) == first
    assert resolve("2005.13013v2", settings_for(offline=True)) == first
    assert len(paper.seen) == 2


def test_old_metadata_are_asked_for_again_and_a_new_version_is_fetched(
    paper: FakeArxiv, settings: Settings, settings_for: SettingsFor
) -> None:
    resolve("2005.13013", settings)
    aged = settings_for(metadata_days=0)
    resolve("2005.13013", aged)
    assert paper.paths == [API, EPRINT, API], "an unchanged version was fetched again"
    paper.on(API, feed("2005.13013v3"))
    paper.on("/e-print/2005.13013v3", gz(TEX))
    assert resolve("2005.13013", aged).paper.version == "v3"
    assert resolve("2005.13013v2", aged).paper.version == "v2", "a version never ages"
    assert len(paper.seen) == 5


def test_old_metadata_serve_where_arxiv_fails(paper: FakeArxiv, settings: Settings, settings_for: SettingsFor) -> None:
    first = resolve("2005.13013", settings)
    paper.on(API, Say(b"", 503))
    assert resolve("2005.13013", settings_for(metadata_days=0, retries=0)) == first


def test_offline_asks_nothing_and_says_what_is_missing(paper: FakeArxiv, settings_for: SettingsFor) -> None:
    with pytest.raises(ServiceError, match=r"arXiv 2005\.13013: is not in the cache; run once without --offline"):
        resolve("2005.13013", settings_for(offline=True))
    assert paper.seen == []


def test_offline_without_a_version_takes_the_highest_stored(paper: FakeArxiv, settings_for: SettingsFor) -> None:
    for n in (2, 10):
        paper.on(f"api:2005.13013v{n}", feed(f"2005.13013v{n}"))
        paper.on(f"/e-print/2005.13013v{n}", gz(TEX))
        resolve(f"2005.13013v{n}", settings_for())
    assert resolve("2005.13013", settings_for(offline=True)).paper.version == "v10"


def test_a_damaged_cache_is_fetched_again(paper: FakeArxiv, settings: Settings) -> None:
    first = resolve("2005.13013", settings)
    for blob in (settings.home / "blobs").rglob("*"):
        if blob.is_file():
            blob.write_bytes(b"damaged")
    assert resolve("2005.13013", settings) == first
    assert len(paper.seen) == 4


def test_one_request_in_the_delay_over_all_requests(paper: FakeArxiv, settings_for: SettingsFor) -> None:
    paper.on(API, Say(b"", 503), Say(feed("2005.13013v2")))
    settings = settings_for(arxiv_delay=0.2)
    resolve("2005.13013", settings)
    paper.on("api:2005.13013v1", feed("2005.13013v1"))
    paper.on("/e-print/2005.13013v1", gz(TEX))
    resolve("2005.13013v1", settings)
    gaps = [b.time - a.time for a, b in pairwise(paper.seen)]
    assert len(gaps) == 4
    # a request may reach the server late, so that the next seems early; without the turnstile gaps are 0.01
    assert min(gaps) >= 0.14


def _resolve(name: str, settings: Settings) -> None:
    resolve(name, settings)


@pytest.mark.skipif(os.name != "posix", reason="starts processes by fork")
def test_one_request_in_the_delay_over_all_processes(fake: FakeArxiv, settings_for: SettingsFor) -> None:
    settings = settings_for(arxiv_delay=0.1)
    names = [f"2005.1301{n}v1" for n in range(3)]
    for name in names:
        # slow answers would overlap if each process kept its own connection
        fake.on(f"api:{name}", Say(feed(name), stall=0.12))
        fake.on(f"/e-print/{name}", Say(gz(TEX), stall=0.12))
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_resolve, args=(name, settings)) for name in names]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [w.exitcode for w in workers] == [0, 0, 0]
    times = [s.time for s in fake.seen]
    assert len(times) == 6
    assert min(b - a for a, b in pairwise(times)) >= 0.06
    assert fake.most_at_once == 1


def test_redirects_within_the_allowed_hosts(paper: FakeArxiv, settings: Settings) -> None:
    paper.on(EPRINT, Say(b"", 301, {"Location": "/src/2005.13013v2"}))
    paper.on("/src/2005.13013v2", gz(TEX))
    assert resolve("2005.13013", settings).kind == "latex"
    assert paper.paths[1:] == [EPRINT, "/src/2005.13013v2"]


@pytest.mark.parametrize(
    "target", ["other", "http://arxiv.org/src/x", "file:///etc/passwd", "http://[", "//u:p@arxiv.org/"]
)
def test_redirects_elsewhere_are_not_followed(target: str, paper: FakeArxiv, settings: Settings) -> None:
    location = paper.url.replace("127.0.0.1", "localhost") + "/secret" if target == "other" else target
    paper.on(EPRINT, Say(b"", 302, {"Location": location}))
    with pytest.raises(ServiceError, match="is not a host to fetch papers from; download the paper yourself"):
        resolve("2005.13013", settings)
    assert "/secret" not in paper.paths


def test_redirects_in_a_circle_end(paper: FakeArxiv, settings: Settings) -> None:
    paper.on(EPRINT, Say(b"", 302, {"Location": EPRINT}))
    with pytest.raises(ServiceError, match="redirects more than 5 times"):
        resolve("2005.13013", settings)
    assert len(paper.seen) == 7


@pytest.mark.parametrize(
    "large",
    [
        Say(b"x" * 1_000_001),
        Say(b"x" * 1_000_001, announced=False),
        # what is announced as too large is not even waited for
        Say(b"x" * 10, headers={"Content-Length": "1000001"}, announced=False),
    ],
)
def test_a_download_that_is_too_large_is_not_taken(large: Say, paper: FakeArxiv, settings_for: SettingsFor) -> None:
    paper.on(EPRINT, large)
    paper.on("/pdf/2005.13013v2", Say(PDF))
    assert resolve("2005.13013", settings_for(max_input_mb=1)).kind == "pdf"


def test_a_packed_feed_is_unpacked(paper: FakeArxiv, settings: Settings) -> None:
    packed = Say(gz(feed("2005.13013v2")), headers={"Content-Encoding": "gzip"})
    paper.on(API, Say(gz(feed("2005.13013v2"))[:-9]), packed)
    assert resolve("2005.13013", settings).paper.title == "A Paper of Ours"
    assert paper.paths == [API, API, EPRINT]


@pytest.mark.parametrize("announced", [True, False])
def test_a_feed_that_never_ends_is_cut(announced: bool, fake: FakeArxiv, settings: Settings) -> None:
    fake.on(API, Say(feed("2005.13013v2") + b" " * 6_000_000, announced=announced))
    with pytest.raises(UnreadableInputError, match="larger than 5 MB"):
        resolve("2005.13013", settings)


def test_entities_in_a_feed_are_not_expanded(fake: FakeArxiv, settings: Settings) -> None:
    secret = settings.home / "secret"
    secret.parent.mkdir(parents=True)
    secret.write_text("SECRET")
    evil = feed("2005.13013v2").replace(
        b"<feed", b'<!DOCTYPE feed [<!ENTITY x SYSTEM "file://%s">]>\n<feed' % str(secret).encode(), 1
    )
    fake.on(API, evil.replace(b"We do", b"&x; We do"))
    fake.on(EPRINT, gz(TEX))
    assert "SECRET" not in resolve("2005.13013", settings).model_dump_json()


def test_a_home_that_cannot_be_written(paper: FakeArxiv, settings_for: SettingsFor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="set CLAIMCHECK_HOME"):
        resolve("2005.13013", settings_for(home=tmp_path / "file" / "home"))
    assert paper.seen == []


def test_a_clock_that_was_set_back_does_not_block(paper: FakeArxiv, settings: Settings) -> None:
    locks = settings.home / "locks"
    locks.mkdir(parents=True)
    (locks / "arxiv.lock").write_text(f"{time.time() + 1e6:<20.6f}\n")
    begun = time.monotonic()
    resolve("2005.13013", settings)
    assert time.monotonic() - begun < 2


def test_the_contact_is_sent_and_nothing_else_of_the_user(paper: FakeArxiv, settings_for: SettingsFor) -> None:
    resolve("2005.13013", settings_for(contact="me@example.org"))
    for seen in paper.seen:
        assert "mailto:me@example.org" in seen.headers["user-agent"]
        # what comes is the file itself: a packed answer would escape the limits on unpacking
        assert seen.headers["accept-encoding"] == "identity"
        assert set(seen.headers) <= {"host", "accept", "accept-encoding", "connection", "user-agent"}


def test_what_is_stored_is_named_by_its_contents(paper: FakeArxiv, settings: Settings) -> None:
    source = resolve("2005.13013", settings)
    entries = [json.loads(p.read_bytes()) for p in (settings.home / "entries" / "arxiv-source").rglob("*.json")]
    assert [(e["key"], e["sha256"]) for e in entries] == [("2005.13013v2", source.paper.source_sha256)]
