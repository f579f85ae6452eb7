"""The RO-Crate 1.2 metadata of a report's folder: its files with their hashes, how they were made, and from what.

Sources: https://w3id.org/ro/crate/1.2, and for the actions its chapter on provenance. Dates come from the ledger alone;
a ledger without one gives a crate without `datePublished`, for a made-up date would be worse than none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from claimcheck.foundation.records import LEDGER_SCHEMA, Ledger, Paper, Reproduction, RerunInfo, RunRecord
from claimcheck.publish.data import plain_json
from claimcheck.publish.escape import anchor, file_stem, shorten
from claimcheck.publish.view import Extras, ReportView, view_of
from claimcheck.publish.view.places import LONGEST, LONGEST_TITLE, finite, number_words, paper_link, paper_name
from claimcheck.publish.view.reproductions import SCALES
from claimcheck.publish.view.reruns import reproductions_of

_SPECIFICATION = "https://w3id.org/ro/crate/1.2"
_FORMATS = {
    ".json": "application/json",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".html": "text/html",
    ".tex": "text/x-tex",
    ".pdf": "application/pdf",
    ".bib": "text/x-bibtex",
    ".sarif": "application/sarif+json",
    ".svg": "image/svg+xml",
    ".jsonld": "application/ld+json",
}
_CONTENTS = {
    "ledger.json": "All claims with verdicts, evidence and reproductions; the other files are rendered from it.",
    "ledger.csv": "The claims as a table, one a row.",
    "report.md": "The report in GitHub's Markdown.",
    "report.html": "The report as one self-contained page.",
    "report.tex": "The report as a LaTeX document.",
    "report.pdf": "The report as PDF.",
    "sources.bib": "The paper and the papers it was held against, in BibTeX.",
    "report.sarif": "What is refuted or not reproduced, in SARIF 2.1.0.",
    "badge.svg": "The counts of verdicts as a badge.",
    "claimreview.jsonld": "Verdicts that people accepted, as schema.org ClaimReview.",
}
_LICENSE = (
    "No licence is given for this folder as a whole. Titles, single sentences and single cells are quoted from the "
    "papers named here, each with its place; they stay under the rights of the papers' authors and publishers. "
    "Verdicts, derivations and figures were made by a machine from these quotations and from runs; whoever publishes "
    "the folder states the terms for these."
)
_MOST_AUTHORS = 30
_A_PATH = re.compile(r"(?:^|[\s=:'\"(])(?:/|~|\.\.?/|[A-Za-z]:[\\/]|\\\\|file:)")  # the start of a machine's path

Entity = dict[str, Any]


class _Graph:
    """Entities by their id, in the order in which they came."""

    def __init__(self) -> None:
        self.entities: dict[str, Entity] = {}

    def add(self, id: str, type: str, **properties: Any) -> dict[str, str]:
        """Keeps an entity, if none of that id is kept yet, without its blank properties; gives a reference to it."""
        if id not in self.entities:
            found = {k: v for k, v in properties.items() if v not in ("", [], None)}
            self.entities[id] = {"@id": id, "@type": type, **found}
        return {"@id": id}

    def free(self, id: str) -> str:
        """The id, or with a number where another entity has it."""
        name, n = id, 1
        while name in self.entities:
            n += 1
            name = f"{id}-{n}"
        return name


def ledger_crate(ledger: Ledger, extras: Extras, beside: Mapping[str, bytes]) -> bytes:
    """ro-crate-metadata.json of a folder that holds `beside`, contents by file name; the ledger is its main entity.

    In it: the paper and its sources as ScholarlyArticle, the check and each rerun as CreateAction with software,
    versions and hardware, each run with the checksums of its data and predictions, and no path of any machine.
    """
    graph, report = _Graph(), view_of(ledger, extras)
    graph.add("ro-crate-metadata.json", "CreativeWork", conformsTo={"@id": _SPECIFICATION}, about={"@id": "./"})
    root: Entity = {"@id": "./", "@type": "Dataset"}
    graph.entities["./"] = root  # filled below, when all that it names is known
    files = [_file(graph, name, content) for name, content in beside.items()]
    paper = _paper(graph, ledger.paper)
    sources = [_paper(graph, one) for one in ledger.sources]
    actions = [_check(graph, ledger, [paper, *sources], files)] if _was_checked(ledger) else []
    actions += _reruns(graph, ledger, paper)
    names = sorted({one.reviewer for claim in report.claims for one in claim.decisions})
    reviewers = [graph.add(_id("reviewer", name), "Person", name=name) for name in names]
    properties = {
        "name": f"claimcheck report on {report.title}",
        "description": _description(report),
        "datePublished": _published(ledger, extras),
        "license": graph.add("#license", "CreativeWork", name="Quotations and machine-made text", description=_LICENSE),
        "mainEntity": {"@id": "ledger.json"} if "ledger.json" in beside else None,
        "about": paper,
        "contributor": reviewers,
        "hasPart": files,
        "mentions": actions,
    }
    root.update({k: v for k, v in properties.items() if v not in ("", [], None)})
    return plain_json({"@context": f"{_SPECIFICATION}/context", "@graph": list(graph.entities.values())})


def _description(report: ReportView) -> str:
    counts = ", ".join(f"{one.count} {one.word}" for one in report.counts) if report.claims else report.no_claims
    reruns = ", ".join(f"{one.count} {one.words}" for one in report.reproduction_counts)
    parts = (counts.rstrip("."), f"reruns: {reruns}" if reruns else "")
    return f"{'; '.join(x for x in parts if x)}. {report.made_by} {report.agreement}".strip()


def _published(ledger: Ledger, extras: Extras) -> str:
    """The day of the last decision or of the check: the last thing that changed the report, as the ledger knows it."""
    known = [ledger.run.started, *(one.at for one in extras.decisions)]
    return max((day[:10] for day in known if re.match(r"\d{4}-[01]\d-[0-3]\d(?:T|$)", day)), default="")


def _file(graph: _Graph, name: str, content: bytes) -> dict[str, str]:
    stem, dot, ending = name.rpartition(".")
    properties: dict[str, Any] = {
        "name": name,
        "description": _CONTENTS.get(name, ""),
        "encodingFormat": _FORMATS.get(f".{ending}", "application/octet-stream") if stem and dot else "",
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if name == "ledger.json":
        properties["conformsTo"] = graph.add(
            "urn:" + LEDGER_SCHEMA.replace("/", ":"),
            "CreativeWork",
            name=LEDGER_SCHEMA,
            description="The JSON Schema of a ledger; claimcheck ships it as claimcheck/publish/ledger.schema.json.",
        )
    return graph.add(quote(name), "File", **properties)


def _paper(graph: _Graph, paper: Paper) -> dict[str, str]:
    known = re.fullmatch(r"[0-9a-f]{64}", paper.source_sha256)
    return graph.add(
        paper_link(paper) or _id("paper", paper.id),
        "ScholarlyArticle",
        name=shorten(paper.title, LONGEST_TITLE) or paper_name(paper),
        identifier=[x for x in (paper_name(paper), shorten(paper.doi, 300)) if x],
        version=shorten(paper.version, 100),
        author=[graph.add(_id("person", x), "Person", name=shorten(x, 200)) for x in paper.authors[:_MOST_AUTHORS]],
        datePublished=paper.published[:10] if re.match(r"\d{4}-\d\d-\d\d", paper.published) else "",
        sha256=paper.source_sha256 if known else "",
    )


def _was_checked(ledger: Ledger) -> bool:
    run = ledger.run
    return bool(ledger.claims or run.started or run.sentences or run.versions or run.models)


def _check(
    graph: _Graph, ledger: Ledger, papers: Sequence[dict[str, str]], files: Sequence[dict[str, str]]
) -> dict[str, str]:
    run = ledger.run
    instruments = _software(graph, run.versions)
    for role, name in sorted(run.models.items()):
        if _pathless(name):
            words = f"{role}: {name}"
            instruments.append(graph.add(_id("model", words), "SoftwareApplication", name=shorten(words, 300)))
    settings = ", ".join(f"{k} {_setting(v)}" for k, v in sorted(run.settings.items()) if _setting(v))
    facts = (
        f"{run.sentences:,} sentences, {run.tables:,} tables and {run.claims_found:,} claims found",
        f"settings: {shorten(settings, LONGEST)}" if settings else "",
    )
    return graph.add(
        "#check",
        "CreateAction",
        name="The check of the paper's claims",
        description="; ".join(x for x in facts if x),
        startTime=run.started if re.match(r"\d{4}-\d\d-\d\dT", run.started) else "",
        instrument=instruments,
        object=list(papers),
        result=list(files),
    )


def _setting(value: object) -> str:
    """A setting in words, "" for all that could be a path or a text of somebody else."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number_words(finite(float(value))) if abs(value) < 1e300 else ""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.+-]{1,80}", value) else ""


