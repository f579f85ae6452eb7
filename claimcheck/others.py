"""Papers held beside one another: the ledgers of several papers, and those that their tables cite, linked by results.

A composition: the ledgers are made one by one as always; then the results of all papers are compared, each ledger gets
the links of its own results, and claims about other papers' systems get the check against those papers' own cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from claimcheck.foundation.errors import InputError, ServiceError
from claimcheck.foundation.records import CheckedClaim, CrossLink, Document, Ledger, Result
from claimcheck.foundation.settings import Settings
from claimcheck.pipeline import Outcome, PaperSource, read_paper

_MOST_LINKS = 400  # of one ledger: those that differ first

Compared = tuple[Document, list[Result]]


@dataclass
class Others:
    """What became of the papers that were wanted beside those given."""

    given: int = 0
    fetched: list[str] = field(default_factory=list)  # arXiv ids
    missing: list[str] = field(default_factory=list)  # cited, but not to be had

    def words(self, offline: bool) -> str:
        """One line for the user."""
        said = f"compared {self.given} papers given with one another"
        if self.fetched:
            said += f" and with {len(self.fetched)} that their tables cite"
        if self.missing:
            why = "are not in the cache (offline)" if offline else "could not be had"
            said += f"; {len(self.missing)} more that they cite {why}: {', '.join(self.missing[:5])}"
        return said


def hold_against_others(
    outcomes: Sequence[Outcome],
    papers: Sequence[PaperSource],
    settings: Settings,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> tuple[list[Outcome], Others]:
    """The outcomes with ledgers that know the other papers, and what became of those that were wanted.

    `papers` are the sources of the outcomes, in their order. Up to `settings.others` papers that the tables of each
    paper cite by an arXiv id are fetched, those cited in most rows first; offline only what the cache has. A paper that
    cannot be had or read is left out and named.
    """
    from claimcheck.checks.across import cited_preprints, compare_papers
    from claimcheck.claims.results import results

    others = Others()
    compared: dict[int, Compared] = {}
    for n, outcome in enumerate(outcomes):
        if on_progress:
            on_progress("comparing papers", n, len(outcomes))
        if outcome.ledger is not None:
            document = read_paper(papers[outcome.index], settings)
            compared[outcome.index] = (document, results(document, all=True))
    others.given = len(compared)
    known = {document.paper.id for document, _ in compared.values()}
    more: dict[str, Compared] = {}
    for document, found in compared.values():
        wanted = [i for i in cited_preprints(document, found) if i not in known][: settings.others or 0]
        for n, arxiv_id in enumerate(wanted):
            if arxiv_id in more or arxiv_id in others.missing:
                continue
            if on_progress:
                on_progress("reading cited papers", n, len(wanted))
            try:
                other = read_paper(arxiv_id, settings)
            except (InputError, ServiceError):
                others.missing.append(arxiv_id)
                continue
            others.fetched.append(arxiv_id)
            more[arxiv_id] = (other, results(other, all=True))
    links = compare_papers([*compared.values(), *more.values()])
    sources = {d.paper.id: d.paper for d, _ in (*compared.values(), *more.values())}
    done = []
    for outcome in outcomes:
        ledger = outcome.ledger
        if ledger is not None:
            own = compared[outcome.index][0].paper.id
            ledger = _linked(ledger, own, links, settings)
            beside = tuple(p for i, p in sources.items() if i != own and i not in {s.id for s in ledger.sources})
            ledger = ledger.model_copy(update={"sources": (*ledger.sources, *beside)})
        done.append(replace(outcome, ledger=ledger))
    return done, others


def _linked(ledger: Ledger, paper: str, links: Sequence[CrossLink], settings: Settings) -> Ledger:
    """A ledger with the links of its results and the checks of its claims about other papers' systems."""
    from claimcheck.checks.across import check_claims, with_check

    mine = [x for x in links if paper in (x.first.pointer.paper, x.second.pointer.paper)]
    checks = check_claims([(claim, claim.verdict) for claim in ledger.claims], paper, mine)
    claims: list[CheckedClaim] = [
        claim.model_copy(update={"verdict": with_check(claim.verdict, checks[claim.id])})
        if claim.id in checks
        else claim
        for claim in ledger.claims
    ]
    kept = sorted(mine, key=lambda x: (x.relation == "equal", x.basis == "shared"))[:_MOST_LINKS]
    run = ledger.run.model_copy(update={"settings": {**ledger.run.settings, "others": settings.others}})
    return ledger.model_copy(update={"claims": tuple(claims), "links": tuple(kept), "run": run})
