"""A run folder as files that can be published: a page in Markdown, Reproductions, scores, and what was run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records import Reproduction
from claimcheck.foundation.store import write_atomic
from reproduce.display import claimed, duration, verdict_of
from reproduce.making import encoders, finished_runs, hardware, seconds_of, steps_of, versions, without_paths
from reproduce.planning.plan import Plan
from reproduce.runrecord import Run
from reproduce.specs import EvaluateJob, TrainJob
from reproduce.verdicts.evidence import Evidence
from reproduce.verdicts.results import judged
from reproduce.verdicts.tables import AverageRow, ScoreRow, Tables, tables_of

__all__ = ["publish"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#])")
_AVERAGES = {"all": "all tasks", "without_retrieval": "without retrieval", "qa": "question answering"}


def publish(found: Evidence, runs: Path, out: Path) -> list[Path]:
    """Write README.md, reproductions.jsonl, tables.json and runs.jsonl for the run folder `runs`, opened as `found`.

    Gives their paths. The same folder gives the same bytes. Raises UsageError where `out` cannot be written.
    """
    reproductions = judged(found).reproductions
    tables = tables_of(found)
    finished = list(finished_runs(runs, found.plan))
    content = {
        "README.md": _page(found, reproductions, tables, finished, _sweeps(runs, found.plan)),
        "reproductions.jsonl": "".join(one.model_dump_json(by_alias=True) + "\n" for one in reproductions),
        "tables.json": json.dumps(tables.to_json(), ensure_ascii=False, indent=1) + "\n",
        "runs.jsonl": "".join(json.dumps(_told(run), ensure_ascii=False) + "\n" for run in finished),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in content.items():
            write_atomic(out / name, without_paths(text, found, runs))
    except OSError as error:
        todo = "choose another folder with --out"
        raise UsageError(f"cannot be written ({error.strerror})", where=str(out), todo=todo) from None
    return [out / name for name in content]


def _told(run: Run) -> dict[str, Any]:
    """What a reader needs to see that a run is the one reported: its job, data and predictions, by their checksums."""
    return {
        "key": run.key,
        "job": run.job.model_dump(mode="json"),
        "optimizer_steps": run.optimizer_steps,
        "examples": run.examples,
        "tokens": run.tokens,
        "data": [record.model_dump(mode="json") for record in run.data],
        "predictions_sha256": None if run.predictions is None else run.predictions.sha256,
        "model_sha256": run.model_sha256,
        "degenerate": run.degenerate,
        "seconds": run.seconds,
        "exit": run.exit,
    }


def _sweeps(runs: Path, plan: Plan) -> list[dict[str, Any]]:
    """The sweeps over layers of encoders that nothing was trained on after their pretraining."""
    found = []
    for planned in plan.jobs:
        job = planned.job
        trained = {one.key for one in plan.jobs if isinstance(one.job, TrainJob)}
        if isinstance(job, EvaluateJob) and job.probe is not None and not trained & set(planned.inputs):
            try:
                found.append(json.loads((runs / "jobs" / planned.key / "sweep.json").read_bytes()))
            except (OSError, ValueError):
                continue  # none was asked for
    return found


# --- the page


def _page(
    found: Evidence,
    reproductions: Sequence[Reproduction],
    tables: Tables,
    runs: Sequence[Run],
    sweeps: Sequence[Mapping[str, Any]],
) -> str:
    paper = found.plan.registry.paper
    blocks: list[Iterable[str]] = [
        [f"# {_text(paper.title)}: rerun at scale {found.plan.scale}"],
        [
            f"claimcheck reran claims of {_text(paper.id)} {paper.version} by machine; nobody has reviewed this page.",
            *_scale(found.plan.scale),
        ],
        _setting(found, runs),
        ["## Claims"],
        _claims(reproductions),
        *_average_blocks(tables),
        ["## Each target, mean over its languages"],
        _targets(tables),
        *(_sweep(one) for one in sweeps),
        ["## Each language"],
        *_languages(tables),
        ["## What is done otherwise than in the paper"],
        [f"- {_text(line)}" for line in _deviations(reproductions)],
        *([["## What does not count"], [f"- {_text(line)}" for line in tables.absent]] if tables.absent else []),
        ["## Files"],
        [
            "- reproductions.jsonl: a Reproduction a line (claimcheck/reproduction/v1)",
            "- tables.json: the scores of this page and more (claimcheck/tables/v1)",
            "- runs.jsonl: every job with its data, steps, seconds, and the sha256 of its predictions and its model",
        ],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _scale(scale: str) -> list[str]:
    if scale == "paper":
        return []
    if scale == "lab":
        return [
            "The encoder is not the paper's and the recipe is shortened, so no number here stands beside one of the",
            "paper: `lab` says whether an effect shows in the same direction, and how sure that is.",
        ]
    return ["The data are synthetic: a smoke run proves that the machinery works and says nothing of the paper."]


def _setting(found: Evidence, runs: Sequence[Run]) -> list[str]:
    """Seeds, encoder, hardware, time and versions."""
    lines = [
        f"- seeds: {found.plan.seeds}",
        f"- jobs finished: {len(runs)} of {len(found.plan.jobs)}, {steps_of(runs):,} optimizer steps, "
        f"{duration(seconds_of(runs))} of job time",
        f"- hardware: {_text('; '.join(hardware(runs))) or 'none'}",
    ]
    # of the code a checksum, of which the beginning is enough to tell two apart
    told = (f"{name} {version[:12] if name == 'source' else version}" for name, version in versions(runs))
    lines.append(f"- versions: {_text(', '.join(sorted(told))) or 'none'}")
    return lines + [f"- encoder: {_text(line)}" for line in encoders(found, runs)]


def _claims(reproductions: Sequence[Reproduction]) -> list[str]:
    rows = [
        [
            f"`{one.registry_id}`",
            _text(one.claim_text),
            claimed(one),
            "" if one.mean is None else f"{one.mean:+.1f} (n={one.n})",
            _interval(one.interval),
            verdict_of(one),
            one.direction or "",
        ]
        for one in reproductions
    ]
    return _table(["claim", "what it says", "claimed", "here", "95 %", "verdict", "direction"], rows)


def _average_blocks(tables: Tables) -> list[list[str]]:
    if not tables.averages:
        return []
    lines = [["## Averages over tasks, with and without retrieval"], _averages(tables.averages)]
    left_out = sorted({name for row in tables.averages for name in row.left_out})
    if left_out:
        told = ", ".join(left_out)
        lines.append([f"Left out, since their baseline cannot be told from chance (3 standard errors): {told}."])
    return lines


def _averages(rows: Sequence[AverageRow]) -> list[str]:
    cells = [
        [
            _AVERAGES.get(row.name, row.name),
            row.condition,
            f"{row.mean:.1f}{_spread(row.sd)}",
            _effect(row.effect),
            _interval(row.interval),
            ", ".join(row.targets),
        ]
        for row in rows
    ]
    return _table(["average", "condition", "mean ± SD", "effect", "95 %", "of"], cells)


def _targets(tables: Tables) -> list[str]:
    cells = [
        [
            f"{row.name}{' (degenerate)' if row.degenerate else ''}",
            f"{row.metric}, {row.split}",
            row.condition,
            f"{row.mean:.1f}{_spread(row.sd)} (n={row.n})",
            _effect(row.effect),
            _interval(row.interval),
            "" if row.chance is None else f"{row.chance:.1f}",
        ]
        for row in tables.rows
        if not row.language
    ]
    return _table(["target", "metric", "condition", "mean ± SD", "effect", "95 %", "chance"], cells)


def _languages(tables: Tables) -> Iterator[list[str]]:
    """A table a target: languages down, conditions across, the mean over seeds in each cell."""
    for target in dict.fromkeys(row.target for row in tables.rows):
        rows = [row for row in tables.rows if row.target == target and row.language]
        if not rows:
            continue
        conditions = list(dict.fromkeys(row.condition for row in rows))
        by_place: dict[tuple[str, str], ScoreRow] = {(row.language, row.condition): row for row in rows}
        cells = []
        for code in dict.fromkeys(row.language for row in rows):
            found = [by_place.get((code, condition)) for condition in conditions]
            items = next(row.items for row in found if row is not None)
            cells.append([code, str(items), *("" if row is None else f"{row.mean:.1f}" for row in found)])
        yield [f"### {rows[0].name} ({rows[0].metric}, {rows[0].split})"]
        yield _table(["language", "items", *conditions], cells)


def _sweep(content: Mapping[str, Any]) -> list[str]:
    """Scores of the encoder as it was pretrained, by layer and pooling."""
    rows = list(content.get("rows", ()))
    kinds = list(dict.fromkeys((row["pooling"], row["special_tokens"]) for row in rows))
    names = {("mean", True): "mean", ("mean", False): "mean of words"}
    by_view = {(row["layer"], row["pooling"], row["special_tokens"]): row["mean"] for row in rows}
    cells = [
        [str(layer), *(f"{100 * by_view[layer, *kind]:.1f}" if (layer, *kind) in by_view else "" for kind in kinds)]
        for layer in sorted({row["layer"] for row in rows})
    ]
    header = ["layer", *(names.get(kind, "first token") for kind in kinds)]
    title = f"## {content.get('task')} without any training, by layer ({content.get('metric')}, {content.get('split')})"
    return [title, "", "No verdict rests on this.", "", *_table(header, cells)]


def _deviations(reproductions: Sequence[Reproduction]) -> list[str]:
    """Each once, with how many claims it is of where it is not of all."""
    counts = Counter(line for one in reproductions for line in one.deviations)
    return [
        line if count == len(reproductions) else f"{line} ({count} of {len(reproductions)} claims)"
        for line, count in counts.items()
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of GitHub's Markdown; columns that are empty throughout are left out."""
    told = [i for i in range(len(header)) if i == 0 or any(row[i] for row in rows)]
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(line[i] for i in told) + " |" for line in lines] if rows else ["None."]


def _spread(sd: float | None) -> str:
    return "" if sd is None else f" ± {sd:.1f}"


def _effect(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"


def _interval(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.1f} to {interval[1]:.1f}"


def _text(value: str) -> str:
    """Text of others in a cell or a line of Markdown: nothing in it is a mark, and it stays on its line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(value.split()))