def _reruns(graph: _Graph, ledger: Ledger, paper: dict[str, str]) -> list[dict[str, str]]:
    """The reruns, and each of their runs once, however many reproductions rest on it."""
    found = list(reproductions_of(ledger))
    reproductions = [_reproduction(graph, one, paper) for one in found]
    actions = []
    for number, info in enumerate(ledger.reruns, 1):
        # a ledger does not say which run folder a reproduction is from; alone at its scale, it is clear
        alone = sum(other.scale == info.scale for other in ledger.reruns) == 1
        made = [reference for one, reference in zip(found, reproductions, strict=True) if one.scale == info.scale]
        actions.append(_rerun(graph, info, f"#rerun-{number}", made if alone else [], paper))
    runs = {run.id: run for one in found for run in one.runs}
    return actions + [_run(graph, run) for _, run in sorted(runs.items())]


def _rerun(
    graph: _Graph, info: RerunInfo, id: str, made: Sequence[dict[str, str]], paper: dict[str, str]
) -> dict[str, str]:
    instruments = _software(graph, info.versions)
    for kind, names, type in (
        ("hardware", info.hardware, "IndividualProduct"),
        ("encoder", info.encoders, "SoftwareApplication"),
    ):
        instruments += [
            graph.add(_id(kind, name), type, name=shorten(f"{kind}: {name}", 500)) for name in names if _pathless(name)
        ]
    facts = (
        SCALES[info.scale],
        f"{info.seeds} seeds" if info.seeds else "",
        f"{info.finished:,} of {info.jobs:,} jobs finished",
        f"{info.optimizer_steps:,} optimizer steps in {finite(info.seconds):,.0f} s of job time",
        *(f"absent: {line}" for line in info.absent if _pathless(line)),
    )
    return graph.add(
        id,
        "CreateAction",
        name=f"Rerun of {shorten(info.registry, 200)} at scale {info.scale}",
        description=shorten("; ".join(x for x in facts if x), LONGEST),
        instrument=instruments,
        object=[paper],
        result=list(made),
    )


