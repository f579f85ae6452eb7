"""Papers are read by children of one nursery: it outlives them and they cannot reach it; a page's fault costs it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pdf_factory import text_pdf

from claimcheck.foundation.errors import ClaimcheckError, UnreadableInputError
from claimcheck.foundation.process import Child, ChildLostError, pack
from claimcheck.foundation.records import Document, Paper, Source
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.store import Store
from claimcheck.reading import forked, read_source, sandbox

pytestmark = pytest.mark.skipif(
    not forked.CAN_FORK or not Path("/proc/self/fd").is_dir(), reason="looks at processes as Linux shows them"
)

# Stands in for readers that a hostile paper took over: it runs in the nursery and its children, before all else.
HOSTILE = """
import os, signal, sys, time
if "claimcheck.reading.nursery" in sys.orig_argv or "claimcheck.reading.worker" in sys.orig_argv:
    import claimcheck.reading.text as text
    from claimcheck.foundation.records import Document, Sentence

    def taken_over(data, paper):
        order = data.decode()
        said = ""
        if order == "files":
            links = {f: f"/proc/self/fd/{f}" for f in os.listdir("/proc/self/fd")}
            said = " ".join(f"{f}:{os.readlink(x).split(':')[0]}" for f, x in links.items() if os.path.lexists(x))
        elif order == "environment":
            said = " ".join(sorted(os.environ))
        elif order == "process":
            said = f"{os.getpid()} {os.getppid()} {os.getcwd()} end of it"
        elif order == "write":
            for file in range(1024):
                try:
                    os.write(file, b"pdf     " * 100)
                except OSError:
                    pass
            os._exit(0)
        elif order == "marks":
            while True:
                os.write(3, b"#1\\n" * 1000)
        elif order in ("nap", "sleep"):
            time.sleep(1 if order == "nap" else 60)
        elif order == "murder":
            os.kill(os.getppid(), signal.SIGKILL)
        elif order == "memory":
            import resource
            said = str(resource.getrlimit(resource.RLIMIT_AS)[0])
        return Document(paper=paper, sentences=(Sentence(text=f"It says {said}"),))

    text.read_text = taken_over

    # HOME is of the few variables that it gets
    kind, _, pages = os.environ["HOME"].split("/")[-1].partition("-")

    def faulty(page, number, *others, **more):
        if str(number) in pages.split("-"):
            if kind == "hang":
                while True:
                    pass
            elif kind == "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            elif kind == "memory":
                raise MemoryError
            elif kind == "error":
                raise ZeroDivisionError("by nought")
            elif kind == "exit":
                os._exit(7)
        return read_page(page, number, *others, **more)

    if kind in ("hang", "crash", "memory", "error", "exit"):
        import claimcheck.reading.pdf.reader as reader
        read_page = reader.read_page
        reader.read_page = faulty
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "cache", offline=True)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Readers that do what the text of the paper, or the name of the home folder, says."""
    (tmp_path / "patch").mkdir()
    (tmp_path / "patch" / "sitecustomize.py").write_text(HOSTILE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "patch"))
    monkeypatch.setenv("HOME", str(tmp_path))
    forked.end_nursery()
    yield
    forked.end_nursery()


def a_text(text: str) -> Source:
    return Source(paper=Paper(id="known", source_kind="text"), kind="text", files={"a": text.encode()}, main="a")


def a_pdf(pages: int = 4) -> Source:
    data = text_pdf([[f"Line {j} of page {i + 1} says that nothing is wrong." for j in range(9)] for i in range(pages)])
    return Source(paper=Paper(id="known", source_kind="pdf"), kind="pdf", files={"a": data}, main="a")


def said(order: str, settings: Settings) -> list[str]:
    own = settings.model_copy(update={"home": settings.home / str(time.monotonic_ns())})  # nothing is in its cache
    [sentence] = read_source(a_text(order), own).sentences
    return sentence.text.split()[2:]


def processes(name: str = "claimcheck.reading.nursery") -> list[int]:
    """This process's children that run a module."""
    found = []
    for child in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for pid in child.read_text().split():
            with contextlib.suppress(OSError):
                if name in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                    found.append(int(pid))
    return found


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def soon(true: Callable[[], Any], seconds: float = 5) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


# the nursery


