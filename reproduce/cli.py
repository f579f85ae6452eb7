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
  claimcheck reproduce run 2005.13013 --scale lab --data data/ --budget 2h --out runs/
  claimcheck reproduce results runs/
  claimcheck reproduce pretrain --data text/ --budget 1h --out encoder/

\b
Scales: paper is the paper's own recipe, on the hub's data or your files; lab is a small
encoder on real data in files, which says whether an effect shows and never what its
number is; smoke is a synthetic world that proves the machinery in minutes on a CPU. At
smoke no claim of a paper is judged.
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
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Data files in place of the hub's, laid out as XTREME's download; plain text in DIR/text/xx.txt.",
        show_default=False,
    ),
]
EncoderOption = Annotated[
    Path | None,
    typer.Option(
        "--encoder",
        metavar="DIR",
        help="An encoder of your own in place of the scale's: config.json, model.safetensors, tokenizer.json.",
        show_default=False,
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="TIME",
        help="Cap steps and items so that the estimated time is at most this: 90s, 30m, 2h. Each cap is a deviation.",
        show_default=False,
    ),
]
Sweep = Annotated[
    bool,
    typer.Option("--sweep", help="Retrieval also scores every layer and pooling, into sweep.json; no verdict uses it."),
]
Hardware = Annotated[
    str | None,
    typer.Option(
        "--hardware",
        metavar="NAME",
        help="What the time is estimated for; or a file of `bench --out`.",
        show_default=False,
    ),
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
  claimcheck reproduce plan 2005.13013 --claims squad --scale lab --data data/ --budget 2h
"""
)
def plan(
    paper: Paper,
    claims: Claims = None,
    scale: Scale = "smoke",
    seeds: Seeds = None,
    data: DataFolder = None,
    encoder: EncoderOption = None,
    budget: Budget = None,
    sweep: Sweep = False,
    hardware: Hardware = None,
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
    from reproduce.engine.request import with_budget
    from reproduce.machine import usable_cores
    from reproduce.planning.costs import default_hardware
    from reproduce.planning.given import given as taken
    from reproduce.planning.needs import lacking
    from reproduce.planning.plan import make_plan
    from reproduce.registry import load_registry

    machine = hardware or (_this_machine("auto") if scale == "lab" else default_hardware(scale))
    slots = slots or (usable_cores() if machine.startswith("cpu") else 1)
    registry, wanted = load_registry(paper), _split(claims)
    given = with_budget(
        registry,
        scale,
        budget,
        claims=wanted,
        seeds=seeds,
        given=taken(data, encoder, sweep=sweep),
        slots=slots,
        hardware=machine,
    )
    made = make_plan(registry, scale, claims=wanted, seeds=seeds, hourly_price=price, hardware=machine, given=given)
    missing = list(lacking(made.needs, data)) if data is not None else []
    if as_json:
        content = made.to_json() | {"missing": [f"{need.name}, {code}: {why}" for need, code, why in missing]}
        write_bytes(json.dumps(content, ensure_ascii=False).encode() + b"\n")
    else:
        display.show_plan(made, slots, missing)


@app.command(
    epilog="""\b
Examples:
  claimcheck reproduce run 2005.13013 --scale smoke --out runs/
  claimcheck reproduce run 2005.13013 --scale paper --claims xlmr-retrieval-dev --data data/ --out runs/
  claimcheck reproduce run 2005.13013 --scale lab --claims squad --data data/ --encoder encoder/ --budget 1h --out runs/
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
    data: DataFolder = None,
    encoder: EncoderOption = None,
    budget: Budget = None,
    sweep: Sweep = False,
    hardware: Hardware = None,
    slots: Annotated[
        int, typer.Option("--slots", metavar="N", min=0, help="Jobs at the same time; 0: one a GPU, else one a core.")
    ] = 0,
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, help="CPU threads of each job.")] = 1,
    device: Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda or cuda:N.")] = "auto",
    compiled: Annotated[
        Literal["auto", "on", "off"],
        typer.Option("--compile", help="Compile layers, record steps on a GPU: where it pays, always, never."),
    ] = "auto",
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
    from reproduce import display as tables
    from reproduce.engine import run as engine
    from reproduce.engine.preflight import default_slots
    from reproduce.engine.request import runnable, with_budget, write_request
    from reproduce.planning.given import given as taken
    from reproduce.planning.needs import lacking
    from reproduce.progress import RunDisplay
    from reproduce.registry import load_registry

    slots = slots or default_slots(device)  # in the request too: `status` divides what is left among them
    machine = hardware or _this_machine(device)
    options = {"slots": slots, "threads": threads, "device": device, "checkpoint_seconds": checkpoint_seconds}
    options |= {"data": _absolute(data), "encoder": _absolute(encoder), "budget": budget, "hardware": machine}
    wanted = _split(claims)
    given = with_budget(
        load_registry(paper),
        scale,
        budget,
        claims=wanted,
        seeds=seeds,
        given=taken(data, encoder, sweep=sweep),
        slots=slots,
        hardware=machine,
        folder=out,
    )
    made = runnable(paper, scale, claims=wanted, seeds=seeds, given=given, hardware=machine)
    if data is not None:
        tables.warn_of_missing(lacking(made.needs, data))

    def record_request() -> None:
        write_request(out, paper, scale, claims=wanted, seeds=seeds, options=options, given=given, lock=False)

    with RunDisplay(len(made.jobs)) as display:
        summary = engine.run(
            made.jobs,
            out,
            slots=slots,
            threads=threads,
            device=device,
            compiled=compiled,
            before=record_request,
            on_event=display,
            allow_command=allow_command,
            retry_failed=retry_failed,
            checkpoint_seconds=checkpoint_seconds,
            data=data,
            encoder=encoder,
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
  claimcheck reproduce results runs/ --table
  claimcheck reproduce results runs/ --out report/
"""
)
def results(
    runs: RunsFolder,
    table: Annotated[
        bool, typer.Option("--table", help="The scores of each target and condition, and the averages, instead.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Also write a page, the Reproductions, scores by language, and every run's checksums.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the claims from what the runs predicted.

    Claimed beside reproduced, with the verdict.
    """
    _show_results(runs, as_json, table, out)


@app.command(
    epilog="""\b
Examples:
  claimcheck reproduce pretrain --data data/ --budget 1h --out encoder/
  claimcheck reproduce pretrain --data text/ --languages en,de,sw --layers 6 --hidden 384 --steps 20000 --out encoder/

\b
The model comes to OUT/model; give that folder to `run` as --encoder. Stopped at any
moment, the same call goes on.
"""
)
def pretrain(
    data: Annotated[
        Path,
        typer.Option("--data", metavar="DIR", help="Plain text: DIR/xx.txt or DIR/text/xx.txt, one sentence a line."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Run folder; made where absent.")],
    languages: Annotated[
        list[str] | None,
        typer.Option("--languages", metavar="XX,...", help="All that DIR has by default.", show_default=False),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", metavar="N", min=1, help="Optimizer steps; else --budget.", show_default=False),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option("--budget", metavar="TIME", help="Time of the whole: 30m, 2h; else --steps.", show_default=False),
    ] = None,
    vocabulary: Annotated[int, typer.Option("--vocabulary", metavar="N", min=300, help="Pieces of a word.")] = 16_000,
    layers: Annotated[int, typer.Option("--layers", metavar="N", min=1)] = 4,
    hidden: Annotated[int, typer.Option("--hidden", metavar="N", min=8, help="Size of a token's vector.")] = 256,
    heads: Annotated[
        int | None, typer.Option("--heads", metavar="N", min=1, help="One for each 64 of --hidden by default.")
    ] = None,
    feed_forward: Annotated[
        int | None, typer.Option("--feed-forward", metavar="N", min=8, help="4 times --hidden by default.")
    ] = None,
    positions: Annotated[
        int, typer.Option("--positions", metavar="N", min=8, help="Longest sequence, in tokens.")
    ] = 256,
    batch_size: Annotated[int, typer.Option("--batch-size", metavar="N", min=1, help="Sentences of a step.")] = 64,
    learning_rate: Annotated[float, typer.Option("--learning-rate", metavar="R", min=0)] = 1e-3,
    warmup: Annotated[float, typer.Option("--warmup", metavar="S", min=0, max=0.99, help="Share of the steps.")] = 0.05,
    weight_decay: Annotated[float, typer.Option("--weight-decay", metavar="R", min=0)] = 0.01,
    dropout: Annotated[float, typer.Option("--dropout", metavar="P", min=0, max=0.99)] = 0.0,
    precision: Annotated[
        Literal["fp32", "bf16"], typer.Option("--precision", help="bf16 is fp32 where the device lacks it.")
    ] = "bf16",
    temperature: Annotated[
        float,
        typer.Option("--temperature", metavar="T", min=0.01, help="Languages are drawn with p ~ sentences^(1/T)."),
    ] = 10 / 3,
    mask: Annotated[
        float, typer.Option("--mask", metavar="P", min=0.01, max=0.99, help="Share of tokens that are predicted.")
    ] = 0.15,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0)] = 0,
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, help="CPU threads.")] = 1,
    device: Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda or cuda:N.")] = "auto",
    compiled: Annotated[
        Literal["auto", "on", "off"],
        typer.Option("--compile", help="Compile layers, record steps on a GPU: where it pays, always, never."),
    ] = "auto",
    checkpoint_seconds: Annotated[
        float, typer.Option("--checkpoint-seconds", metavar="T", min=0.1, help="Training time between checkpoints.")
    ] = 60.0,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again after a failure for good.")] = False,
) -> None:
    """Pretrain a multilingual encoder and its tokenizer on plain text.

    A masked language model; prints the folder of the model. Progress goes to stderr.
    """
    from pydantic import ValidationError

    from claimcheck.foundation.console import write_bytes
    from claimcheck.foundation.errors import UsageError
    from reproduce.engine import pretraining
    from reproduce.planning.budget import parse_budget
    from reproduce.progress import RunDisplay
    from reproduce.specs import Size

    if (steps is None) == (budget is None):
        raise UsageError("how long to pretrain: by --steps or by --budget", todo="give one of the two")
    try:
        size = Size(
            layers=layers,
            hidden=hidden,
            heads=heads or max(1, hidden // 64),
            feed_forward=feed_forward or 4 * hidden,
            positions=positions,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"an encoder of that size: {first['msg'].removeprefix('Value error, ')}") from None
    with RunDisplay(1) as display:
        folder = pretraining.pretrain(
            data,
            out,
            languages=_split(languages),
            vocabulary=vocabulary,
            size=size,
            steps=steps,
            seconds=None if budget is None else parse_budget(budget),
            batch_size=batch_size,
            learning_rate=learning_rate,
            warmup=warmup,
            weight_decay=weight_decay,
            dropout=dropout,
            precision=precision,
            temperature=temperature,
            mask=mask,
            seed=seed,
            threads=threads,
            device=device,
            compiled=compiled,
            checkpoint_seconds=checkpoint_seconds,
            retry_failed=retry_failed,
            on_event=display,
        )
    write_bytes(f"{folder}\n".encode())


@app.command(
    epilog="""\b
Examples:
  claimcheck reproduce bench
  claimcheck reproduce bench --encoder xlm-r-large --device cuda --tokens 16384 --out bench.json
  claimcheck reproduce bench --variants trainer --rounds 5
  claimcheck reproduce bench --encoder xlm-r-large --device cuda --rates h200

\b
Weights are random and examples are made: the speed does not depend on either. The
Trainer needs the package accelerate.
"""
)
def bench(
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="NAME",
            help="xlm-r-large, xlm-r-base, small (4 layers), small-xlm-r or tiny; large on a GPU, else small.",
            show_default=False,
        ),
    ] = None,
    batch: Annotated[
        list[int] | None,
        typer.Option("--batch", metavar="N", min=1, help="Examples of a step; 32 by default. Repeatable."),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", metavar="N", min=1, help="Also a batch of about so many real tokens."),
    ] = None,
    variants: Annotated[
        list[str] | None,
        typer.Option(
            "--variants",
            metavar="NAME,...",
            help="packed-whole, packed-replicas, trainer, trainer-example, jiant.",
            show_default=False,
        ),
    ] = None,
    replicas: Annotated[
        int, typer.Option("--replicas", metavar="N", min=1, help="Seeds at once in the variant packed-replicas.")
    ] = 2,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", min=1, help="Turns of each variant.")] = 3,
    steps: Annotated[int, typer.Option("--steps", metavar="N", min=1, help="Timed steps of a turn.")] = 20,
    warm: Annotated[int, typer.Option("--warm", metavar="N", min=0, help="Steps before them.")] = 5,
    device: Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, help="CPU threads.")] = 1,
    precision: Annotated[
        Literal["fp32", "bf16"] | None,
        typer.Option("--precision", help="bf16 on a GPU, else fp32.", show_default=False),
    ] = None,
    rates: Annotated[
        str | None,
        typer.Option("--rates", metavar="NAME", help="Print the rates for `plan` under this name.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Also write everything as JSON.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure training speed beside Hugging Face's Trainer and jiant's settings.

    The same weights, examples and order in each; ratios only where the losses agree.
    """
    import json

    from claimcheck.foundation.console import say, write_bytes
    from claimcheck.foundation.store import write_atomic
    from reproduce.bench.display import Watch, show
    from reproduce.bench.rates import rates_of
    from reproduce.bench.run import Ask, run, tokens_batch
    from reproduce.bench.variants import VARIANTS
    from reproduce.machine import resolve_device

    where = resolve_device(device)
    gpu = where != "cpu"
    name = encoder or ("xlm-r-large" if gpu else "small")
    batches = list(batch or ([] if tokens else [32]))
    if tokens:
        batches.append(tokens_batch(name, tokens))
    ask = Ask(
        encoder=name,
        batches=tuple(dict.fromkeys(batches)),
        variants=tuple(_split(variants) or [one.name for one in VARIANTS]),
        rounds=rounds,
        steps=steps,
        warm=warm,
        device=where,
        threads=threads,
        precision=precision or ("bf16" if gpu else "fp32"),
        replicas=replicas,
    )
    with Watch() as watch:
        result = run(ask, watch)
    if out is not None:
        write_atomic(out, json.dumps(result, indent=1) + "\n")
        say(f"wrote {out}")
    if as_json:
        write_bytes(json.dumps(result).encode() + b"\n")
    else:
        show(result)
    if rates is not None:
        write_bytes(rates_of(result, rates).toml().encode())


def _show_results(runs: Path, as_json: bool, table: bool = False, out: Path | None = None) -> None:
    import json

    from claimcheck.foundation.console import say, write_bytes, write_json_line
    from reproduce import display
    from reproduce.verdicts.evidence import evidence
    from reproduce.verdicts.results import judged
    from reproduce.verdicts.tables import tables_of

    found = evidence(runs)  # opened once, whatever is made of it
    if out is not None:
        from reproduce.publication import publish

        for path in publish(found, runs, out):
            say(f"wrote {path}")
    if table and as_json:
        write_bytes(json.dumps(tables_of(found).to_json(), ensure_ascii=False).encode() + b"\n")
    elif table:
        display.show_tables(tables_of(found))
    elif as_json:
        for reproduction in judged(found).reproductions:
            write_json_line(reproduction)
    else:
        display.show_results(judged(found).reproductions)


def _this_machine(device: str) -> str:
    """The hardware whose rates an estimate for this machine takes."""
    from reproduce.machine import may_have_gpu

    return "h200" if device.startswith("cuda") or (device == "auto" and may_have_gpu()) else "cpu-core"


def _absolute(folder: Path | None) -> str | None:
    return None if folder is None else str(folder.absolute())


def _split(names: list[str] | None) -> list[str] | None:
    """Names of a repeatable option that also takes commas."""
    found = [name.strip() for entry in names or () for name in entry.split(",")]
    return [name for name in found if name] or None