def _reproduction(graph: _Graph, one: Reproduction, paper: dict[str, str]) -> dict[str, str]:
    claimed = one.quantity.get("value")
    mean = "nothing" if one.mean is None else number_words(finite(one.mean))
    facts = (
        "" if claimed is None else f"claimed {shorten(str(claimed), 100)} {one.quantity.get('unit') or ''}".strip(),
        f"reproduced {mean} (n = {one.n})",
        f"interval {number_words(one.interval[0])} to {number_words(one.interval[1])}" if one.interval else "",
        f"verdict {one.verdict}{f' ({one.reason})' if one.reason else ''}",
        f"direction {one.direction}" if one.direction else "",
        SCALES[one.scale],
    )
    # it is no file: what the files say of it stands in the ledger
    return graph.add(
        graph.free(_id(f"reproduction-{one.scale}", one.registry_id)),
        "CreativeWork",
        name=f"Reproduction {shorten(one.registry_id, 200)} at scale {one.scale}",
        description=shorten("; ".join(x for x in facts if x), LONGEST),
        about=paper,
        isBasedOn=[{"@id": _id("run", run.id)} for run in one.runs],
    )


def _run(graph: _Graph, run: RunRecord) -> dict[str, str]:
    """A run with what went in and what came out, both known by their checksums alone."""
    status = "CompletedActionStatus" if run.exit == 0 else "FailedActionStatus"
    return graph.add(
        _id("run", run.id),
        "CreateAction",
        name=f"Run {shorten(run.id, 200)}",
        description=f"{run.optimizer_steps:,} optimizer steps, exit code {run.exit}",
        actionStatus={"@id": f"http://schema.org/{status}"},
        object=_hashed(graph, "data", run.data_sha256, "Data"),
        result=_hashed(graph, "predictions", run.predictions_sha256, "Per-item predictions"),
    )


def _hashed(graph: _Graph, kind: str, sha256: str, words: str) -> list[dict[str, str]]:
    if not sha256:
        return []
    known = re.fullmatch(r"[0-9a-f]{64}", sha256)
    name = f"{words} with SHA-256 {sha256[:12]}, not in this folder"
    return [graph.add(_id(kind, sha256), "CreativeWork", name=name, sha256=sha256 if known else "")]


def _software(graph: _Graph, versions: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        graph.add(
            _id("software", f"{name} {version}"),
            "SoftwareApplication",
            name=shorten(name, 200),
            softwareVersion=shorten(version, 200),
        )
        for name, version in sorted(versions.items())
        if _pathless(version)
    ]


def _pathless(text: str) -> bool:
    return not _A_PATH.search(text)


def _id(kind: str, text: str) -> str:
    """A local id: readable where the text is plain, and by its hash different from that of any other text."""
    name = anchor(file_stem(text, 60)).strip("-")
    if name != text:
        name = f"{name[:40]}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"#{kind}-{name}"
