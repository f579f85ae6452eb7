"""A multilingual encoder from text files, in one call: a plan of one job, run and watched like any other."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from claimcheck.foundation.errors import ClaimcheckError, InputError, UnreadableInputError, UsageError
from claimcheck.foundation.store import write_atomic
from reproduce.engine import run as engine
from reproduce.engine.events import OnEvent
from reproduce.planning.costs import Cost
from reproduce.planning.planner import PlannedJob
from reproduce.planning.workload import Shape
from reproduce.runrecord import Finished, Run, file_sha256, inspect
from reproduce.specs import FilesData, PretrainJob, Size, job_key

__all__ = ["SMALL", "pretrain"]

SMALL = Size(layers=4, hidden=256, heads=4, feed_forward=1024, positions=512)

Files = Mapping[str, Mapping[str, Any]]  # of each language: name, sha256, bytes

_RECORD = "pretrain.json"
_SCHEMA = "claimcheck/pretrain/v1"
_TRIAL = 25  # steps that a training by time is measured with
_SPARE = 0.96  # of the time: the steps of a whole training take a little longer than those of the trial


def pretrain(
    text: Path,
    out: Path,
    *,
    languages: Sequence[str] | None = None,
    vocabulary: int = 16_000,
    size: Size = SMALL,
    steps: int | None = None,
    seconds: float | None = None,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    warmup: float = 0.05,
    weight_decay: float = 0.01,
    dropout: float = 0.0,
    precision: str = "bf16",
    temperature: float = 10 / 3,
    mask: float = 0.15,
    seed: int = 0,
    threads: int = 1,
    device: str = "auto",
    compiled: Literal["auto", "on", "off"] = "auto",
    checkpoint_seconds: float = 60.0,
    retry_failed: bool = False,
    on_event: OnEvent | None = None,
) -> Path:
    """Train a tokenizer of `vocabulary` pieces and a masked language model on the text; gives the model's folder.

    `text`: a folder with a file a language, xx.txt or text/xx.txt, one sentence a line; `languages`: all by default.
    Either `steps` (optimizer steps, of `batch_size` sentences each) or `seconds` (of the whole call) ends it; for the
    latter a few steps are timed first, and how many the time allows is written down, so that the same call later goes
    on to the same end. `temperature`: languages are drawn with p ~ n^(1/temperature); 10/3 as in XLM-R (Conneau et al.
    2020, arXiv 1911.02116, section 3.1). `out` is a run folder: stopped at any moment, the same call goes on; the model
    comes to OUT/model, which transformers and `--encoder` read, with encoder.json and README.md on how it was made.

    Raises UsageError for a call that makes no sense or another one than the folder was begun with, InputError for text
    that is missing, cannot be read or has changed, ClaimcheckError where the training failed, KeyboardInterrupt when it
    is stopped.
    """
    begun = time.monotonic()
    if (steps is None) == (seconds is None):
        raise UsageError("a pretraining ends after steps or after seconds", todo="give one of the two")
    if seconds is not None and not 0 < seconds < math.inf:
        raise UsageError(f"{seconds} seconds of pretraining", todo="give a number above 0")
    files = _files(text, languages)
    job = _job(
        languages=tuple(files),
        vocabulary=vocabulary,
        size=size,
        optimisation={
            "learning_rate": learning_rate,
            "batch_size": batch_size,
            "max_steps": _TRIAL if steps is None else steps,
            "warmup": warmup,
            "weight_decay": weight_decay,
            "dropout": dropout,
            "precision": precision,
            "beta2": 0.98,  # as RoBERTa (Liu et al. 2019, arXiv 1907.11692, section 3.1) and XLM-R
            "epsilon": 1e-6,
        },
        mask=mask,
        temperature=temperature,
        seed=seed,
    )
    how: dict[str, Any] = {
        "threads": threads,
        "device": device,
        "compiled": compiled,
        "checkpoint_seconds": checkpoint_seconds,
        "retry_failed": retry_failed,
        "on_event": on_event,
    }
    record = _Record(out, {"job": job.model_dump(mode="json"), "seconds": seconds, "text": _sums(files)})
    if seconds is not None:
        if record.steps is None:
            trial = _carry_out(job, "trial", text, out, how, record)
            record.decide(_steps(trial, seconds, time.monotonic() - begun))
        longer = job.optimisation.model_copy(update={"max_steps": record.steps})
        job = job.model_copy(update={"optimisation": longer})
    run = _carry_out(job, "pretraining", text, out, how, record)
    return _publish(run, files, text, out)


class _Record:
    """pretrain.json of the run folder: what was asked for at first, and, with a time, how many steps it allows."""

    def __init__(self, out: Path, asked: Mapping[str, Any]) -> None:
        self._path, self._asked = out / _RECORD, dict(asked)
        self.steps: int | None = None
        try:
            known = json.loads(self._path.read_bytes())
            before, self.steps = known["asked"], known["steps"]
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            todo = "choose another --out"
            raise UnreadableInputError(f"cannot be read ({error})", where=str(self._path), todo=todo) from None
        if before == self._asked:
            return
        texts = before.get("text") if isinstance(before, dict) else None
        if isinstance(texts, dict) and texts != asked["text"] and texts.keys() == asked["text"].keys():
            todo = "put the text back as it was, or begin anew in another --out"
            raise InputError("the pretraining was begun with other text than there is now", where=str(out), todo=todo)
        todo = "repeat the call of then, or choose another --out"
        raise UsageError(f"the folder is of another pretraining ({_differences(before, self._asked)})", todo=todo)

    def write(self) -> None:
        """For the next call."""
        content = {"schema": _SCHEMA, "asked": self._asked, "steps": self.steps}
        write_atomic(self._path, json.dumps(content, indent=1) + "\n")

    def decide(self, steps: int) -> None:
        """So many steps it will be, in every later call too."""
        self.steps = steps
        self.write()


def _differences(before: object, now: object, name: str = "") -> str:
    """Where two settings differ: "batch_size 32, now 64"."""
    if isinstance(before, dict) and isinstance(now, dict):
        names = [*now, *(key for key in before if key not in now)]
        found = [
            _differences(before.get(key), now.get(key), str(key)) for key in names if before.get(key) != now.get(key)
        ]
        return ", ".join(found)
    return f"{name} {before}, now {now}"


def _files(text: Path, languages: Sequence[str] | None) -> Files:
    """The files that are read, by language. Raises MissingInputError, UnreadableInputError, UsageError."""
    from reproduce.data.files import plain

    chosen = tuple(dict.fromkeys(languages)) if languages is not None else plain.languages(text)
    if not chosen:
        raise UsageError("no languages to pretrain on", todo="name at least one")
    paths = {language: plain.text_file(text, language) for language in chosen}
    try:
        return {
            language: {"file": path.name, "sha256": file_sha256(path), "bytes": path.stat().st_size}
            for language, path in paths.items()
        }
    except OSError as error:
        raise UnreadableInputError(f"cannot be read ({error.strerror})", where=str(error.filename)) from None


def _sums(files: Files) -> dict[str, str]:
    return {language: str(file["sha256"]) for language, file in files.items()}


def _job(**settings: Any) -> PretrainJob:
    try:
        return PretrainJob.model_validate({"data": FilesData(), **settings})
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{first['loc'][-1]} cannot be {first['input']!r}: {first['msg']}") from None


def _steps(trial: Run, seconds: float, gone: float) -> int:
    """How many steps there is time for, when a trial has shown how long they take and `gone` seconds have gone by."""
    took = trial.seconds
    pace = took["train"] / trial.optimizer_steps
    # beside its steps the training takes what the trial took, but for the tokenizer and the tokens, which are kept
    rest = took["total"] - took["train"] - took["tokenizer"] - took["encode"]
    steps = math.floor(_SPARE * (seconds - gone - rest) / pace)
    if steps < trial.optimizer_steps:
        what = f"{seconds:.0f} seconds leave time for {max(0, steps)} steps of {pace:.2f} s behind tokenizer and trial"
        raise UsageError(what, todo="give more time, or a smaller encoder or batch")
    return steps


def _carry_out(job: PretrainJob, label: str, text: Path, out: Path, how: Mapping[str, Any], record: _Record) -> Run:
    """Run it as a plan of one job. Raises ClaimcheckError where it fails."""
    assert job.vocabulary is not None
    shape = Shape(
        layers=job.size.layers,
        hidden=job.size.hidden,
        feed_forward=job.size.feed_forward,
        vocabulary=job.vocabulary,
        positions=job.size.positions,
    )
    # weights; a checkpoint holds them and two moments, and the next one is written before the last is removed
    cost = Cost("", "modelled", disk_bytes=4 * shape.parameters, running_bytes=24 * shape.parameters)
    key = job_key(job)
    planned = PlannedJob(key, job, "pretraining", label, (), (), (), cost)
    summary = engine.run([planned], out, data=text, before=record.write, **how)
    folder = out / "jobs" / key
    found = inspect(folder, key)
    if not isinstance(found, Finished):
        said = summary.failures[0].message if summary.failures else found.why
        todo = f"{folder / 'log'} says more; with another try (--retry-failed) it goes on"
        raise ClaimcheckError(f"the {label} failed: {said}", where=str(out), todo=todo)
    return found.run


def _publish(run: Run, files: Files, text: Path, out: Path) -> Path:
    """OUT/model with the job's model, and what it is."""
    source, folder = out / "jobs" / run.key / "model", out / "model"
    job = run.job
    assert isinstance(job, PretrainJob)
    for path in sorted(source.iterdir()):
        write_atomic(folder / path.name, path.read_bytes())
    lines = {entry.language: entry.items for entry in run.data}
    card = {
        "schema": "claimcheck/encoder/v1",
        "model_sha256": run.model_sha256,
        "files": {path.name: file_sha256(path) for path in sorted(source.iterdir())},
        "job": job.model_dump(mode="json"),
        "key": run.key,
        "optimizer_steps": run.optimizer_steps,
        "sentences": run.examples,
        "tokens": run.tokens,
        "masked_loss": None if run.train_loss is None else run.train_loss.model_dump(mode="json"),
        "degenerate": run.degenerate,
        "seconds": run.seconds,
        "hardware": run.hardware,
        "versions": run.versions,
        "finished": run.finished,
        "text": {language: {**file, "sequences": lines.get(language, 0)} for language, file in files.items()},
    }
    write_atomic(folder / "encoder.json", json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    write_atomic(folder / "README.md", _readme(card))
    return folder


def _readme(card: Mapping[str, Any]) -> str:
    """The card for people: the numbers of encoder.json that one asks for first."""
    job, text = card["job"], card["text"]
    size, recipe = job["size"], job["optimisation"]
    loss = card["masked_loss"] or {}
    seconds = card["seconds"]
    rows = [
        f"| {language} | {entry['file']} | {entry['bytes']:,} | {entry['sequences']:,} | `{entry['sha256'][:16]}` |"
        for language, entry in text.items()
    ]
    flaw = f"\n**A failed training: {card['degenerate']}.**\n" if card["degenerate"] else ""
    return f"""\
# A small multilingual encoder

Pretrained from random weights by `claimcheck reproduce pretrain` as a masked language model of {_count(text)}.
{flaw}
- architecture: XLM-R's with {size["layers"]} layers, hidden size {size["hidden"]}, {size["heads"]} heads, \
feed-forward {size["feed_forward"]}, {size["positions"]} positions; a unigram vocabulary trained on \
the same text, asked for with {job["vocabulary"]:,} pieces
- training: {card["optimizer_steps"]:,} steps of {recipe["batch_size"]} sentences, {card["tokens"]:,} tokens; \
{job["mask"]:.0%} of the tokens predicted; languages drawn with p ~ n^(1/{job["temperature"]:.3g}); AdamW, learning \
rate {recipe["learning_rate"]:g} with linear decay after a warm-up over {recipe["warmup"]:.0%} of the steps, dropout \
{recipe["dropout"]:g}, seed {job["seed"]}
- masked loss on the training text, in nats a token: {_nats(loss.get("first"))} at the start, \
{_nats(loss.get("last"))} at the end; {_nats(loss.get("majority"))} for always guessing by frequency
- time: {seconds["total"] / 60:.1f} minutes in the last process, of which {seconds["train"] / 60:.1f} of training \
(earlier parts included) on {_machine(card["hardware"])}
- sha256 of weights and tokenizer: `{card["model_sha256"]}`

It was not evaluated. The masked head is not in it. encoder.json has all settings, versions and checksums.

## Text

Whether the weights may be passed on depends on the licences of this text, which no file of it was asked about.

| language | file | bytes | sequences | sha256 |
|---|---|---:|---:|---|
{chr(10).join(rows)}
"""


def _count(text: Mapping[str, Any]) -> str:
    return f"{len(text)} language{'' if len(text) == 1 else 's'}"


def _nats(loss: float | None) -> str:
    return "unknown" if loss is None else f"{loss:.3f}"


def _machine(hardware: Mapping[str, Any]) -> str:
    return str(
        hardware.get("gpu") or f"{hardware.get('processor') or 'a CPU'}, {hardware.get('threads', '?')} thread(s)"
    )
