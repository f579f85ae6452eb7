"""What the jobs of a plan read that none of them makes: data sets and encoders, and where each is had from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from claimcheck.foundation.errors import ClaimcheckError
from reproduce import tasks
from reproduce.specs import Data, Encoder, EvaluateJob, FilesData, HubEncoder, Job, LocalEncoder, PretrainJob, TrainJob

__all__ = ["Need", "lacking", "needs"]


@dataclass(frozen=True)
class Need:
    """One input. `name`: a task, "text", or an encoder; `where`: a repository of the hub, else how to give it."""

    kind: Literal["hub", "files", "hub encoder", "local encoder"]
    name: str
    split: str = ""
    languages: tuple[str, ...] = ()
    where: str = ""
    missing: str = ""  # why it cannot be had there, as far as that is known beforehand

    def to_json(self) -> dict[str, Any]:
        """As the plan's JSON holds it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "split": self.split,
            "languages": list(self.languages),
            "where": self.where,
            "missing": self.missing,
        }


def needs(jobs: Iterable[Job]) -> tuple[Need, ...]:
    """Each input of the jobs once, encoders first, then data in the order in which the jobs first read them."""
    encoders: dict[Need, None] = {}
    data: dict[tuple[str, str, str], dict[str, None]] = {}  # (kind, task, split) -> languages
    for job in jobs:
        for encoder in _encoders(job):
            encoders[encoder] = None
        for kind, task, split, languages in _data(job):
            data.setdefault((kind, task, split), {}).update(dict.fromkeys(languages))
    return (*encoders, *(_need(kind, task, split, tuple(codes)) for (kind, task, split), codes in data.items()))


def lacking(wanted: Iterable[Need], folder: Path) -> Iterator[tuple[Need, str, str]]:
    """(need, language, why) for each part of the data from files that is not in the folder. Content is not read."""
    from reproduce import data

    access = data.Access(data=folder)
    for need in wanted:
        for code in need.languages if need.kind == "files" else ():
            try:
                data.source(need.name, FilesData(), code, need.split, access)
            except ClaimcheckError as error:
                yield need, code, str(error)


def _need(kind: str, name: str, split: str, languages: tuple[str, ...]) -> Need:
    if kind == "files":
        return Need("files", name, split, languages, "--data DIR")
    info = tasks.task(name)
    if not info.hub_id:
        return Need("hub", name, split, languages, "", f"needs --data: {info.not_on_hub}")
    configurations = dict.fromkeys(info.configuration_of(code) for code in languages)
    return Need("hub", name, split, languages, _place(info.hub_id, tuple(configurations)))


def _place(repository: str, configurations: tuple[str, ...]) -> str:
    shown = ", ".join(configurations[:3]) + (f" and {len(configurations) - 3} more" if len(configurations) > 3 else "")
    return f"{repository} ({shown})" if shown else repository


def _encoders(job: Job) -> Iterator[Need]:
    encoder: Encoder | None = None
    if isinstance(job, TrainJob):
        encoder = job.encoder
    elif isinstance(job, EvaluateJob):
        encoder = job.model
    if isinstance(encoder, HubEncoder):
        yield Need("hub encoder", encoder.name, where=encoder.revision)
    elif isinstance(encoder, LocalEncoder):
        yield Need("local encoder", encoder.sha256[:12], where="--encoder DIR")


def _data(job: Job) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """(kind of the data, task, split, languages) of what a job reads; the synthetic world is made, not read."""
    found: list[tuple[Data, str, str, tuple[str, ...]]] = []
    if isinstance(job, PretrainJob):
        found.append((job.data, "text", "train", job.languages))
    elif isinstance(job, TrainJob):
        looks = job.selection.rule == "best" or job.selection.patience > 0
        for part in job.parts:
            found.append((part.data, part.task, "train", (part.language,)))
            if looks:
                found.append((part.data, part.task, "dev", (tasks.TRAINING_LANGUAGE,)))
        if job.masked is not None:
            found.append((job.masked.data, "text", "train", job.masked.languages))
    elif isinstance(job, EvaluateJob):
        found.append((job.data, job.task, job.split, job.languages))
    return ((data.kind, task, split, languages) for data, task, split, languages in found if data.kind != "world")
