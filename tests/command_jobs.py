"""Plans made of small programs, for tests of the engine: real worker processes, no torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reproduce.engine import run as engine
from reproduce.engine.events import Event, Summary
from reproduce.specs import Command, CommandJob, job_key

# what every program begins with: `out` is its folder, `write` makes its predictions
PRELUDE = """
import json, os, pathlib, signal, sys, time
out, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
jobs = out.parent.parent
def write(*answers, **more):
    rows = [{"id": str(i), "language": "en", "label": "a", "prediction": a, **more} for i, a in enumerate(answers)]
    (out / "predictions.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))
def first_time(name="once"):
    try:
        (out / name).touch(exist_ok=False)
        return True
    except FileExistsError:
        return False
"""
GOOD = "write('a', 'b', str(seed))"
COUNT = "(jobs / 'runs').open('a').write(str(seed))\n"  # leaves a trace of having run


@dataclass(frozen=True)
class Cost:
    """What the engine asks of a cost."""

    disk_bytes: int | None = 0
    running_bytes: int | None = 0
    seconds: float | None = None


@dataclass(frozen=True)
class Planned:
    """What the engine asks of a planned job."""

    key: str
    job: Any
    inputs: tuple[str, ...] = ()
    label: str = ""
    cost: Cost = field(default_factory=Cost)


def planned(job: CommandJob, label: str = "", cost: Cost | None = None) -> Planned:
    """A command job in a plan."""
    return Planned(job_key(job), job, job.inputs, label or job_key(job), cost or Cost())


def program(
    code: str = GOOD,
    *,
    inputs: Sequence[Planned] = (),
    seed: int = 0,
    label: str = "",
    languages: tuple[str, ...] = ("en",),
    cost: Cost | None = None,
) -> Planned:
    """A job that runs Python code after the prelude."""
    argv = (sys.executable, "-I", "-S", "-c", PRELUDE + code, "{out}", "{seed}")
    job = CommandJob(
        command=Command(argv=argv),
        task="world-nli",
        metric="accuracy",
        languages=languages,
        inputs=tuple(p.key for p in inputs),
        seed=seed,
    )
    return planned(job, label, cost)


@dataclass
class Ran:
    """What a run gave, and all that it told."""

    summary: Summary
    events: list[Event]

    def kinds(self, key: str = "") -> list[str]:
        """The kinds of events of a job, without the frequent ones."""
        frequent = ("phase", "progress", "overall")
        return [e.kind for e in self.events if e.key == key and e.kind not in frequent]

    def message(self, kind: str) -> str:
        """Of the first event of that kind."""
        return next(e.message for e in self.events if e.kind == kind)


def carry_out(jobs: Sequence[Planned], folder: Path, **options: Any) -> Ran:
    """Run a plan of programs."""
    events: list[Event] = []
    options = {"allow_command": True, "device": "cpu", "on_event": events.append} | options
    return Ran(engine.run(jobs, folder, **options), events)


def job_folder(folder: Path, job: Planned) -> Path:
    """Where a job lies in a run folder."""
    return folder / "jobs" / job.key


_FAKE = """
import sys, types
torch = types.ModuleType("torch"); torch.set_num_threads = lambda n: None
sys.modules["torch"] = torch
class OutOfMemoryError(RuntimeError): pass
"""


def runner(body: str, kind: str = "pretrain") -> str:
    """Code for sitecustomize.py that puts a function of our own, without torch, in place of a job's runner."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return (
        f"{_FAKE}\ndef run(job, context):\n    from reproduce.runner import Outcome, Preempted\n{lines}\n"
        f"module = types.ModuleType('reproduce.training.{kind}'); module.run_{kind} = run\n"
        f"sys.modules['reproduce.training.{kind}'] = module\n"
    )
