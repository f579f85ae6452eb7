"""The command line: finds the subcommand, runs it, and turns every error into one line and an exit code.

A subcommand is a module of this package with a typer app named `app`, imported when it is called. Other packages add
theirs through the entry-point group `claimcheck.commands`, each a typer app. `claimcheck --help` imports none of them.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import claimcheck
from claimcheck.foundation.console import say

__all__ = ["main"]

# name: (module, summary); the summary stands here so that the list of commands needs no imports
COMMANDS = {
    "table": ("claimcheck.cli.table", "Check all claims of papers: the claim table, and reports."),
    "check": ("claimcheck.cli.check", "Check one claim in your own words against papers."),
    "read": ("claimcheck.cli.read", "Show what was read of a paper: sections, sentences, tables; as HTML box by box."),
    "results": ("claimcheck.cli.results", "List a paper's results: task, dataset, metric, score."),
    "check-report": ("claimcheck.cli.check_report", "Audit synthesis reports: their claims, ticks and sources."),
    "synthesize": ("claimcheck.cli.synthesize", "Answer a question from the literature, each claim checked."),
    "report": ("claimcheck.cli.report", "Publish ledgers, joined with reruns and registries."),
    "review": ("claimcheck.cli.review", "Judge the verdicts of a ledger in a browser on this machine."),
    "diff": ("claimcheck.cli.diff", "Show what changed between two ledgers."),
}
PLUGINS = "claimcheck.commands"
# what our own distribution adds by that group; of the others only the origin is known without importing them
OWN_PLUGINS = {"reproduce": "Rerun a paper's experiments: claimed beside reproduced."}
INTERRUPTED = 130

EPILOG = """\b
Examples:
  claimcheck table paper.pdf
  claimcheck table 2005.13013 --out out/ --format html,tex
  claimcheck check "BERT reaches 93.2 F1 on SQuAD" --against paper.pdf

\b
Exit codes: 0 done; 1 a gate failed; 2 usage; 3 the input is missing, unreadable or
not a paper; 4 a service is unreachable; 5 some of several papers failed; 130 interrupted.
"""


class LazyCommands(TyperGroup):
    """The subcommands by name, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*COMMANDS, *sorted(set(_plugins()) - set(COMMANDS))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS:
            app = importlib.import_module(COMMANDS[cmd_name][0]).app
        elif cmd_name in (plugins := _plugins()):
            app = _load(plugins[cmd_name])
        else:
            import difflib

            near = difflib.get_close_matches(cmd_name, self.list_commands(ctx), n=1)
            ctx.fail(f"there is no command '{cmd_name}'" + (f"; did you mean '{near[0]}'?" if near else ""))
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [(name, COMMANDS[name][1] if name in COMMANDS else _origin(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("interrupted; what was finished is kept, and the same call goes on from there")
            return INTERRUPTED
        except BrokenPipeError:  # the reader of our output has what it wanted
            return _close_stdout()


def _plugins() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=PLUGINS)}


def _origin(name: str) -> str:
    if name in OWN_PLUGINS:
        return OWN_PLUGINS[name]
    distribution = _plugins()[name].dist
    return f"From {distribution.name}." if distribution is not None else "From another package."


def _load(plugin: Any) -> Any:
    try:
        return plugin.load()
    except Exception as error:
        from claimcheck.foundation.errors import ClaimcheckError

        raise ClaimcheckError(
            f"the command '{plugin.name}' cannot be loaded ({type(error).__name__}: {error})",
            where=plugin.dist.name if plugin.dist is not None else plugin.value,
            todo="install that package anew, or remove it",
        ) from error


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"claimcheck {claimcheck.__version__}")
        raise typer.Exit


def _no_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Which claims of a paper hold, and the table cell or sentence that proves it."""


def build() -> Any:
    """The command line as typer's command object."""
    app = typer.Typer(cls=LazyCommands, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    app.callback(epilog=EPILOG)(_no_command)
    return typer.main.get_command(app)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line with `arguments` (those of the process by default); the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character is no reason to stop
    try:
        code = build().main(args=arguments, prog_name="claimcheck", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        return _close_stdout()
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except Exception as error:
        return _explain(error)


def _explain(error: Exception) -> int:
    """One line on stderr for any error, and the exit code that belongs to it."""
    from claimcheck.foundation.errors import ClaimcheckError

    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # type: ignore[attr-defined]
        return 2
    if hasattr(error, "format_message"):  # typer's own: the call is wrong
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "claimcheck"
        say(f"{error.format_message().rstrip('.')}; see {path} --help")
        return int(getattr(error, "exit_code", 2))
    if isinstance(error, ClaimcheckError):
        if os.environ.get("CLAIMCHECK_DEBUG"):
            import traceback

            traceback.print_exception(error)
        say(str(error))
        return error.exit_code
    from claimcheck.foundation.process import unforeseen

    say(str(unforeseen(error)))
    return ClaimcheckError.exit_code


def _close_stdout() -> int:
    # the interpreter flushes stdout when it ends, which must not fail again
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0
