"""Rebuild the published reports: `make reports`; with --out DIR elsewhere, to look before you replace them.

Each is made of the papers in tests/data/sample and of the runs recorded in its own folder (reproductions.jsonl,
runs.jsonl, tables.json: `claimcheck reproduce results RUNS --out DIR` writes them), without times, so that the same
code and the same packages give the same bytes. Audits of synthesis reports are rendered anew from their audit.json:
the reports themselves are their makers' and not here. So is the synthesis, whose synthesis.json has dates in it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import claimcheck
from claimcheck.foundation.records import Ledger
from claimcheck.foundation.records.audits import ReportAudit
from claimcheck.foundation.store import write_atomic
from claimcheck.publish import rendered
from claimcheck.publish.audits import audit_html, audit_json, audit_markdown
from claimcheck.publish.join import join
from claimcheck.publish.synthesis import read_synthesis, synthesis_html, synthesis_json, synthesis_markdown
from reproduce.reruns import of_runs

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent / "tests" / "data" / "sample"
FORMATS = ("json", "html", "tex", "csv", "bib", "sarif", "badge", "crate")


@dataclass(frozen=True)
class Report:
    """A folder of reports/: the paper that it is about, where one was read, and whether runs are recorded in it."""

    folder: str
    paper: str = ""
    runs: bool = False
    formats: tuple[str, ...] = FORMATS


REPORTS = (
    Report("sample", paper="paper.pdf", formats=(*FORMATS, "md")),
    Report("smoke", paper="world.tex", runs=True, formats=(*FORMATS, "md")),
    Report("2005.13013-lab-cpu", runs=True),
    Report("2005.13013-lab-cpu-layers", runs=True),
)


AUDITS = "audits"  # the folder of audits of synthesis reports, one folder each
SYNTHESIS = "synthesis"  # the folder of a synthesis over the invented papers in tests/data/synthesis


def ledgers(report: Report) -> list[Ledger]:
    """The ledgers of a report, one unless its runs are of several papers."""
    papers = [timeless(one) for one in claimcheck.table(SAMPLES / report.paper, offline=True)] if report.paper else []
    return join(papers, of_runs(HERE / report.folder)) if report.runs else papers


def timeless(ledger: Ledger) -> Ledger:
    """The ledger without when it was made and how long that took."""
    return ledger.model_copy(update={"run": ledger.run.model_copy(update={"started": "", "seconds": {}})})


def audit_files(audit: ReportAudit) -> dict[str, bytes]:
    """Name and content of the files of an audit."""
    return {"audit.json": audit_json(audit), "audit.html": audit_html(audit), "audit.md": audit_markdown(audit)}


def load_audits() -> dict[str, ReportAudit]:
    """The recorded audits by the name of their folder."""
    files = sorted((HERE / AUDITS).glob("*/audit.json"))
    return {file.parent.name: ReportAudit.model_validate_json(file.read_bytes()) for file in files}


def synthesis_files() -> dict[str, bytes]:
    """Name and content of the files of the published synthesis but its PDF, whose bytes hang on TeX's version."""
    synthesis = read_synthesis(HERE / SYNTHESIS / "synthesis.json")
    return {
        "synthesis.json": synthesis_json(synthesis),
        "synthesis.html": synthesis_html(synthesis),
        "synthesis.md": synthesis_markdown(synthesis),
    }


def rebuild(out: Path) -> list[Path]:
    """Write every report below `out`; the files in the order in which they were written."""
    written = []
    for report in REPORTS:
        made = ledgers(report)
        for ledger in made:
            # runs of the smoke world that were asked for by a paper's name are of two papers
            folder = out / report.folder if ledger is made[0] else out / report.folder / ledger.paper.id
            for name, content in rendered(ledger, report.formats).items():
                write_atomic(folder / name, content)
                written.append(folder / name)
    for folder_name, audit in load_audits().items():
        for name, content in audit_files(audit).items():
            write_atomic(out / AUDITS / folder_name / name, content)
            written.append(out / AUDITS / folder_name / name)
    for name, content in synthesis_files().items():
        write_atomic(out / SYNTHESIS / name, content)
        written.append(out / SYNTHESIS / name)
    return written


def main() -> None:
    """Rebuild, and print what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR", help="another folder than reports/")
    for path in rebuild(parser.parse_args().out):
        print(path)


if __name__ == "__main__":
    main()
