"""Seconds and memory of tokenising SQuAD and 40 languages of evaluation, and of reading them from the cache.

    python -m benchmarks.token_cache [--data DIR] [--tokenizer DIR] [--pieces N] [--out FILE]

Two processes, one after the other, one thread each, load the same data sets and hold them all: the training set of
SQuAD 1.1, and the dev parts of XQuAD, UD-POS and PAN-X in every language of XTREME that has one. The first finds an
empty cache and tokenises, the second reads. Memory is the peak resident memory of each process, which counts the
touched pages of mapped files. Seconds of a task are those of the processor, so that other work on the machine does not
count. The tokenizer is trained on the way, outside of what is measured, on lines of PAN-X.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib import metadata
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common import MISSING, RESULTS, data_folder, print_table, write_result

ARCHIVES = ("squad_v1.1", "xquad", "udpos", "panx")
LENGTHS = {"squad-v1": 384, "xquad": 384, "udpos": 128, "panx": 128}  # as in XTREME's scripts
LINES = 20_000  # of the tokenizer's training
LIMIT = 2.0  # GiB
SECONDS = 60.0  # for SQuAD's training set on one core
GIB = 2**30


def parts(folder: Path) -> list[tuple[str, str, str]]:
    """(task, language, split) of all that is loaded: what the folder has of XTREME's languages."""
    from claimcheck.foundation.errors import MissingInputError
    from reproduce.data import files
    from reproduce.tasks import task

    found = [("squad-v1", "en", "train")]
    for name in ("xquad", "udpos", "panx"):
        for language in task(name).languages:
            try:
                files.source(name, folder, language, "dev")
            except MissingInputError:
                continue
            found.append((name, language, "dev"))
    return found


def load(folder: Path, tokenizer: Path, cache: Path) -> dict[str, Any]:
    """Loads everything in this process and holds it; rows a task, and the peak memory of the process in bytes."""
    from reproduce.data import Access
    from reproduce.data import load as load_one
    from reproduce.data.subwords import Subwords
    from reproduce.specs import FilesData

    words = Subwords.load(tokenizer)
    held = []
    rows: dict[str, dict[str, float]] = {}
    for task, language, split in parts(folder):
        begun = time.process_time()
        access = Access(folder, cache)
        data = load_one(task, FilesData(), language, split, words=words, max_length=LENGTHS[task], access=access)
        row = rows.setdefault(task, {"languages": 0, "sequences": 0, "items": 0, "tokens": 0, "seconds": 0.0})
        row["seconds"] += time.process_time() - begun
        row["languages"] += 1
        row["sequences"] += len(data.tokens)
        row["items"] += len(data.items)
        row["tokens"] += len(data.tokens.flat)
        held.append(data)
    # every token is touched once, as training and evaluation do
    total = sum(int(data.tokens.flat.sum(dtype="int64")) for data in held)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"tasks": rows, "checksum": total, "peak": peak, "sets": len(held)}


