"""Pages per CPU second and memory of reading PDFs with an empty cache, between pdfplumber and pdfium's plain text.

    python -m benchmarks.reading.speed [--papers N] [--repeats N] [--others PYTHON] [--out FILE]

Each reader runs over the same papers in a process of its own. claimcheck's is the public `read_source` with an empty
cache: the CPU seconds are those of the whole process tree, so that the imports, the start of the nursery, the forks,
the packing of each answer, its checking and its way into the cache count. pdfplumber (words and tables, as it comes)
and pdfium's own text are the floor and the ceiling. The memory is for one paper of 100 pages made of the others' pages:
the resident memory of the largest process, and that of the whole tree with each shared page counted once, both at
their highest.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common import RESULTS, ROOT, page_count, pdf_papers, print_table, write_result

# for an interpreter that has pdfplumber and nothing of this project
PDFPLUMBER = """
import json, resource, sys
from importlib import metadata
try:
    import pdfplumber
except ImportError:
    sys.exit(3)
for path in sys.argv[1:]:
    with pdfplumber.open(path) as document:
        for page in document.pages:
            page.extract_words()
            page.extract_tables()
            page.close()
use = resource.getrusage(resource.RUSAGE_SELF)
mib = use.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
print(json.dumps({"cpu": use.ru_utime + use.ru_stime, "mib": mib, "version": metadata.version("pdfplumber")}))
"""
NOT_INSTALLED = 3
SAMPLING = 0.02  # seconds between two looks at the memory
LONG = 100  # pages of the long paper
READERS = ("tables", "text", "pdfium", "pdfplumber")
SHOWN = {
    "tables": "claimcheck: words, boxes and tables",
    "text": "claimcheck: text only",
    "pdfium": "pypdfium2's plain text",
    "pdfplumber": "pdfplumber's words and tables",
}
WANTED = {"tables": 18.0, "text": 80.0}  # pages per CPU second
AIMED = {"tables": 25.0}
MEMORY = 200  # MiB for the long paper, of each process and of all together
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def read_with_claimcheck(path: Path, home: Path, *, tables: bool) -> None:
    """One paper through the sandbox, with nothing in the cache."""
    from claimcheck.foundation.records import Paper, Source
    from claimcheck.foundation.settings import Settings
    from claimcheck.reading import read_source

    paper = Paper(id=path.stem, source_kind="pdf")
    source = Source(paper=paper, kind="pdf", files={path.name: path.read_bytes()}, main=path.name)
    read_source(source, Settings(home=home, offline=True), tables=tables)


def read_with_pdfium(path: Path) -> None:
    """pdfium's text of every page."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:  # type: ignore[no-untyped-call]
        for page in document:
            text_page = page.get_textpage()
            text_page.get_text_range()
            text_page.close()
            page.close()


def long_paper(papers: Sequence[Path], into: Path, pages: int = LONG) -> Path:
    """A PDF of the first `pages` pages of the papers one after the other."""
    import pypdfium2

    with pypdfium2.PdfDocument.new() as whole:  # type: ignore[no-untyped-call]
        for path in papers:
            with pypdfium2.PdfDocument(path) as paper:  # type: ignore[no-untyped-call]
                take = min(len(paper), pages - len(whole))
                whole.import_pages(paper, list(range(take)))
            if len(whole) >= pages:
                break
        whole.save(into)
    return into


def child(reader: str, paths: Sequence[Path]) -> None:
    """Reads the papers in this process and prints {"cpu", "mib"}; children that ended are counted in."""
    from claimcheck.reading.forked import end_nursery

    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as home:
        calls: dict[str, Callable[[Path], None]] = {
            "tables": lambda path: read_with_claimcheck(path, Path(home), tables=True),
            "text": lambda path: read_with_claimcheck(path, Path(home), tables=False),
            "pdfium": read_with_pdfium,
        }
        before = _cpu()
        for path in paths:
            calls[reader](path)
        end_nursery()  # its times are known once it has ended
        cpu = _cpu() - before
    scale = 1024 if sys.platform != "darwin" else 1 << 20
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"cpu": cpu, "mib": most / scale}))


