"""Whether runs survive SIGKILL: runs are killed again and again, at random times, and must end with the same numbers.

    python -m benchmarks.kill_smoke [--plan smoke|micro|tiny|commands] [--kills 50] [--each 5] [--out FILE]

One run is left undisturbed: the reference. Then runs of the same plan, each in a folder of its own, are killed until
there were `--kills` kills; after each the same command is given again, and every job of every run must have the
predictions and the weights of the reference, bit for bit.

Victims in turn: the engine with its whole process group; one worker; the engine alone. When: after a delay drawn from
an exponential distribution, which makes the kills uniform in time (a Poisson process). For what a run spends little
time on (writing a checkpoint, a transaction of the job store) that would take thousands of kills, so while one of the
four kinds of work has been hit fewer than `--each` times, every other kill is aimed: after its delay it waits until a
marker shows that work. The log says which were aimed.

What was hit is read after the death from what the dead left: a byte that the engine sets to 1 while a transaction is
open (this program wraps JobStore.transaction for that; the product has no such hook), and the phase in each worker's
progress.json, where it is that of the dead process. A kill that hits several things counts once, as the rarest.
"""

from __future__ import annotations

import argparse
import mmap
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]

from benchmarks.common import RESULTS, ROOT, print_table, write_result
from reproduce.engine.events import Planned
from reproduce.runrecord import Finished, inspect, read_progress

KINDS = ("store", "checkpoint", "evaluate", "train")  # the rarest first
VICTIMS = ("group", "worker", "engine")
LONGEST = 1800.0  # seconds without a kill or an end after which something hangs
OPEN, CLOSED = b"1", b"0"


# --- the plans ---


def plan_of(name: str) -> list[Planned]:
    """The jobs of a plan: smoke (the registry's), micro and tiny (6 and 3 short jobs), commands (no torch)."""
    if name == "smoke":
        from reproduce.planning.plan import make_plan
        from reproduce.registry.load import load_registry

        return list(make_plan(load_registry("smoke"), "smoke", claims=None, seeds=None).jobs)
    return _commands() if name == "commands" else _micro()[: 3 if name == "tiny" else None]


@dataclass(frozen=True)
class _Cost:
    disk_bytes: int | None = None
    running_bytes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class _Job:
    key: str
    job: Any
    inputs: tuple[str, ...]
    label: str
    cost: _Cost = field(default_factory=_Cost)


def _job(job: Any, label: str) -> _Job:
    from reproduce.runrecord import inputs_of
    from reproduce.specs import job_key

    return _Job(job_key(job), job, inputs_of(job), label)


def _micro() -> list[Planned]:
    from reproduce.specs import (
        EvaluateJob,
        Optimisation,
        Part,
        PretrainJob,
        Probe,
        Selection,
        Size,
        TrainedEncoder,
        TrainJob,
        WorldData,
    )

    world = WorldData()
    size = Size(layers=1, hidden=16, heads=2, feed_forward=32, positions=64)
    optimisation = Optimisation(learning_rate=1e-3, batch_size=8, max_steps=60)
    pretrain = _job(
        PretrainJob(data=world, languages=("en", "xa"), size=size, optimisation=optimisation, seed=0), "pretrain"
    )

    def train(encoder: str, task: str, label: str) -> _Job:
        job = TrainJob(
            encoder=TrainedEncoder(key=encoder),
            parts=(Part(task=task, data=world, examples=200),),
            optimisation=optimisation,
            selection=Selection(every=20, items=40),
            max_length=64,
            seed=1,
        )
        return _job(job, label)

    def evaluate(model: str, task: str, label: str, probe: Probe | None = None) -> _Job:
        job = EvaluateJob(
            model=TrainedEncoder(key=model),
            task=task,
            data=world,
            languages=("xa", "xb"),
            items=100,
            max_length=64,
            probe=probe,
        )
        return _job(job, label)

    nli = train(pretrain.key, "world-nli", "intermediate")
    tags = train(nli.key, "world-tags", "target")
    return [
        pretrain,
        nli,
        evaluate(nli.key, "world-nli", "evaluate nli"),
        tags,
        evaluate(tags.key, "world-tags", "evaluate tags"),
        evaluate(nli.key, "world-retrieval", "evaluate retrieval", Probe(layer=1)),
    ]


_PROGRAM = """
import fcntl, hashlib, json, pathlib, sys, time
out, seed, inputs = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
lock = open(out / "lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where another one is at it
parts = [(out.parent.parent / key / "predictions.jsonl").read_text() for key in inputs]
state = out / "state.json"
step, value = json.loads(state.read_text()) if state.exists() else (0, seed)
while step < 20:
    value = int(hashlib.sha256(json.dumps([value, parts]).encode()).hexdigest()[:8], 16)
    step += 1
    new = out / "state.tmp"
    new.write_text(json.dumps([step, value]))
    new.replace(state)
    time.sleep(0.02)
rows = [{"id": str(i), "language": "en", "label": i % 2, "prediction": value >> i & 1} for i in range(32)]
(out / "predictions.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))
"""


