"""Results that a paper states in prose only: "our model achieves 91.8 accuracy on SST-2"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from claimcheck.claims.result_tables import Scene
from claimcheck.claims.taxonomy import Dataset, Metric
from claimcheck.foundation.own_systems import is_cited
from claimcheck.foundation.records import Pointer, Result, Sentence
from claimcheck.foundation.words import tokens

_OWN = re.compile(r"\b(?:we|our|ours|this (?:paper|work)|the proposed)\b", re.I)
_REACHES = re.compile(
    r"\b(?:achiev|obtain|reach|scor|attain|yield|gets?\b|got\b|set(?:s|ting)?\b|perform|results? (?:in|of)"
    r"|state[- ]of[- ]the[- ]art)",
    re.I,
)
# a number with decimals that stands alone, not a part of a version, a name or a citation
_SCORE = re.compile(r"(?<![\w.,\-–−+§])(?P<score>\d{1,3}\.\d{1,3})(?![\w.]*\d)(?P<percent>\s?%)?")
_CHANGE_BEFORE = re.compile(
    r"(?:\b(?:by|improv\w+|increas\w+|decreas\w+|reduc\w+|gain\w*|from|than|over|up|absolute|relative|margin"
    r"|compared (?:to|with)|p)\b[^.;,\d]{0,25}|[<>±=]\s*)$",
    re.I,
)
_CHANGE_AFTER = re.compile(
    r"^\s*(?:points?|absolute|relative|times|x\b|-?fold|hours?|seconds?|million|billion|improvement|gain|higher|lower|better|more|less|M\b)",
    re.I,
)
_REACH = 40  # characters between a score and the metric that it belongs to


def prose_results(scene: Scene, covered: set[tuple[str, str]]) -> list[Result]:
    """Results of the paper's own systems in its sentences, for (dataset, metric) pairs that are not in `covered`.

    A sentence counts when it speaks of the paper's own system, cites nobody and names one dataset. The abstract is read
    like the body; the first sentence that states a pair wins.
    """
    found: dict[tuple[str, str], Result] = {}
    for sentence in scene.document.sentences:
        if sentence.kind not in ("abstract", "body") or not _speaks_of_own(sentence, scene):
            continue
        for dataset, metric, score in _stated(sentence.text, scene):
            pair = (dataset.name, dataset.label(metric.name))
            if pair not in covered and pair not in found:
                found[pair] = _result(scene, sentence, dataset, pair[1], score)
    return list(found.values())


def _speaks_of_own(sentence: Sentence, scene: Scene) -> bool:
    text = sentence.text
    if not _REACHES.search(text) or is_cited(text):
        return False
    return bool(_OWN.search(text)) or bool(scene.own & {t.form for t in tokens(text)})


def _stated(text: str, scene: Scene) -> Iterator[tuple[Dataset, Metric, str]]:
    """(dataset, metric, score) of each score in a sentence that names one dataset."""
    mentions = scene.taxonomy.datasets.find(text)
    if len({frozenset(e.name for e in m.entries) for m in mentions}) != 1:
        return
    metrics = [(m.start, m.end, m.entries[0]) for m in scene.taxonomy.metrics.find(text)]
    for number in _SCORE.finditer(text):
        if _CHANGE_BEFORE.search(text[: number.start()]) or _CHANGE_AFTER.match(text[number.end() :]):
            continue
        metric = _nearest(metrics, number.start(), number.end())
        dataset = next((d for d in mentions[0].entries if metric is None or metric.name in d.metrics), None)
        if dataset is None or (metric is None and not (number["percent"] and dataset.metrics[:1] == ("Accuracy",))):
            continue
        yield dataset, metric or scene.taxonomy.metric(dataset.metrics[0]), number["score"]


def _nearest(metrics: list[tuple[int, int, Metric]], start: int, end: int) -> Metric | None:
    """The metric named right behind a score ("95.9 UAS"), else the last one before it ("an F1 of 93.8")."""
    behind = [m for a, _, m in metrics if 0 <= a - end <= _REACH // 4]
    before = [m for _, b, m in metrics if 0 <= start - b <= _REACH]
    return behind[0] if behind else before[-1] if before else None


def _result(scene: Scene, sentence: Sentence, dataset: Dataset, metric: str, score: str) -> Result:
    sections = scene.document.sections
    section = sections[sentence.section] if 0 <= sentence.section < len(sections) else None
    named = [t.text for t in tokens(sentence.text) if t.form in scene.own]
    return Result(
        task=dataset.task,
        dataset=dataset.name,
        metric=metric,
        score=score,
        method=named[0] if named else "",
        role="own_best",
        pointer=Pointer(
            paper=scene.document.paper.id,
            page=sentence.page,
            box=sentence.box,
            line=sentence.line,
            section=(section.number or section.title) if section else "",
            span=sentence.span,
        ),
    )
