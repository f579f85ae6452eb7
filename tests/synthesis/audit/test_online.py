"""References resolved over real HTTP: arXiv ids through the real client against a loopback server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import report_texts as texts
from fake_arxiv import FakeArxiv, Handler, Say, feed, gz

from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.audit import audit_reports, read_report

TEX = rb"""\documentclass{article}\title{Tea in the garden}\begin{document}\begin{abstract}Cold tea raises the yield of
tomatoes in Norway.\end{abstract}\section{Results}Cold tea raised the yield of balcony tomatoes by 12 percent over three
summers. Water did nothing of the kind.\end{document}"""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeArxiv]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    fake = FakeArxiv()
    handler = type("Handler", (Handler,), {"fake": fake})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield fake
        server.shutdown()


def settings(fake: FakeArxiv, home: Path) -> Settings:
    return Settings.load(
        home=home, arxiv_api=f"{fake.url}/api/query", arxiv_site=fake.url, arxiv_delay=0.01, timeout=5, retries=0,
        patience_seconds=1,
    )  # fmt: skip


def test_a_paper_that_arxiv_has_one_that_it_has_not_and_a_refusal(
    fake: FakeArxiv, own_home: Path, tmp_path: Path
) -> None:
    fake.on("api:2005.13013v2", feed("2005.13013v2"))
    fake.on("/e-print/2005.13013v2", gz(TEX))
    fake.on("api:2104.01234v2", feed())
    fake.on("api:1911.00021", Say(b"", 500))
    path = tmp_path / "report.txt"
    references = [f"http://arxiv.org/abs/{key}" for key in ("2005.13013v2", "2104.01234v2", "1911.00021")]
    path.write_text(texts.report(references=references))
    wanted = settings(fake, own_home)
    [audit] = audit_reports([read_report(path, wanted)], wanted)
    assert [r.status for r in audit.references] == ["arxiv", "unresolved", "unresolved"]
    assert audit.claims[0].backing == "verbatim"
    assert audit.claims[0].paper == "2005.13013"
    assert audit.references[0].bears
    assert audit.references[0].paper is not None
    assert audit.references[0].paper.abstract == ""
    assert "no such paper" in audit.references[1].reason
    kinds = {f.kind for f in audit.findings}
    assert "references_unresolved" in kinds
    assert "claims_not_in_sources" not in kinds  # two of the cited papers were never seen

    # what was fetched is at hand without the network
    asked = len(fake.seen)
    offline = wanted.model_copy(update={"offline": True})
    [again] = audit_reports([read_report(path, offline)], offline)
    assert [r.status for r in again.references] == ["arxiv", "unresolved", "unresolved"]
    assert len(fake.seen) == asked
