"""Records of several databases -> works: one work however many databases list it, with all of its names and notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from claimcheck.foundation.records import Work, WorkRelation
from claimcheck.foundation.words import plain

__all__ = ["merge_works", "title_key"]

_MOST_YEARS_APART = 2  # between a preprint and what became of it
_TELLING_WORDS = 4  # a title of as many words is hardly another work's
_LETTERS = re.compile(r"[^\W_]+")
# the stronger tie names the relation of a work that came in by several
_STRENGTH: dict[WorkRelation, int] = {
    "anchor": 0,
    "cites_anchor": 1,
    "cited_by_anchor": 2,
    "library": 3,
    "query": 4,
}
_PREFERRED_FILES = (".tex", ".tar.gz", ".tgz", ".gz", ".zip", ".html", ".htm", ".pdf")  # the order of reading


@lru_cache(1 << 14)
def title_key(title: str) -> str:
    """The letters and digits of a title, without case, accents and punctuation."""
    return "".join(_LETTERS.findall(plain(title).lower()))


def merge_works(records: Iterable[Work]) -> tuple[Work, ...]:
    """One work for all records of it, in the order in which they first came.

    Records are the same work by DOI, by arXiv id without version, by a database's own id, or by title together with
    the first author or, where one of them has no authors, a year that fits. Two arXiv ids are two works.
    """
    works = _merged_once(records)
    # a work that has the names of all its records may be one that came before it
    while len(again := _merged_once(works)) < len(works):
        works = again
    return works


def _merged_once(records: Iterable[Work]) -> tuple[Work, ...]:
    groups: dict[int, list[Work]] = {}
    by_key: dict[str, dict[int, None]] = {}
    for number, record in enumerate(records):
        mine, joined = [record], []
        for group in dict.fromkeys(g for key in _keys(record) for g in by_key.get(key, ()) if g in groups):
            if _are_one_work(mine, groups[group]):
                mine = groups.pop(group) + mine  # a record may tie several groups together
                joined.append(group)
        home = min(joined, default=number)
        groups[home] = mine
        for member in mine if len(joined) > 1 else [record]:
            for key in _keys(member):
                by_key.setdefault(key, {})[home] = None
    return tuple(_merged(groups[number]) for number in sorted(groups))


def _keys(work: Work) -> list[str]:
    keys = [
        f"{kind}:{value.lower()}"
        for kind, value in (
            ("doi", work.doi),
            ("arxiv", work.arxiv_id),
            ("openalex", work.openalex_id),
            ("s2", work.s2_id),
        )
        if value
    ]
    title = title_key(work.title)
    return [*keys, f"title:{title}"] if title else keys


def _are_one_work(some: Sequence[Work], others: Sequence[Work]) -> bool:
    """Whether two groups of records are of one work: a shared name of one of the registries, or title and people."""
    ids = {w.arxiv_id for w in (*some, *others) if w.arxiv_id}
    if len(ids) > 1:
        return False
    return any(_same(a, b) for a in some for b in others)


def _same(a: Work, b: Work) -> bool:
    if any(
        x and x.lower() == y.lower()
        for x, y in (
            (a.doi, b.doi),
            (a.arxiv_id, b.arxiv_id),
            (a.openalex_id, b.openalex_id),
            (a.s2_id, b.s2_id),
        )
    ):
        return True
    if not title_key(a.title) or title_key(a.title) != title_key(b.title):
        return False
    near = a.year is None or b.year is None or abs(a.year - b.year) <= _MOST_YEARS_APART
    if a.authors and b.authors:
        return near and _surname(a.authors[0]) == _surname(b.authors[0])
    # a local PDF tells no authors: a long title says enough, unless the years speak against it
    return near and len(_LETTERS.findall(a.title)) >= _TELLING_WORDS


def _surname(author: str) -> str:
    """The family name of "Ada B. Example", "Example, Ada" or "A. Example", compared without case and accents."""
    name = author.partition(",")[0] if "," in author else author
    words = _LETTERS.findall(plain(name).lower())
    return words[-1] if words else ""


def _merged(records: Sequence[Work]) -> Work:
    if len(records) == 1:
        return _with_version_note(records[0], records)
    # a record with a DOI of its own describes what was published; a preprint's describes the preprint
    best = min(records, key=lambda w: (w.relation != "anchor", not _is_published(w), not w.doi, not w.authors))
    files = sorted((w.path for w in records if w.path), key=_reading_order)
    work = best.model_copy(
        update={
            "authors": max((w.authors for w in (best, *records)), key=len),
            "year": best.year if best.year is not None else next((w.year for w in records if w.year), None),
            "doi": best.doi or _first(records, "doi"),
            **{name: getattr(best, name) or _first(records, name) for name in _FILLED},
            "abstract": max((w.abstract for w in (best, *records)), key=len),
            "retracted": any(w.retracted for w in records),
            "notes": tuple(dict.fromkeys(note for w in records for note in w.notes)),
            "databases": tuple(dict.fromkeys(name for w in records for name in w.databases)),
            "relation": min((w.relation for w in records), key=_STRENGTH.__getitem__),
            "path": files[0] if files else "",
        }
    )
    return _with_version_note(work, records)


_FILLED = ("title", "arxiv_id", "openalex_id", "s2_id", "version", "venue", "url", "language")


def _first(records: Sequence[Work], name: str) -> str:
    return next((str(value) for w in records if (value := getattr(w, name))), "")


def _is_published(work: Work) -> bool:
    return bool(work.doi) and not work.doi.startswith("10.48550/")


def _reading_order(path: str) -> tuple[int, str]:
    suffix = next((i for i, s in enumerate(_PREFERRED_FILES) if path.lower().endswith(s)), 0)
    return suffix, path


def _with_version_note(work: Work, records: Sequence[Work]) -> Work:
    """The work with notes on the versions that there are of it, where there are several."""
    notes = []
    published = sorted({w.doi for w in records if _is_published(w)})
    preprint = work.arxiv_id and f"arXiv {work.arxiv_id}{work.version}"
    if preprint and published:
        years = sorted({w.year for w in records if w.year})
        span = f", {years[0]} to {years[-1]}" if len(years) > 1 else ""
        notes.append(f"preprint ({preprint}) and published (DOI {published[0]}){span}")
    if len(published) > 1:
        notes.append(f"published under several DOIs: {', '.join(published)}")
    copies = sorted(w.path for w in records if w.path)
    if len(copies) > 1:
        notes.append(f"{len(copies)} copies in the library, read from {Path(work.path).name}")
    return work.model_copy(update={"notes": tuple(dict.fromkeys((*work.notes, *notes)))}) if notes else work
