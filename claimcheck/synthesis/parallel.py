"""A function over many items in threads that never hold up the end of the process, such as after Ctrl-C."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

__all__ = ["in_threads"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[tuple[int, Result]]:
    """(index, result) of each item as it is done; an exception of `function` is raised here.

    Leaving the iterator early stops the threads after the items that they are at.
    """
    todo = iter(enumerate(items))
    lock = threading.Lock()
    done: queue.Queue[tuple[int, Result | None, BaseException | None]] = queue.Queue()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with lock:
                task = next(todo, None)
            if task is None:
                return
            index, item = task
            try:
                done.put((index, function(item), None))
            except BaseException as error:  # told to the caller, who waits for this item
                done.put((index, None, error))

    for _ in range(min(workers, len(items))):
        threading.Thread(target=work, daemon=True).start()
    try:
        for _ in items:
            index, result, error = _next(done)
            if error is not None:
                raise error
            yield index, result  # type: ignore[misc]
    finally:
        stop.set()


def _next(
    done: queue.Queue[tuple[int, Result | None, BaseException | None]],
) -> tuple[int, Result | None, BaseException | None]:
    while True:
        try:
            return done.get(timeout=1)  # a wait without end could not be interrupted on every system
        except queue.Empty:
            continue
