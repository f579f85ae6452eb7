"""Reading under limits, and many papers: order, duplicates, failures, the cache, going on after an interruption."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claimcheck.claims import most_important
from claimcheck.foundation.errors import ClaimcheckError, MissingInputError, NotAPaperError, UnreadableInputError
from claimcheck.foundation.process import Child, ChildLostError, error_from_json, error_to_json, pack
from claimcheck.foundation.records import Claim, Document, Ledger, Paper, Sentence, Source
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store
from claimcheck.pipeline import Outcome, check_paper, check_papers
from claimcheck.reading import read_source, sandbox
from claimcheck.reading.dispatch import code_version
from claimcheck.sources import resolve

TEXT = "Our model number {0} reaches 9{0}.3 F1 on SQuAD. It was trained for two days on one machine.\n"


@pytest.fixture
def settings(own_home: Path) -> Settings:
    """A paper cache of its own for each test."""
    return Settings(home=own_home, offline=True)


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"paper{i}.txt" for i in range(4)]
    for i, file in enumerate(files):
        file.write_text(TEXT.format(i))
    return files


def a_source(text: str = TEXT.format(7), **known: Any) -> Source:
    paper = Paper(id="known", source_kind="text", **known)
    return Source(paper=paper, kind="text", files={"paper.txt": text.encode()}, main="paper.txt")


class FakeChild:
    """Stands for a worker that a hostile paper took over: it answers what the test says."""

    answer = b""
    started = 0

    mark = ""

    def __init__(self, kind: str) -> None:
        assert kind == "text"
        type(self).started += 1

    def ask(self, request: Iterator[bytes], *, seconds: float) -> bytes:
        assert b"".join(request).endswith(b"on one machine.\n")
        return self.answer

    def __enter__(self) -> FakeChild:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def fake_child(monkeypatch: pytest.MonkeyPatch) -> type[FakeChild]:
    fake = type("Fake", (FakeChild,), {})
    monkeypatch.setattr(sandbox, "reading_child", fake)
    return fake


# reading in a sandbox


def test_reading_gives_the_sentences_and_keeps_what_was_known(settings: Settings) -> None:
    document = read_source(a_source(version="v2", title="Known title"), settings)
    assert [s.text for s in document.sentences][-1] == "It was trained for two days on one machine."
    assert (document.paper.id, document.paper.version, document.paper.title) == ("known", "v2", "Known title")


def test_what_was_read_once_is_not_read_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_source(a_source(), settings)
    monkeypatch.setattr(sandbox, "reading_child", None)
    assert read_source(a_source(), settings) == first
    with pytest.raises(TypeError):  # other bytes are another paper
        read_source(a_source(TEXT.format(8)), settings)
    with pytest.raises(TypeError):  # and without tables it is another document
        read_source(a_source(), settings, tables=False)


def test_a_damaged_cache_is_read_anew(settings: Settings) -> None:
    first = read_source(a_source(), settings)
    store = Store(settings.home)
    [key] = store.keys("documents")
    for damage in (b"", b"{}", b'{"paper": 1', first.model_dump_json().encode()[:-20]):
        store.put("documents", key, damage)
        assert read_source(a_source(), settings) == first


def test_too_little_time(settings: Settings) -> None:
    with pytest.raises(
        UnreadableInputError, match=r"known: reading it takes more than 0\.001 s; set CLAIMCHECK_READ_SEC"
    ):
        read_source(a_source(), settings.model_copy(update={"read_seconds": 0.001}))


def test_too_little_memory(settings: Settings) -> None:
    text = " ".join(f"Sentence number {i} says a thing or two." for i in range(400_000))
    with pytest.raises(UnreadableInputError, match="known: "):
        read_source(a_source(text), settings.model_copy(update={"read_memory_mb": 200}))


@pytest.mark.parametrize("text", ["", " \n", "42", "1 2 3 4 5", "...", "A"])
def test_without_a_readable_sentence_it_is_no_paper(text: str, settings: Settings) -> None:
    with pytest.raises((NotAPaperError, UnreadableInputError), match="known: "):
        read_source(a_source(text), settings)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage",
        b"[]",
        b"null",
        b'{"document":{}}',
        b'{"document":' + b"[" * 100_000 + b"}",
        b'{"document":{"paper":{"id":"x"},"sentences":[{"text":7}]}}',
        b"\x80\x04K\x01.",
    ],
)
def test_a_worker_is_believed_nothing_but_a_document(
    answer: bytes, settings: Settings, fake_child: type[FakeChild]
) -> None:
    fake_child.answer = answer
    with pytest.raises(UnreadableInputError, match="known: "):
        read_source(a_source(), settings)
    assert Store(settings.home).keys("documents") == []


def test_a_paper_cannot_rename_itself(settings: Settings, fake_child: type[FakeChild]) -> None:
    sentence = Sentence(text="We are somebody else.")
    forged = Document(
        paper=Paper(id="../../etc", version="v9", title="New", source_sha256="0" * 64, source_kind="pdf"),
        sentences=(sentence,),
    )
    fake_child.answer = b'{"document":' + forged.model_dump_json().encode() + b"}"
    paper = read_source(a_source(source_sha256="a" * 64), settings).paper
    assert paper == Paper(id="known", title="New", source_sha256="a" * 64, source_kind="text")


def test_errors_cross_the_boundary_with_their_class(settings: Settings, fake_child: type[FakeChild]) -> None:
    error = MissingInputError("no table", where="here", todo="look there")
    fake_child.answer = json.dumps({"error": error_to_json(error)}).encode()
    with pytest.raises(MissingInputError, match="here: no table; look there"):
        read_source(a_source(), settings)


@pytest.mark.parametrize("name", ["SystemExit", "__builtins__", "annotations", "", "ChildLostError"])
def test_only_our_own_errors_cross(name: str) -> None:
    assert type(error_from_json({"class": name, "what": "x"})) is UnreadableInputError
    assert type(error_from_json(None)) is UnreadableInputError


def test_a_worker_gives_up_its_rights(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from claimcheck.reading.worker import give_up_rights\n"
        "give_up_rights(300, 5)\n"
        "try:\n    bytearray(400 << 20)\nexcept MemoryError:\n    print('no memory')\n"
        "try:\n    open(sys.argv[1], 'wb', 0).write(b'x')\nexcept OSError:\n    print('no writing')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "file")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == ["no memory", "no writing", ""]


# children


def test_a_child_that_cannot_start_says_how_it_ended() -> None:
    with Child("claimcheck.no_such_module", trusted=False) as child, pytest.raises(ChildLostError) as lost:
        child.ask(pack({}))
    assert (lost.value.exit_code, lost.value.timed_out) == (1, False)


def test_a_child_is_ended_in_time() -> None:
    half = next(pack({"settings": {}}, a_source()))  # the bytes it promises never come
    with Child("claimcheck.paper_worker", trusted=True) as child, pytest.raises(ChildLostError, match="took too long"):
        child.ask(iter([half]), seconds=0.3)


def test_a_child_may_not_say_too_much(settings: Settings) -> None:
    request = {"tables": True, "max_pages": 9, "seconds": 9, "page_seconds": 9, "memory_mb": 1800, "skip": []}
    with Child("claimcheck.reading.worker", trusted=False) as child, pytest.raises(ChildLostError, match="too much"):
        child.ask(pack(request, a_source()), reply_bytes=10)


def test_a_child_that_parses_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    import claimcheck.foundation.process as process

    seen: dict[str, Any] = {}

    def popen(*_: object, **options: Any) -> None:
        seen.update(options)
        raise OSError

    monkeypatch.setenv("SOME_API_KEY", "secret")
    monkeypatch.setattr(process.subprocess, "Popen", popen)
    for trusted in (False, True):
        with pytest.raises(OSError):
            Child("claimcheck.reading.worker", trusted=trusted)
        assert ("SOME_API_KEY" in seen["env"]) == trusted


# one paper


def test_check_paper_gives_a_ledger_and_the_same_one_again(papers: list[Path], settings: Settings) -> None:
    stages: list[str] = []
    ledger = check_paper(papers[0], settings, lambda stage, done, total: stages.append(stage))
    assert list(dict.fromkeys(stages)) == ["fetching", "reading", "finding claims", "checking"]
    assert ledger.paper.id == "paper0"
    assert [c.text for c in ledger.claims] == ["Our model number 0 reaches 90.3 F1 on SQuAD."]
    assert ledger.run.claims_found == 1
    assert set(ledger.run.seconds) == {"read", "extract", "check"}
    assert "claimcheck" in ledger.run.versions
    assert check_paper(papers[0], settings) == ledger  # its time of making too: it is the same ledger


def test_settings_that_matter_make_another_ledger(papers: list[Path], settings: Settings) -> None:
    papers[0].write_text(" ".join(TEXT.format(i) for i in range(3)))
    every = check_paper(papers[0], settings)
    most = check_paper(papers[0], settings.model_copy(update={"max_claims": 1}))
    assert (len(every.claims), len(most.claims)) == (3, 1)
    assert most.run.claims_found == 3
    assert check_paper(papers[0], settings.model_copy(update={"workers": 2, "timeout": 3.0})) == every


def test_other_code_and_other_weights_make_another_version_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("x = 1\n")
    (tmp_path / "weights.safetensors").write_bytes(b"\0" * 200_000 + b"\1" * 100_000)
    versions = [code_version.__wrapped__(tmp_path)]
    (tmp_path / "weights.safetensors").write_bytes(b"\0" * 200_000 + b"\2" * 100_000)
    versions.append(code_version.__wrapped__(tmp_path))
    (tmp_path / "code.py").write_text("x = 2\n")
    versions.append(code_version.__wrapped__(tmp_path))
    assert len(set(versions)) == 3
    assert versions[-1] == code_version.__wrapped__(tmp_path)


def test_the_most_important_claims_stay_in_order() -> None:
    claims = [Claim(id=str(i), text="x", importance=importance) for i, importance in enumerate([0.2, 0.9, 0.2, 0.5])]
    assert [c.id for c in most_important(claims, 3)] == ["0", "1", "3"]
    assert most_important(claims, 0) == claims
    assert most_important(claims, 9) == claims


# many papers


def summary(outcomes: list[Outcome]) -> list[str]:
    return [
        outcome.ledger.paper.id
        if outcome.ledger
        else type(outcome.error).__name__
        if outcome.error
        else f"same as {outcome.same_as}"
        for outcome in outcomes
    ]


def without_times(ledger: Ledger) -> Ledger:
    return ledger.model_copy(update={"run": ledger.run.model_copy(update={"seconds": {}, "started": ""})})


def test_order_duplicates_and_failures_one_by_one_and_in_parallel(papers: list[Path], tmp_path: Path) -> None:
    again = tmp_path / "again.txt"
    again.write_text(papers[1].read_text())
    given = [papers[0], papers[1], tmp_path / "missing.txt", again, papers[2], papers[0], b""]
    expected = ["paper0", "paper1", "MissingInputError", "same as 1", "paper2", "same as 0", "UnreadableInputError"]
    made = []
    for workers in (1, 2):
        arrived: list[Outcome] = []
        settings = Settings(home=tmp_path / f"home{workers}", offline=True, workers=workers)
        outcomes = list(check_papers(given, settings, on_done=arrived.append))
        assert summary(outcomes) == expected
        assert [o.index for o in outcomes] == list(range(7))
        assert sorted(arrived, key=lambda o: o.index) == outcomes
        made.append([without_times(o.ledger) for o in outcomes if o.ledger])
    assert made[0] == made[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_next_call_goes_on_where_one_stopped(workers: int, papers: list[Path], settings: Settings) -> None:
    settings = settings.model_copy(update={"workers": workers})
    outcomes = check_papers(papers, settings)
    assert next(outcomes).index == 0
    outcomes.close()
    again = list(check_papers(papers, settings))
    assert again[0].from_cache
    assert summary(again) == ["paper0", "paper1", "paper2", "paper3"]
    assert all(o.from_cache for o in check_papers(papers, settings))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_unforeseen_error_stops_one_paper_only(
    workers: int, papers: list[Path], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import claimcheck.sources

    def broken(source: Path, settings: Settings) -> Source:
        if source == papers[1]:
            raise ZeroDivisionError("oops")
        return resolve(source, settings)

    monkeypatch.setattr(claimcheck.sources, "resolve", broken)
    outcomes = list(check_papers(papers[:3], settings.model_copy(update={"workers": workers})))
    assert summary(outcomes) == ["paper0", "ClaimcheckError", "paper2"]
    assert "paper1.txt: unexpected ZeroDivisionError" in str(outcomes[1].error)
    assert "please report it" in str(outcomes[1].error)


def test_a_worker_that_dies_takes_one_paper_with_it(
    papers: list[Path], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import claimcheck.pipeline as pipeline

    class Dying(Child):
        asked = 0

        def ask(self, *arguments: Any, **options: Any) -> bytes:
            type(self).asked += 1
            if type(self).asked == 1:
                self.kill()
            return super().ask(*arguments, **options)

    monkeypatch.setattr(pipeline, "Child", Dying)
    outcomes = list(check_papers(papers, settings.model_copy(update={"workers": 2})))
    failed = [o for o in outcomes if o.error]
    assert len(failed) == 1
    assert isinstance(failed[0].error, ClaimcheckError)
    assert "SIGKILL" in str(failed[0].error)
    assert sum(o.ledger is not None for o in outcomes) == 3


def test_no_papers_give_no_outcomes(settings: Settings) -> None:
    assert list(check_papers([], settings)) == []
