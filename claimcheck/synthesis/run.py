"""From a question to a synthesis: search, read and check papers, hold their claims beside each other, answer, assess.

The parts in their order: questions.py takes the question apart, search.py finds the literature, papers.py reads and
checks it, bearing.py and stance.py hold each claim against the question, clusters.py claims against each other,
answer.py, assessment.py and limitations.py say what came of it. Papers that were checked before come from the cache.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from claimcheck.foundation.records import CrossLink, Document, LiteratureSearch, Result, RunInfo, Work
from claimcheck.foundation.records.syntheses import Answer, Cluster, Flow, Question, Synthesis, SynthesisPaper
from claimcheck.foundation.store import Store
from claimcheck.synthesis.answer import answer_of
from claimcheck.synthesis.assessment import assess
from claimcheck.synthesis.bearing import judge_claims
from claimcheck.synthesis.clusters import cluster_claims
from claimcheck.synthesis.limitations import limitations_of
from claimcheck.synthesis.papers import Gathered, anchor_work, gather
from claimcheck.synthesis.questions import take_apart
from claimcheck.synthesis.rephrase import Endpoint, reword
from claimcheck.synthesis.vectors import ClaimVectors

if TYPE_CHECKING:
    from claimcheck.foundation.models.encoder import SentenceEncoder
    from claimcheck.foundation.settings import Settings
    from claimcheck.pipeline import Outcome

__all__ = ["DEFAULT_LIMIT", "as_public", "synthesize"]

DEFAULT_LIMIT = 15
StageProgress = Callable[[str, int, int], None]  # stage, steps done, steps in all
_LINKS = TypeAdapter(tuple[CrossLink, ...])
_RESULTS = TypeAdapter(list[Result])


def synthesize(
    question: str,
    settings: Settings,
    *,
    paper: str | Path | None = None,
    library: Path | None = None,
    limit: int = DEFAULT_LIMIT,
    public: bool = False,
    on_progress: StageProgress | None = None,
    on_paper: Callable[[Outcome, int], None] | None = None,
) -> Synthesis:
    """What the literature says to a question.

    `paper` is the anchor: a path, an arXiv id or an address; it is read first, and what it cites and who cites it is
    searched too. `library` is a folder of papers, with `settings.offline` the only place that is searched. At most
    `limit` papers are read. `public`: abstracts and paths of this machine are left out of the record.

    `on_paper` gets each paper's outcome when it is there, and how many there will be.

    Where the environment names a language model (rephrase.py), its wording stands beside each quote that entails it.

    Raises UsageError (no content words, a wrong limit, nowhere to search, a language model's address that is none),
    InputError (no such anchor or folder), ServiceError (no database answered and there is no library).
    """
    from claimcheck.foundation.models.encoder import SentenceEncoder
    from claimcheck.synthesis.search import find_literature

    def tell(stage: str, done: int = 0, total: int = 0) -> None:
        if on_progress:
            on_progress(stage, done, total)

    started = datetime.now(UTC).isoformat(timespec="seconds")
    watch = _Watch()
    asked = take_apart(question)
    endpoint = Endpoint.from_environment()  # a wrong one is told before anything is searched
    tell("searching")
    anchor = anchor_work(paper, settings) if paper is not None else None
    found = find_literature(question, settings, anchor=anchor, library=library, limit=limit, on_progress=on_progress)
    watch.lap("search")
    gathered = gather(found, settings, on_paper)
    watch.lap("papers")
    tell("comparing")
    papers = gathered.papers
    kept = [p for p in papers if p.kept]
    # the encoder computes outside of Python, so that the numbers are compared at the same time
    with ThreadPoolExecutor(1) as beside:
        comparing = beside.submit(_numbers, gathered, kept, settings)
        answer, clusters = _compare(asked, kept, settings, SentenceEncoder(settings))
        watch.lap("claims")
        numbers = comparing.result()
    watch.lap("numbers, beyond the claims")
    models = dict(gathered.models)
    if endpoint is not None and not settings.offline:
        tell("wording")
        answer = reword(answer, settings, endpoint)
        models["language model"] = endpoint.model
        watch.lap("wording")
    synthesis = Synthesis(
        question=asked,
        anchor=next((p.key for p in papers if p.work.relation == "anchor"), ""),
        method=found,
        flow=_flow(found, papers),
        papers=papers,
        clusters=clusters,
        numbers=numbers,
        answer=answer,
        run=RunInfo(
            versions=gathered.versions,
            models=models,
            settings={**gathered.settings, "limit": limit, "offline": settings.offline},
            seconds=watch.seconds,
            started=started,
            tables=sum(p.tables for p in kept),
            sentences=sum(p.sentences for p in kept),
            claims_found=sum(p.claims_found for p in kept),
        ),
    )
    synthesis = synthesis.model_copy(update={"assessment": assess(synthesis)})
    synthesis = synthesis.model_copy(update={"limitations": limitations_of(synthesis)})
    return as_public(synthesis) if public else synthesis


def _compare(
    asked: Question,
    kept: Sequence[SynthesisPaper],
    settings: Settings,
    encoder: SentenceEncoder,
) -> tuple[Answer, tuple[Cluster, ...]]:
    """The claims held against the question, and against each other."""
    from claimcheck.claims.taxonomy import load_taxonomy

    taxonomy = load_taxonomy(settings.home)
    vectors = ClaimVectors(settings, encoder)
    judged = judge_claims(asked, kept, vectors.of, taxonomy, encoder)
    bearing = [j.bearing for j in judged if j.bearing.bears]
    clustered = cluster_claims(kept, vectors.of, taxonomy, bearing)
    return answer_of(asked, judged, kept, clustered.independent), clustered.clusters


def _numbers(gathered: Gathered, kept: Sequence[SynthesisPaper], settings: Settings) -> tuple[CrossLink, ...]:
    """Results of two papers with the same dataset and metric, from the cache where the same papers were compared."""
    from claimcheck.checks.across import compare_papers
    from claimcheck.reading.dispatch import code_version

    # in an order of their own, so that another question finds the same links
    full = sorted((p for p in kept if p.basis == "full_text"), key=lambda p: (p.paper.id, p.ledger_sha256))
    if len(full) < 2:
        return ()
    package = Path(__file__).parents[1]
    names = [code_version(package / "checks"), code_version(package / "claims"), *(p.ledger_sha256 for p in full)]
    key = hashlib.sha256("\0".join(names).encode()).hexdigest()
    store = Store(settings.home)
    data = store.get("number-links", key)
    if data is not None:
        with suppress(ValueError):
            return _LINKS.validate_json(data)
    pairs = []
    for paper, name in zip(full, names[2:], strict=True):
        document = gathered.document(paper.key)
        if document is not None:
            pairs.append((document, _results(document, f"{names[1]} {name}", store)))
    links = tuple(compare_papers(pairs))
    store.put("number-links", key, _LINKS.dump_json(links))
    return links


def _results(document: Document, key: str, store: Store) -> list[Result]:
    """All rows of a paper's results tables, from the cache where they were read before."""
    from claimcheck.claims.results import results

    data = store.get("all-results", key)
    if data is not None:
        with suppress(ValueError):
            return _RESULTS.validate_json(data)
    found = results(document, all=True)
    store.put("all-results", key, _RESULTS.dump_json(found))
    return found


def _flow(found: LiteratureSearch, papers: Sequence[SynthesisPaper]) -> Flow:
    reasons = Counter(p.exclusion for p in papers if p.exclusion)
    not_retrieved = reasons.pop("not_retrieved", 0)
    screened = found.identified - found.duplicates
    return Flow(
        identified=found.identified,
        duplicates=found.duplicates,
        screened=screened,
        less_relevant=screened - len(papers),
        sought=len(papers),
        not_retrieved=not_retrieved,
        assessed=len(papers) - not_retrieved,
        excluded=dict(sorted(reasons.items())),
        included=sum(p.kept for p in papers),
    )


def as_public(synthesis: Synthesis) -> Synthesis:
    """The synthesis without abstracts, the words around quotes and paths of this machine: what may be published."""
    synthesis = _without_folders(synthesis)

    def bare_work(work: Work) -> Work:
        return work.model_copy(update={"abstract": "", "path": Path(work.path).name})

    papers = tuple(
        p.model_copy(
            update={
                "paper": p.paper.model_copy(update={"abstract": ""}),
                "work": bare_work(p.work),
                "claims": tuple(
                    c.model_copy(update={"places": tuple(x.model_copy(update={"context": ""}) for x in c.places)})
                    for c in p.claims
                ),
            }
        )
        for p in synthesis.papers
    )
    databases = tuple(
        d.model_copy(update={"query": Path(d.query).name}) if d.database == "library" else d
        for d in synthesis.method.databases
    )
    works = tuple(map(bare_work, synthesis.method.works))
    method = synthesis.method.model_copy(update={"databases": databases, "works": works})
    return synthesis.model_copy(update={"papers": papers, "method": method, "public": True})


def _without_folders(synthesis: Synthesis) -> Synthesis:
    """Files by their names alone, wherever a record names them: paths, notes, messages."""
    folders = {d.query for d in synthesis.method.databases if d.database == "library" and d.query}
    folders |= {str(Path(w.path).parent) for w in synthesis.method.works if w.path}
    text = synthesis.model_dump_json()
    for folder in sorted(folders - {".", "/"}, key=len, reverse=True):
        text = text.replace(json.dumps(f"{folder}/", ensure_ascii=False)[1:-1], "")
    return Synthesis.model_validate_json(text)


class _Watch:
    """Seconds of each part of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now
