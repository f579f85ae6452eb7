"""`claimcheck table`: from papers to claim tables."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.console import Progress, tell_missing_pages
from claimcheck.cli.options import (
    Formats,
    Json,
    Nli,
    Offline,
    Others,
    OutFolder,
    Papers,
    Risk,
    Templates,
    split_formats,
)
from claimcheck.foundation.console import results_console, say, write_json_line

if TYPE_CHECKING:
    from claimcheck.foundation.errors import ClaimcheckError
    from claimcheck.foundation.records import Ledger
    from claimcheck.foundation.settings import Settings
    from claimcheck.pipeline import Outcome

GATE_FAILED = 1
_RENDERED = {"html", "tex", "pdf", "md"}  # formats that a template makes

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck table paper.pdf
  claimcheck table 2005.13013                          an arXiv id, fetched once
  claimcheck table paper.pdf thesis/ src.tar.gz --out out/ --format html,tex
  claimcheck table *.pdf --json --workers 2 > ledgers.jsonl
  claimcheck table paper.pdf --out out/ --format pdf --templates mine/    with your own templates
  claimcheck table a.pdf b.pdf --others 0              and where both report the same system, compare their numbers
  claimcheck table paper.pdf --fail-on refuted         exit code 1 if a claim is refuted
  claimcheck table paper.pdf --risk 0.1                mark what is not sure enough for one wrong verdict in ten
"""


@app.command(epilog=EPILOG)
def table(
    papers: Papers,
    out: OutFolder = None,
    formats: Formats = None,
    templates: Templates = None,
    json: Json = False,
    offline: Offline = False,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Papers at the same time; by default one for each core.")
    ] = None,
    max_claims: Annotated[
        int | None, typer.Option(metavar="N", help="Check only the N most important claims of each paper.")
    ] = None,
    others: Others = None,
    nli: Nli = None,
    risk: Risk = None,
    fail_on: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Exit with code 1 if a verdict has this label (refuted).")
    ] = None,
) -> int:
    """List what papers claim and check each claim against the paper's own tables and text.

    Prints claim, verdict, confidence and where the evidence is. Without --out nothing is written but the cache. A call
    that was interrupted goes on from where it stopped.
    """
    from claimcheck.foundation.errors import UsageError
    from claimcheck.foundation.records import LABELS
    from claimcheck.foundation.settings import Settings

    wanted = split_formats(formats)
    if wanted and out is None:
        raise UsageError("there is no folder to write to", where="--format", todo="add --out DIR, or use --json")
    if fail_on is not None and fail_on not in LABELS:
        raise UsageError(f"there is no verdict '{fail_on}'", where="--fail-on", todo=f"known are {', '.join(LABELS)}")
    if templates is not None and not _RENDERED & set(wanted):
        raise UsageError(
            "there is nothing that a template makes", where="--templates", todo="add --out DIR --format html,tex,pdf,md"
        )
    settings = Settings.load(
        offline=offline or None,
        workers=workers,
        max_claims=max_claims,
        others=others,
        nli=nli,
        risk=risk,
        templates=templates,
    )
    if settings.templates is not None and _RENDERED & set(wanted):
        from claimcheck.publish.documents import check_templates

        check_templates(settings.templates, wanted)  # before papers are fetched and checked
    if settings.nli:
        from claimcheck.foundation.models.nli import require_model

        require_model(settings)
    if "pdf" in wanted:
        from claimcheck.publish.pdf import check_installed

        check_installed()
    return _Run(papers, settings, out, wanted, json, fail_on).run()


class _Run:
    """One call of the command: what it prints and writes for each paper, and the exit code in the end."""

    def __init__(
        self,
        papers: list[str],
        settings: Settings,
        out: Path | None,
        formats: tuple[str, ...],
        json: bool,
        fail_on: str | None,
    ) -> None:
        self._papers, self._settings, self._out, self._formats = papers, settings, out, formats
        self._json, self._fail_on = json, fail_on
        self._progress = Progress(len(papers))
        self._errors: list[ClaimcheckError] = []
        self._gated: list[str] = []

    def run(self) -> int:
        from claimcheck.pipeline import check_papers

        held = self._settings.others is not None
        # a paper that is held against others is finished when all have been read
        done = self._told if held else self._done
        outcomes = check_papers(self._papers, self._settings, on_done=done, on_progress=self._progress.stage)
        with self._progress, closing(outcomes):
            for outcome in self._against_others(list(outcomes)) if held else outcomes:
                if outcome.ledger is not None:
                    with self._progress.aside():
                        self._print(outcome.ledger)
        return self._exit_code()

    def _against_others(self, outcomes: list[Outcome]) -> list[Outcome]:
        """The outcomes, their ledgers held against the other papers and written."""
        from claimcheck.others import hold_against_others

        compared, others = hold_against_others(outcomes, self._papers, self._settings, self._progress.stage)
        with self._progress.aside():
            say(others.words(self._settings.offline))
            for outcome in compared:
                if outcome.ledger is not None:
                    self._write(outcome.ledger)
        return compared

    def _done(self, outcome: Outcome) -> None:
        """Write a paper's files and say what came of it once it is finished, even before one that was given earlier."""
        if outcome.ledger is not None:
            with self._progress.aside():
                self._write(outcome.ledger)
        self._told(outcome)

    def _told(self, outcome: Outcome) -> None:
        """Say what came of a paper."""
        if outcome.error is not None:
            self._errors.append(outcome.error)
            if len(self._papers) > 1:
                with self._progress.aside():
                    say(str(outcome.error))
        self._progress.paper_done(_summary(outcome, self._papers))

    def _write(self, ledger: Ledger) -> None:
        from claimcheck.publish import Extras, write_ledger
        from claimcheck.publish.files import folder_name
        from claimcheck.review.decisions import decisions_file, read_decisions

        tell_missing_pages(ledger.paper)
        if self._out is not None:
            # a report that is written anew keeps what people have said of its verdicts
            decisions = read_decisions(decisions_file(self._out / folder_name(ledger) / "ledger.json"))
            extras = Extras(decisions=decisions, templates=self._settings.templates)
            write_ledger(ledger, self._out, self._formats, extras)
        hits = sum(claim.verdict.label == self._fail_on for claim in ledger.claims)
        if hits:
            self._gated.append(f"{ledger.paper.id} ({hits})")

    def _print(self, ledger: Ledger) -> None:
        from claimcheck.publish import print_ledger

        if self._json:
            write_json_line(ledger)
        else:
            print_ledger(ledger, results_console())

    def _exit_code(self) -> int:
        from claimcheck.foundation.errors import PartialFailureError

        if self._errors and len(self._papers) == 1:
            raise self._errors[0]
        if self._errors:
            codes = {error.exit_code for error in self._errors}
            if len(self._errors) == len(self._papers) and len(codes) == 1:
                return codes.pop()
            return PartialFailureError.exit_code
        if self._gated:
            say(f"gate failed: {self._fail_on} claims in {', '.join(self._gated)}")
            return GATE_FAILED
        return 0


def _summary(outcome: Outcome, papers: list[str]) -> str:
    if outcome.error is not None:
        return f"{outcome.name}: failed"
    if outcome.same_as is not None:
        return f"{outcome.name}: the same as {papers[outcome.same_as]}, done once"
    assert outcome.ledger is not None
    labels = [claim.verdict.label for claim in outcome.ledger.claims]
    kept = " (finished before)" if outcome.from_cache else ""
    return (
        f"{outcome.name}: {len(labels)} claims, {labels.count('supported')} supported, "
        f"{labels.count('refuted')} refuted{kept}"
    )
