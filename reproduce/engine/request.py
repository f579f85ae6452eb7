"""RUNS/request.json: what was asked of a run folder, so that results can be had from the folder alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from claimcheck.foundation.store import write_atomic
from reproduce.engine.preflight import check_folder, run_lock
from reproduce.planning.budget import fit_caps, parse_budget
from reproduce.planning.costs import machines
from reproduce.planning.given import NOTHING, Caps, Given
from reproduce.planning.plan import Plan, make_plan, metric_of
from reproduce.registry.load import RegistryFile, read_registry
from reproduce.registry.schema import Claim, Registry
from reproduce.specs import CommandJob, Spec

__all__ = [
    "Request",
    "has_changed",
    "planned",
    "read_request",
    "runnable",
    "seeds_at_first",
    "terms_of",
    "with_budget",
    "write_request",
]

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ScaleName = Literal["paper", "lab", "smoke"]
LIST_THEM = "`reproduce plan` lists the files"
_NAME = "request.json"


class Asked(Spec):
    """A registry file: its id where it comes with the package, else its path, and what it was when asked for."""

    name: str = Field(min_length=1)
    shipped: bool
    sha256: Sha256


class Request(Spec):
    """What was asked.

    `terms`: for each claim of the registry that is judged, by registry, scale and id, the hash `terms_of` gave before
    its runs were made. `first_seeds`: by registry and scale, the seeds that were planned when nothing had run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    schema_: Literal["claimcheck/request/v1"] = Field("claimcheck/request/v1", alias="schema")
    asked: Asked
    judged: Asked = Field(description="the registry whose claims are tested: at scale smoke the smoke registry")
    scale: ScaleName
    claims: tuple[str, ...] | None = None
    seeds: int | None = Field(None, ge=1)
    first_seeds: dict[str, int] = Field(default_factory=dict)
    options: dict[str, JsonValue] = Field(
        default_factory=dict, description="slots, device and the like; the folders of data and encoder"
    )
    given: Given = Field(NOTHING, description="what of the user's the plan was made with")
    terms: dict[str, Sha256] = Field(default_factory=dict)
    first: str = ""
    last: str = ""


def write_request(
    folder: Path,
    registry: str | Path,
    scale: ScaleName,
    *,
    claims: Sequence[str] | None = None,
    seeds: int | None = None,
    options: Mapping[str, Any] | None = None,
    given: Given = NOTHING,
    lock: bool = True,
) -> tuple[Request, Plan]:
    """Record in `folder` what is asked, before anything runs, and give it with its plan.

    Asking again replaces the request, but the terms of a claim stay those of the first time, and a claim that a user's
    registry got after its runs were made has none. Raises what reading the registry and planning raise, UsageError
    where the folder is not one of runs or another run works in it, and UnreadableInputError where a request is there
    that cannot be read. `lock` False: the caller has checked the folder and holds its lock.
    """
    file = read_registry(registry)
    plan = make_plan(file.registry, scale, claims=claims, seeds=seeds, given=given)
    _refuse_what_cannot_run(file, plan)
    name = file.registry.paper.id if file.shipped else str(Path(registry).absolute())
    asked = Asked(name=name, shipped=file.shipped, sha256=file.sha256)
    judged = asked
    if plan.registry is not plan.asked:
        judged = Asked(name="smoke", shipped=True, sha256=read_registry("smoke").sha256)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if lock:
        check_folder(folder)
    with run_lock(folder) if lock else nullcontext():
        before = read_request(folder) if (folder / _NAME).exists() else None
        request = Request(
            asked=asked,
            judged=judged,
            scale=scale,
            claims=None if claims is None else tuple(claims),
            seeds=seeds,
            first_seeds=_first_seeds(folder, plan, before),
            options=dict(options or {}),
            given=given,
            terms=_terms(folder, plan, before, judged),
            first=before.first if before else now,
            last=now,
        )
        write_atomic(folder / _NAME, json.dumps(request.model_dump(mode="json", by_alias=True), indent=1) + "\n")
    return request, plan


def runnable(
    registry: str | Path,
    scale: ScaleName,
    *,
    claims: Sequence[str] | None = None,
    seeds: int | None = None,
    given: Given = NOTHING,
    hardware: str | None = None,
) -> Plan:
    """The plan of a request that can be run as asked. Raises what reading and planning raise, and UsageError."""
    file = read_registry(registry)
    plan = make_plan(file.registry, scale, claims=claims, seeds=seeds, given=given, hardware=hardware)
    _refuse_what_cannot_run(file, plan)
    return plan


def with_budget(
    registry: Registry,
    scale: ScaleName,
    budget: str | None,
    *,
    claims: Sequence[str] | None,
    seeds: int | None,
    given: Given,
    slots: int,
    hardware: str,
    folder: Path | None = None,
) -> Given:
    """What is given, with the caps on steps and items that a budget ("30m") sets; as it is without a budget.

    Caps that were found before for the same budget and scale in the run folder hold again, so that its jobs
    stay the same. Raises UsageError for a budget that is no time, or that is too small; it then says which would do.
    """
    if budget is None:
        return given
    seconds = parse_budget(budget)
    if folder is not None and (folder / _NAME).exists():
        before = read_request(folder)
        caps = before.given.caps
        if caps is not None and caps.seconds == seconds and before.scale == scale:
            return given.model_copy(update={"caps": caps})

    def plan(caps: Caps) -> Plan:
        with_caps = given.model_copy(update={"caps": caps})
        return make_plan(registry, scale, claims=claims, seeds=seeds, hardware=hardware, given=with_caps)

    return given.model_copy(update={"caps": fit_caps(plan, seconds, slots)})


