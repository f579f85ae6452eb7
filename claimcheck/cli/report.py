"""`claimcheck report`: ledgers, run folders and registries joined and published, without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, cast

import typer

from claimcheck.cli.options import Formats, OutFolder, Templates, split_formats
from claimcheck.cli.pictures import PageImages, check_templates_of, extras_of
from claimcheck.foundation.console import say, write_bytes

if TYPE_CHECKING:
    from claimcheck.foundation.errors import ClaimcheckError
    from claimcheck.foundation.records import Decision, Ledger, Reruns
    from claimcheck.foundation.settings import Settings
    from claimcheck.publish import Extras

GATE_FAILED = 1
PROVIDERS = "claimcheck.reruns"  # entry points that read run folders and registries
_TEMPLATED = {"html", "tex", "pdf", "md"}

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck report out/paper-1a2b3c4d/ledger.json --format md        Markdown on stdout
  claimcheck report out/*/ledger.json --format html,tex --out reports/
  claimcheck report out/*/ledger.json --runs runs/ --out reports/     claimed beside reproduced
  claimcheck report --registry 2005.13013 --format html --out reports/
  claimcheck report out/paper-1a2b3c4d/ --format tex --fragment table > claims.tex
  claimcheck report out/*/ledger.json --page-images papers/ --out private/

\b
decisions.jsonl beside a ledger, which `claimcheck review` writes, is shown in its report.
A report with page images is for your own use: publish the one without.
"""


@app.command(epilog=EPILOG)
def report(
    ledgers: Annotated[
        list[Path] | None,
        typer.Argument(metavar="LEDGER", help="A ledger.json, or the folder it is in.", show_default=False),
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Option(
            "--runs",
            metavar="DIR",
            help="Join what came of `reproduce run` or `reproduce results --out`; repeat it for several.",
            show_default=False,
        ),
    ] = None,
    registry: Annotated[
        list[str] | None,
        typer.Option(
            "--registry",
            metavar="ID",
            help="Also list a registry's claims of which no run was given: a paper's id or a file; repeat it.",
            show_default=False,
        ),
    ] = None,
    formats: Formats = None,
    out: OutFolder = None,
    page_images: PageImages = None,
    templates: Templates = None,
    fragment: Annotated[
        str | None,
        typer.Option(
            "--fragment", metavar="table", help="Of tex just the claim table, for a paper.", show_default=False
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL", help="Exit with code 1 if a verdict has this label (refuted).", show_default=False
        ),
    ] = None,
) -> int:
    """Publish ledgers, joined with reruns and registries.

    With --out into files, whose names are printed; else one report in one format on stdout. Nothing is fetched, and
    the same input gives the same bytes. A reproduction of which it is not clear which claim it is of gets a row of its
    own.
    """
    from claimcheck.foundation.settings import Settings

    paths, folders, names = list(ledgers or ()), list(runs or ()), list(registry or ())
    wanted = _checked(paths, folders, names, split_formats(formats), out, page_images, fragment, fail_on)
    settings = Settings.load(templates=templates, offline=True)
    if _TEMPLATED & set(wanted):
        check_templates_of(settings)
    return _Run(paths, folders, names, wanted, out, list(page_images or ()), settings, fragment or "", fail_on).run()