def train_tokenizer(folder: Path, pieces: int, into: Path) -> None:
    """A tokenizer of sentences in all languages of PAN-X, as many of each."""
    from reproduce.data import files
    from reproduce.data.subwords import Subwords

    languages = [language for task, language, _ in parts(folder) if task == "panx"]
    each = -(-LINES // len(languages))

    def lines(language: str) -> Iterator[str]:
        return (" ".join(row.words) for row in islice(files.source("panx", folder, language, "dev"), each))  # type: ignore[union-attr]

    Subwords.train(chain.from_iterable(map(lines, languages)), pieces).save(into)


def unpacked(into: Path) -> Path:
    """The archives of the development data in a folder; ends with a message where one is absent."""
    for name in ARCHIVES:
        archive = data_folder() / "xtreme" / f"{name}.tar.xz"
        if not archive.is_file():
            print(f"benchmark: there is no {archive}: give a data folder with --data", file=sys.stderr)
            raise SystemExit(MISSING)
        with tarfile.open(archive) as packed:
            packed.extractall(into, filter="data")
    return into


def measure(folder: Path, tokenizer: Path, cache: Path) -> dict[str, Any]:
    """What `load` finds in a process of its own, with the seconds of the process."""
    command = [sys.executable, "-m", "benchmarks.token_cache", "--data", str(folder), "--tokenizer", str(tokenizer)]
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    begun = time.perf_counter()
    done = subprocess.run([*command, "--load", str(cache)], env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"seconds": time.perf_counter() - begun}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.token_cache", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, metavar="DIR", help="a data folder in XTREME's layout")
    parser.add_argument("--tokenizer", type=Path, metavar="DIR", help="a folder with tokenizer.json; none: train one")
    parser.add_argument("--pieces", type=int, default=32_000, metavar="N", help="of the tokenizer that is trained")
    parser.add_argument("--out", type=Path, default=RESULTS / "token_cache.json", metavar="FILE")
    parser.add_argument("--load", type=Path, metavar="CACHE", help=argparse.SUPPRESS)  # the process that is measured
    options = parser.parse_args(arguments)
    if options.load:
        print(json.dumps(load(options.data, options.tokenizer, options.load)))
        return

    with ExitStack() as stack:
        work = Path(stack.enter_context(TemporaryDirectory(prefix="claimcheck-bench-")))
        folder = options.data or unpacked(work / "data")
        tokenizer = options.tokenizer or work / "tokenizer"
        if options.tokenizer is None:
            train_tokenizer(folder, options.pieces, tokenizer)
        first, second = (measure(folder, tokenizer, work / "cache") for _ in range(2))
        if sum(path.is_dir() for path in (work / "cache").iterdir()) != first["sets"]:
            raise SystemExit("benchmark: the second pass found nothing in the cache: the code changed in between")
        on_disk = sum(path.stat().st_size for path in (work / "cache").rglob("*") if path.is_file())
        size = len(json.loads((tokenizer / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]) + 1
    if first["checksum"] != second["checksum"]:
        raise SystemExit("benchmark: the cache gives other tokens than were written to it")

    print_table(
        ("task", "languages", "sequences", "items", "million tokens", "first CPU s", "cached CPU s"),
        [
            (
                name,
                row["languages"],
                row["sequences"],
                row["items"],
                row["tokens"] / 1e6,
                row["seconds"],
                second["tasks"][name]["seconds"],
            )
            for name, row in first["tasks"].items()
        ],
    )
    peak = max(first["peak"], second["peak"]) / GIB
    squad = first["tasks"]["squad-v1"]["seconds"]
    summary = {
        "peak_gib_first": round(first["peak"] / GIB, 3),
        "peak_gib_cached": round(second["peak"] / GIB, 3),
        "peak_gib_allowed": LIMIT,
        "squad_seconds": round(squad, 2),
        "squad_seconds_wanted": SECONDS,
        "seconds_first": round(first["seconds"], 2),
        "seconds_cached": round(second["seconds"], 2),
        "cache_gib": round(on_disk / GIB, 3),
        "kept": peak <= LIMIT and squad <= SECONDS,
    }
    print(
        f"peak memory {summary['peak_gib_first']:.2f} GiB, cached {summary['peak_gib_cached']:.2f} GiB, allowed "
        f"{LIMIT:g}; SQuAD {squad:.1f} s, wanted {SECONDS:g}; whole processes {first['seconds']:.1f} s and "
        f"{second['seconds']:.1f} s; cache {summary['cache_gib']:.2f} GiB; {'kept' if summary['kept'] else 'NOT KEPT'}"
    )
    versions = {name: metadata.version(name) for name in ("tokenizers", "sentencepiece")}
    write_result(
        options.out,
        dict(summary),
        details={"first": first["tasks"], "cached": second["tasks"], "pieces": size, "max_length": LENGTHS} | versions,
    )
    if peak > LIMIT:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
