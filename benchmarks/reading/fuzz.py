"""Reads mutated PDF, LaTeX and HTML papers: none may hang, take much memory or raise what is not in errors.py.

    python -m benchmarks.reading.fuzz [--count N] [--start N] [--seed S] [--jobs N] [--sandbox-every N]
        [--seconds S] [--findings DIR] [--out FILE]
    python -m benchmarks.reading.fuzz --replay DIR

The papers are read in forked children that give up the same rights as the sandbox's worker and do the same work:
read, write as JSON, check; the kernel tells each child's CPU seconds and peak memory. Every n-th paper goes through
the sandbox itself, and so does each one whose child the kernel ended (a crash inside pdfium, a page that takes too
long): the sandbox has to read its other pages, or to refuse it in one line. What fails is kept by its hash, made
smaller where an exception stays the same, with one line on what was done to it. One process at a time with `--jobs 1`.
A seed and a number make the same paper again: `--start N` goes on where an earlier run stopped.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import hashlib
import json
import os
import random
import resource
import selectors
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.common import RESULTS, ROOT, print_table, write_result
from benchmarks.reading.mutations import Kind, Mutant, mutate
from claimcheck.foundation.errors import ClaimcheckError
from claimcheck.foundation.records import Document, Paper, Source
from claimcheck.foundation.settings import Settings
from claimcheck.reading.dispatch import load_reader
from claimcheck.reading.sandbox import read_in_sandbox, refuse_unless_readable
from claimcheck.reading.worker import PAGE_SECONDS, PageWatch, give_up_rights

KINDS: tuple[Kind, ...] = ("pdf", "latex", "html")
HANG = 10.0  # CPU seconds
WALL = 60.0  # seconds after which a child is ended that waits for something
BATCH = 16  # mutants that a child reads
FRESH = 256  # MiB of resident memory after which a child reads no more
MEMORY = 1024  # MiB of resident memory
LIMIT_MB = Settings.load().read_memory_mb  # address space
TRIES = 60  # at most, to make one finding smaller
KEPT = 3  # findings kept of one signature
FAILURES = ("exception", "hang", "memory")
# what the readers say of an exception that they did not foresee
UNFORESEEN = "reader stopped with"
TOO_LONG = f"reading it takes more than {WALL / 2:g} s"  # and the sandbox of a paper that takes all its time


@dataclass(slots=True)
class Outcome:
    """What came of one paper: "read", the class of an error, "crash" or one of FAILURES."""

    result: str
    signature: str = ""  # where it failed
    message: str = ""
    seconds: float = 0.0  # of CPU, with the making of the mutant left out
    memory: float = 0.0  # MiB, resident, peak
    pages: int = 0
    tables: int = 0
    steps: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it must not happen."""
        return self.result in FAILURES


