"""The table of scale lab in one command: pretrain an encoder, rerun the paper's claims on real tasks, write the report.

    python -m benchmarks.lab DATA [--out DIR] [--device cuda] [--report DIR] [--plan] [--tiny]

DATA is a folder of data files as XTREME's download lays them out, with plain text in DATA/text/xx.txt. Each step is a
call of `claimcheck` that can be made by hand as well; it is printed first, and the same command again goes on where it
stopped. --plan prints the calls and what they take, and runs nothing. --tiny takes an encoder of two layers, the fewest
steps that a training may be cut to and two claims: it proves on a CPU that the chain holds; its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from claimcheck.foundation.errors import ClaimcheckError
from reproduce.planning.budget import shown
from reproduce.planning.costs import estimate, rates
from reproduce.planning.given import Caps, EncoderFolder, Given
from reproduce.planning.plan import Plan, make_plan
from reproduce.planning.workload import Shape
from reproduce.registry import load_registry
from reproduce.specs import FilesData, Optimisation, PretrainJob, Size

PAPER = "2005.13013"


@dataclass(frozen=True)
class Lab:
    """An encoder, its pretraining, and what is asked of it. No claims: all that the scale can judge."""

    vocabulary: int = 48_000
    layers: int = 8
    hidden: int = 512
    heads: int = 8
    positions: int = 256
    batch: int = 256
    steps: int = 20_000
    learning_rate: float = 5e-4
    seeds: int = 3
    claims: tuple[str, ...] = ()
    tiny: bool = False  # every training and evaluation cut to the least

    @property
    def size(self) -> Size:
        """As a pretraining is told it."""
        sizes = {"layers": self.layers, "hidden": self.hidden, "heads": self.heads, "positions": self.positions}
        return Size(**sizes, feed_forward=4 * self.hidden)

    @property
    def shape(self) -> Shape:
        """Its sizes, which decide what it costs."""
        return Shape(self.layers, self.hidden, 4 * self.hidden, self.vocabulary, self.positions)


WHOLE = Lab()
# 40 languages have 5,800 characters, which the vocabulary has to hold
TINY = Lab(8_000, 2, 32, 2, 256, 16, 4, 1e-3, 1, ("retrieval-gains-squad", "tatoeba-de"), True)


def languages() -> tuple[str, ...]:
    """Those of the scale's own pretraining."""
    pretraining = load_registry(PAPER).scales["lab"].pretraining
    assert pretraining is not None
    return tuple(pretraining.languages)


def calls(lab: Lab, data: Path, out: Path, report: Path, device: str) -> list[list[str]]:
    """What `claimcheck` is called with, in order."""
    encoder, runs = out / "encoder", out / "runs"
    pretrain = ["reproduce", "pretrain", "--data", str(data), "--languages", ",".join(languages())]
    pretrain += ["--vocabulary", str(lab.vocabulary), "--layers", str(lab.layers), "--hidden", str(lab.hidden)]
    pretrain += ["--heads", str(lab.heads), "--positions", str(lab.positions), "--batch-size", str(lab.batch)]
    pretrain += ["--steps", str(lab.steps), "--learning-rate", f"{lab.learning_rate:g}", "--device", device]
    run = ["reproduce", "run", PAPER, "--scale", "lab", "--data", str(data), "--encoder", str(encoder / "model")]
    run += ["--seeds", str(lab.seeds), "--sweep", "--device", device]
    run += ["--claims", ",".join(lab.claims)] if lab.claims else []
    run += (
        ["--budget", least_budget(lab, "cpu-core" if device == "cpu" else "h200"), "--slots", "1"] if lab.tiny else []
    )
    return [
        [*pretrain, "--out", str(encoder)],
        [*run, "--out", str(runs)],
        ["reproduce", "results", str(runs), "--table"],
        ["reproduce", "results", str(runs), "--out", str(report)],
    ]


def plan_of(lab: Lab, hardware: str, caps: Caps | None = None) -> Plan:
    """The plan of the runs; the encoder's folder is not there yet, and for a cost its sizes are enough."""
    encoder = EncoderFolder(sha256="0" * 64, size=lab.size, vocabulary=lab.vocabulary)
    return make_plan(
        load_registry(PAPER),
        "lab",
        claims=lab.claims or None,
        seeds=lab.seeds,
        hardware=hardware,
        given=Given(files=True, encoder=encoder, sweep=True, caps=caps),
    )


def hours(lab: Lab, hardware: str) -> dict[str, float]:
    """Of the pretraining and of the whole runs, one job at a time, by the rates of that machine. Raises UsageError."""
    optimisation = Optimisation(
        learning_rate=lab.learning_rate, batch_size=lab.batch, max_steps=lab.steps, precision="bf16"
    )
    job = PretrainJob(
        data=FilesData(),
        languages=languages(),
        size=lab.size,
        vocabulary=lab.vocabulary,
        optimisation=optimisation,
        seed=0,
    )
    pretraining = estimate(job, lab.shape, rates(hardware)).seconds
    return {
        "pretraining": (pretraining or 0.0) / 3600,
        "runs": (plan_of(lab, hardware).total.seconds or 0.0) / 3600,
    }


def least_budget(lab: Lab, hardware: str) -> str:
    """A little more than what the runs take with 50 steps a training and 50 items a language, as --budget takes it."""
    caps = Caps(seconds=1, pretraining=50, intermediate=50, target=50, items=50)
    return shown(1.2 * plan_of(lab, hardware, caps).wall_seconds(1))


def main() -> None:
    """Print or make the calls, one after the other; the first that fails ends it with its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="data files, with plain text in DATA/text")
    parser.add_argument("--out", type=Path, default=Path("lab"), help="encoder and runs")
    parser.add_argument("--report", type=Path, default=Path("reports/2005.13013-lab"), help="what is published")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu")
    parser.add_argument("--hardware", default="h200", help="for the estimate: a name, or a file of `reproduce bench`")
    parser.add_argument("--plan", action="store_true", help="print the calls and the estimate alone")
    parser.add_argument("--tiny", action="store_true", help="a few steps of a tiny encoder")
    arguments = parser.parse_args()
    lab = TINY if arguments.tiny else WHOLE
    try:
        taken = hours(lab, arguments.hardware)
        basis = rates(arguments.hardware).basis
    except ClaimcheckError as error:
        raise SystemExit(f"benchmark: {error}") from None
    print(
        f"an encoder of {lab.shape.parameters / 1e6:.0f} M parameters; pretraining {taken['pretraining']:.2f} h, runs "
        f"{taken['runs']:.1f} h one at a time on {arguments.hardware} ({basis})"
    )
    for call in calls(lab, arguments.data, arguments.out, arguments.report, arguments.device):
        print(f"$ claimcheck {shlex.join(call)}", flush=True)
        if not arguments.plan:
            code = subprocess.run([sys.executable, "-m", "claimcheck", *call], check=False).returncode
            if code:
                raise SystemExit(code)


if __name__ == "__main__":
    main()
