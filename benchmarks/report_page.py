"""The HTML report of 500 claims in a browser: size, first paint, filtering, sorting; and rendering in all formats.

    python -m benchmarks.report_page [--claims N] [--repeats N] [--out FILE]

The claims are those of the sample paper again and again, a dozen of them with the reproductions of
reports/2005.13013-lab-cpu and their charts. The page is opened from disk in Debian's chromium, headless. A filter, a
search or a sort counts from the event to the end of the first frame after it, layout and paint included; of each the
median of the repeats counts, each on a page opened anew. Seconds of rendering are those of the processor, so that other
work on the machine does not count; PDF is left out of them: its time is TeX's.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common import RESULTS, ROOT, fresh_home, print_table, write_result

SAMPLE = ROOT / "tests" / "data" / "sample" / "paper.pdf"
RERUN = ROOT / "reports" / "2005.13013-lab-cpu" / "reproductions.jsonl"
CLAIMS = 500
MEGABYTES, FIRST_PAINT, FILTER, RENDERING = 5.0, 1000.0, 100.0, 5.0  # MB, ms, ms, s
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

# each action alone, in milliseconds until its frame is done; the message comes after the paint of that frame
_TIMED = """async (actions) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const press = (selector) => document.querySelector(selector).click();
  const enter = (selector, value, event) => {
    const field = document.querySelector(selector);
    field.value = value;
    field.dispatchEvent(new Event(event, { bubbles: true }));
  };
  const took = [];
  for (const [selector, value, event] of actions) {
    await painted();
    const start = performance.now();
    if (event) enter(selector, value, event); else press(selector);
    await painted();
    took.push(performance.now() - start);
  }
  return took;
}"""
_FIRST_PAINT = """() => new Promise((done) => {
  const found = () => performance.getEntriesByName("first-contentful-paint")[0];
  const look = () => found() ? done(found().startTime) : setTimeout(look, 10);
  look();
})"""
_FILTERS: tuple[tuple[str, str, str], ...] = (
    ("[data-show=refuted]", "", ""),
    ("[data-show=supported]", "", ""),
    ("[data-show='']", "", ""),
    ("[data-filter=kind]", "numeric", "change"),
    ("[data-filter=kind]", "", "change"),
    ("#search", "mooring", "input"),
    ("#search", "mooring avg", "input"),
    ("#search", "no such words", "input"),
    ("#search", "", "input"),
)
_SORTS = tuple(
    (f"[data-sort={name}] button", "", "") for name in ("number", "order", "rank", "confidence", "where") * 2
)


def ledger_of(claims: int) -> Any:
    """The sample paper's ledger with that many claims, every 40th rerun, as far as the reproductions go."""
    import claimcheck
    from claimcheck.foundation.records import Reproduction

    with fresh_home():
        [ledger] = claimcheck.table(SAMPLE, offline=True, workers=1)
    rerun = [Reproduction.model_validate_json(line) for line in RERUN.read_text("utf-8").splitlines()]
    many = (
        ledger.claims[i % len(ledger.claims)].model_copy(
            update={"id": f"{i:012x}"} | ({"reproduction": rerun[i // 40 % len(rerun)]} if i % 40 == 0 else {})
        )
        for i in range(claims)
    )
    return ledger.model_copy(update={"claims": tuple(many)})


def rendering_seconds(ledger: Any) -> dict[str, float]:
    """Processor seconds of each format but PDF, written to a folder; "all" is one call that writes all of them."""
    from claimcheck.publish import FORMATS, write_ledger

    formats = [name for name in FORMATS if name != "pdf"]
    seconds = {}
    with TemporaryDirectory() as folder:
        write_ledger(
            ledger.model_copy(update={"claims": ledger.claims[:1]}), Path(folder), formats
        )  # loads the modules
        for name, asked in [*((name, [name]) for name in formats), ("all", formats)]:
            started = time.process_time()
            write_ledger(ledger, Path(folder), asked)
            seconds[name] = round(time.process_time() - started, 3)
    return seconds


def first_paint(context: Any, page: Path) -> float:
    """Milliseconds from the start of navigation to the first paint of text, of a page opened from disk."""
    opened = context.new_page()
    opened.goto(page.as_uri(), wait_until="load")
    found = float(opened.evaluate(_FIRST_PAINT))
    opened.close()
    return found


def action_times(opened: Any, actions: Sequence[tuple[str, str, str]]) -> list[float]:
    """Milliseconds of each action of an open report: (selector, "", "") is pressed, (selector, value, event) filled."""
    return [float(x) for x in opened.evaluate(_TIMED, list(actions))]


def filter_times(opened: Any) -> list[float]:
    """Milliseconds of every filter and search of an open report, the first search that reads the page included."""
    return action_times(opened, _FILTERS)


def sort_times(opened: Any) -> list[float]:
    """Milliseconds of sorting by every column, up and down."""
    return action_times(opened, _SORTS)


def typical(runs: Sequence[Sequence[float]]) -> list[float]:
    """The median of each action over the runs."""
    return [statistics.median(times) for times in zip(*runs, strict=True)]


def named(actions: Sequence[tuple[str, str, str]], times: Sequence[float]) -> list[dict[str, object]]:
    """The actions in words with their times, in order."""
    return [
        {"action": f"{selector} {value}".strip(), "ms": round(took, 1)}
        for (selector, value, _), took in zip(actions, times, strict=True)
    ]


def main() -> None:
    """Measures, prints the table, writes the JSON; exits 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS / "report_page.json")
    options = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    from claimcheck.publish import render

    ledger = ledger_of(options.claims)
    seconds = rendering_seconds(ledger)
    document = render(ledger, "html")
    paints: list[float] = []
    filters: list[list[float]] = []
    sorts: list[list[float]] = []
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "report.html"
        page.write_bytes(document)
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        version = browser.version
        for _ in range(options.repeats):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            paints.append(first_paint(context, page))
            opened = context.new_page()
            opened.goto(page.as_uri())
            filters.append(filter_times(opened))
            sorts.append(sort_times(opened))
            context.close()
        browser.close()
    filtering, sorting = typical(filters), typical(sorts)
    rows: list[tuple[str, float, float | None, str]] = [
        ("HTML", len(document) / 1e6, MEGABYTES, "MB"),
        ("first paint, median", statistics.median(paints), FIRST_PAINT, "ms"),
        ("first paint, slowest", max(paints), FIRST_PAINT, "ms"),
        ("filter or search, median", statistics.median(filtering), FILTER, "ms"),
        ("filter or search, slowest", max(filtering), FILTER, "ms"),
        ("sort, median", statistics.median(sorting), None, "ms"),
        ("sort, slowest", max(sorting), None, "ms"),
        ("all formats but PDF", seconds["all"], RENDERING, "s"),
    ]
    print_table(
        ("measure", "measured", "allowed", "unit", "kept"),
        [(n, m, a, u, "-" if a is None else "yes" if m <= a else "NO") for n, m, a, u in rows],
    )
    kept = all(a is None or m <= a for _, m, a, _ in rows)
    write_result(
        options.out,
        {"claims": options.claims, "kept": kept, **{f"{n}, {u}": round(m, 3) for n, m, _, u in rows}},
        browser=f"chromium {version}, headless",
        rendering_seconds=seconds,
        first_paint_ms=[round(x, 1) for x in paints],
        filter_ms=named(_FILTERS, filtering),
        sort_ms=named(_SORTS, sorting),
    )
    if not kept:
        sys.exit(1)


if __name__ == "__main__":
    main()