def _commands() -> list[Planned]:
    from reproduce.specs import Command, CommandJob

    def job(seed: int, *inputs: _Job) -> _Job:
        keys = tuple(i.key for i in inputs)
        argv = (sys.executable, "-I", "-S", "-c", _PROGRAM, "{out}", "{seed}", *keys)
        command = CommandJob(command=Command(argv=argv), task="t", metric="accuracy", inputs=keys, seed=seed)
        return _job(command, f"program {seed}")

    first, second = job(1), job(2)
    third, fourth, fifth = job(3, first), job(4, first, second), job(5, second)
    return [first, second, third, fourth, fifth, job(6, third, fourth), job(7, fifth)]


# --- the process that is killed ---


def child(options: argparse.Namespace) -> int:
    """Carry out the plan in this process, with a marker around every transaction of the job store."""
    from reproduce.engine import run as engine
    from reproduce.engine.jobs import JobStore

    descriptor = os.open(options.marker, os.O_RDWR)
    transaction = JobStore.transaction

    @contextmanager
    def marked(store: JobStore) -> Iterator[Any]:
        os.pwrite(descriptor, OPEN, 0)
        try:
            with transaction(store) as db:
                yield db
        finally:
            os.pwrite(descriptor, CLOSED, 0)

    JobStore.transaction = marked  # type: ignore[method-assign, assignment]
    summary = engine.run(
        plan_of(options.plan),
        options.child,
        slots=options.slots,
        device="cpu",
        allow_command=True,
        retry_failed=False,
        checkpoint_seconds=options.checkpoint_seconds,
        progress_seconds=0.2,
    )
    for failure in summary.failures:
        print(f"{failure.label}: {failure.message}", file=sys.stderr)
    return 0 if summary.complete else 1


# --- the killer ---


@dataclass(frozen=True)
class Kill:
    """One SIGKILL."""

    number: int
    run: int
    seconds: float  # since the run began, the time of its earlier lives counted
    victim: str
    aimed: str  # the work that it waited for; "" where only the time decided
    during: tuple[str, ...]  # what the dead were at: job kind and phase, or the store
    counted_as: str


@dataclass
class Report:
    """All that was seen. `differing`: jobs of killed runs, with what is not as in the reference."""

    reference: dict[str, tuple[str | None, str | None]]
    reference_seconds: float
    kills: list[Kill] = field(default_factory=list)
    runs: int = 0
    compared: int = 0
    differing: list[str] = field(default_factory=list)
    starts: int = 0

    def hits(self) -> Counter[str]:
        """Kills by what they are counted as."""
        return Counter(kill.counted_as for kill in self.kills)


