"""The search for a question's literature: all databases at the same time, duplicates merged, ranked by relevance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from claimcheck.foundation.errors import MissingInputError, ServiceError, UsageError
from claimcheck.foundation.records import DatabaseSearch, LiteratureSearch, SearchStatus, Work
from claimcheck.synthesis.asking import Searched, ask_databases, skipped, today
from claimcheck.synthesis.duplicates import merge_works
from claimcheck.synthesis.languages import with_languages
from claimcheck.synthesis.queries import expand
from claimcheck.synthesis.ranking import Bag, rank

if TYPE_CHECKING:
    from claimcheck.foundation.settings import Settings

__all__ = ["find_literature"]

StageProgress = Callable[[str, int, int], None]


def find_literature(
    question: str,
    settings: Settings,
    *,
    anchor: Work | None = None,
    library: Path | None = None,
    limit: int = 15,
    on_progress: StageProgress | None = None,
) -> LiteratureSearch:
    """The works on a question, the most relevant first, at most `limit` of them.

    arXiv, OpenAlex, Semantic Scholar and Crossref are asked, and for the works that cite `anchor` or are cited by it;
    `library` is a folder of papers, and with `settings.offline` the only place that is searched. The anchor stands
    first, whatever its relevance. What one database fails in is told in its record and stops no other.

    Raises UsageError (a question without content words, a limit below 1, nowhere to search), InputError (no such
    folder; offline, no paper in it that can be read), ServiceError (no database answered and no library has a paper).
    """
    from claimcheck.claims.structure.names import Vocabulary

    if limit < 1:
        raise UsageError(f"{limit} is not allowed", where="--limit", todo="give a whole number of at least 1")
    queries = expand(question, anchor, vocabulary=Vocabulary.of(None))
    if settings.offline and library is None and anchor is None:
        raise UsageError("there is nowhere to search offline", where="--offline", todo="add --library DIR")
    shelf, bags = _search_library(library, settings, question, on_progress) if library is not None else ([], {})
    if settings.offline:
        searched = [*skipped("not asked: the search was offline"), *shelf]
        if anchor is None and not any(one.works for one in shelf):
            raise MissingInputError(
                "; ".join(one.record.message for one in shelf),
                where=str(library),
                todo="give a folder of papers that can be read",
            )
    else:
        searched = [*ask_databases(queries, settings, anchor, limit, on_progress), *shelf]
        _refuse_without_answer(searched)
    records = [] if anchor is None else [anchor.model_copy(update={"relation": "anchor"})]
    records += [work for one in searched for work in one.works]
    if on_progress:
        on_progress("ranking", 0, 0)
    works = with_languages(merge_works(records))
    ranked = rank(question, works, settings, bags)
    kept = sorted(ranked, key=lambda w: w.relation != "anchor")[:limit]
    return LiteratureSearch(
        question=question,
        queries=tuple(map(str, queries)),
        databases=tuple(_with_kept(one.record, kept) for one in searched),
        identified=len(records),
        duplicates=len(records) - len(works),
        works=tuple(kept),
        notes=_notes(ranked, kept),
    )


def _search_library(
    folder: Path, settings: Settings, question: str, on_progress: StageProgress | None
) -> tuple[list[Searched], Mapping[str, Bag]]:
    from claimcheck.synthesis.library import NAME, read_library

    found = read_library(folder, settings, question, on_progress)
    message = found.message
    status: SearchStatus = "partial" if found.unreadable or found.is_cut else "ok"
    if not found.works:
        status = "failed"
        message = (
            message if found.unreadable else f"holds no PDF, LaTeX or HTML file{f' ({message})' if message else ''}"
        )
    record = DatabaseSearch(
        database=NAME, query=str(folder), date=today(), found=len(found.works), status=status, message=message
    )
    return [Searched(record, found.works)], found.bags


def _refuse_without_answer(searched: Sequence[Searched]) -> None:
    """Raises ServiceError where every database failed and no library gave a work."""
    if any(one.works or one.record.status in ("ok", "partial") for one in searched):
        return
    told = "; ".join(f"{one.record.database}: {one.record.message}" for one in searched)
    raise ServiceError(
        f"no database could be searched ({told})",
        where="the search",
        todo="check the network, or search a folder of papers with --library DIR --offline",
    )


def _with_kept(record: DatabaseSearch, kept: Sequence[Work]) -> DatabaseSearch:
    return record.model_copy(update={"kept": sum(record.database in work.databases for work in kept)})


def _notes(found: Sequence[Work], kept: Sequence[Work]) -> tuple[str, ...]:
    """What a reader should know of the works found, those that were not kept among them."""
    notes = []
    foreign = [w for w in found if w.language not in ("", "en")]
    if foreign:
        languages = ", ".join(sorted({w.language for w in foreign}))
        stayed = sum(w in foreign for w in kept)
        notes.append(
            f"{_count(foreign)} of {len(found)} not in English ({languages}), {stayed} kept: "
            "relevance is judged by English words, so that such works rank low"
        )
    withdrawn = [w for w in found if w.retracted]
    if withdrawn:
        stayed = sum(w in withdrawn for w in kept)
        notes.append(f"{_count(withdrawn)} of {len(found)} retracted or withdrawn, {stayed} kept and marked")
    bare = sum(not w.abstract for w in kept)
    if bare:
        notes.append(f"{bare} of {len(kept)} kept works ranked by the title alone: no database has the abstract")
    return tuple(notes)


def _count(works: Sequence[Work]) -> str:
    return f"{len(works)} {'work' if len(works) == 1 else 'works'}"