def test_many_papers_are_read_by_children_of_one_nursery_which_leave_nothing(settings: Settings) -> None:
    read_source(a_text("A first paper comes before all others."), settings)
    [nursery] = processes()
    assert soon(lambda: not children_of(nursery))  # the first child's sockets are not to be counted
    ours, theirs = (len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (os.getpid(), nursery))
    for i in range(200):
        text = f"The paper with the number {i} says this."
        assert read_source(a_text(text), settings).sentences[0].text == text
    assert processes() == [nursery]
    assert soon(lambda: not children_of(nursery))
    assert soon(lambda: len(list(Path(f"/proc/{nursery}/fd").iterdir())) <= theirs)
    assert len(list(Path("/proc/self/fd").iterdir())) == ours


def test_threads_share_the_nursery_and_each_gets_its_own_paper(settings: Settings) -> None:
    wrong: list[str] = []

    def read(number: int) -> None:
        for i in range(8):
            text = f"Thread {number} reads its paper {i} here."
            found = read_source(a_text(text), settings).sentences[0].text
            if found != text:
                wrong.append(found)

    forked.end_nursery()
    threads = [threading.Thread(target=read, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(processes()) == 1


def test_a_nursery_that_is_killed_between_two_papers_is_replaced(settings: Settings) -> None:
    for i in range(3):
        assert read_source(a_text(f"There are {i} papers before this one."), settings).sentences
        [nursery] = processes()
        os.kill(nursery, signal.SIGKILL)
    assert read_source(a_text("This paper comes after all of that."), settings).sentences


def kill_the_nursery_over(order: str, settings: Settings) -> tuple[list[Any], int]:
    """(what came of a paper over which the nursery was killed, the id of the paper's child)."""
    came: list[Any] = []

    def read() -> None:
        try:
            came.append(said(order, settings))
        except ClaimcheckError as error:
            came.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert soon(lambda: processes() and children_of(processes()[0]))
    [nursery] = processes()
    [child] = children_of(nursery)
    os.kill(nursery, signal.SIGKILL)
    thread.join()
    return came, int(child)


def test_a_paper_outlives_the_nursery(settings: Settings, hostile: None) -> None:
    came, _ = kill_the_nursery_over("nap", settings)
    assert came == [[]]
    assert said("process", settings)[-1] == "it"


def test_a_child_whose_nursery_was_killed_ends_in_time(settings: Settings, hostile: None) -> None:
    [error], child = kill_the_nursery_over("sleep", settings.model_copy(update={"read_seconds": 2}))
    assert "reading it takes more than 2 s" in str(error)
    assert soon(lambda: gone(child))


def test_the_nursery_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    for ending in ("pass", "os._exit(0)", "os.kill(os.getpid(), 9)", "raise KeyboardInterrupt"):
        program = f"""
            import os
            from pathlib import Path
            from claimcheck.foundation.records import Paper, Source
            from claimcheck.foundation.settings import Settings
            from claimcheck.reading import read_source
            paper = Paper(id="a", source_kind="text")
            source = Source(paper=paper, kind="text", files={{"a": b"This is a short paper."}}, main="a")
            read_source(source, Settings(home=Path({str(tmp_path / ending[:5])!r})))
            print(Path(f"/proc/self/task/{{os.getpid()}}/children").read_text(), flush=True)
            {ending}
        """
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        [nursery] = done.stdout.split()
        assert soon(lambda pid=nursery: gone(int(pid))), ending


def test_a_fork_of_this_process_has_a_nursery_of_its_own(settings: Settings) -> None:
    read_source(a_text("This paper is read before the fork."), settings)
    [nursery] = processes()
    pid = os.fork()
    if pid == 0:
        status = 1
        with contextlib.suppress(BaseException):
            read_source(a_text("This paper is read in the fork of it."), settings)
            [own] = processes()
            status = 0 if own != nursery else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert read_source(a_text("This paper is read after the fork."), settings).sentences
    assert processes() == [nursery]


def test_ctrl_c_is_not_for_the_nursery_and_it_holds_no_folder(
    settings: Settings, hostile: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, nursery, folder, *_ = said("process", settings)
    assert os.getsid(int(nursery)) != os.getsid(0)
    assert folder == "/"


# its children


def test_a_child_holds_its_own_socket_and_nothing_else(settings: Settings, hostile: None) -> None:
    files = dict(part.split(":") for part in said("files", settings))
    assert {k: v for k, v in files.items() if v != "/dev/null" and not v.startswith("/proc/")} == {"3": "socket"}


def test_what_a_child_writes_reaches_no_other_paper(settings: Settings, hostile: None) -> None:
    for _ in range(3):
        with pytest.raises(UnreadableInputError):
            read_source(a_text("write"), settings)
        assert said("process", settings)[-1] == "it"
    assert len(processes()) == 1


def test_a_child_that_kills_the_nursery_gains_nothing(settings: Settings, hostile: None) -> None:
    for _ in range(2):
        assert said("murder", settings) == []
        assert said("process", settings)[-1] == "it"


def test_a_paper_has_the_same_memory_whatever_was_read_before(settings: Settings, hostile: None) -> None:
    [alone] = map(int, said("memory", settings))
    read_source(a_pdf(), settings)
    [again] = map(int, said("memory", settings))
    assert alone == 1000 << 20
    assert again - alone > 50 << 20  # what reading PDFs maps: numpy and pdfium


def test_a_child_sees_no_secrets(settings: Settings, hostile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    seen = said("environment", settings)
    assert "PATH" in seen
    assert "SOME_API_KEY" not in seen


def test_each_paper_has_a_child_of_its_own(settings: Settings, hostile: None) -> None:
    first, nursery, *_ = said("process", settings)
    second, again, *_ = said("process", settings)
    assert first != second
    assert nursery == again


@pytest.mark.parametrize("order", ["sleep", "marks"])
def test_a_child_that_takes_too_long_is_ended(order: str, settings: Settings, hostile: None) -> None:
    said("process", settings)  # the start of the nursery is not part of the time
    [nursery] = processes()
    started = time.monotonic()
    with pytest.raises(UnreadableInputError, match=r"known: reading it takes more than 0\.5 s"):
        read_source(a_text(order), settings.model_copy(update={"read_seconds": 0.5}))
    assert time.monotonic() - started < 3
    assert children_of(nursery) == []


def test_a_child_may_not_say_too_much(settings: Settings) -> None:
    request = {"tables": True, "max_pages": 9, "seconds": 9, "page_seconds": 9, "memory_mb": 1800, "skip": []}
    with forked.ForkedChild("text") as child, pytest.raises(ChildLostError, match="too much"):
        child.ask(pack(request, a_text("A sentence of some words.")), reply_bytes=10)


# a page at fault

REASONS = {
    "hang": "reading it takes more than 0.5 s",
    "crash": "reading it was ended by SIGSEGV",
    "memory": "reading it takes more than 1000 MB of memory",
    "error": "the pdf reader stopped with ZeroDivisionError: by nought",
    "exit": "reading it ended with status 7",
}


def read_with(fault: str, settings: Settings, tmp_path: Path, patch: pytest.MonkeyPatch) -> Document:
    patch.setenv("HOME", str(tmp_path / fault))
    patch.setattr(sandbox, "PAGE_SECONDS", 0.5)
    return read_source(a_pdf(5), settings)


@pytest.mark.parametrize("forks", [True, False])
@pytest.mark.parametrize("fault", REASONS)
def test_a_page_at_fault_costs_itself_alone(
    fault: str, forks: bool, settings: Settings, hostile: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forked, "CAN_FORK", forks)
    document = read_with(f"{fault}-2", settings, tmp_path, monkeypatch)
    assert {s.page for s in document.sentences} == {1, 3, 4, 5}
    assert [(p.page, p.reason) for p in document.paper.pages_not_read] == [(2, REASONS[fault])]
    assert Store(settings.home).keys("documents") == []  # another day it may be read


def test_three_pages_may_be_at_fault_and_no_more(
    settings: Settings, hostile: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = read_with("hang-2-3-5", settings, tmp_path, monkeypatch)
    assert {s.page for s in document.sentences} == {1, 4}
    assert [p.page for p in document.paper.pages_not_read] == [2, 3, 5]
    forked.end_nursery()
    with pytest.raises(UnreadableInputError, match="known: the parser was ended by SIGSEGV on it"):
        read_with("crash-2-3-4-5", settings, tmp_path, monkeypatch)


def test_where_nothing_can_be_forked_a_worker_reads(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    here = read_source(a_pdf(), settings)
    forked.end_nursery()
    monkeypatch.setattr(forked, "CAN_FORK", False)
    elsewhere = settings.model_copy(update={"home": settings.home / "other"})
    assert read_source(a_pdf(), elsewhere) == here
    assert processes() == []


def test_a_worker_that_dies_says_where_it_was(hostile: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "crash-3"))
    request = {"tables": True, "max_pages": 9, "seconds": 9, "page_seconds": 9, "memory_mb": 1800, "skip": []}
    with Child("claimcheck.reading.worker", trusted=False) as child, pytest.raises(ChildLostError) as lost:
        child.ask(pack(request, a_pdf()))
    assert (lost.value.exit_code, lost.value.mark) == (-signal.SIGSEGV, "3")
