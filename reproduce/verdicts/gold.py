"""The data as they are, whatever a run says of them: where a run's data sets come from, their labels and checksums."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from claimcheck.foundation.errors import ClaimcheckError
from reproduce.data import Gold as Labels
from reproduce.runrecord import DataRecord
from reproduce.specs import CommandJob, Data, EvaluateJob, Job, PretrainJob, TrainJob

__all__ = ["Gold", "GoldPart", "Load", "data_of", "expected"]

Load = Callable[[str, Data, str, str], Labels]

_PATIENCE = 5.0  # seconds


@dataclass(frozen=True)
class GoldPart:
    """A data set's checksum, and its labels by item in the data's order; lists are kept as tuples."""

    sha256: str
    labels: Mapping[str, Any]


class Gold:
    """The data as they are, read once: what labels and checksums of a run are held against.

    `load` gives a data set by task, data, language and split (the task "text": plain sentences); where it cannot (no
    reader, no files), neither can be compared, and the run's notes say so. A hub whose failures have taken seconds is
    not asked again; one that fails at once, or is not to be asked (HF_HUB_OFFLINE), may have the next set in its cache.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._parts: dict[tuple[str, str, str, str], GoldPart | str] = {}
        self._checksums: dict[tuple[str, str, str, str], GoldPart | str] = {}
        self._waited = 0.0  # seconds, for what the hub then did not give

    def part(self, task: str, data: Data, language: str, split: str) -> GoldPart | str:
        """The data set's labels, or why they cannot be had, in one line."""
        place = (task, data.model_dump_json(), language, split)
        if place not in self._parts:
            self._parts[place] = self._read(task, data, language, split, keep=True)
        return self._parts[place]

    def checksum(self, task: str, data: Data, language: str, split: str) -> tuple[str, str]:
        """The data set's checksum, or "" and why it cannot be had; labels are not kept for it."""
        place = (task, data.model_dump_json(), language, split)
        known = self._parts.get(place) or self._checksums.get(place)
        if known is None:
            known = self._checksums[place] = self._read(task, data, language, split, keep=False)
        return (known.sha256, "") if isinstance(known, GoldPart) else ("", known)

    def _read(self, task: str, data: Data, language: str, split: str, *, keep: bool) -> GoldPart | str:
        if data.kind == "hub" and self._waited > _PATIENCE:
            return "the hub did not answer"
        begun = monotonic()
        try:
            found = self._load(task, data, language, split)
        except (ClaimcheckError, OSError) as error:  # an OSError is a client's own: it may not end the judging
            if data.kind == "hub":
                self._waited += monotonic() - begun
            return str(error) if isinstance(error, ClaimcheckError) else f"cannot be read ({type(error).__name__})"
        labels = {name: _compact(label) for name, label in found.labels} if keep else {}
        return GoldPart(found.sha256, labels)


def data_of(job: Job, record: DataRecord) -> Data | None:
    """Where the data set that a run names comes from; None where the job does not say."""
    if isinstance(job, TrainJob):
        if record.task == "text" and job.masked is not None:
            return job.masked.data
        return next((part.data for part in job.parts if part.task == record.task), None)
    return None if isinstance(job, CommandJob) else job.data


def expected(job: Job, records: Sequence[DataRecord]) -> bool:
    """Whether a run read the data sets that its job names and no others.

    A training may have looked at the dev parts of its tasks; of which languages its examples are, and the text beside
    them, the job says. Of a command nothing is known.
    """
    read = [(record.task, record.split, record.language) for record in records]
    if isinstance(job, EvaluateJob):
        return sorted(read) == sorted((job.task, job.split, language) for language in job.languages)
    if isinstance(job, PretrainJob):
        return sorted(read) == sorted(("text", "train", language) for language in job.languages)
    if isinstance(job, TrainJob):
        trained = {(part.task, "train", part.language) for part in job.parts}
        if job.masked is not None:
            trained |= {("text", "train", language) for language in job.masked.languages}
        looked_at = {(part.task, "dev") for part in job.parts}
        return trained <= set(read) and all(one in trained or one[:2] in looked_at for one in read)
    return True


def _compact(label: Any) -> Any:
    """The label with equal strings kept once: the tags of a corpus are some twenty words, a million times."""
    if isinstance(label, list | tuple) and all(isinstance(one, str) for one in label):
        return tuple(map(sys.intern, label))
    return sys.intern(label) if isinstance(label, str) else label