@dataclass
class Row:
    """The sums of one format."""

    runs: int = 0
    results: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: float = 0.0
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one paper."""
        self.runs += 1
        self.results[outcome.result] += 1
        self.slowest = max(self.slowest, outcome.seconds)
        self.largest = max(self.largest, outcome.memory)
        self.seconds += outcome.seconds


def base_papers() -> dict[Kind, tuple[bytes, ...]]:
    """The papers that are mutated: the sample in each format, its pages alone, and documents made by code."""
    from tests.pdf_factory import encrypted_pdf, scanned_pdf, text_pdf

    sample = ROOT / "tests" / "data" / "sample"
    paper = (sample / "paper.pdf").read_bytes()
    pdfs = [*map(_plain_pdf, (paper, *_single_pages(paper))), *_made_pdfs(), text_pdf([["A line of text."] * 40] * 3)]
    small = [p for p in pdfs if len(p) < 20_000]
    # documents made by code are read in milliseconds: they come more often than the sample
    html = (sample / "paper.html").read_bytes()
    tex = (sample / "paper.tex").read_bytes()
    return {
        "pdf": (*pdfs, *small * 3, encrypted_pdf(), scanned_pdf()),
        "latex": (tex, *_made_latex()),
        "html": (html, *_made_html()),
    }


def _single_pages(data: bytes) -> Iterator[bytes]:
    import pypdfium2

    with pypdfium2.PdfDocument(data) as whole:  # type: ignore[no-untyped-call]
        for index in range(len(whole)):
            with pypdfium2.PdfDocument.new() as one:  # type: ignore[no-untyped-call]
                one.import_pages(whole, [index])
                stream = BytesIO()
                one.save(stream)
                yield stream.getvalue()


def _plain_pdf(data: bytes) -> bytes:
    """The PDF as pdfium writes it: no object streams, so that its objects can be changed."""
    import pypdfium2

    with pypdfium2.PdfDocument(data) as document:  # type: ignore[no-untyped-call]
        stream = BytesIO()
        document.save(stream)
    return stream.getvalue()


def _made_pdfs() -> Iterator[bytes]:
    """A page of two columns, a ruled table, a turned page, and all three in one file."""
    from tests.reading.pdf_writer import PageWriter, write_pdf

    line = "We evaluate the method on forty languages and compare"
    two = PageWriter()
    two.text(72, 60, "A Title Set in Large Letters", 16)
    two.paragraph(72, 100, [line] * 45, 9, 11)
    two.paragraph(320, 100, [line] * 45, 9, 11)
    table = PageWriter().text(72, 90, "Table 1: Accuracy of all models on three tasks.")
    table.rule(72, 400, 100)
    for i in range(12):
        table.row((72, 200, 260, 320), 112 + 12 * i, (f"Model {i}", f"{60 + i}.{i % 10}", "77.7", f"{i}.25"))
    table.rule(72, 400, 116).rule(72, 400, 260)
    table.paragraph(72, 300, ["The table shows that Model 3 is better than Model 2 by 1.1 points."] * 8)
    turned = PageWriter(rotate=90)
    turned.paragraph(72, 100, [line] * 20)
    for pages in ((two,), (table,), (turned,), (two, table, turned)):
        yield write_pdf(*pages)


def _made_latex() -> Iterator[bytes]:
    head = b"\\documentclass{article}\n\\usepackage{booktabs,multirow,siunitx}\n\\begin{document}\n\\section{Results}\n"
    table = (
        b"\\begin{table}\\caption{Results in \\%.}\\label{t}\\begin{tabular}{l*{2}{c}S[table-format=2.1]}\\toprule\n"
        b"& \\multicolumn{2}{c}{Dev} & {Test} \\\\ \\cmidrule(lr){2-3}\n\\multirow{2}{*}{A} & 1.0 & 2.0 & 3.0 \\\\\n"
        b" & \\textbf{4.0} & $5.0_{\\pm 0.1}$ & 6.0 \\\\ \\bottomrule\\end{tabular}\\end{table}\n"
    )
    text = b"The model is better than its baseline by 1.0 points (Table~\\ref{t}), as \\citet{a} found.\n\n"
    macros = b"\\newcommand{\\ours}[2][x]{\\textsc{#1-#2}}\\def\\z#1#2{#2#1}\\newif\\ifa\\atrue\n"
    floats = b"\\begin{itemize}\\item One $x^2$.\\item Two\\footnote{Three.}\\end{itemize}"
    floats += b"\\ifa A\\else B\\fi \\ours{y}\\z{a}{b}\n"
    end = b"\\begin{thebibliography}{9}\\bibitem{a} A. Author. 2020. Title.\\end{thebibliography}\\end{document}\n"
    yield head + text + table + text + end
    yield head.replace(b"\\begin{document}", macros + b"\\begin{document}") + text + floats + table + end


def _made_html() -> Iterator[bytes]:
    rows = b"".join(b"<tr><td>Model %d</td><td>%d.5</td><td colspan=2>7</td></tr>" % (i, i) for i in range(8))
    text = b"<p>The model is better than its baseline by 1.0 points, see <a href='#t'>Table 1</a>.</p>"
    table = (
        b"<figure class='ltx_table' id='t'><figcaption>Table 1: Scores.</figcaption><table>%s</table></figure>" % rows
    )
    math = b"<math alttext='x^{2}'><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>"
    section = b"<section class='ltx_section'><h2>1 Results</h2>" + text * 3 + table + math + b"</section>"
    yield (
        b"<!DOCTYPE html><html><head><title>A paper</title></head><body><h1>A paper</h1>" + section + b"</body></html>"
    )


def mutant_of(bases: Mapping[Kind, tuple[bytes, ...]], seed: int, index: int) -> Mutant:
    """The index-th mutant of a seed; formats take turns."""
    return mutate(bases, KINDS[index % len(KINDS)], random.Random(f"{seed}:{index}"))


def source_of(mutant: Mutant) -> Source:
    """The mutant as the readers take it."""
    paper = Paper(id="fuzz", source_kind=mutant.kind)
    return Source(paper=paper, kind=mutant.kind, files=dict(mutant.files), main=mutant.main)


def read_mutant(mutant: Mutant, on_page: Callable[[int], None] | None = None) -> Outcome:
    """Reads one mutant in this process as the sandbox's worker and its parent do."""
    source = source_of(mutant)
    try:
        document = load_reader(mutant.kind, tables=True, max_pages=500, on_page=on_page)(source)
        document = Document.model_validate_json(document.model_dump_json())
        refuse_unless_readable(document, source)
        return Outcome("read", pages=document.pages, tables=len(document.tables))
    except ClaimcheckError as error:
        result = "exception" if UNFORESEEN in error.what or "\n" in str(error) else type(error).__name__
        return Outcome(result, signature=error.what[:120] if result == "exception" else "", message=str(error)[:300])
    except MemoryError as error:
        return Outcome("memory", "MemoryError", _place(error))
    except RecursionError as error:  # the worker's own answer to it is a line of the tree
        return Outcome("UnreadableInputError", "nested too deeply", _place(error))
    except Exception as error:
        return Outcome("exception", f"{type(error).__name__} at {_place(error)}", f"{error}"[:300])