def _checked(
    paths: Sequence[Path],
    folders: Sequence[Path],
    names: Sequence[str],
    formats: tuple[str, ...],
    out: Path | None,
    page_images: Sequence[Path] | None,
    fragment: str | None,
    fail_on: str | None,
) -> tuple[str, ...]:
    """The formats to write; raises UsageError before anything is read."""
    from claimcheck.foundation.errors import UsageError
    from claimcheck.foundation.records import LABELS

    if not paths and not folders and not names:
        raise UsageError("there is nothing to report", todo="give a ledger.json, --runs DIR or --registry ID")
    if fragment is not None and fragment != "table":
        raise UsageError(f"there is no fragment '{fragment}'", where="--fragment", todo="known is table")
    if fail_on is not None and fail_on not in LABELS:
        raise UsageError(f"there is no verdict '{fail_on}'", where="--fail-on", todo=f"known are {', '.join(LABELS)}")
    default = "tex" if fragment else "html" if out is not None or page_images else "md"
    wanted = formats or (default,)
    if fragment and wanted != ("tex",):
        raise UsageError("a fragment is LaTeX", where="--fragment", todo="leave out the other formats")
    if page_images and "html" not in wanted:
        raise UsageError("pages are shown in html alone", where="--page-images", todo="add --format html")
    from claimcheck.publish.loading import ledger_file

    count = len(_each_once(paths, ledger_file))
    if out is None and (count > 1 or len(wanted) > 1):
        many = f"{count} {'ledger' if count == 1 else 'ledgers'} in {len(wanted)} formats"
        raise UsageError(f"{many} do not fit on stdout", todo="add --out DIR")
    return wanted


class RerunsProvider(Protocol):
    """What an entry point of the group `claimcheck.reruns` is."""

    def of_runs(self, folder: Path) -> tuple[Reruns, ...]:
        """What a run folder comes to, one a paper and scale."""

    def of_registry(self, name: str) -> Reruns:
        """The claims of a registry, of which nothing was run."""


def _provider() -> RerunsProvider:
    """The package that reruns papers; raises UsageError where none is installed or it cannot be loaded."""
    from importlib.metadata import entry_points

    from claimcheck.foundation.errors import UsageError

    found = sorted(entry_points(group=PROVIDERS), key=lambda entry: entry.name)
    if not found:
        raise UsageError(
            "nothing that reads run folders and registries is installed",
            where="--runs, --registry",
            todo="install claimcheck with its package `reproduce`, or leave these options out",
        )
    try:
        return cast(RerunsProvider, found[0].load())
    except Exception as error:
        what = f"what reads run folders and registries cannot be loaded ({type(error).__name__}: {error})"
        raise UsageError(what, where=found[0].value, todo="install that package anew") from error


