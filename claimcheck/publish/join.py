"""Puts reproductions beside the claims of ledgers: by paper, quantity, then names; what fits none gets its own row."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from claimcheck import __version__
from claimcheck.foundation.records import (
    Ledger,
    LooseReproduction,
    Paper,
    Reproduction,
    RerunInfo,
    Reruns,
    RunInfo,
)
from claimcheck.publish.matching import Matcher, same_doi, same_id, same_title

__all__ = ["join"]

_SCALES = ("paper", "lab", "smoke")
NOT_READ = "no paper was read"


def join(ledgers: Sequence[Ledger], reruns: Sequence[Reruns]) -> list[Ledger]:
    """The ledgers in their order, with each reproduction beside its claim or in a row of its own, never dropped.

    A paper is the same by its id without version, else by its title, else by its DOI; of several ledgers of one paper
    the one of the reproduction's version is taken, else the first. Reruns of a paper that has no ledger get one without
    claims. The same runs given twice count once. A claim keeps one reproduction: one that was run before one that was
    not, then that of scale paper before lab before smoke, then the first; the others get rows that say so. A
    reproduction that the ledgers hold already gives way to a new one of the same claim and scale that has all its runs,
    so that joining twice gives the same.
    """
    places = [_Place(ledger) for ledger in ledgers]
    for one in reruns:
        found = _places_of(one.paper, places)
        if not found:
            # nothing was read of it: its reproductions are all that is known
            made = Ledger(paper=one.paper, run=RunInfo(versions={"claimcheck": __version__}))
            found = [_Place(made)]
            places += found
        for reproduction in map(_in_order, one.reproductions):
            _of_version(reproduction.paper_version, found).new.append(reproduction)
        told = {r.paper_version: None for r in one.reproductions} or {"": None}
        for place in {id(place): place for place in (_of_version(v, found) for v in told)}.values():
            place.infos.extend([one.info] if one.info is not None else [])
    return [place.joined() for place in places]


def _in_order(reproduction: Reproduction) -> Reproduction:
    """With its free mappings sorted, as ledger.json has them: a report made of that file has to be the same one."""
    free = {name: _sorted(getattr(reproduction, name)) for name in ("quantity", "cost", "details")}
    return reproduction.model_copy(update=free)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(one) for one in value] if isinstance(value, list | tuple) else value


def _places_of(paper: Paper, places: Sequence[_Place]) -> list[_Place]:
    for same in (same_id, same_title, same_doi):
        found = [place for place in places if same(place.ledger.paper, paper)]
        if found:
            return found
    return []


def _of_version(version: str, places: Sequence[_Place]) -> _Place:
    exact = [place for place in places if version and place.ledger.paper.version == version]
    return (exact or list(places))[0]


@dataclass(frozen=True)
class _Place:
    """A ledger, and what is to be joined to it."""

    ledger: Ledger
    new: list[Reproduction] = field(default_factory=list)
    infos: list[RerunInfo] = field(default_factory=list)

    def joined(self) -> Ledger:
        kept = self._kept()
        pool = sorted(_once([*kept, *self.new]), key=_rank)
        bare = self.ledger.model_copy(
            update={"claims": tuple(c.model_copy(update={"reproduction": None}) for c in self.ledger.claims)}
        )
        beside, loose = _assigned(bare, pool)
        return bare.model_copy(
            update={
                "claims": tuple(
                    claim.model_copy(update={"reproduction": beside.get(i)}) for i, claim in enumerate(bare.claims)
                ),
                "reproductions": tuple(loose),
                "reruns": self._rerun_infos(kept),
            }
        )

    def _kept(self) -> list[Reproduction]:
        """What the ledger holds, but for earlier states of what comes anew."""
        held = [c.reproduction for c in self.ledger.claims if c.reproduction is not None]
        held += [loose.reproduction for loose in self.ledger.reproductions]
        anew: dict[tuple[str, str, str], list[set[str]]] = defaultdict(list)
        for one in self.new:
            anew[_key(one)].append({run.id for run in one.runs})
        return [one for one in held if not any({run.id for run in one.runs} <= runs for runs in anew[_key(one)])]

    def _rerun_infos(self, kept: Sequence[Reproduction]) -> tuple[RerunInfo, ...]:
        """Those of the ledger, but for earlier states of the same folder: nothing that they tell of is left."""
        scales = {one.scale for one in kept}
        anew = {(info.registry, info.scale) for info in self.infos}
        held = [
            info
            for info in self.ledger.reruns
            if info not in self.infos and ((info.registry, info.scale) not in anew or info.scale in scales)
        ]
        return (*held, *(info for i, info in enumerate(self.infos) if info not in self.infos[:i]))


def _key(one: Reproduction) -> tuple[str, str, str]:
    return one.paper, one.registry_id, one.scale


def _once(found: Sequence[Reproduction]) -> list[Reproduction]:
    """The same runs given twice, as a folder and its copy for instance, are one reproduction, whatever they cost."""
    first: dict[str, Reproduction] = {}
    for one in found:
        # notes on how the runs were read may differ from one reading to the next
        same = one.model_dump(mode="json", exclude={"cost": True, "details": True})
        first.setdefault(json.dumps(same, sort_keys=True), one)
    return list(first.values())


def _rank(one: Reproduction) -> tuple[bool, int]:
    return one.verdict == "not_tested" and one.reason.startswith("not_run"), _SCALES.index(one.scale)


def _assigned(ledger: Ledger, pool: Sequence[Reproduction]) -> tuple[dict[int, Reproduction], list[LooseReproduction]]:
    """Reproductions by the index of their claim, and the others with the reason."""
    matcher = Matcher(ledger, pool)
    beside: dict[int, Reproduction] = {}
    loose: list[LooseReproduction] = []
    was_read = bool(ledger.claims or ledger.run.sentences or ledger.paper.source_sha256)
    for one in pool:
        match = matcher.match(one)
        why = match.why if was_read else NOT_READ
        if match.claim is not None and match.claim in beside:
            first = beside[match.claim]
            why = f"the claim has a reproduction already: {first.registry_id} at scale {first.scale}"
        elif match.claim is not None:
            beside[match.claim] = one
            continue
        candidates = (match.claim,) if match.claim is not None else match.candidates
        ids = tuple(dict.fromkeys(ledger.claims[i].id for i in candidates))
        loose.append(LooseReproduction(reproduction=one, why=why, candidates=ids))
    return beside, loose
