"""The claim table in a terminal: claim, verdict, confidence, and where the evidence is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.foundation.records import Label, Ledger
from claimcheck.publish.escape import plain
from claimcheck.publish.view import ClaimView, ReportView, risk_words, view_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_STYLES: dict[Label, str] = {"refuted": "bold red", "supported": "green", "not_enough_info": "yellow"}
_WORDS: dict[Label, str] = {"refuted": "refuted", "supported": "supported", "not_enough_info": "not enough info"}
_MOST_PLACES = 3
_NARROWEST_TABLE = 60  # columns; below, claims stand one under the other


def print_ledger(ledger: Ledger, console: Console) -> None:
    """Prints the claims of a ledger, refuted first, then by importance, with a legend and a line that sums up.

    Claims are wrapped, never cut. Nothing of the paper is taken as markup or as a terminal's command. Confidence is
    printed only where it is calibrated; where no claim's is, the column is left out.
    """
    from rich.text import Text

    report = view_of(ledger)
    console.print(Text(plain(report.title), style="bold"))
    if report.name != report.title:
        console.print(Text(plain(report.name), style="dim"))
    if console.width < _NARROWEST_TABLE:
        for view in report.claims:
            console.print(Text.assemble(_verdict(view), f"  {view.confidence}" if view.calibrated else ""))
            console.print(Text(plain(view.text)), Text(_evidence(view).plain, style="dim"), "", sep="\n")
    elif report.claims:
        console.print(_table(report, wide=console.width >= 100))
    for line in _legend(report, ledger):
        console.print(Text(plain(line), style="dim"))
    console.print(_summary(report))


def _table(report: ReportView, wide: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, header_style="bold")
    table.add_column("Claim", ratio=5, overflow="fold")
    table.add_column("Verdict", min_width=9, max_width=15 if wide else 11, overflow="fold")
    if report.any_calibrated:
        table.add_column("Confidence" if wide else "Conf.", justify="right", no_wrap=True)
    table.add_column("Evidence", ratio=3, overflow="fold")
    for view in report.claims:
        if view.number > 1:
            table.add_row()  # wrapped claims run into each other without an empty line
        confidence = [Text(view.confidence if view.calibrated else "")] if report.any_calibrated else []
        table.add_row(Text(plain(view.text)), _verdict(view), *confidence, _evidence(view))
    return table


def _verdict(view: ClaimView) -> Text:
    from rich.text import Text

    return Text(_WORDS[view.label] + (" (abstained)" if view.abstained else ""), style=_STYLES[view.label])


def _evidence(view: ClaimView) -> Text:
    """The derivation, its places on a line of their own, else the places of the evidence."""
    from rich.text import Text

    if view.derivation:
        arithmetic, colon, places = plain(view.derivation).partition(": ")
        lines = [arithmetic, *([places] if colon else []), *([view.more] if view.more else [])]
        return Text("\n".join(lines))
    shown = [plain(x) for x in view.where[:_MOST_PLACES]]
    more = len(view.where) - len(shown)
    return Text("\n".join(shown) + (f"\nand {more} more" if more > 0 else ""))


def _legend(report: ReportView, ledger: Ledger) -> list[str]:
    out = []
    if report.calibrations:
        out.append(f"Confidence: probability of the verdict, calibrated on {report.calibrations}")
    if report.any_calibrated and report.some_uncalibrated:
        out.append("Confidence left blank: uncalibrated")
    elif report.some_uncalibrated:
        out.append("Confidence: uncalibrated, so no figure is shown")
    if risk_words(ledger):
        out.append(risk_words(ledger))
    if report.completeness:
        out.append(report.completeness)
    out += [f"{one.kind}: {one.text}" for one in report.findings]
    if ledger.paper.pages_not_read:
        pages = ", ".join(str(p.page) for p in ledger.paper.pages_not_read)
        out.append(f"Pages that could not be read: {pages} ({ledger.paper.pages_not_read[0].reason})")
    return out


def _summary(report: ReportView) -> Text:
    from rich.text import Text

    total = len(report.claims)
    if not total:
        return Text("No checkable claims were found in this text.", style="bold")
    line = Text(f"{total} {'claim' if total == 1 else 'claims'}: ", style="bold")
    for i, count in enumerate(report.counts):
        line.append(", " if i else "")
        line.append(f"{count.count} {count.word}", style=_STYLES[count.label] if count.count else "not bold dim")
    return line
