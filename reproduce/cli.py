"""`claimcheck reproduce`: plan the runs that decide a paper's claims, run them, look at them, judge the claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Rerun the experiments behind a paper's claims, and put the reproduced number beside the claimed one.",
    epilog="""\b
Examples:
  claimcheck reproduce plan 2005.13013 --claims multi-task --scale paper
  claimcheck reproduce run 2005.13013 --scale smoke --out runs/
  claimcheck reproduce results runs/

\b
Scales: paper is the paper's own recipe; smoke is a synthetic world that proves the
machinery in minutes on a CPU. At smoke no claim of a paper is judged.
""",
)

ScaleName = Literal["paper", "lab", "smoke"]

Paper = Annotated[
    str,
    typer.Argument(
        metavar="PAPER",
        help="A paper with a registry (2005.13013, 1811.01088, smoke), or a registry file of your own.",
        show_default=False,
    ),
]
Claims = Annotated[
    list[str] | None,
    typer.Option(
        "--claims",
        metavar="ID,...",
        help="Claims to decide: ids or aliases of the registry, or ids of a ledger; all by default. Repeatable.",
        show_default=False,
    ),
]
Scale = Annotated[ScaleName, typer.Option("--scale", help="How large the runs are.")]
Seeds = Annotated[
    int | None,
    typer.Option("--seeds", metavar="N", min=1, help="Seeds of every training; the scale's own by default."),
]
RunsFolder = Annotated[
    Path, typer.Argument(metavar="RUNS", help="The folder given to `run` as --out.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of a table.")]


@app.command(
    epilog="""\b
Examples:
  claimcheck reproduce plan 2005.13013 --scale paper --price 3.50
  claimcheck reproduce plan 2005.13013 --claims multi-task,squad --scale paper --seeds 5
"""
)
def plan(
    paper: Paper,
    claims: Claims = None,
    scale: Scale = "smoke",
    seeds: Seeds = None,
    hardware: Annotated[
        str | None, typer.Option("--hardware", metavar="NAME", help="What the time is estimated for.")
    ] = None,
    price: Annotated[
        float | None, typer.Option("--price", metavar="P", min=0, help="Price of an hour of it, for the cost.")
    ] = None,
    slots: Annotated[
        int, typer.Option("--slots", metavar="N", min=0, help="Jobs at the same time; 0: one a GPU, else one a core.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Show what would be run and what it would cost.

    Jobs, what they share, time, disk and money; nothing is run.
    """
    import json

    from claimcheck.foundation.console import write_bytes
    from reproduce import display
    from reproduce.machine import usable_cores
    from reproduce.planning.plan import make_plan
    from reproduce.registry import load_registry

    made = make_plan(
        load_registry(paper), scale, claims=_split(claims), seeds=seeds, hourly_price=price, hardware=hardware
    )
    if as_json:
        write_bytes(json.dumps(made.to_json(), ensure_ascii=False).encode() + b"\n")
    else:
        display.show_plan(made, slots or (usable_cores() if made.hardware.startswith("cpu") else 1))


@app.command(
    epilog="""\b
Examples:
  claimcheck reproduce run 2005.13013 --scale smoke --out runs/
  claimcheck reproduce run my-registry.toml --scale paper --out runs/ --allow-command

\b
The same call again goes on where it stopped; finished jobs are kept.
"""
)
def run(
    paper: Paper,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Run folder; made where absent.")],
    claims: Claims = None,
    scale: Scale = "smoke",
    seeds: Seeds = None,
    slots: Annotated[
        int, typer.Option("--slots", metavar="N", min=0, help="Jobs at the same time; 0: one a GPU, else one a core.")
    ] = 0,
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, help="CPU threads of each job.")] = 1,
    device: Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda or cuda:N.")] = "auto",
    checkpoint_seconds: Annotated[
        float, typer.Option("--checkpoint-seconds", metavar="T", min=0.1, help="Training time between checkpoints.")
    ] = 60.0,
    allow_command: Annotated[
        bool, typer.Option("--allow-command", help="Run the programs that your registry file names; prints them first.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try jobs again that failed for good before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run what decides the claims, then judge them. Progress goes to stderr."""
    from reproduce.engine import run as engine
    from reproduce.engine.preflight import default_slots
    from reproduce.engine.request import runnable, write_request
    from reproduce.progress import RunDisplay

    slots = slots or default_slots(device)  # in the request too: `status` divides what is left among them
    options = {"slots": slots, "threads": threads, "device": device, "checkpoint_seconds": checkpoint_seconds}
    wanted = _split(claims)
    made = runnable(paper, scale, claims=wanted, seeds=seeds)

    def record_request() -> None:
        write_request(out, paper, scale, claims=wanted, seeds=seeds, options=options, lock=False)

    with RunDisplay(len(made.jobs)) as display:
        summary = engine.run(
            made.jobs,
            out,
            slots=slots,
            threads=threads,
            device=device,
            before=record_request,
            on_event=display,
            allow_command=allow_command,
            retry_failed=retry_failed,
            checkpoint_seconds=checkpoint_seconds,
        )
    _show_results(out, as_json)
    if not summary.complete:
        from claimcheck.foundation.errors import PartialFailureError

        raise PartialFailureError(
            f"{summary.failed} jobs failed and {summary.blocked} wait for them; the others are done",
            where=str(out),
            todo="`claimcheck reproduce status` says why",
        )


@app.command(epilog="\b\nExample:\n  claimcheck reproduce status runs/\n")
def status(runs: RunsFolder, as_json: AsJson = False) -> None:
    """Show how far the jobs are, what failed and why.

    Also while a run is at work.
    """
    import json

    from claimcheck.foundation.console import write_bytes
    from reproduce import display
    from reproduce.engine.status import status as look

    found = look(runs)
    if as_json:
        write_bytes(json.dumps(found.to_json(), ensure_ascii=False).encode() + b"\n")
    else:
        display.show_status(found)


@app.command(
    epilog="""\b
Examples:
  claimcheck reproduce results runs/
  claimcheck reproduce results runs/ --json | jq .verdict
"""
)
def results(runs: RunsFolder, as_json: AsJson = False) -> None:
    """Judge the claims from what the runs predicted.

    Claimed beside reproduced, with the verdict.
    """
    _show_results(runs, as_json)


def _show_results(runs: Path, as_json: bool) -> None:
    from claimcheck.foundation.console import write_json_line
    from reproduce import display
    from reproduce.verdicts.results import reproductions

    found = reproductions(runs)
    if as_json:
        for reproduction in found:
            write_json_line(reproduction)
    else:
        display.show_results(found)


def _split(names: list[str] | None) -> list[str] | None:
    """Names of a repeatable option that also takes commas."""
    found = [name.strip() for entry in names or () for name in entry.split(",")]
    return [name for name in found if name] or None
