"""A query that every database can be asked in its own syntax: terms that all must be there, and some of which one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Query", "quoted"]


@dataclass(frozen=True, slots=True)
class Query:
    """Terms (words or phrases): all of `core`, and where `more` is not empty at least one of it.

    `same` holds pairs (term, other name of the same thing): either will do.
    """

    core: tuple[str, ...]
    more: tuple[str, ...] = ()
    same: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> str:
        """The terms one after the other, for databases that rank by words and know no operators."""
        return " ".join((*self.core, *self.more))

    @property
    def any_term(self) -> Query:
        """The query for which one of the terms is enough."""
        return Query((), (*self.core, *self.more), self.same)

    def boolean(self, say: Callable[[str], str]) -> str:
        """The query with AND, OR and brackets; `say` writes one term, and "" leaves it out."""
        core = [said for term in self.core if (said := self._either(term, say))]
        more = [said for term in self.more if (said := self._either(term, say))]
        both = " AND ".join(core)
        some = " OR ".join(more)
        return f"{both} AND ({some})" if core and len(more) > 1 else " AND ".join(filter(None, (both, some)))

    def _either(self, term: str, say: Callable[[str], str]) -> str:
        names = [said for name in (term, *(b for a, b in self.same if a == term)) if (said := say(name))]
        return f"({' OR '.join(names)})" if len(names) > 1 else "".join(names)

    def __str__(self) -> str:
        return self.boolean(quoted)


def quoted(term: str) -> str:
    """A term as most search engines take it: a phrase in quotes."""
    return f'"{term}"' if " " in term or "-" in term else term