def _place(error: BaseException) -> str:
    """The innermost line of claimcheck in a traceback."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "claimcheck/" in f.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else ""


def read_in_child(mutant: Mutant) -> Outcome:
    """Reads one mutant under the worker's limits, within HANG seconds of CPU; for a process made for it.

    A page that takes too long ends the process, as it ends the worker.
    """

    def too_long(_: int, frame: Any) -> NoReturn:
        raise _TooLongError(_stack(frame))

    watch = PageWatch(os.open(os.devnull, os.O_WRONLY), PAGE_SECONDS)
    signal.signal(signal.SIGVTALRM, too_long)
    started = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
    try:
        outcome = read_mutant(mutant, watch)
    except _TooLongError as error:
        outcome = Outcome("hang", str(error))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    outcome.seconds = time.process_time() - started
    return outcome


class _TooLongError(BaseException):
    """Raised by the clock; no reader's `except Exception` holds it."""


def _stack(frame: Any) -> str:
    frames = [f for f in traceback.extract_stack(frame) if "claimcheck/" in f.filename]
    return " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames[-3:]))


def read_in_the_sandbox(mutant: Mutant) -> Outcome:
    """Reads one mutant as a user does, with an empty cache; its seconds are those of the clock."""
    source = source_of(mutant)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="claimcheck-fuzz-") as home:
        settings = Settings(home=Path(home), read_seconds=WALL / 2)
        try:
            document = read_in_sandbox(source, settings)
            outcome = Outcome("read", pages=document.pages, tables=len(document.tables))
        except ClaimcheckError as error:
            result = "exception" if UNFORESEEN in error.what else type(error).__name__
            result = "hang" if TOO_LONG in error.what else result
            outcome = Outcome(result, error.what[:120] if result in FAILURES else "", str(error)[:300])
        except Exception as error:
            outcome = Outcome("exception", f"{type(error).__name__} at {_place(error)}", f"{error}"[:300])
    outcome.seconds = time.perf_counter() - started
    outcome.steps = mutant.steps
    return outcome