class Killer:
    """Runs a plan in processes of its own, and kills them."""

    def __init__(
        self,
        plan: str,
        folder: Path,
        *,
        kills: int,
        each: int = 0,
        seed: int = 0,
        slots: int = 2,
        interval: float | None = None,
        checkpoint_seconds: float = 1.0,
        say: Callable[[str], None] = print,
    ) -> None:
        self._plan, self._folder, self._wanted, self._each, self._slots = plan, folder, kills, each, slots
        self._checkpoint_seconds, self._interval, self._say = checkpoint_seconds, interval, say
        self._rng = random.Random(seed)
        self._jobs = plan_of(plan)
        self._kinds = {planned.key: str(planned.job.kind) for planned in self._jobs}
        # programs of a user have no phases
        self.aims = KINDS if set(self._kinds.values()) != {"command"} else ("store",)
        self._marker = folder / "marker"
        self._marker.write_bytes(CLOSED)
        with self._marker.open("r+b") as file:
            self._store = mmap.mmap(file.fileno(), 1)

    def measure(self) -> Report:
        """The reference, then killed runs until there were enough kills, the last one to its end."""
        begun = time.monotonic()
        self._to_the_end(self._start(self._folder / "reference"))
        report = Report(self._results(self._folder / "reference"), time.monotonic() - begun, starts=1)
        self._say(f"undisturbed: {len(self._jobs)} jobs in {report.reference_seconds:.1f} s")
        # about eight kills a run: each life is long enough to come further than the one before
        interval = self._interval or max(4.0, report.reference_seconds / 8)
        while len(report.kills) < self._wanted:
            report.runs += 1
            if report.runs > self._wanted + 10:  # none of them was hit
                raise SystemExit("kill_smoke: the runs end before they can be killed: give a shorter --interval")
            folder = self._folder / f"killed-{report.runs}"
            self._killed_run(folder, interval, report)
            for key, found in self._results(folder).items():
                report.compared += 1
                if found != report.reference[key]:
                    report.differing.append(f"{folder.name} {self._kinds[key]} {key}")
        return report

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        self._store[0:1] = CLOSED
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.kill_smoke"),
                *("--child", str(folder), "--plan", self._plan, "--slots", str(self._slots)),
                *("--marker", str(self._marker), "--checkpoint-seconds", str(self._checkpoint_seconds)),
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # so that its group can be killed as a whole
        )

    def _to_the_end(self, engine: subprocess.Popen[bytes]) -> None:
        code = engine.wait(LONGEST)
        if code != 0:
            raise SystemExit(f"kill_smoke: a run did not end well (exit {code}); its folder: {self._folder}")

    def _killed_run(self, folder: Path, interval: float, report: Report) -> None:
        spared: Counter[str] = Counter()  # kills of a job's workers: the third crash would be its end
        lived, born = 0.0, time.monotonic()
        engine = self._start(folder)
        report.starts += 1
        while True:
            enough = len(report.kills) >= self._wanted
            aim = "" if enough else self._aim(report)
            struck_at = time.monotonic() + self._rng.expovariate(1 / interval)
            workers = None if enough else self._await(engine, folder, struck_at, aim)
            if workers is None:
                self._to_the_end(engine)
                return
            victim = VICTIMS[len(report.kills) % len(VICTIMS)]
            if victim == ("worker" if aim == "store" else "engine" if aim else ""):
                victim = "group"  # that one is never at such work
            if victim == "worker":
                wanted = {pid: key for pid, key in workers.items() if spared[key] < 2}
                if aim:
                    wanted = {pid: key for pid, key in wanted.items() if self._phase(folder, pid, key) == aim}
                victim, workers = ("worker", dict([next(iter(wanted.items()))])) if wanted else ("group", workers)
            if victim == "group":
                os.killpg(engine.pid, signal.SIGKILL)
            elif victim == "engine":
                engine.kill()
            else:
                for pid, key in workers.items():
                    os.kill(pid, signal.SIGKILL)
                    spared[key] += 1
            during = self._post_mortem(folder, workers if victim != "engine" else {}, victim != "worker", engine)
            kill = Kill(
                number=len(report.kills) + 1,
                run=report.runs,
                seconds=round(lived + time.monotonic() - born, 2),
                victim=victim,
                aimed=aim,
                during=during,
                counted_as=self._count(during, aim),
            )
            report.kills.append(kill)
            self._say(
                f"{kill.number:>3}  run {kill.run}  {kill.seconds:>7.2f} s  {victim:<6}  {kill.counted_as:<10}"
                f"  {'aimed' if aim else 'timed'}  {', '.join(during)}"
            )
            if victim != "worker":
                lived, born = lived + time.monotonic() - born, time.monotonic()
                engine = self._start(folder)
                report.starts += 1

    def _aim(self, report: Report) -> str:
        """What the next kill waits for: every other one for what was hit least, while that is too seldom."""
        hits = report.hits()
        lacking = [kind for kind in self.aims if hits[kind] < self._each]
        left = self._wanted - len(report.kills)
        short = sum(self._each - hits[kind] for kind in lacking)
        if not lacking or (len(report.kills) % 2 == 0 and short < left):
            return ""
        return min(lacking, key=lambda kind: hits[kind])

    def _await(
        self, engine: subprocess.Popen[bytes], folder: Path, struck_at: float, aim: str
    ) -> dict[int, str] | None:
        """Wait for the time, then for the work that is aimed at; the workers then, None where the run ends before."""
        while time.monotonic() < struck_at:
            if engine.poll() is not None:
                return None
            time.sleep(min(0.01, max(0.0, struck_at - time.monotonic())))
        give_up, looked = time.monotonic() + LONGEST, time.monotonic()
        workers = self._workers(engine)
        while aim:
            # looking for workers takes longer than a transaction: no time for that between seeing and killing
            if aim == "store" and self._store[0:1] == OPEN:
                return workers
            if aim != "store" and any(self._phase(folder, pid, key) == aim for pid, key in workers.items()):
                return workers
            if time.monotonic() - looked > 0.05:
                looked, workers = time.monotonic(), self._workers(engine)
                if engine.poll() is not None:
                    return None
                if looked > give_up:
                    raise SystemExit(f"kill_smoke: {aim} was never seen")
        return workers if engine.poll() is None else None

    def _workers(self, engine: subprocess.Popen[bytes]) -> dict[int, str]:
        """The keys of the jobs at work, by the process id of their worker."""
        found = {}
        try:
            for process in psutil.Process(engine.pid).children():
                key = Path(process.cwd()).name
                if key in self._kinds:
                    found[process.pid] = key
        except psutil.Error:
            pass  # it ended just now
        return found

    def _phase(self, folder: Path, pid: int, key: str) -> str:
        """What that worker said last; "start" before its first word."""
        progress = read_progress(folder / "jobs" / key)
        return str(progress.get("phase", "start")) if progress.get("pid") == pid else "start"

    def _post_mortem(
        self, folder: Path, workers: dict[int, str], engine_died: bool, engine: subprocess.Popen[bytes]
    ) -> tuple[str, ...]:
        for pid in workers:
            end = time.monotonic() + 10
            while _runs(pid) and time.monotonic() < end:
                time.sleep(0.0005)
        during = [f"{self._kinds[key]}:{self._phase(folder, pid, key)}" for pid, key in workers.items()]
        if engine_died:
            engine.wait(10)
            during += ["store"] if self._store[0:1] == OPEN else []
            during = during or ["engine"]
        return tuple(during)

    def _count(self, during: Sequence[str], aim: str) -> str:
        hit = {entry.partition(":")[2] or entry for entry in during}
        if aim in hit:
            return aim
        return next((kind for kind in KINDS if kind in hit), next(iter(sorted(hit))))

    def _results(self, folder: Path) -> dict[str, tuple[str | None, str | None]]:
        """Of every job the sha256 of its predictions and of its model."""
        results = {}
        for key, kind in self._kinds.items():
            found = inspect(folder / "jobs" / key, key)
            if not isinstance(found, Finished):
                raise SystemExit(f"kill_smoke: {folder.name}, {kind} {key}: {found.why}")
            results[key] = (found.predictions_sha256, found.run.model_sha256)
        return results


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def summary_of(report: Report, each: int, aims: Sequence[str] = KINDS) -> dict[str, object]:
    """The figures: hits by kind of work, how many aimed, and whether the numbers are the same."""
    hits = report.hits()
    return {
        "kills": len(report.kills),
        "runs": report.runs,
        "starts": report.starts,
        "hits": {kind: hits[kind] for kind in KINDS} | {k: n for k, n in sorted(hits.items()) if k not in KINDS},
        "aimed": sum(bool(kill.aimed) for kill in report.kills),
        "victims": dict(Counter(kill.victim for kill in report.kills)),
        "jobs_compared": report.compared,
        "jobs_differing": len(report.differing),
        "each_kind_hit": all(hits[kind] >= each for kind in aims),
        "reference_seconds": round(report.reference_seconds, 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses the command line, kills, and prints what came of it; exit 1 where a number differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_smoke", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--plan", choices=("smoke", "micro", "tiny", "commands"), default="smoke")
    parser.add_argument("--kills", type=int, default=50, metavar="N")
    parser.add_argument("--each", type=int, default=5, metavar="N", help="least hits of each of the four kinds of work")
    parser.add_argument("--slots", type=int, default=2, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument(
        "--interval", type=float, metavar="S", help="mean seconds between kills; default: an eighth run"
    )
    parser.add_argument("--checkpoint-seconds", type=float, default=1.0, metavar="S")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where the runs go, and stay; default: a temporary one"
    )
    parser.add_argument("--out", type=Path, default=RESULTS / "kill_smoke.json", metavar="FILE")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--marker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child is not None:
        raise SystemExit(child(options))

    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="claimcheck-kills-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        killer = Killer(
            options.plan,
            folder,
            kills=options.kills,
            each=options.each,
            seed=options.seed,
            slots=options.slots,
            interval=options.interval,
            checkpoint_seconds=options.checkpoint_seconds,
        )
        report = killer.measure()
    summary = {
        "plan": options.plan,
        **summary_of(report, options.each, killer.aims),
        "wall_seconds": round(time.monotonic() - begun),
    }
    by_kind: dict[str, Counter[str]] = {}
    for kill in report.kills:
        by_kind.setdefault(kill.counted_as, Counter()).update([kill.victim, "aimed" if kill.aimed else "timed"])
    order = [*(k for k in KINDS if k in by_kind), *sorted(k for k in by_kind if k not in KINDS)]
    columns = (*VICTIMS, "timed", "aimed")
    print_table(
        ("killed during", "kills", *columns),
        [(k, by_kind[k]["timed"] + by_kind[k]["aimed"], *(by_kind[k][c] for c in columns)) for k in order],
    )
    print(
        f"{len(report.kills)} kills over {report.runs} runs; {report.compared} finished jobs compared with the "
        f"undisturbed run: {len(report.differing)} differ"
    )
    for line in report.differing:
        print(f"differs: {line}")
    write_result(options.out, summary, kills=[asdict(kill) for kill in report.kills], differing=report.differing)
    if report.differing or not summary["each_kind_hit"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
