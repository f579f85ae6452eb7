"""What `claimcheck report` joins to claims: Reproductions of run folders and registries (group `claimcheck.reruns`)."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError
from claimcheck.foundation.records import Paper, Reproduction, RerunInfo, Reruns
from reproduce.registry import available, load_registry

if TYPE_CHECKING:
    from reproduce.registry.schema import Claim, Registry
    from reproduce.verdicts.evidence import Evidence
    from reproduce.verdicts.gold import Load

__all__ = ["of_registry", "of_runs"]

_REQUEST, _REPRODUCTIONS, _RUNS, _TABLES = "request.json", "reproductions.jsonl", "runs.jsonl", "tables.json"
_LARGEST = 200 << 20  # bytes of a file
_NOT_A_FOLDER = "give a folder that `claimcheck reproduce run` or `reproduce results --out` wrote"


def of_runs(folder: Path, *, load: Load | None = None) -> tuple[Reruns, ...]:
    """The Reproductions of a run folder, of what `reproduce results --out` wrote, or of a reproductions.jsonl.

    One Reruns a paper and scale, in the order of their first Reproduction: at scale smoke a paper's claims, which are
    not tested, come beside those of the smoke registry. A run folder is judged anew from its predictions, without
    network; `load` is as in `evidence`. Raises MissingInputError where nothing is there, UnreadableInputError for a
    damaged file, and what opening a run folder raises.
    """
    if folder.is_file():
        return _published(folder)
    if not (folder / _REQUEST).exists() and (folder / _REPRODUCTIONS).is_file():
        return _published(folder / _REPRODUCTIONS)
    if not (folder / _REQUEST).exists():
        what = "is no run folder and holds no reproductions.jsonl" if folder.is_dir() else "there is no such folder"
        raise MissingInputError(what, where=str(folder), todo=_NOT_A_FOLDER)
    from reproduce.verdicts.evidence import evidence

    return _judged(evidence(folder, load=load, offline=True), folder)


def of_registry(name: str) -> Reruns:
    """The claims of a registry, by a paper's id or a file, each as a Reproduction of which nothing was run.

    Needs no paper, no run and no network. Raises MissingInputError and UnreadableInputError as `read_registry`.
    """
    registry = load_registry(name)
    scale = next(scale for scale in _scales() if scale in registry.scales or scale == "smoke")
    at = registry.at(scale) if scale in registry.scales else registry
    return Reruns(paper=_paper(registry), reproductions=tuple(_not_run(at, claim, scale) for claim in at.claims))


# ------------------------------------------------------------------ a run folder


def _judged(found: Evidence, folder: Path) -> tuple[Reruns, ...]:
    from reproduce.making import encoders, finished_runs, hardware, seconds_of, steps_of, versions, without_paths
    from reproduce.verdicts.results import judged
    from reproduce.verdicts.tables import tables_of

    runs = list(finished_runs(folder, found.plan))
    made = defaultdict(list)
    for name, version in versions(runs):
        made[name].append(version)
    absent = tables_of(found).absent
    papers = {one.paper.id: _paper(one) for one in (found.plan.registry, found.plan.asked)}

    def info(paper: str, scale: Literal["paper", "lab", "smoke"]) -> RerunInfo:
        told = RerunInfo(
            registry=paper,
            scale=scale,
            seeds=found.plan.seeds,
            jobs=len(found.plan.jobs),
            finished=len(runs),
            optimizer_steps=steps_of(runs),
            seconds=seconds_of(runs),
            versions={name: ", ".join(known) for name, known in sorted(made.items())},
            hardware=tuple(hardware(runs)),
            encoders=tuple(encoders(found, runs)),
            absent=absent,
        )
        return RerunInfo.model_validate_json(without_paths(told.model_dump_json(), found, folder))

    reproductions = [
        Reproduction.model_validate_json(without_paths(one.model_dump_json(), found, folder))
        for one in judged(found).reproductions
    ]
    return tuple(
        Reruns(paper=papers[paper], reproductions=tuple(ones), info=info(paper, scale))
        for (paper, scale), ones in _grouped(reproductions).items()
    )


def _grouped(found: Iterable[Reproduction]) -> dict[tuple[str, Literal["paper", "lab", "smoke"]], list[Reproduction]]:
    groups = defaultdict(list)
    for one in found:
        groups[one.paper, one.scale].append(one)
    return groups


# ------------------------------------------------------------------ files that were published


def _published(file: Path) -> tuple[Reruns, ...]:
    reproductions = [_as_recorded(one) for one in _lines(file)]
    if not reproductions:
        raise UnreadableInputError("holds no reproduction", where=str(file), todo=_NOT_A_FOLDER)
    beside = file.parent if file.name == _REPRODUCTIONS else None
    runs = _beside(beside, _RUNS)
    tables = next(iter(_beside(beside, _TABLES)), {})
    absent = tables.get("absent")
    seeds = tables.get("seeds")
    groups = _grouped(reproductions)
    return tuple(
        Reruns(
            paper=_known_paper(paper, ones[0].paper_version),
            reproductions=tuple(ones),
            info=RerunInfo(
                registry=paper,
                scale=scale,
                seeds=seeds if isinstance(seeds, int) else 0,
                finished=len(runs),
                optimizer_steps=int(sum(_number(run.get("optimizer_steps")) for run in runs)),
                seconds=sum(_number(_mapping(run.get("seconds")).get("total")) for run in runs),
                absent=tuple(map(str, absent)) if isinstance(absent, list) else (),
                recorded=True,
            ),
        )
        for (paper, scale), ones in groups.items()
    )


def _as_recorded(one: Reproduction) -> Reproduction:
    """The reproduction of a file that anyone can have written; what no run of ours could have given is not tested.

    There are no predictions beside it, so that no gate can judge it again: DESIGN.md section 4 is held all the same.
    """
    judged = one.verdict.startswith(("reproduced", "not_reproduced")) or one.verdict == "inconclusive"
    if not judged and one.direction is None:
        return one
    ran = one.n > 0 and one.mean is not None and one.runs and all(run.exit == 0 for run in one.runs)
    if not ran or not all(run.predictions_sha256 and run.data_sha256 for run in one.runs):
        reason = "no_runs: the record names no finished run with data and predictions behind this verdict"
        return one.model_copy(update={"verdict": "not_tested", "direction": None, "reason": reason})
    own = one.scale == "smoke" and one.paper == "smoke"
    if judged and one.scale != "paper" and not own:
        return one.model_copy(update={"verdict": "not_tested", "reason": "scale"})
    return one


def _lines(file: Path) -> Iterator[Reproduction]:
    for number, line in enumerate(_read(file).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found = Reproduction.model_validate_json(line)
            json.dumps(found.model_dump(mode="python"), allow_nan=False)
            yield found
        except ValueError as error:
            if not isinstance(error, ValidationError):
                what = f"line {number} is no reproduction: it holds NaN or an infinite number"
                raise UnreadableInputError(what, where=str(file), todo=_NOT_A_FOLDER) from None
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            what = f"line {number} is no reproduction: {f'{place}: ' if place else ''}{first['msg']}"
            raise UnreadableInputError(what, where=str(file), todo=_NOT_A_FOLDER) from None
        except RecursionError:
            raise UnreadableInputError(f"line {number} is nested too deeply", where=str(file)) from None


def _beside(folder: Path | None, name: str) -> list[dict[str, Any]]:
    """The JSON objects of a file that may be there, one a line or one in all; raises UnreadableInputError."""
    if folder is None or not (folder / name).is_file():
        return []
    text = _read(folder / name)
    try:
        found = (
            [json.loads(text)] if name.endswith(".json") else [json.loads(x) for x in text.split(b"\n") if x.strip()]
        )
    except (ValueError, RecursionError):
        todo = "write it anew with: claimcheck reproduce results RUNS --out DIR"
        raise UnreadableInputError("is no JSON", where=str(folder / name), todo=todo) from None
    return [one for one in found if isinstance(one, dict)]


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST:
            raise UnreadableInputError(f"is larger than {_LARGEST >> 20} MB", where=str(file), todo=_NOT_A_FOLDER)
        return file.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UnreadableInputError(f"cannot be read ({reason})", where=str(file), todo="check the file") from None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float:
    """A number of a file that anyone can have written; 0 for what is none, and for NaN and what no float holds."""
    try:
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
    except OverflowError:  # a whole number beyond any float
        return 0.0


# ------------------------------------------------------------------ papers and registries


def _paper(registry: Registry) -> Paper:
    paper = registry.paper
    published = str(paper.year) if paper.year else ""
    return Paper(id=paper.id, version=paper.version, title=paper.title, authors=paper.authors, published=published)


def _known_paper(paper_id: str, version: str) -> Paper:
    """With title and authors where a registry that comes with the package has them."""
    if paper_id in available():
        try:
            return _paper(load_registry(paper_id))
        except InputError:  # an installation without its files: the id is enough to go on
            pass
    return Paper(id=paper_id, version=version)


def _scales() -> tuple[Literal["paper", "lab", "smoke"], ...]:
    return ("paper", "lab", "smoke")


def _not_run(registry: Registry, claim: Claim, scale: Literal["paper", "lab", "smoke"]) -> Reproduction:
    from reproduce.verdicts.results import details_of, quantity_of

    impossible = claim.test.reason or claim.unsupported
    reason = "not_run: this is what the registry says of the claim; nothing was run"
    return Reproduction(
        registry_id=claim.id,
        paper=registry.paper.id,
        paper_version=claim.version or registry.paper.version,
        claim_text=claim.text,
        quantity=quantity_of(registry, claim),
        claimed_source=next(source.where for source in registry.sources if source.id == claim.source),
        scale=scale,
        margin=claim.margin,
        verdict="not_tested",
        reason=f"{reason}, and nothing can be: {impossible}" if impossible else reason,
        deviations=registry.deviations(claim, scale),
        details=details_of(registry, claim),
    )