Making = tuple[int, Callable[[], Mutant]]  # a mutant's number and what makes it


@dataclass
class _Running:
    batch: list[Making]
    pipe: int
    heard: float  # when it last told something, by the clock
    told: bytes = b""


def run_children(work: Iterator[tuple[int, bool, Any]], jobs: int) -> Iterator[tuple[int, bool, Outcome]]:
    """Outcomes of (index, through the sandbox, function that gives the mutant), `jobs` children at a time.

    A child reads BATCH mutants, since a fork takes as long as a small one; those after one that ended it are read by
    another. What goes through the sandbox is made here and read by a child of this process's nursery.
    """
    running: dict[int, _Running] = {}
    waiting = selectors.DefaultSelector()
    left: deque[Making] = deque()  # by children that ended early
    more = True
    while more or left or running:
        while (more or left) and len(running) < jobs:
            batch: list[Making] = []
            while len(batch) < BATCH and (more or left):
                if left:
                    batch.append(left.popleft())
                    continue
                item = next(work, None)
                if item is None:
                    more = False
                elif item[1]:
                    yield item[0], True, read_in_the_sandbox(item[2]())
                else:
                    batch.append((item[0], item[2]))
            if batch:
                pid, pipe = _fork(batch)
                running[pid] = _Running(batch, pipe, time.monotonic())
                waiting.register(pipe, selectors.EVENT_READ, pid)
        for key, _ in waiting.select(timeout=1) if running else ():
            run = running[key.data]
            if told := os.read(run.pipe, 1 << 16):
                run.told += told
                run.heard = time.monotonic()
                continue
            waiting.unregister(run.pipe)
            os.close(run.pipe)
            del running[key.data]
            outcomes = _collect(key.data, run)
            left.extend(run.batch[len(outcomes) :])
            for (index, _), outcome in zip(run.batch, outcomes, strict=False):
                yield index, False, outcome
        for pid, run in running.items():
            if time.monotonic() - run.heard > WALL:
                os.kill(pid, signal.SIGKILL)


def _fork(batch: list[Making]) -> tuple[int, int]:
    """(process id, pipe with the outcomes as lines of JSON) of a child that reads mutants."""
    out, into = os.pipe()
    gc.freeze()  # a collection in the child would copy what it shares with this process
    pid = os.fork()
    if pid:
        os.close(into)
        return pid, out
    status = 1
    try:  # the child never returns
        os.close(out)
        faulthandler.disable()  # pytest's would print the stack of a parser that the kernel ends
        give_up_rights(LIMIT_MB, 3 * HANG * len(batch))  # before making one: a mutation may run away as well
        for _, make in batch:
            mutant = make()
            outcome = read_in_child(mutant)
            outcome.steps = mutant.steps
            outcome.memory = _mebibytes(resource.getrusage(resource.RUSAGE_SELF))
            os.write(into, json.dumps(asdict(outcome)).encode() + b"\n")
            if outcome.memory > FRESH:
                break
        status = 0
    finally:
        os._exit(status)


def _mebibytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)


def _collect(pid: int, run: _Running) -> list[Outcome]:
    """The outcomes of a child that ended, the last one that of the mutant which ended it; the others it never saw."""
    _, status, usage = os.wait4(pid, 0)
    outcomes = []
    for line in run.told.splitlines():
        data = json.loads(line)
        outcomes.append(Outcome(**data | {"steps": tuple(data["steps"])}))
    if len(outcomes) < len(run.batch) and (status or not outcomes):
        seconds = usage.ru_utime + usage.ru_stime - sum(o.seconds for o in outcomes)
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            hung = number in (signal.SIGXCPU, signal.SIGKILL)
            ended = Outcome("hang" if hung else "crash", signal.Signals(number).name, seconds=seconds)
        else:
            ended = Outcome("exception", f"the child ended with status {os.waitstatus_to_exitcode(status)}")
        ended.memory = _mebibytes(usage)
        outcomes.append(ended)
    for outcome in outcomes:
        if outcome.memory > MEMORY and outcome.result not in ("exception", "hang"):
            outcome.result, outcome.signature = "memory", outcome.signature or f"{outcome.result}: {outcome.steps}"
    return outcomes


