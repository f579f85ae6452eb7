"""The data as they are, whatever a run says of them: where a run's data sets come from, their labels and checksums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from claimcheck.foundation.errors import ClaimcheckError
from reproduce.data.dataset import Dataset
from reproduce.runrecord import DataRecord
from reproduce.specs import CommandJob, Data, Job, TrainJob

__all__ = ["Gold", "GoldPart", "Load", "data_of"]

Load = Callable[[str, Data, str, str], Dataset]


class GoldPart(NamedTuple):
    """A data set's checksum, and its items with their labels in order."""

    sha256: str
    labels: tuple[tuple[str, Any], ...]


class Gold:
    """The data as they are, loaded once: what labels and checksums of a run are held against.

    `load` gives a data set by task, data, language and split (the task "text": plain sentences); where it cannot (no
    reader, no files), neither can be compared, and the run's notes say so.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._known: dict[tuple[str, str, str, str], GoldPart | str] = {}

    def part(self, task: str, data: Data, language: str, split: str) -> GoldPart | str:
        """The data set's labels, or why they cannot be had, in one line."""
        place = (task, data.model_dump_json(), language, split)
        if place not in self._known:
            try:
                dataset = self._load(task, data, language, split)
                labels = tuple((item.id, item.label) for item in dataset.items)
                self._known[place] = GoldPart(dataset.sha256, labels)
            except ClaimcheckError as error:
                self._known[place] = str(error)
        return self._known[place]


def data_of(job: Job, record: DataRecord) -> Data | None:
    """Where the data set that a run names comes from; None where the job does not say."""
    if isinstance(job, TrainJob):
        return next((part.data for part in job.parts if part.task == record.task), None)
    return None if isinstance(job, CommandJob) else job.data
