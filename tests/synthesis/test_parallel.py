"""Threads that work off a list: every item once, errors told, and no waiting for them when one leaves."""

from __future__ import annotations

import threading
import time

import pytest

from claimcheck.synthesis.parallel import in_threads


def test_every_item_is_done_once() -> None:
    assert dict(in_threads(lambda n: n * n, range(50), 4)) == {n: n * n for n in range(50)}
    assert list(in_threads(str, [], 4)) == []


def test_an_error_is_raised_where_the_results_are_taken() -> None:
    with pytest.raises(ZeroDivisionError):
        dict(in_threads(lambda n: 1 // n, [1, 0], 2))


def test_leaving_early_waits_for_nothing_and_starts_nothing_more() -> None:
    begun: list[int] = []
    hold = threading.Event()

    def work(n: int) -> int:
        begun.append(n)
        if n:
            hold.wait(5)
        return n

    results = in_threads(work, range(100), 2)
    before = time.monotonic()
    assert next(results) == (0, 0)
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - before < 2
    hold.set()
    time.sleep(0.1)
    assert len(begun) <= 5
