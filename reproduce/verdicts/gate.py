"""The tautology gate: which run folders count, and for every one that does not a reason with a code.

A run counts where a job of the plan, which holds no claimed number, was really carried out: optimizer steps in its
lineage, the data that it names, predictions for every item that are those the run wrote, a metric that reacts to them.
All of it is checked again from the files each time that results are asked for, but for two things that are taken at
the run's word: training data of the hub, and plain text of pretraining.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from claimcheck.foundation.errors import ClaimcheckError
from reproduce.planning.workload import certain_steps
from reproduce.runrecord import DataRecord, JobFile, Run, inputs_of
from reproduce.specs import CommandJob, EvaluateJob, PretrainJob, TrainJob, job_key, parse_job
from reproduce.tasks.metrics import Row
from reproduce.verdicts.gold import Gold, GoldPart, data_of, expected
from reproduce.verdicts.leaks import claimed_in
from reproduce.verdicts.predictions import Mismatch, check_labels, read
from reproduce.verdicts.reaction import reacts
from reproduce.verdicts.scored import Scored, scored

__all__ = ["REASONS", "CheckedRun", "Gate", "Recorded", "Refusal"]

AnyJob = PretrainJob | TrainJob | EvaluateJob | CommandJob

REASONS: Mapping[str, str] = {
    "not_in_plan": "the folder holds a job that is not of this plan",
    "job_missing": "there is no job.json",
    "job_unreadable": "job.json cannot be read as a job",
    "job_edited": "the content of job.json is not what its key stands for",
    "key_mismatch": "the folder, job.json and run.json are not of one job",
    "claimed_number_in_job": "job.json shows a claimed number, which no worker may see",
    "run_missing": "the job has not finished",
    "run_unreadable": "run.json cannot be read",
    "run_edited": "run.json is not the file that was recorded when the job ended",
    "exit_nonzero": "the run did not exit with 0",
    "parent_changed": "a run that this one was built on has changed since",
    "zero_steps": "the recipe trains, but no optimizer step was taken",
    "steps_missing": "the run did not take the optimizer steps that its job plans",
    "no_data_checksum": "the run does not say which data it read",
    "data_mismatch": "the data is not what the job names",
    "no_predictions": "there are no predictions; a bare metric is no evidence",
    "predictions_edited": "predictions.jsonl is not the file that the run wrote",
    "predictions_unreadable": "predictions.jsonl cannot be scored",
    "row_count": "the predictions do not cover each item once",
    "labels_edited": "labels in predictions.jsonl are not those of the data",
    "constant_metric": "the metric does not react to other predictions",
    "copied_predictions": "runs that must differ have the same predictions",
    "verdict_does_not_flip": "the verdict stays the same however far the claimed number is moved",
}


@dataclass(frozen=True)
class Refusal:
    """A run that does not count. `code` is stable (one of REASONS); `detail` says what was found where."""

    key: str
    code: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{REASONS[self.code]} (job {self.key}{f': {self.detail}' if self.detail else ''})"


@dataclass(frozen=True)
class CheckedRun:
    """A run that counts. `degenerate` gives the reason where it, or a run that it builds on, failed to train."""

    key: str
    job: AnyJob
    run: Run
    scored: Scored | None  # None for a training, and where a degenerate model was asked nothing
    optimizer_steps: int  # of the whole lineage
    degenerate: str | None
    data_sha256: str
    predictions_sha256: str
    trained: bool  # whether a seeded training stands in the lineage
    notes: tuple[str, ...] = ()


class Recorded(Protocol):
    """What the job store remembers of a job: what its files are held against."""

    @property
    def state(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def run_sha256(self) -> str | None: ...
    @property
    def predictions_sha256(self) -> str | None: ...


class _Refused(Exception):  # noqa: N818 - the gate's answer, no error
    def __init__(self, code: str, detail: str = "", key: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail, self.key = code, detail, key


@dataclass
class Gate:
    """Decides on the runs of one folder; each is looked at once.

    jobs: RUNS/jobs. plan: the jobs of the plan by key. records: the job store's rows by key. claimed: the claimed
    numbers as printed, of every registry involved. measures: the metrics by which each evaluation or command is scored.
    untrained: commands that the recipe names as evaluations of a model as it is. baselines: runs of which it is also
    asked what the same answers given at random would score.
    """

    jobs: Path
    plan: Mapping[str, AnyJob]
    records: Mapping[str, Recorded]
    claimed: tuple[str, ...]
    gold: Gold
    measures: Mapping[str, Sequence[str]] = field(default_factory=dict)
    untrained: frozenset[str] = frozenset()
    baselines: frozenset[str] = frozenset()
    _known: dict[str, CheckedRun | Refusal] = field(default_factory=dict, repr=False)

    def check(self, key: str) -> CheckedRun | Refusal:
        """The run of a job, or why it does not count."""
        if key not in self._known:
            try:
                self._known[key] = self._checked(key)
            except _Refused as refused:
                self._known[key] = Refusal(refused.key or key, refused.code, refused.detail)
        return self._known[key]

    def _checked(self, key: str) -> CheckedRun:
        job = self._planned_job(key)
        run = self._finished_run(key, job)
        lineage = self._lineage(key, job, run)
        notes: list[str] = []
        gold = self._data(job, run, notes)
        if isinstance(job, CommandJob):
            notes.append(f"labels{_listed(run.reported)} are as the user's program gave them")
        degenerate = run.degenerate or ("the weights did not change" if run.weights_changed is False else None)
        for parent in lineage:
            degenerate = degenerate or parent.degenerate
        found: Scored | None = None
        predictions = ""
        # a model that could not be trained need not have predicted anything
        if isinstance(job, EvaluateJob | CommandJob) and not (run.degenerate and run.predictions is None):
            rows, predictions = self._predictions(key, run)
            try:
                check_labels(job, rows, {record.language: record.items for record in run.data}, gold)
            except Mismatch as wrong:
                raise _Refused(wrong.code, wrong.detail) from None
            must_react, with_chance = degenerate is None, key in self.baselines
            found = _score(rows, self.measures.get(key, ()), must_react=must_react, with_chance=with_chance)
        return CheckedRun(
            key=key,
            job=job,
            run=run,
            scored=found,
            optimizer_steps=run.optimizer_steps + sum(parent.run.optimizer_steps for parent in self._ancestors(key)),
            degenerate=degenerate,
            data_sha256=_joined(run.data),
            predictions_sha256=predictions,
            trained=isinstance(job, TrainJob | CommandJob) or any(parent.trained for parent in lineage),
            notes=tuple(dict.fromkeys([*notes, *(note for parent in lineage for note in parent.notes)])),
        )

    def _planned_job(self, key: str) -> AnyJob:
        planned = self.plan.get(key)
        if planned is None:
            raise _Refused("not_in_plan")
        path = self.jobs / key / "job.json"
        try:
            content = json.loads(path.read_bytes(), object_pairs_hook=_no_twins, parse_constant=_no_constant)
        except FileNotFoundError:
            if (path.parent / "run.json").exists():
                raise _Refused("job_missing") from None
            raise self._unfinished(key, planned) from None
        except (OSError, ValueError, RecursionError) as error:
            raise _Refused("job_unreadable", _line(error)) from None
        if not isinstance(content, dict):
            raise _Refused("job_unreadable", "it is no JSON object")
        seen = claimed_in(content, planned.model_dump(mode="json"), self.claimed)
        if seen is not None:
            raise _Refused("claimed_number_in_job", seen)
        try:
            found = job_key(parse_job(content.get("job")))
        except ValidationError as error:
            raise _Refused("job_unreadable", _line(error)) from None
        named = content.get("key")
        if found != key:
            if named != found:
                raise _Refused("job_edited", f"it hashes to {found}, its key says {named}")
            raise _Refused("key_mismatch" if found in self.plan else "not_in_plan", f"job.json is of job {found}")
        if named != key:
            raise _Refused("key_mismatch", f"job.json names the key {named}")
        try:
            JobFile.model_validate(content)
        except ValidationError as error:  # right in what its key stands for, but with something beside it
            raise _Refused("job_edited", _line(error)) from None
        return planned

    def _finished_run(self, key: str, job: AnyJob) -> Run:
        record = self.records.get(key)
        try:
            data = (self.jobs / key / "run.json").read_bytes()
        except OSError:
            raise self._unfinished(key, job) from None
        try:
            content = json.loads(data, object_pairs_hook=_no_twins, parse_constant=_no_constant)
            if isinstance(content, dict) and isinstance(content.get("exit"), int) and content["exit"] != 0:
                raise _Refused("exit_nonzero", f"run.json says exit {content['exit']}")
            run = Run.model_validate(content)
        except (ValueError, RecursionError) as error:
            raise _Refused("run_unreadable", _line(error)) from None
        if record is None or record.state != "done":
            raise self._unfinished(key, job)  # results written before the process failed are no results
        if run.key != key or job_key(run.job) != key or run.kind != job.kind:
            raise _Refused("key_mismatch", f"run.json is of job {run.key}")
        self._hashes(key, run, record, hashlib.sha256(data).hexdigest())
        return run

    def _unfinished(self, key: str, job: AnyJob) -> _Refused:
        """Why there is no run: it failed, a run that it builds on does not count, or it has not been made yet."""
        record = self.records.get(key)
        if record is not None and record.state == "failed":
            return _Refused("exit_nonzero", record.message)
        for name in inputs_of(job):
            parent = self.check(name)
            if isinstance(parent, Refusal) and parent.code != "run_missing":
                return _Refused(parent.code, parent.detail, parent.key)
        return _Refused("run_missing", record.state if record is not None else "")

    def _hashes(self, key: str, run: Run, record: Recorded, run_sha256: str) -> None:
        # predictions first: who edits them and brings run.json in line is told what was edited
        path = self.jobs / key / "predictions.jsonl"
        if run.predictions is not None:
            try:
                found = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError:
                raise _Refused("no_predictions", "predictions.jsonl is gone") from None
            if found != run.predictions.sha256 or found != record.predictions_sha256:
                raise _Refused("predictions_edited")
        if run_sha256 != record.run_sha256:
            raise _Refused("run_edited")

    def _lineage(self, key: str, job: AnyJob, run: Run) -> list[CheckedRun]:
        if key not in self.untrained:
            _steps(job, run)
        if run.seed is not None and getattr(job, "seed", run.seed) != run.seed:
            raise _Refused("key_mismatch", f"run.json says seed {run.seed}")
        parents = []
        for name in inputs_of(job):
            parent = self.check(name)
            if isinstance(parent, Refusal):
                raise _Refused(parent.code, parent.detail, parent.key)
            if run.parents.get(name) != self.records[name].run_sha256:
                raise _Refused("parent_changed", f"job {name}")
            parents.append(parent)
        return parents

    def _ancestors(self, key: str) -> list[CheckedRun]:
        """Every run that a run builds on, once."""
        found: dict[str, CheckedRun] = {}
        open_ = list(inputs_of(self.plan[key]))
        while open_:
            name = open_.pop()
            run = self.check(name)
            if name not in found and isinstance(run, CheckedRun):
                found[name] = run
                open_.extend(inputs_of(run.job))
        return list(found.values())

    def _data(self, job: AnyJob, run: Run, notes: list[str]) -> dict[str, GoldPart]:
        """The labels of an evaluation by language, where they can be had; the run's checksums agree with them."""
        if not run.data:
            if run.degenerate:  # built on a model that nothing could be asked
                return {}
            raise _Refused("no_data_checksum")
        if not expected(job, run.data):
            raise _Refused("data_mismatch", "run.json names other data than the job")
        found: dict[str, GoldPart] = {}
        absent: dict[str, list[str]] = {}  # reasons by task
        for record in run.data:
            data = data_of(job, record)
            if data is None:
                continue
            place = (record.task, data, record.language, record.split)
            if isinstance(job, EvaluateJob):
                part = self.gold.part(*place)
                if isinstance(part, GoldPart):
                    found[record.language] = part
            elif data.kind == "hub" or (data.kind == "files" and record.task == "text"):
                continue  # would have to be fetched, or millions of lines read, and no label of theirs is scored
            sha256, reason = self.gold.checksum(*place)
            if reason:
                absent.setdefault(record.task, []).append(reason)
            elif sha256 != record.sha256:
                raise _Refused("data_mismatch", f"{record.task} ({record.language}, {record.split}) has another sha256")
        for task, reasons in absent.items():
            others = len(reasons) - reasons.count(reasons[0])
            more = f"; likewise {others} more languages" if others else ""
            notes.append(f"the data of {task} could not be compared: {reasons[0]}{more}")
        return found

    def _predictions(self, key: str, run: Run) -> tuple[list[Row], str]:
        if run.predictions is None:
            raise _Refused("no_predictions")
        try:
            rows = read(self.jobs / key / "predictions.jsonl")
        except OSError as error:
            raise _Refused("no_predictions", _line(error)) from None
        except ClaimcheckError as error:
            raise _Refused("predictions_unreadable", str(error)) from None
        if len(rows) != run.predictions.rows:
            raise _Refused("row_count", f"{len(rows)} rows, run.json says {run.predictions.rows}")
        return rows, run.predictions.sha256