def minimised(mutant: Mutant, signature: str) -> Mutant:
    """The mutant with as much of its main file cut out as leaves the same exception, in at most TRIES readings."""
    tries = 0
    data = mutant.files[mutant.main]
    size = len(data) // 2
    while size >= 1 and tries < TRIES:
        start = 0
        while start < len(data) and tries < TRIES:
            shorter = data[:start] + data[start + size :]
            smaller = Mutant(mutant.kind, {**mutant.files, mutant.main: shorter}, mutant.main, mutant.steps)
            tries += 1
            _, _, outcome = next(run_children(iter([(0, False, lambda m=smaller: m)]), 1))
            if outcome.signature == signature:
                data = shorter
            else:
                start += size
        size //= 2
    return Mutant(mutant.kind, {**mutant.files, mutant.main: data}, mutant.main, mutant.steps)


def keep(folder: Path, mutant: Mutant, outcome: Outcome) -> Path:
    """Writes a finding's files and what is known of it, under its hash."""
    digest = hashlib.sha256(b"\0".join(mutant.files[name] for name in sorted(mutant.files))).hexdigest()[:12]
    place = folder / f"{mutant.kind}-{digest}"
    for name, data in mutant.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    (place / "finding.json").write_text(json.dumps({"main": mutant.main, "kind": mutant.kind, **asdict(outcome)}))
    return place


def replay(folder: Path) -> None:
    """Reads a kept finding again, with the traceback; in this process, which has the child's limits from here on."""
    known = json.loads((folder / "finding.json").read_text())
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    files.pop("finding.json")
    source = source_of(Mutant(known["kind"], files, known["main"], ()))
    give_up_rights(LIMIT_MB, 3 * HANG)  # a finding may take all memory, which is why it was kept
    started = time.process_time()
    document = load_reader(known["kind"], tables=True, max_pages=500)(source)
    Document.model_validate_json(document.model_dump_json())
    print(f"read: {document.pages} pages, {len(document.tables)} tables, {time.process_time() - started:.1f} s")


