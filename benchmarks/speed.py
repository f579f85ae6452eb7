"""Seconds and memory against the budgets: start, a 10-page paper by stage, a cold process, many papers.

    python -m benchmarks.speed [--repeats N] [--many N] [--out FILE]

Each call is a process of its own with the model cache warm and the paper cache empty. Memory is the resident memory of
the whole process tree, shared pages counted in each process, so that it is too high rather than too low. Whether it
grows with the number of papers is measured on copies of one paper, since papers differ in size.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]

from benchmarks.common import RESULTS, fresh_home, page_count, pdf_papers, print_table, write_result

PAGES = 10  # of the paper that the budgets are about
FIRST, LAST = 5, 40  # memory is compared between the first 5 papers and the last 5 of 40
STARTS = 11  # interleaved runs of each start
SAMPLING = 0.05  # seconds between two looks at the memory
GROWTH = 1.1  # what an allocator may keep
GIB = 2**30
CLAIMCHECK = (sys.executable, "-m", "claimcheck")


@dataclass(frozen=True)
class Budget:
    """A measured figure beside what is allowed."""

    name: str
    measured: float
    allowed: float
    unit: str

    @property
    def kept(self) -> bool:
        """Whether the figure is within the budget."""
        return self.measured <= self.allowed


@dataclass
class Watched:
    """A command that ended: its seconds, its output, and the peak memory of its tree before each line and the end."""

    seconds: float = 0.0
    code: int = 0
    lines: list[str] = field(default_factory=list)
    peaks: list[int] = field(default_factory=lambda: [0])  # bytes; before the first line, the second, ..., the end

    def peak(self, first: int = 0, last: int | None = None) -> int:
        """The highest memory in bytes on the way to the lines [first:last]; by default in all."""
        return max(self.peaks[first:last], default=0)


def tree_memory(process: psutil.Process) -> int:
    """Resident bytes of a process and all its descendants; 0 once it has ended."""
    total = 0
    with suppress(psutil.Error):
        for member in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += member.memory_info().rss
    return total


def watch(command: Sequence[str], home: Path) -> Watched:
    """Runs a command with `home` as its cache and looks at the memory of its process tree until it ends."""
    result = Watched()
    environment = os.environ | {"CLAIMCHECK_HOME": str(home), "CLAIMCHECK_OFFLINE": "1"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True, encoding="utf-8"
    )
    ended = threading.Event()

    def sample() -> None:
        tree = psutil.Process(process.pid)
        while not ended.is_set():
            result.peaks[-1] = max(result.peaks[-1], tree_memory(tree))
            ended.wait(SAMPLING)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    assert process.stdout is not None
    for line in process.stdout:
        result.lines.append(line)
        result.peaks.append(0)
    result.code = process.wait()
    result.seconds = time.perf_counter() - started
    ended.set()
    sampler.join()
    return result


def start_ratio(runs: int) -> tuple[float, float, float]:
    """(median ratio, median seconds of --help, of importing typer) over interleaved runs, in pairs of neighbours."""
    helps, imports = [], []
    for _ in range(runs):
        imports.append(_seconds((sys.executable, "-c", "import typer")))
        helps.append(_seconds((*CLAIMCHECK, "--help")))
    ratio = statistics.median(h / i for h, i in zip(helps, imports, strict=True))
    return ratio, statistics.median(helps), statistics.median(imports)


def ten_page_paper(papers: Sequence[Path]) -> Path:
    """The first paper of exactly PAGES pages."""
    return next(p for p in papers if page_count(p) == PAGES)


def one_paper(paper: Path, repeats: int) -> tuple[dict[str, float], float, float]:
    """(seconds by stage, seconds of the process, peak bytes): medians and the highest peak over cold processes."""
    runs = []
    for _ in range(repeats):
        with fresh_home() as home:
            runs.append(watch((*CLAIMCHECK, "table", str(paper), "--json"), home))
    stages = [json.loads(run.lines[0])["run"]["seconds"] for run in runs]
    medians = {name: statistics.median(s[name] for s in stages) for name in ("read", "extract", "check")}
    return medians, statistics.median(run.seconds for run in runs), max(run.peak() for run in runs)


def many_papers(papers: Sequence[Path]) -> Watched:
    """All papers in one call, one worker for each core."""
    with fresh_home() as home:
        return watch((*CLAIMCHECK, "table", *map(str, papers), "--json"), home)


def same_paper(paper: Path, copies: int) -> Watched:
    """Copies of one paper, one after the other in one call; each ends in another comment, so that none is known."""
    data = paper.read_bytes()
    with fresh_home() as home, TemporaryDirectory(prefix="claimcheck-bench-") as folder:
        files = [Path(folder) / f"copy{n:03}.pdf" for n in range(copies)]
        for n, file in enumerate(files):
            file.write_bytes(data + f"\n% copy {n}\n".encode())
        return watch((*CLAIMCHECK, "table", *map(str, files), "--json", "--workers", "1"), home)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="cold processes on the 10-page paper")
    parser.add_argument("--many", type=int, default=0, metavar="N", help="papers of the long run; 0: all 55")
    parser.add_argument("--out", type=Path, default=RESULTS / "speed.json", metavar="FILE")
    options = parser.parse_args(arguments)

    papers = pdf_papers()
    paper = ten_page_paper(papers)
    _seconds((*CLAIMCHECK, "--help"))  # compiles what is not compiled yet
    ratio, help_seconds, import_seconds = start_ratio(STARTS)
    stages, whole, peak = one_paper(paper, options.repeats)
    chosen = papers[: options.many or None]
    long_run = many_papers(chosen)
    copies = same_paper(paper, LAST)

    budgets = [
        Budget("claimcheck --help against import typer", ratio, 3, "times"),
        Budget(f"{PAGES}-page paper: read", stages["read"], 1, "s"),
        Budget(f"{PAGES}-page paper: extract", stages["extract"], 2, "s"),
        Budget(f"{PAGES}-page paper: decide", stages["check"], 3, "s"),
        Budget(f"{PAGES}-page paper: cold process to finished table", whole, 8, "s"),
        Budget(f"{PAGES}-page paper: peak memory of the process tree", peak / GIB, 1.5, "GiB"),
        Budget(f"{len(chosen)} papers", long_run.seconds, 360, "s"),
    ]
    first, last = copies.peak(0, FIRST), copies.peak(LAST - FIRST, LAST)
    if first and len(copies.lines) == LAST:
        name = f"peak memory of the last {FIRST} of {LAST} papers against the first {FIRST}"
        budgets.append(Budget(name, last / first, GROWTH, "times"))
    print_table(
        ("budget", "measured", "allowed", "unit", "kept"),
        [(b.name, b.measured, f"{b.allowed:g}", b.unit, "yes" if b.kept else "NO") for b in budgets],
    )
    print(f"--help {help_seconds:.2f} s, import typer {import_seconds:.2f} s; the paper is {paper.stem}")
    summary = {
        b.name: {"measured": round(b.measured, 3), "allowed": b.allowed, "unit": b.unit, "kept": b.kept}
        for b in budgets
    }
    write_result(
        options.out,
        dict(summary),
        details={
            "paper": paper.stem,
            "help_seconds": round(help_seconds, 3),
            "import_typer_seconds": round(import_seconds, 3),
            "long_run": {
                "papers": len(chosen),
                "ledgers": len(long_run.lines),
                "exit_code": long_run.code,
                "peak_gib": _in_gib(long_run.peak()),
                "peak_gib_after": {str(n): _in_gib(long_run.peak(0, n)) for n in (FIRST, LAST) if n <= len(chosen)},
            },
            "copies": {
                "papers": LAST,
                "exit_code": copies.code,
                "peak_gib_first": _in_gib(first),
                "peak_gib_last": _in_gib(last),
            },
        },
    )


def _in_gib(peak: int) -> float:
    return round(peak / GIB, 3)


def _seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
