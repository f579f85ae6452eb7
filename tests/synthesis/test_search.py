"""The whole search over real HTTP: four databases, duplicates, failures, a library, and what the record says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_arxiv import Say
from fake_databases import SERVICES, FakeDatabases, json_say, serving

from claimcheck.foundation.errors import MissingInputError, ServiceError, UsageError
from claimcheck.foundation.records import LiteratureSearch, Work
from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.search import find_literature

QUESTION = "Does mixing replay data into continual pretraining reduce forgetting on LEXIBENCH?"
ANCHOR = Work(title="Replay Mixing Reduces Forgetting in Continual Pretraining", arxiv_id="2101.00001")
PAGE = """<!DOCTYPE html><html><body><h1>{title}</h1><div class="abstract"><h2>Abstract</h2><p>{text}</p></div>
<section><h2>1 Results</h2><p>{text}</p></section></body></html>"""


@pytest.fixture
def server() -> Iterator[FakeDatabases]:
    with serving() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _no_keys_and_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENALEX_API_KEY", "SEMANTIC_SCHOLAR_API_KEY", "S2_API_KEY", "CROSSREF_PLUS_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def settings(server: FakeDatabases, home: Path) -> Settings:
    return server.settings(home)  # the vectors of the few works are made once


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    texts = {
        "2101.00001": ("Replay Mixing Reduces Forgetting in Continual Pretraining", "We mix old data and forget less."),
        "own": ("Replay Buffers for Continual Pretraining", "Replay data reduce forgetting on LEXIBENCH by 2 points."),
        "soil": ("Bacteria of the Arctic Soil", "We count bacteria in frozen soil and report what we found."),
    }
    for name, (title, text) in texts.items():
        (folder / f"{name}.html").write_text(PAGE.format(title=title, text=text))
    return folder


def record(found: LiteratureSearch, name: str) -> tuple[str, str]:
    [one] = [d for d in found.databases if d.database == name]
    return one.status, one.message


def test_four_databases_give_one_list_without_duplicates(settings: Settings) -> None:
    found = find_literature(QUESTION, settings, anchor=ANCHOR, limit=20)
    assert [d.status for d in found.databases] == ["ok"] * 4
    assert [d.found for d in found.databases] == [3, 5, 4, 3]
    assert found.identified == 1 + 3 + 5 + 4 + 3
    assert len(found.works) == found.identified - found.duplicates == 8
    anchor = found.works[0]
    assert anchor.relation == "anchor"
    assert anchor.databases == ("arXiv", "OpenAlex", "Semantic Scholar", "Crossref")
    assert (anchor.doi, anchor.openalex_id) == ("10.5555/replay.2021.17", "W4100000001")
    assert "preprint (arXiv 2101.00001v2) and published (DOI 10.5555/replay.2021.17), 2021 to 2022" in anchor.notes
    assert [d.kept for d in found.databases] == [3, 5, 4, 3]
    relevances = [w.relevance or 0.0 for w in found.works[1:]]
    assert relevances == sorted(relevances, reverse=True)


def test_the_relation_to_the_anchor_is_kept(settings: Settings) -> None:
    found = find_literature(QUESTION, settings, anchor=ANCHOR, limit=20)
    relations = {w.title.lower(): w.relation for w in found.works}
    assert relations["continual pretraining without replay"] == "cites_anchor"
    assert relations["a survey of continual learning"] == "cited_by_anchor"
    assert relations["forgetting less by mixing more"] == "query"


def test_retractions_and_other_languages_are_told(settings: Settings) -> None:
    found = find_literature(QUESTION, settings, limit=20)
    ratios = next(w for w in found.works if "Ratios" in w.title)
    assert ratios.retracted
    assert ratios.notes == ("retracted (OpenAlex)", "retraction 2022 (Crossref, notice DOI 10.5555/notice.2022.1)")
    german = next(w for w in found.works if w.title.startswith("Wiederholung"))
    assert german.language == "de"
    assert any(note.startswith("not in English (de)") for note in german.notes)
    notes = " | ".join(found.notes)
    assert "2 works of 6 retracted or withdrawn, 2 kept and marked" in notes
    assert "1 work of 6 not in English (de), 1 kept" in notes


def test_what_is_not_kept_is_told_as_well(settings: Settings) -> None:
    found = find_literature(QUESTION, settings, limit=1)
    assert len(found.works) == 1
    assert "1 work of 6 not in English (de), 0 kept" in " ".join(found.notes)
    assert sum(d.kept for d in found.databases) == len(found.works[0].databases)


def test_the_record_holds_the_queries_as_they_were_sent(server: FakeDatabases, settings: Settings) -> None:
    found = find_literature(QUESTION, settings, anchor=ANCHOR)
    sent = {
        value
        for _, asked in server.queries
        for key, value in asked.items()
        if key in ("search_query", "search", "query", "query.bibliographic") and value
    }
    told = {query for d in found.databases for query in d.query.split(" | ") if not query.startswith("works that cite")}
    assert told == sent
    assert len(found.queries) <= 4
    assert all(d.date == found.databases[0].date and len(d.date) == 10 for d in found.databases)


def test_one_database_down_does_not_stop_the_others(server: FakeDatabases, settings: Settings) -> None:
    server.down("s2", Say(b"<html>oops</html>", 503))
    found = find_literature(QUESTION, settings, anchor=ANCHOR)
    assert [d.status for d in found.databases] == ["ok", "ok", "failed", "ok"]
    _, message = record(found, "Semantic Scholar")
    assert message.startswith("2 requests failed, 3 more were not sent: 127.0.0.1:")
    assert "answered 503" in message
    assert message.endswith("try again later, or set SEMANTIC_SCHOLAR_API_KEY for a higher limit")
    assert len(found.works) > 5


def test_a_stalling_database_is_left_after_its_patience(server: FakeDatabases, settings: Settings) -> None:
    server.down("crossref", Say(b"{}", stall=8))
    begun = time.monotonic()
    found = find_literature(QUESTION, settings.model_copy(update={"timeout": 1, "patience_seconds": 2, "retries": 1}))
    assert time.monotonic() - begun < 8
    assert record(found, "Crossref")[0] == "failed"
    assert "did not answer in time" in record(found, "Crossref")[1]
    assert record(found, "OpenAlex") == ("ok", "")


def test_a_database_that_fails_halfway_is_partial(server: FakeDatabases, settings: Settings) -> None:
    def second(path: str, asked: dict[str, str]) -> Say | None:
        seen = [p for p, _ in server.queries if p == "/openalex/works"]
        return Say(b"", 418) if path == "/openalex/works" and len(seen) == 2 else None

    server.rules.append(second)
    found = find_literature(QUESTION, settings)
    status, message = record(found, "OpenAlex")
    assert status == "partial"
    assert message.startswith("1 request failed: ")
    assert [d.found for d in found.databases if d.database == "OpenAlex"] == [3]


def test_all_databases_down_is_a_service_error(server: FakeDatabases, settings: Settings) -> None:
    for service in SERVICES:
        server.down(service, Say(b"<!doctype html><html>maintenance</html>"))
    with pytest.raises(ServiceError) as caught:
        find_literature(QUESTION, settings, anchor=ANCHOR)
    told = str(caught.value)
    assert caught.value.exit_code == 4
    assert all(name in told for name in ("arXiv", "OpenAlex", "Semantic Scholar", "Crossref"))
    assert "--library DIR --offline" in told
    assert "\n" not in told


def test_all_databases_down_leave_the_library(server: FakeDatabases, settings: Settings, library: Path) -> None:
    for service in SERVICES:
        server.down(service, Say(b"", 503))
    found = find_literature(QUESTION, settings, library=library)
    assert [d.status for d in found.databases] == ["failed"] * 4 + ["ok"]
    assert found.works[0].title.startswith("Replay")
    assert len(found.works) == 3


def test_a_library_is_a_database_among_the_others(settings: Settings, library: Path) -> None:
    found = find_literature(QUESTION, settings, anchor=ANCHOR, library=library, limit=20)
    anchor = found.works[0]
    assert anchor.path == str(library / "2101.00001.html")
    assert anchor.databases[-1] == "library"
    own = next(w for w in found.works if w.title == "Replay Buffers for Continual Pretraining")
    assert (own.relation, own.path) == ("library", str(library / "own.html"))
    assert found.works[-1].title in ("Bacteria of the Arctic Soil", "Wiederholung alter Daten beim fortgesetzten "
                                     "Vortraining von Sprachmodellen")  # fmt: skip


def test_offline_only_the_library_is_searched(server: FakeDatabases, settings: Settings, library: Path) -> None:
    offline = settings.model_copy(update={"offline": True})
    found = find_literature(QUESTION, offline, library=library, limit=2)
    assert not server.seen
    assert [d.status for d in found.databases] == ["skipped"] * 4 + ["ok"]
    assert found.databases[0].message == "not asked: the search was offline"
    assert [w.title.split()[0] for w in found.works] == ["Replay", "Replay"]
    assert (found.identified, found.duplicates) == (3, 0)


def test_a_library_with_broken_files_is_partial_and_names_them(settings: Settings, library: Path) -> None:
    (library / "broken.pdf").write_bytes(b"")
    found = find_literature(QUESTION, settings.model_copy(update={"offline": True}), library=library)
    assert record(found, "library") == ("partial", "1 of 4 files could not be read: broken.pdf (is empty)")
    assert len(found.works) == 3


@pytest.mark.parametrize("file", ["", "notes.docx", "broken.pdf"])
def test_a_library_without_a_readable_paper_is_told(settings: Settings, tmp_path: Path, file: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    if file:
        (folder / file).write_bytes(b"")
    with pytest.raises(MissingInputError) as caught:
        find_literature(QUESTION, settings.model_copy(update={"offline": True}), library=folder)
    words = "1 of 1 files could not be read" if file == "broken.pdf" else "holds no PDF, LaTeX or HTML file"
    assert words in str(caught.value)
    assert str(folder) in str(caught.value)


def test_no_results_are_a_search_without_works(server: FakeDatabases, settings: Settings) -> None:
    empty = json_say({"results": [], "message": {"items": []}, "total": 0})
    feed = Say(
        b"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:o='http://a9.com/-/spec/opensearch/1.1/'>"
        b"<o:totalResults>0</o:totalResults></feed>"
    )
    server.rules.append(lambda path, asked: feed if path.startswith("/arxiv") else empty)
    found = find_literature(QUESTION, settings)
    assert (found.works, found.identified, found.duplicates, found.notes) == ((), 0, 0, ())
    assert [d.status for d in found.databases] == ["ok"] * 4


def test_where_all_terms_find_next_to_nothing_any_term_is_tried(server: FakeDatabases, settings: Settings) -> None:
    def strict(path: str, asked: dict[str, str]) -> Say | None:
        return json_say({"results": []}) if " AND " in asked.get("search", "") else None

    server.rules.append(strict)
    found = find_literature("Does replay data reduce forgetting in LANGBENCH?", settings)
    sent = [asked["search"] for _, asked in server.queries if "search" in asked]
    assert sent[-1] == "LANGBENCH OR replay OR forgetting"
    assert len(sent) == len(found.queries) + 1
    [openalex] = [d for d in found.databases if d.database == "OpenAlex"]
    assert openalex.found == 3
    assert sent[-1] in openalex.query
    # a database that ranks by words has been sent these words already
    assert len([asked for path, asked in server.queries if path.startswith("/crossref")]) <= len(found.queries)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"question": "Why?"}, "has no content words to search for"),
        ({"question": " "}, "question: is empty"),
        ({"limit": 0}, "--limit: 0 is not allowed"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_asked(
    server: FakeDatabases, settings: Settings, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        find_literature(**{"question": QUESTION, "settings": settings, **changes})  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert not server.seen


def test_offline_without_a_library_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="nowhere to search offline; add --library DIR"):
        find_literature(QUESTION, settings.model_copy(update={"offline": True}))


def test_a_key_that_is_none_fails_its_database_only(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENALEX_API_KEY", "not a key")
    found = find_literature(QUESTION, settings)
    assert [d.status for d in found.databases] == ["ok", "failed", "ok", "ok"]
    assert "OPENALEX_API_KEY: does not hold a key" in record(found, "OpenAlex")[1]


def test_a_namesake_of_the_anchor_is_not_taken_for_it(server: FakeDatabases, settings: Settings) -> None:
    anchor = Work(title=ANCHOR.title, authors=("Somebody Else",), year=1999, path="x.pdf")
    found = find_literature(QUESTION, settings, anchor=anchor, limit=20)
    assert found.works[0].authors == ("Somebody Else",)
    assert (found.works[0].doi, found.works[0].databases) == ("", ())
    assert not any("cites:" in str(asked) for _, asked in server.queries)


def test_progress_is_told_for_every_database(settings: Settings, library: Path) -> None:
    told: list[tuple[str, int, int]] = []
    find_literature(QUESTION, settings, anchor=ANCHOR, library=library, on_progress=lambda *step: told.append(step))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["reading the library", "searching the databases", "ranking"]
    steps = [step for step in told if step[0] == "searching the databases"]
    assert steps[-1][1] == steps[-1][2]
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)


def test_a_search_goes_to_json_and_back(settings: Settings) -> None:
    found = find_literature(QUESTION, settings)
    assert LiteratureSearch.model_validate_json(found.model_dump_json()) == found