def fuzz(
    count: int,
    seed: int,
    jobs: int,
    sandbox_every: int,
    findings: Path,
    seconds: float = float("inf"),
    start: int = 0,
) -> dict[str, Any]:
    """Reads `count` mutants from the number `start` on and gives the figures; keeps what fails under `findings`."""
    bases = base_papers()
    for kind in KINDS:  # imports and their caches belong to no paper
        read_mutant(Mutant(kind, {f"paper.{kind}": bases[kind][0]}, f"paper.{kind}", ()))
    rows = {kind: Row() for kind in KINDS}
    places: Counter[str] = Counter()
    kept: dict[str, list[str]] = {}
    slow: list[tuple[float, int, tuple[str, ...]]] = []
    sandbox: list[tuple[float, str]] = []
    crashes: Counter[str] = Counter()  # what the sandbox made of papers over which the parser was ended
    started = time.monotonic()
    work = (
        (i, bool(sandbox_every) and i % sandbox_every == sandbox_every - 1, lambda i=i: mutant_of(bases, seed, i))
        for i in range(start, start + count)
        if time.monotonic() - started < seconds
    )
    for done, (index, through, outcome) in enumerate(run_children(work, jobs), 1):
        kind = KINDS[index % len(KINDS)]
        if outcome.result == "crash":
            again = read_in_the_sandbox(mutant_of(bases, seed, index))
            crashes[again.result] += 1
            if again.failed:
                outcome.result, outcome.signature = again.result, f"{outcome.signature}, {again.signature}"
        if through:
            sandbox.append((outcome.seconds, outcome.result))
            outcome.seconds = 0.0  # of the clock, not of the CPU
        rows[kind].add(outcome)
        slow = sorted([*slow, (round(outcome.seconds, 2), index, outcome.steps)], reverse=True)[:10]
        if outcome.signature:
            place = f"{kind} {outcome.result}: {outcome.signature}"
            places[place] += 1
            if (outcome.failed or outcome.result == "crash") and places[place] <= KEPT:
                mutant = mutant_of(bases, seed, index)
                outcome.steps = mutant.steps
                if outcome.result == "exception" and not through:
                    mutant = minimised(mutant, outcome.signature)
                path = keep(findings, mutant, outcome)
                kept.setdefault(place, []).append(f"{index}: {path.name}")
                print(f"{index} {place} [{', '.join(outcome.steps)}] {path}", flush=True)
        if done % 1000 == 0:
            print(f"{done} of {count}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    times = sorted(s for s, _ in sandbox)
    return {
        "runs": sum(row.runs for row in rows.values()),
        "seed": seed,
        "failures": sum(row.results[f] for row in rows.values() for f in FAILURES),
        "start": start,
        "crashes": dict(crashes),
        "slowest_cpu_seconds": round(max(row.slowest for row in rows.values()), 2),
        "largest_mib": round(max(row.largest for row in rows.values())),
        "wall_seconds": round(time.monotonic() - started, 1),
        "formats": {kind: {**asdict(row), "results": dict(row.results)} for kind, row in rows.items()},
        "sandbox": {"runs": len(times), "median_seconds": round(times[len(times) // 2], 3) if times else None},
        "places": dict(places.most_common()),
        "kept": kept,
        "slow": slow,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the command line; 1 where something failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--count", type=int, default=20_000, metavar="N", help="mutants")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="number of the first mutant")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="children at a time")
    parser.add_argument("--sandbox-every", type=int, default=20, metavar="N", help="0: none through the sandbox")
    parser.add_argument("--seconds", type=float, default=float("inf"), metavar="S", help="start no more after this")
    default = Path(tempfile.gettempdir()) / "claimcheck-fuzz"
    parser.add_argument("--findings", type=Path, default=default, metavar="DIR", help="where failing files are kept")
    parser.add_argument("--replay", type=Path, metavar="DIR", help="read one kept finding again")
    parser.add_argument("--out", type=Path, default=RESULTS / "reading_fuzz.json", metavar="FILE")
    options = parser.parse_args(arguments)
    if not hasattr(os, "fork"):
        print("fuzz: this system cannot fork processes; run it on Linux or macOS", file=sys.stderr)
        return 2
    if options.replay is not None:
        replay(options.replay)
        return 0
    figures = fuzz(
        options.count,
        options.seed,
        options.jobs,
        options.sandbox_every,
        options.findings,
        options.seconds,
        options.start,
    )
    formats = figures.pop("formats")
    refused = ("UnreadableInputError", "NotAPaperError")
    print_table(
        ("format", "runs", "read", "unreadable", "no paper", "crash", "failed", "slowest s", "largest MiB"),
        [
            (
                kind,
                row["runs"],
                row["results"].get("read", 0),
                *(row["results"].get(name, 0) for name in refused),
                row["results"].get("crash", 0),
                sum(row["results"].get(name, 0) for name in FAILURES),
                float(row["slowest"]),
                round(row["largest"]),
            )
            for kind, row in formats.items()
        ],
    )
    print(f"through the sandbox: {figures['sandbox']}; slowest: {figures['slow'][:3]}")
    parts = {name: figures.pop(name) for name in ("sandbox", "places", "kept", "slow")}
    write_result(options.out, figures, formats=formats, **parts)
    return 1 if figures["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
