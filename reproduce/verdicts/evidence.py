"""A run folder opened for judging: the request, the plan made anew, the gate, the scores of what it lets count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from claimcheck.foundation.errors import MissingInputError, ServiceError
from reproduce.data import Access
from reproduce.data import Gold as Labels
from reproduce.engine.jobs import JobRow, JobStore
from reproduce.engine.request import Request, planned, read_request
from reproduce.planning.plan import Plan, metric_of
from reproduce.specs import CommandJob, Data
from reproduce.verdicts.chance import baselines
from reproduce.verdicts.gate import Gate
from reproduce.verdicts.gold import Gold, Load
from reproduce.verdicts.scores import Scores

__all__ = ["Evidence", "evidence"]


@dataclass(frozen=True)
class Evidence:
    """What results and tables are made from; runs are checked once, when they are first asked for."""

    request: Request
    plan: Plan
    gate: Gate
    scores: Scores

    @property
    def seeds(self) -> range:
        """The seeds of every training."""
        return range(1, self.plan.seeds + 1)

    def option(self, name: str) -> Path | None:
        """A folder that the runs were made with ("data", "encoder"); None where there was none."""
        value = self.request.options.get(name)
        return Path(value) if isinstance(value, str) and value else None


def evidence(folder: Path, *, load: Load | None = None, offline: bool = False) -> Evidence:
    """Open a run folder.

    `load`, in place of reproduce.data, gives the data that labels and checksums are compared with. `offline`: of the
    hub's data only what lies in its cache is compared; where there is none, notes say so. Raises
    MissingInputError where it is no run folder, UnreadableInputError where its request or its job store is damaged, and
    what reading the registry and planning raise.
    """
    request = read_request(folder)
    plan = planned(request)
    data = request.options.get("data")
    access = Access(data=Path(data) if isinstance(data, str) and data else None)
    gate = Gate(
        jobs=folder / "jobs",
        plan={job.key: job.job for job in plan.jobs},
        records=_records(folder),
        claimed=_claimed_numbers(plan),
        gold=Gold(load or partial(_gold_offline if offline else _gold, access)),
        measures=_measures(plan),
        untrained=_untrained(plan),
        # the smoke claims are about the very runs of the registry, with controls of their own that have to fail
        baselines=frozenset() if plan.scale == "smoke" else baselines(plan),
    )
    return Evidence(request, plan, gate, Scores(plan, gate))


def _gold(access: Access, task: str, data: Data, language: str, split: str) -> Labels:
    from reproduce import data as datasets

    return datasets.gold(task, data, language, split, access=access)


def _gold_offline(access: Access, task: str, data: Data, language: str, split: str) -> Labels:
    if data.kind != "hub":
        return _gold(access, task, data, language, split)
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True  # what its client asks before each request
    try:
        return _gold(access, task, data, language, split)
    except ServiceError:
        todo = "`claimcheck reproduce results` fetches it"
        raise ServiceError("is not in the cache, and nothing is fetched for a report", where=task, todo=todo) from None
    finally:
        constants.HF_HUB_OFFLINE = before


def _records(folder: Path) -> dict[str, JobRow]:
    try:
        with JobStore(folder / "jobs.sqlite", read_only=True) as store:
            return {row.key: row for row in store.states()}
    except MissingInputError:  # nothing has run yet, and every claim will say so
        return {}


def _claimed_numbers(plan: Plan) -> tuple[str, ...]:
    claims = (*plan.asked.claims, *plan.registry.claims)
    return tuple(sorted({claim.quantity.value for claim in claims if claim.quantity is not None}))


def _measures(plan: Plan) -> dict[str, list[str]]:
    """The metrics of each evaluation and command; two targets may read one evaluation by different metrics."""
    names = {target.id: metric_of(target) for target in plan.registry.targets}
    found: dict[str, list[str]] = {}
    for cell, key in plan.cells.items():
        if names[cell.target] not in found.setdefault(key, []):
            found[key].append(names[cell.target])
    return found


def _untrained(plan: Plan) -> frozenset[str]:
    """Commands on a target that the recipe measures without a training."""
    probed = {target.id for target in plan.registry.targets if target.probe is not None}
    keys = {key for cell, key in plan.cells.items() if cell.target in probed}
    return frozenset(key for key in keys if isinstance(plan.by_key[key].job, CommandJob))
