"""Curves of a training as TensorBoard event files, which a resumed training continues and a kill leaves readable."""

from __future__ import annotations

import math
import time
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Curves"]


class Curves:
    """Scalars by optimizer step, in event files in `folder`; each process that continues a training adds a file.

    `start`: the step that the process goes on from. TensorBoard hides what an earlier file has at that step and behind
    it, so that steps that were lost with a kill are not drawn twice. The file is handed to the system at most once in
    `flush_seconds` and on closing: a killed process loses no more than that, and what is there stays readable.

    Raises OSError where the folder cannot be written.
    """

    def __init__(self, folder: Path, *, start: int = 0, flush_seconds: float = 1.0) -> None:
        # imported here, since tensorboardX imports torch; by name, since its generated modules have no types
        writer: Any = import_module("tensorboardX.event_file_writer")
        self._event: Any = import_module("tensorboardX.proto.event_pb2")
        self._summary: Any = import_module("tensorboardX.proto.summary_pb2")
        folder.mkdir(parents=True, exist_ok=True)
        self._flush_seconds = flush_seconds
        self._flushed = time.monotonic()
        # the writer without tensorboardX's thread and queue: a point is in the file's buffer when `add` returns.
        # TensorBoard reads the files in the order of their names, which hold the second: two may start within one
        self._writer: Any = writer.EventsWriter(str(folder / "events"), f".{time.time_ns()}")
        if start:
            session = self._event.SessionLog(status=self._event.SessionLog.START)
            self._writer.write_event(self._event.Event(wall_time=time.time(), step=start, session_log=session))

    def add(self, step: int, **values: float) -> None:
        """One point of each curve; values that are not finite are left out, since no chart can show them."""
        finite = {tag: value for tag, value in values.items() if math.isfinite(value)}
        if finite:
            points = [self._summary.Summary.Value(tag=tag, simple_value=value) for tag, value in finite.items()]
            summary = self._summary.Summary(value=points)
            self._writer.write_event(self._event.Event(wall_time=time.time(), step=step, summary=summary))
        if time.monotonic() - self._flushed >= self._flush_seconds:
            self._writer.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        """Write what is still in memory."""
        self._writer.close()

    def __enter__(self) -> Curves:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