@dataclass
class _Run:
    """One call of the command: what it reads, joins, prints and writes, and the exit code in the end."""

    paths: list[Path]
    folders: list[Path]
    names: list[str]
    formats: tuple[str, ...]
    out: Path | None
    page_images: list[Path]
    settings: Settings
    fragment: str
    fail_on: str | None

    def run(self) -> int:
        from claimcheck.foundation.errors import PartialFailureError
        from claimcheck.publish.join import join

        reruns = self._reruns()
        loaded, errors = self._loaded()
        joined = join([ledger for ledger, _ in loaded], reruns)
        decisions = [found for _, found in loaded] + [()] * (len(joined) - len(loaded))
        self._refuse_what_does_not_fit(joined)
        for ledger, found in zip(joined, decisions, strict=True):
            _tell(ledger)
            extras = extras_of(ledger, self.settings, self.page_images, decisions=found, fragment=self.fragment)
            self._publish(ledger, extras)
        if errors:
            return PartialFailureError.exit_code
        return self._gate(joined)

    def _reruns(self) -> list[Reruns]:
        if not self.folders and not self.names:
            return []
        provider = _provider()
        found = [one for folder in _each_once(self.folders) for one in provider.of_runs(folder)]
        run = {(one.paper, one.registry_id) for reruns in found for one in reruns.reproductions}
        for name in dict.fromkeys(self.names):
            listed = provider.of_registry(name)
            rest = tuple(one for one in listed.reproductions if (one.paper, one.registry_id) not in run)
            found.append(listed.model_copy(update={"reproductions": rest}))
        return found

    def _loaded(self) -> tuple[list[tuple[Ledger, tuple[Decision, ...]]], list[ClaimcheckError]]:
        """The ledgers with their decisions. Where one of several cannot be read it is told, and the others go on."""
        from claimcheck.foundation.errors import ClaimcheckError
        from claimcheck.publish.loading import ledger_file, load_ledger
        from claimcheck.review.decisions import decisions_file, read_decisions

        loaded, errors = [], []
        paths = _each_once(self.paths, ledger_file)
        for path in paths:
            try:
                loaded.append((load_ledger(path), read_decisions(decisions_file(path))))
            except ClaimcheckError as error:
                errors.append(error)
                if len(paths) > 1:
                    say(str(error))
        if errors and not loaded:
            raise errors[0]
        return loaded, errors

    def _refuse_what_does_not_fit(self, ledgers: Sequence[Ledger]) -> None:
        from claimcheck.foundation.errors import UsageError
        from claimcheck.publish.files import folder_name

        if self.out is None and len(ledgers) > 1:
            papers = ", ".join(ledger.paper.id for ledger in ledgers)
            raise UsageError(f"reports of {len(ledgers)} papers ({papers}) do not fit on stdout", todo="add --out DIR")
        names = [folder_name(ledger) for ledger in ledgers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if self.out is not None and twice:
            what = f"several ledgers belong into its folder {twice[0]}"
            raise UsageError(what, where=str(self.out), todo="give one ledger of each paper")

    def _publish(self, ledger: Ledger, extras: Extras) -> None:
        from claimcheck.publish import render, write_ledger

        if self.out is None:
            write_bytes(render(ledger, self.formats[0], extras))
            return
        self._warn_of_lost(ledger, self.out)
        for written in write_ledger(ledger, self.out, self.formats, extras):
            write_bytes(f"{written}\n".encode(errors="surrogateescape"))

    def _warn_of_lost(self, ledger: Ledger, out: Path) -> None:
        """Says where a report is replaced that showed reruns which this one has not."""
        from claimcheck.foundation.errors import ClaimcheckError
        from claimcheck.publish.files import folder_name
        from claimcheck.publish.loading import ledger_file, load_ledger

        there = ledger_file(out / folder_name(ledger))
        try:
            before = load_ledger(there) if there.exists() else ledger
        except ClaimcheckError:  # what is there is no ledger of this version, and nothing is known of it
            return
        lost = len(_runs_of(before) - _runs_of(ledger))
        if lost:
            say(f"{there}: is replaced, and showed {lost:,} runs that were not given now")

    def _gate(self, ledgers: Sequence[Ledger]) -> int:
        hits = {
            ledger.paper.id: sum(claim.verdict.label == self.fail_on for claim in ledger.claims) for ledger in ledgers
        }
        gated = [f"{paper} ({count})" for paper, count in hits.items() if count]
        if not gated:
            return 0
        say(f"gate failed: {self.fail_on} claims in {', '.join(gated)}")
        return GATE_FAILED


def _tell(ledger: Ledger) -> None:
    """What a user would look for and might miss: an empty ledger, and how many reproductions found their claim."""
    beside = sum(claim.reproduction is not None for claim in ledger.claims)
    count = beside + len(ledger.reproductions)
    if count and ledger.claims:
        rest = f", {len(ledger.reproductions):,} in rows of their own" if ledger.reproductions else ""
        say(f"{ledger.paper.id}: {beside:,} of {count:,} reproductions stand beside their claim{rest}")
    elif not count and not ledger.claims:
        say(f"{ledger.paper.id}: the ledger has no claims")


def _runs_of(ledger: Ledger) -> set[str]:
    """Ids of all runs behind the reproductions of a ledger."""
    beside = [claim.reproduction for claim in ledger.claims if claim.reproduction is not None]
    return {run.id for one in (*beside, *(x.reproduction for x in ledger.reproductions)) for run in one.runs}


def _each_once(paths: Sequence[Path], file: Callable[[Path], Path] = Path) -> list[Path]:
    """Each file or folder once, however it was named, in the order given; `file` is what a path stands for."""
    found: dict[Path, Path] = {}
    for path in paths:
        found.setdefault(file(path).absolute(), path)
    return list(found.values())