def _cpu() -> float:
    """CPU seconds of this process and of its children that ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in spent)


def measure(reader: str, paths: Sequence[Path], others: str = sys.executable, *, tree: bool = False) -> dict[str, Any]:
    """What one reader needs for the papers; the interpreter `others` runs pdfplumber.

    {"cpu": seconds, "mib": peak of the largest process, "wall": seconds} and with `tree` {"tree_mib": peak of all}.
    """
    if reader == "pdfplumber":
        command = [others, "-c", PDFPLUMBER, *map(str, paths)]
    else:
        command = [sys.executable, "-m", "benchmarks.reading.speed", "--child", reader, *map(str, paths)]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True)
    peak = peak_of_tree(process) if tree else 0.0
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"speed: the run of {reader} ended with status {process.returncode}")
    figures: dict[str, Any] = json.loads(said.splitlines()[-1])
    return figures | {"wall": time.perf_counter() - started} | ({"tree_mib": peak} if tree else {})


def peak_of_tree(process: subprocess.Popen[str]) -> float:
    """The most MiB that a process and its descendants held together until it ended, each shared page counted once.

    It is to print little. Where the system does not tell shares of pages, the resident memories are added up.
    """
    peak = 0
    root = psutil.Process(process.pid)
    while process.poll() is None:
        held = 0
        with suppress(psutil.Error):
            for member in (root, *root.children(recursive=True)):
                with suppress(psutil.Error):
                    memory = member.memory_full_info()
                    held += getattr(memory, "pss", memory.rss)
        peak = max(peak, held)
        time.sleep(SAMPLING)
    return peak / (1 << 20)


def available(reader: str, others: str) -> bool:
    """Whether a reader can run; says how to install pdfplumber where it is absent."""
    if reader != "pdfplumber":
        return True
    try:
        done = subprocess.run([others, "-c", PDFPLUMBER], stdout=subprocess.DEVNULL)
    except OSError as error:
        raise SystemExit(f"speed: {others} cannot be started ({error.strerror})") from None
    if done.returncode == NOT_INSTALLED:
        print(
            f"speed: {others} has no pdfplumber, its row is left out; give an interpreter that has it with --others",
            file=sys.stderr,
        )
    return done.returncode == 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading.speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--papers", type=int, default=0, metavar="N", help="the first N papers; 0: all 55")
    parser.add_argument("--slow", type=int, default=10, metavar="N", help="papers for pdfplumber, the first N")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of each reader; the median counts")
    parser.add_argument("--others", default=sys.executable, metavar="PYTHON", help="an interpreter with pdfplumber")
    parser.add_argument("--child", nargs="+", metavar="READER", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=RESULTS / "reading_speed.json", metavar="FILE")
    options = parser.parse_args(arguments)
    if options.child:
        child(options.child[0], [Path(p) for p in options.child[1:]])
        return

    papers = pdf_papers(options.papers)
    pages = {path: page_count(path) for path in papers}
    readers = [r for r in READERS if available(r, options.others)]
    chosen = {r: papers[: options.slow] if r == "pdfplumber" else papers for r in readers}
    runs: dict[str, list[dict[str, Any]]] = {r: [] for r in readers}
    for again in range(options.repeats):  # in turns, so that other work on the machine meets all of them
        for r in readers:
            if again == 0 or r != "pdfplumber":
                runs[r].append(measure(r, chosen[r], options.others))
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as folder:
        long = long_paper(papers, Path(folder) / "long.pdf")
        long_pages = page_count(long)
        memory = {r: measure(r, [long], options.others, tree=True) for r in readers}

    rows: dict[str, dict[str, object]] = {}
    for r in readers:
        count = sum(pages[path] for path in chosen[r])
        cpu = statistics.median(run["cpu"] for run in runs[r])
        rate = count / cpu
        rows[r] = {
            "papers": len(chosen[r]),
            "pages": count,
            "cpu_seconds": round(cpu, 2),
            "pages_per_cpu_second": round(rate, 1),
            "wanted": WANTED.get(r),
            "kept": rate >= WANTED[r] if r in WANTED else None,
            "aimed": AIMED.get(r),
            "long_paper_mib": round(memory[r]["mib"], 1),
            "long_paper_tree_mib": round(memory[r]["tree_mib"], 1),
            "long_paper_kept": max(memory[r]["mib"], memory[r]["tree_mib"]) <= MEMORY if r in WANTED else None,
            "version": memory[r].get("version"),
        }
    print_table(
        ("reader", "papers", "pages", "CPU s", "pages per CPU s", "wanted", f"MiB, {long_pages} pages", "of all"),
        [
            (
                SHOWN[r],
                row["papers"],
                row["pages"],
                row["cpu_seconds"],
                row["pages_per_cpu_second"],
                row["wanted"],
                row["long_paper_mib"],
                row["long_paper_tree_mib"],
            )
            for r, row in rows.items()
        ],
    )
    summary = {
        SHOWN[r]: {k: v for k, v in row.items() if k not in ("papers", "pages", "cpu_seconds") and v is not None}
        for r, row in rows.items()
    }
    write_result(options.out, dict(summary), long_pages=long_pages, memory_allowed_mib=MEMORY, readers=rows, runs=runs)


if __name__ == "__main__":
    main()