def _steps(job: AnyJob, run: Run) -> None:
    """A training took steps, and where the job settles their number, that number; one that failed may have stopped."""
    if isinstance(job, EvaluateJob) or run.degenerate:
        return
    if run.optimizer_steps == 0:
        raise _Refused("zero_steps")
    planned = None if isinstance(job, CommandJob) else certain_steps(job)
    if planned is not None and run.optimizer_steps != planned:
        raise _Refused("steps_missing", f"it took {run.optimizer_steps}, planned are {planned}")


def _score(rows: Sequence[Row], measures: Sequence[str], *, must_react: bool, with_chance: bool) -> Scored:
    try:
        for name in measures:
            if must_react and not reacts(name, rows):
                raise _Refused("constant_metric", name)
        return scored(rows, measures, with_chance=with_chance)
    except ClaimcheckError as error:
        raise _Refused("predictions_unreadable", str(error)) from None


def _listed(names: Sequence[str]) -> str:
    return "".join(f", {name.replace('_', ' ')}" for name in names)


def _joined(records: Sequence[DataRecord]) -> str:
    """One sha256 for all data sets of a run, in the order of task, split and language."""
    lines = sorted(f"{record.task} {record.split} {record.language} {record.sha256}" for record in records)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names all differ: of two the reader keeps one, and the other would be hidden."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return content


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'job'}: {first['msg']}"
    return " ".join(str(error).split())[:200]
