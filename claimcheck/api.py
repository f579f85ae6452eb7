"""The verbs of the Python interface, which `claimcheck` re-exports.

Settings come from the environment and claimcheck.toml; `table` also takes them as keywords. Each function loads the
stage that it needs when it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.foundation.errors import PartialFailureError, UsageError
from claimcheck.foundation.records import Claim, Document, Ledger, Passage, Result, Table, Verdict
from claimcheck.foundation.settings import Settings

if TYPE_CHECKING:
    from claimcheck.pipeline import Outcome

Evidence = Document | Table | Passage


def read(source: str | Path | bytes, tables: bool = True) -> Document:
    """Read a paper.

    `source` is a path (PDF, LaTeX file, folder or archive, HTML, text), the bytes of such a file, an arXiv id, a DOI or
    a URL. `tables=False` leaves the tables out, which is faster. Parsing happens in a process of its own, under limits.

    Raises MissingInputError, UnreadableInputError or NotAPaperError (all InputError) where there is nothing to read,
    and ServiceError where it cannot be fetched.
    """
    from claimcheck.pipeline import read_paper

    return read_paper(source, Settings.load(), tables)


def extract(document: Document) -> list[Claim]:
    """The checkable claims of a document in reading order, whole and verbatim, with their quantities.

    What is said in two places is one claim with two places.
    """
    from claimcheck.claims import extract_claims

    return extract_claims(document, Settings.load())


def detect(sentences: Sequence[str], contexts: Sequence[str] | None = None) -> list[float]:
    """For each sentence the probability, from 0 to 1, that it states a checkable claim.

    `contexts`, as many as sentences, holds the words before each; without it every sentence stands alone. Raises
    UsageError where their lengths differ.
    """
    from claimcheck.claims import detect as detect_claims

    if isinstance(sentences, str):
        raise UsageError("detect takes a list of sentences, not one string", todo="write detect([sentence])")
    if contexts is not None and len(contexts) != len(sentences):
        raise UsageError(
            f"{len(sentences)} sentences with {len(contexts)} contexts", todo="give one context for each sentence"
        )
    return detect_claims(list(sentences), None if contexts is None else list(contexts))


def results(document: Document, all: bool = False) -> list[Result]:
    """The paper's results as a leaderboard would carry them: its own best row for each dataset and metric.

    With `all` every row of its result tables; `role` says whether it is own_best, own, ablation or baseline.
    """
    from claimcheck.claims.results import results as table_results

    return table_results(document, all)


def check(claim: str | Claim, evidence: Sequence[Evidence]) -> Verdict:
    """Hold one claim against evidence.

    `claim` is a sentence or a Claim from `extract`; `evidence` a list of Documents, Tables and Passages. The verdict's
    `probabilities` cover supported, refuted and not_enough_info, and its `checks` quote what they rest on.
    """
    return check_many([(claim, evidence)])[0]


def check_many(pairs: Iterable[tuple[str | Claim, Sequence[Evidence]]], progress: bool = False) -> list[Verdict]:
    """One verdict for each (claim, evidence) pair, in their order; faster than `check` in a loop.

    `progress` writes a line of progress to stderr. Raises UsageError where evidence is not a list of Documents, Tables
    and Passages.
    """
    from claimcheck.checks import check_many as check_pairs
    from claimcheck.claims import claim_of

    listed = []
    for claim, evidence in pairs:
        held = _evidence_list(evidence)
        listed.append((claim if isinstance(claim, Claim) else claim_of(str(claim), held), held))
    return check_pairs(listed, Settings.load(), _write_progress if progress else None)


def table(sources: str | Path | bytes | Iterable[str | Path | bytes], **settings: Any) -> Iterator[Ledger]:
    """The ledgers of papers, one after the other in the order of the sources, as they are finished.

    `sources` is one paper or many, each as in `read`; a paper given twice is done once. Keywords are settings, such as
    workers=2, offline=True, max_claims=20. A paper that fails does not stop the others: once they are done, the failure
    is raised, as itself where it was the only paper, else as PartialFailureError, which lists every failure. What was
    finished is in the cache, and the next call goes on from there. With others=N the papers' results are held beside
    one another and beside N papers that each cites, so that the first ledger comes when all papers are done.
    """
    from claimcheck.others import hold_against_others
    from claimcheck.pipeline import check_papers

    papers = [sources] if isinstance(sources, str | Path | bytes) else list(sources)
    loaded = Settings.load(**settings)
    errors = []
    outcomes: Iterable[Outcome] = check_papers(papers, loaded)
    if loaded.others is not None:
        outcomes, _ = hold_against_others(list(outcomes), papers, loaded)
    for outcome in outcomes:
        if outcome.ledger is not None:
            yield outcome.ledger
        if outcome.error is not None:
            errors.append(outcome.error)
    if errors and len(papers) == 1:
        raise errors[0]
    if errors:
        told = "; ".join(map(str, errors))
        raise PartialFailureError(f"{len(errors)} of {len(papers)} papers failed: {told}")


def _evidence_list(evidence: Sequence[Evidence]) -> list[Evidence]:
    listed = [evidence] if isinstance(evidence, Document | Table | Passage) else list(evidence)
    for item in listed:
        if not isinstance(item, Document | Table | Passage):
            raise UsageError(
                f"evidence holds a {type(item).__name__}",
                todo="give Documents (claimcheck.read), Tables (Table.from_rows) or Passages (Passage(text))",
            )
    return listed


def _write_progress(done: int, total: int) -> None:
    end = "\n" if done >= total else ""
    sys.stderr.write(f"\rchecked {done} of {total} claims{end}")
    sys.stderr.flush()
