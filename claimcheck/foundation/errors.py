"""Every exception that claimcheck raises on purpose, with the exit code of the command line on each class.

    ClaimcheckError                 1
    ├── UsageError                  2   the call itself is wrong: an option, a value, a combination
    ├── InputError                  3   the input is missing, unreadable or not a paper
    │   ├── MissingInputError       3   no such file, id or table
    │   ├── UnreadableInputError    3   damaged, encrypted, empty, hostile or too large
    │   └── NotAPaperError          3   it can be opened, but holds no readable sentence
    ├── ServiceError                4   a service is unreachable or answers nonsense
    └── PartialFailureError         5   some of several papers failed; the others are written

A message says what was wrong, where, and what to do, in one line.
"""

from __future__ import annotations

__all__ = [
    "ClaimcheckError",
    "InputError",
    "MissingInputError",
    "NotAPaperError",
    "PartialFailureError",
    "ServiceError",
    "UnreadableInputError",
    "UsageError",
]


class ClaimcheckError(Exception):
    """Base of all errors that claimcheck raises on purpose."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"; {self.todo}" if self.todo else ""
        return " ".join(f"{place}{self.what}{advice}".split())

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.todo))


def _rebuild(kind: type[ClaimcheckError], what: str, where: str, todo: str) -> ClaimcheckError:
    return kind(what, where=where, todo=todo)


class UsageError(ClaimcheckError):
    """The call itself is wrong: an option, a value or a combination of them."""

    exit_code = 2


class InputError(ClaimcheckError):
    """The input is missing, unreadable or not a paper."""

    exit_code = 3


class MissingInputError(InputError):
    """There is no such file, identifier or table."""


class UnreadableInputError(InputError):
    """The input is there, but damaged, encrypted, empty, hostile or too large."""


class NotAPaperError(InputError):
    """The input can be opened, but holds no readable sentence."""


class ServiceError(ClaimcheckError):
    """A service is unreachable or its answer makes no sense."""

    exit_code = 4


class PartialFailureError(ClaimcheckError):
    """Some of several papers failed; the others are written."""

    exit_code = 5
