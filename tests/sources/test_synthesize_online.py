"""A synthesis over real HTTP from a loopback server: abstracts where no text is to be had, databases that are down."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_arxiv import Say
from fake_databases import FakeDatabases, serving

from claimcheck.foundation.errors import ServiceError
from claimcheck.synthesis.run import synthesize

QUESTION = "Does mixing replay data into continual pretraining reduce forgetting on LEXIBENCH?"


def test_works_without_a_text_are_read_as_abstracts_and_the_failed_database_is_told(own_home: Path) -> None:
    with serving(FakeDatabases()) as server:
        server.down("s2", Say(status=503))
        s = synthesize(QUESTION, server.settings(own_home, workers=1), limit=6)
    told = {d.database: d.status for d in s.method.databases}
    assert told["Semantic Scholar"] == "failed"
    assert any(status in ("ok", "partial") for status in told.values())
    assert any(x.startswith("Semantic Scholar failed") for x in s.limitations)
    assert s.flow.sought == len(s.papers) <= 6
    assert s.flow.not_retrieved == sum(p.exclusion == "not_retrieved" for p in s.papers)
    abstracts = [p for p in s.papers if p.basis == "abstract"]
    assert abstracts, [p.reason for p in s.papers]
    assert all(p.claims and not p.tables for p in abstracts)
    assert any("only the abstract was read" in x for x in s.limitations)


def test_nothing_can_be_searched(own_home: Path) -> None:
    with serving(FakeDatabases()) as server:
        for service in ("arxiv", "openalex", "s2", "crossref"):
            server.down(service, Say(status=503))
        with pytest.raises(ServiceError, match="no database could be searched") as caught:
            synthesize(QUESTION, server.settings(own_home, workers=1))
    assert caught.value.exit_code == 4
