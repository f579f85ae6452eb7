"""Reads TensorBoard event files as TensorBoard does."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def events(file: Path) -> Iterator[Any]:
    """The events of one file, up to the first record that is not whole, as TensorBoard's loader reads them."""
    from tensorboardX.proto.event_pb2 import Event  # type: ignore[attr-defined]
    from tensorboardX.record_writer import masked_crc32c

    data, place = file.read_bytes(), 0
    while place + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        if place + 16 + length > len(data):
            return
        header, content = data[place : place + 8], data[place + 12 : place + 12 + length]
        for part, at in ((header, place + 8), (content, place + 12 + length)):
            assert struct.unpack_from("<I", data, at)[0] == masked_crc32c(part)  # type: ignore[no-untyped-call]
        yield Event.FromString(content)
        place += 16 + length


def curve(folder: Path, tag: str) -> list[tuple[int, float]]:
    """Points of a curve over all files of a folder, with what a later start hides taken out."""
    points: list[tuple[int, float]] = []
    for file in sorted(folder.iterdir()):
        found = list(events(file))
        assert found[0].file_version == "brain.Event:2"
        for event in found:
            if event.HasField("session_log"):
                points = [point for point in points if point[0] < event.step]
            points += [(event.step, value.simple_value) for value in event.summary.value if value.tag == tag]
    return points