def _refuse_what_cannot_run(file: RegistryFile, plan: Plan) -> None:
    """Raise UsageError for jobs that cannot be run as asked, before anything is written."""
    if any(isinstance(planned.job, CommandJob) for planned in plan.jobs) and not file.commands_allowed:
        raise UsageError("this registry comes with a package and names programs: they are never run", where=file.where)
    if plan.lacks_files:
        what = f"scale {plan.scale} of {plan.registry.paper.id} reads its data from files, and no folder was given"
        raise UsageError(what, todo=f"give it with --data DIR, laid out as XTREME's download; {LIST_THEM}")


def read_request(folder: Path) -> Request:
    """The request of a run folder. Raises MissingInputError where there is none, UnreadableInputError for a bad one."""
    path = folder / _NAME
    try:
        return Request.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        what = "is no run folder: it has no request.json" if folder.is_dir() else "there is no such folder"
        raise MissingInputError(what, where=str(folder), todo="give the folder that `reproduce run` wrote") from None
    except OSError as error:
        raise UnreadableInputError(f"cannot be read ({error.strerror})", where=str(path)) from None
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
        todo = "run `reproduce run` on this folder again: finished jobs are kept"
        raise UnreadableInputError(what, where=str(path), todo=todo) from None


def planned(request: Request) -> Plan:
    """The plan of a request, made anew from the registry. Raises what reading it and planning raise."""
    try:
        registry = read_registry(request.asked.name if request.asked.shipped else Path(request.asked.name)).registry
    except MissingInputError as error:
        todo = "put the registry file back where it was, or run again with its new path"
        raise MissingInputError(error.what, where=error.where, todo=todo) from None
    hardware = request.options.get("hardware")  # it changes estimates alone
    known = hardware if isinstance(hardware, str) and hardware in machines() else None
    return make_plan(
        registry, request.scale, claims=request.claims, seeds=request.seeds, given=request.given, hardware=known
    )


def terms_of(claim: Claim, registry: Registry, scale: str) -> str:
    """A sha256 of what decides a claim: number and law, margin, test, metrics, and what is listed as a deviation."""
    fields = {"quantity", "seeds_behind", "statistic", "claimed_sd", "margin", "test"}
    content = claim.model_dump(mode="json", include=fields)
    targets = {target.id: target for target in registry.targets}
    named = {name for measure in claim.test.measures for name in measure.targets}
    content["metrics"] = {name: metric_of(targets[name]) for name in named}
    content["deviations"] = sorted(registry.deviations(claim, scale, called=False))
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def has_changed(request: Request, claim: Claim, registry: Registry) -> bool:
    """Whether what decides a claim is other than before its runs, or was not there before them."""
    return request.terms.get(_place(claim, registry, request.scale)) != terms_of(claim, registry, request.scale)


def seeds_at_first(request: Request, registry: Registry) -> int | None:
    """The seeds of the first request of that registry at this scale; None where they are not on record."""
    return request.first_seeds.get(f"{registry.paper.id} {request.scale}")


def _first_seeds(folder: Path, plan: Plan, before: Request | None) -> dict[str, int]:
    """Those so far, and this plan's where it has none yet; until something has run, another number is no raise."""
    has_run = any(folder.glob("jobs/*/run.json"))
    now = {f"{plan.registry.paper.id} {plan.scale}": plan.seeds}
    known = before.first_seeds if before else {}
    return {**now, **known} if has_run else {**known, **now}


def _place(claim: Claim, registry: Registry, scale: str) -> str:
    return f"{registry.paper.id} {scale} {claim.id}"


def _terms(folder: Path, plan: Plan, before: Request | None, judged: Asked) -> dict[str, str]:
    """The terms so far, and those of all claims that were written down before their runs: asked for yet or not."""
    registry, known = plan.registry, dict(before.terms if before else {})
    same = before is not None and before.judged.sha256 == judged.sha256
    if judged.shipped or same or not any(folder.glob("jobs/*/run.json")):
        early = registry.claims
    else:  # who writes a claim once its runs are there knows what they say; a new name does not make it another claim
        early = tuple(claim for claim in plan.claims if not _is_run(folder, plan, claim))
    for claim in early:
        known.setdefault(_place(claim, registry, plan.scale), terms_of(claim, registry, plan.scale))
    return known


def _is_run(folder: Path, plan: Plan, claim: Claim) -> bool:
    """Whether all evaluations of a claim lie in the folder."""
    sides = {
        (condition, target)
        for measure in claim.test.measures
        for condition in (*measure.conditions, *((measure.control,) if measure.control else ()))
        for target in measure.targets
    }
    keys = {key for cell, key in plan.cells.items() if (cell.condition, cell.target) in sides}
    return bool(keys) and all((folder / "jobs" / key / "run.json").exists() for key in keys)
