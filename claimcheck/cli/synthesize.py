"""`claimcheck synthesize`: from a question to what the literature says to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.console import Progress
from claimcheck.cli.options import Json, Offline, Templates
from claimcheck.foundation.console import results_console, say, write_json_line

if TYPE_CHECKING:
    from claimcheck.foundation.records.syntheses import Synthesis
    from claimcheck.pipeline import Outcome

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck synthesize "Does dropout improve named entity recognition?" --library papers/ --offline
  claimcheck synthesize "Does scale amplify the benefit of intermediate-task training?" --paper 2005.13013
  claimcheck synthesize "..." --paper 2005.13013 --limit 15 --out out/ --format html,tex,md
  claimcheck synthesize "..." --library papers/ --json > synthesis.json

\b
What was searched and read is kept in the cache: a second question over the same papers is quick,
and a call that was interrupted goes on from where it stopped.
"""


@app.command(epilog=EPILOG)
def synthesize(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What you want to know, in one sentence.", show_default=False)
    ],
    paper: Annotated[
        str | None,
        typer.Option(
            metavar="PAPER", help="The paper the question is about: it is read first, and its citations are searched."
        ),
    ] = None,
    library: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder of papers that is searched as a database is.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="Read at most the N most relevant papers.")] = 15,
    offline: Offline = False,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="F", help="html, tex, pdf, md or json; repeat it or use commas."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write synthesis.json and the formats into DIR.")
    ] = None,
    templates: Templates = None,
    json: Json = False,
    public: Annotated[
        bool, typer.Option("--public", help="Link abstracts in place of quoting them: a report that may be published.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Papers at the same time; by default one for each core.")
    ] = None,
) -> int:
    """Search the literature on a question, check the claims of every paper, and say what they answer.

    Prints the answer, the claims that bear on it and what is missing. Every sentence is a verbatim quote with its
    place, or derived from the records by a stated rule. Where no claim bears on the question, the answer says so.
    """
    from claimcheck.foundation.errors import UsageError
    from claimcheck.foundation.settings import Settings
    from claimcheck.synthesis.questions import take_apart

    wanted = _formats(formats)
    if wanted and out is None:
        raise UsageError("there is no folder to write to", where="--format", todo="add --out DIR, or use --json")
    take_apart(question)  # a question without words is told before anything is searched
    settings = Settings.load(offline=offline or None, workers=workers, templates=templates)
    if "pdf" in wanted:
        from claimcheck.publish.pdf import check_installed

        check_installed()
    return _Run(settings, json).run(question, paper, library, limit, public, out, wanted)


class _Run:
    """One call of the command."""

    def __init__(self, settings: object, json: bool) -> None:
        from claimcheck.foundation.settings import Settings

        assert isinstance(settings, Settings)
        self._settings, self._json = settings, json
        self._progress = Progress(1)
        self._entered = False

    def run(
        self,
        question: str,
        paper: str | None,
        library: Path | None,
        limit: int,
        public: bool,
        out: Path | None,
        formats: tuple[str, ...],
    ) -> int:
        from claimcheck.synthesis.run import synthesize as made

        self._progress.__enter__()
        try:
            synthesis = made(
                question,
                self._settings,
                paper=paper,
                library=library,
                limit=limit,
                public=public,
                on_progress=self._stage,
                on_paper=self._paper,
            )
        finally:
            self._progress.__exit__()
        for one in synthesis.papers:
            if not one.kept:
                say(f"{one.key} {one.paper.title or one.paper.id}: left out, {one.reason}")
        if out is not None:
            from claimcheck.publish.synthesis import write_synthesis

            for file in write_synthesis(synthesis, out, formats, self._settings.templates):
                say(f"wrote {file}")
        if self._json:
            write_json_line(synthesis)
        else:
            from claimcheck.publish.terminal_synthesis import print_synthesis

            print_synthesis(synthesis, results_console())
        return _exit_code(synthesis)

    def _stage(self, name: str, done: int, total: int) -> None:
        self._progress.stage(name, done, total)

    def _paper(self, outcome: Outcome, papers: int) -> None:
        if not self._entered and papers > 1:
            # how many there are is known only after the search
            self._entered = True
            self._progress.__exit__()
            self._progress = Progress(papers)
            self._progress.__enter__()
        self._progress.paper_done(_summary(outcome))


def _summary(outcome: Outcome) -> str:
    if outcome.error is not None:
        return f"{outcome.name}: {outcome.error}"
    if outcome.ledger is None:
        return f"{outcome.name}: the same as another"
    return f"{outcome.name}: {len(outcome.ledger.claims)} claims{' (finished before)' if outcome.from_cache else ''}"


def _formats(given: list[str] | None) -> tuple[str, ...]:
    from claimcheck.foundation.errors import UsageError
    from claimcheck.publish.synthesis import SYNTHESIS_FORMATS

    names = tuple(
        dict.fromkeys(name.strip().lower() for part in given or () for name in part.split(",") if name.strip())
    )
    for name in names:
        if name not in SYNTHESIS_FORMATS:
            known = ", ".join(SYNTHESIS_FORMATS)
            raise UsageError(f"there is no format '{name}'", where="--format", todo=f"known are {known}")
    return names


def _exit_code(synthesis: Synthesis) -> int:
    """0, or 5 where papers could not be read, or 3 or 4 where none could and there were some."""
    from claimcheck.foundation.errors import InputError, PartialFailureError, ServiceError

    broken = [p for p in synthesis.papers if p.exclusion in ("not_readable", "failed")]
    if synthesis.papers and not synthesis.flow.included:
        if broken:
            return InputError.exit_code
        if synthesis.flow.not_retrieved == len(synthesis.papers):
            return ServiceError.exit_code
    return PartialFailureError.exit_code if broken else 0
