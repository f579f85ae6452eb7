"""The slots of a claim's quantities: of which system, against what, on which data, in which measure, under which condition."""

from __future__ import annotations

import re

from claimcheck.claims.quantities import SHARE
from claimcheck.claims.structure.names import Name
from claimcheck.claims.structure.phrases import Clause, words_between
from claimcheck.claims.structure.sentence import Reading, is_result
from claimcheck.claims.structure.sides import baseline, method
from claimcheck.foundation.records import Quantity, Span

MAX_RESULTS = 40  # of one sentence; more are a table that was read as prose
_BEFORE_METRIC = re.compile(
    r"[\s%()-]*(?:points?\s*)?(?:(?:absolute|relative|higher|lower|better|worse|improvement|gain|drop|increase|decrease|overall|average)\s+)*"
    r"(?:(?:in|of|for|on)\s+(?:the\s+|terms\s+of\s+)?(?:[\w-]+\s+)?)?",
    re.I,
)
_CONDITIONS = (
    re.compile(r"\b(?:zero|few|one|five|ten|\d+|k)-shot\b", re.I),
    re.compile(r"\b(?:hidden\s+|blind\s+|full\s+|original\s+|official\s+)?(?:development|dev|validation|test|held-out)[\s-](?:sets?|data|splits?|portions?|partitions?)\b", re.I),
    re.compile(r"\b\d[\d.,]*\s?(?:%|percent)\s+of\s+(?:the\s+)?(?:labell?ed\s+|training\s+|annotated\s+|available\s+){1,2}(?:data|set|examples|sentences)", re.I),
    re.compile(r"\b(?:in|under|with|for|on|of)\s+(?:the|an?|our|this|that|its)\s+(?:[\w-]+\s+){1,2}?(?:setting|scenario|regime|condition|setup)\b", re.I),
)  # fmt: skip
_SETTING_ONLY = re.compile(
    r"^(?:(?:the|in|a|an|this|that|our|each|same|all|every|different|such|best|default|experimental|first|second|which|of|and|for|under|on"
    r"|current|other|these|any|both|standard|to|with|its|their)\s+)*(?:setting|scenario|regime|condition|setup)$",
    re.I,
)
_TRAINING = re.compile(r"\b(?:train\w*|tun\w+|fit\w*|select\w*|optimi[sz]\w*|using)\b[^,]{0,40}$", re.I)
_AGGREGATIONS = (
    re.compile(r"\b(?:averaged?|mean|average\s+(?:[\w-]+\s+){0,2}?)\s*(?:over|across|of)\s+(?:(?:all|the|our|its|both|these)\s+)*(?:(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\s+)?(?:[\w-]+\s+)?(?:tasks?|datasets?|languages?|seeds?|runs?|folds?|domains?|benchmarks?|corpora|treebanks?|experiments?|categories|trials|splits|initiali[sz]ations|models|sets)\b", re.I),
    re.compile(r"\bon\s+average\b", re.I),
    re.compile(r"\b(?:macro|micro)[\s-]+averaged?\b", re.I),
    re.compile(r"\b(?:best|median|maximum|mean|average)\s+of\s+(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\s+(?:runs|seeds|trials|models|folds)\b", re.I),
    re.compile(r"\b(?:(?:on|in|across|over)\s+(?:each|every)|(?:on|in|across|over|for)\s+(?:all|both))\s+(?:of\s+)?(?:the\s+|our\s+)?(?:(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\s+)?(?:[\w-]+\s+){0,2}?(?:tasks?|datasets?|data\s+sets|languages?|domains?|benchmarks?|corpora|treebanks?|metrics?|categories|settings|test\s+sets|measures|scenarios)\b", re.I),
    re.compile(r"\b(?:in\s+an\s+|an\s+)?average\b", re.I),
)  # fmt: skip


def with_slots(reading: Reading) -> tuple[Quantity, ...]:
    """The quantities of a sentence with the slots that its words, and the tables and sentences near it, fill for certain."""
    results = reading.results
    if len(results) > MAX_RESULTS:
        return reading.quantities
    beside = {id(q): _metric_beside(reading, q) for q in results}
    claimed = {n.start for n in beside.values() if n is not None}
    out = []
    for q in reading.quantities:
        less = re.match(r"(fewer|less|more)\b", q.condition, re.I) if q.aggregation == SHARE else None
        if less is not None:  # "40 % fewer parameters than X": a comparison, though of no score
            clause = reading.clause(q.span[0])
            found = q.model_copy(update={"role": "relative"})
            more = {"method": method(reading, found, clause), "baseline": baseline(reading, found, clause, results)}
            way = "up" if less[1].lower() == "more" else "down"
            out.append(q.model_copy(update={**more, "direction": q.direction or way}))
            continue
        if not is_result(q):
            out.append(q)
            continue
        clause = reading.clause(q.span[0])
        metric = _metric(reading, q, clause, beside[id(q)], claimed)
        if (
            q.role == "value"
            and not q.unit
            and not q.subject
            and q.value < 1
            and (not metric or metric == reading.pointed.metric)
        ):
            out.append(q)  # a bare number below 1 in no measure is a setting more often than a score
            continue
        slots: dict[str, str] = {
            "metric": metric,
            "dataset": dataset(reading, q, clause) if q.role != "count" else "",
            "condition": q.condition or condition(reading, q, clause),
            "aggregation": q.aggregation or aggregation(reading, q, clause),
            "method": method(reading, q, clause),
            "baseline": baseline(reading, q, clause, results),
        }
        slots["task"] = task_of(reading, slots["dataset"], q)
        if slots["baseline"].lower() == slots["method"].lower():
            slots["baseline"] = ""
        out.append(q.model_copy(update=slots))
    return tuple(out)


# ------------------------------------------------------------------ metric


def _metric_beside(reading: Reading, q: Quantity) -> Name | None:
    """The metric that stands in the number's own words or right behind it ("2.3 F1 points", "45.6 % accuracy")."""
    a, b = q.span
    for n in reading.names:
        if n.kind == "metric" and a <= n.start < b:
            return n
        if n.kind == "metric" and b <= n.start <= b + 60:
            if _BEFORE_METRIC.fullmatch(reading.masked[b : n.start]):
                return n
            return None
    return None


def _metric(reading: Reading, q: Quantity, clause: Clause, beside: Name | None, claimed: set[int]) -> str:
    if q.role in ("count", "rank") or q.unit == "times":
        return q.metric
    if q.metric:
        return beside.text if beside is not None and q.metric.lower() in beside.text.lower() else q.metric
    if beside is not None:
        return beside.text
    partner = reading.kind_of(q.subject)
    if partner == "metric":
        return q.subject
    if _measures_something(reading, q):
        return ""
    metrics = [n for n in reading.names if n.kind == "metric"]
    before = [n for n in metrics if clause.start <= n.start < q.span[0] and n.start not in claimed]
    if before and words_between(reading.masked, before[-1].end, q.span[0]) <= 14:
        # two metrics in one breath ("accuracy and F1 of 3.1") leave it open
        joined = len(before) > 1 and re.fullmatch(
            r"\s*(?:,|and|or|/|&|,\s*and)\s*(?:the\s+)?", reading.masked[before[-2].end : before[-1].start]
        )
        return "" if joined else before[-1].text
    after = [n for n in metrics if q.span[1] <= n.start < clause.end and n.start not in claimed]
    if not before and len(after) == 1 and not reading.number_between(q.span[1], after[0].start):
        return after[0].text if words_between(reading.masked, q.span[1], after[0].start) <= 8 else ""
    distinct = {n.text.lower(): n.text for n in metrics}
    if len(distinct) == 1:
        return next(iter(distinct.values()))
    return "" if metrics else reading.pointed.metric


def _measures_something(reading: Reading, q: Quantity) -> bool:
    """Whether words right behind the number say what is counted, so that no metric applies ("40 % fewer parameters")."""
    after = reading.masked[q.span[1] : q.span[1] + 60]
    return bool(
        re.match(r"\s*(?:fewer|less|more)\s+[a-z]+|\s*(?:faster|slower|smaller|larger|shorter|longer|bigger)\b", after)
        or re.search(
            r"\b(?:threshold|rate|dropout|probability|weight)\s+(?:of|to|at|is|=)\s*$", reading.masked[: q.span[0]]
        )
    )


# ------------------------------------------------------------------ dataset and task


def dataset(reading: Reading, q: Quantity, clause: Clause) -> str:
    """The dataset that a number (or a comparison at its place) is on."""
    results = reading.results
    if reading.kind_of(q.subject) == "dataset":
        return q.subject
    a, b = q.span
    masked = reading.masked
    sets = reading.datasets
    for n in sets:
        if re.fullmatch(r"\s*\(\s*", masked[n.end : a]) or re.fullmatch(
            r"\s*\(\s*(?:on\s+)?(?:the\s+)?", masked[b : n.start]
        ):
            return n.text
    run = [r for r in results if r is q or (reading.same_run(r, q) if r.span[0] < a else reading.same_run(q, r))]
    if len(run) > 1 and re.search(r"\brespectively\b", masked):
        here = [n for n in sets if clause.start <= n.start < clause.end]
        if len(here) > 1:
            # as many datasets as numbers: one each, in order; else it stays open
            return here[run.index(q)].text if len(here) == len(run) else ""
    end = reading.run_end(q)
    following = next((r.span[0] for r in results if r.span[0] >= end), clause.end)
    after = [n for n in sets if end <= n.start < clause.end]
    before = [n for n in sets if clause.start <= n.start and n.end <= a]
    if after:
        near = after[0]
        gap = masked[end : near.start]
        theirs = near.start > following or (
            following < clause.end and re.search(r",|;|\band\b|\bwhile\b", gap) is not None
        )
        if not theirs and words_between(masked, end, near.start) <= 14:
            return _listed(masked, after)
    if before:
        nearest = before[-1]
        # a number between belongs to that dataset, unless this number is of the same breath
        return _listed(masked, before, last=True) if nearest.end <= a else ""
    distinct = {n.text.lower(): n.text for n in sets}
    if len(distinct) == 1 and sets[0].start < a:
        return next(iter(distinct.values()))
    if sets:
        return ""  # several, or one of a later clause
    named = [n for n in reading.names if n.kind == "dataset"]
    tasks = {n.text.lower() for n in reading.names if n.kind == "task"}
    return "" if named or len(tasks) > 1 else reading.pointed.dataset


_MORE = re.compile(
    r"\s*(?:(?:and|as\s+well\s+as|/|,\s*and)\s+(?:the\s+|on\s+)?[A-Z][\w-]*[A-Z\d]|,\s*(?:the\s+)?[A-Z][\w-]+\s*(?:\(|,|and\b))"
)


def _listed(masked: str, found: list[Name], last: bool = False) -> str:
    """A dataset's name, or the whole list of names that it stands in."""
    listed = list(reversed(found)) if last else found
    group = [listed[0]]
    for n in listed[1:]:
        a, b = sorted((group[-1], n), key=lambda x: x.start)
        if not re.fullmatch(
            r"\s*(?:,|and|&|,\s*and|as\s+well\s+as|/)\s*(?:the\s+)?(?:on\s+)?", masked[a.end : b.start]
        ):
            break
        group.append(n)
    group.sort(key=lambda n: n.start)
    both = len(group) == 1 and re.search(r"\bboth\s+(?:the\s+)?$", masked[max(0, group[0].start - 12) : group[0].start])
    cut = re.match(r"-\w", masked[group[-1].end : group[-1].end + 2]) is not None
    if both or cut or (_MORE.match(masked[group[-1].end : group[-1].end + 120]) and not last):
        return ""  # the list goes on with names that nobody knows
    return " ".join(masked[group[0].start : group[-1].end].split())


def task_of(reading: Reading, dataset: str, q: Quantity | None = None) -> str:
    """The task that a sentence names ("for named entity recognition"), else how the paper calls that of the dataset."""
    named: dict[str, str] = {}
    results = reading.results
    for n in reading.names:
        if q is not None and _theirs(reading, q, (n.start, n.end), results):
            continue
        before, after = reading.masked[max(0, n.start - 24) : n.start], reading.masked[n.end : n.end + 16]
        if n.kind != "task" or re.search(r"(?:model|parser|tagger)s?$", n.text, re.I):
            continue
        said = re.search(r"\b(?:on|for|in|of|at)\s+(?:the\s+)?$", before, re.I) or re.match(
            r"\s+(?:tasks?|benchmark)\b", after
        )
        if said and not re.match(r"\s+(?:models?|data|dataset|corpus|systems?|approach\w*|labels?)\b", after):
            named.setdefault(n.text.lower(), n.text)
    if named:
        return next(iter(named.values())) if len(named) == 1 else ""
    tasks = {n.dataset.task for n in reading.datasets if n.dataset is not None and n.text == dataset}
    return reading.vocabulary.tasks.get(next(iter(tasks)), "") if len(tasks) == 1 else ""


# ------------------------------------------------------------------ condition and aggregation


def condition(reading: Reading, q: Quantity, clause: Clause) -> str:
    """Under which conditions it holds, as printed, in order: split, language, shots, share of the training data, setting."""
    results = reading.results
    found: list[tuple[int, str]] = []
    masked = reading.masked
    partner = reading.kind_of(q.subject)
    for pattern in _CONDITIONS:
        for m in pattern.finditer(masked, clause.start, clause.end):
            words = re.sub(r"^(?:(?:the|an?|in|on|of|for|under|and|with|our|this|that|its)\s+)+", "", m[0], flags=re.I)
            if (
                _SETTING_ONLY.match(m[0])
                or _one_of_two(masked, m.span())
                or _TRAINING.search(masked[clause.start : m.start()])
            ):
                continue
            if _theirs(reading, q, m.span(), results) or any(abs(at - m.start()) < 12 for at, _ in found):
                continue
            found.append((m.start(), words))
    if partner == "language":
        found.append((q.span[0], q.subject))
    elif not (q.subject and partner is None):
        for n in reading.names:
            here = n.kind == "language" and clause.start <= n.start < clause.end and _is_condition(masked, n)
            if here and not _theirs(reading, q, (n.start, n.end), results) and not _joined_language(reading, n):
                found.append((n.start, n.text))
    return "; ".join(dict.fromkeys(text for _, text in sorted(found)))


def _one_of_two(masked: str, span: Span) -> bool:
    """Whether a split is one of several ("val and test data")."""
    before, after = masked[max(0, span[0] - 12) : span[0]], masked[span[1] : span[1] + 24]
    joined = re.search(r"(?:\band|\bor|/|&)\s*(?:the\s+)?$", before) is not None
    return joined or re.match(r"\s*(?:and|or|/|&)\s+(?:the\s+)?(?:dev|test|val|train)", after, re.I) is not None


def _is_condition(masked: str, n: Name) -> bool:
    """Whether a language is where something was measured: "on German", "for the English test set"."""
    before = re.search(r"\b(?:on|for|in)\s+(?:the\s+)?$", masked[max(0, n.start - 16) : n.start], re.I)
    after = re.match(
        r"\s*(?:$|[,.;:)]|and\b|or\b|on\b|in\b|by\b|with\b|when\b|test\b|dev|development|validation|data\b|task|subtask|is\b|from\b)",
        masked[n.end : n.end + 20],
    )
    return before is not None and after is not None


def _joined_language(reading: Reading, n: Name) -> bool:
    """Whether a language is one of several of a list: which of them a lone number means stays open."""
    others = [x for x in reading.names if x.kind == "language" and x is not n]
    join = r"\s*(?:,|and|or|/|,\s*and)\s*"
    return any(
        re.fullmatch(join, reading.masked[min(n.end, x.end) : max(n.start, x.start)]) is not None for x in others
    )


def _theirs(reading: Reading, q: Quantity, span: Span, results: tuple[Quantity, ...]) -> bool:
    """Whether a phrase is nearer to another number: behind that one, or before it with this one in front."""
    if span[0] >= q.span[1]:
        return any(q.span[1] <= r.span[0] < span[0] and not reading.same_run(q, r) for r in results)
    # "1.1 on English, 2.2": behind another number, and a comma before this one
    if any(r.span[1] <= span[0] for r in results) and re.search(r",|;|\band\b", reading.masked[span[1] : q.span[0]]):
        return True
    ahead = [r for r in results if span[1] <= r.span[0] < q.span[0]]
    return bool(ahead) and not _leads(reading, span) and not all(reading.same_run(r, q) for r in ahead)


def _leads(reading: Reading, span: Span) -> bool:
    """Whether a phrase stands at the sentence's head, before the subject: it holds for all that follows."""
    clause = reading.clause(span[0])
    return clause.subject is not None and span[1] <= clause.subject[0]


def aggregation(reading: Reading, q: Quantity, clause: Clause) -> str:
    """How it is aggregated, as printed ("on average", "averaged over five seeds", "on 7 of 9 tasks")."""
    masked = reading.masked
    if q.role == "count":
        m = re.match(
            r"\s+(?:[\w-]+\s+){0,2}?(?:tasks?|datasets?|languages?|domains?|benchmarks?|corpora)\b", masked[q.span[1] :]
        )
        on = re.search(r"\b(?:on|in)\s+$", masked[: q.span[0]])
        return (on[0] if on and m else "") + masked[q.span[0] : q.span[1] + (m.end() if m else 0)] if m else ""
    for i, pattern in enumerate(_AGGREGATIONS):
        for m in pattern.finditer(masked, clause.start, clause.end):
            if i == len(_AGGREGATIONS) - 1:
                # a bare "average" speaks of the number beside it only
                near = masked[m.end() : q.span[0]] if m.end() <= q.span[0] else masked[q.span[1] : m.start()]
                if (
                    len(near.split()) > 5
                    or re.search(r"[,;]|\d", near)
                    or not re.match(
                        r"\s*(?:of|is|was|by|in|to|on|accuracy|score|f1|performance|[\w-]+\s+(?:of|score|is))?\b",
                        near,
                        re.I,
                    )
                ):
                    continue
                return "average"
            if _inside(masked, q.span[0], clause) != _inside(masked, m.start(), clause):
                continue  # "for all tasks (e.g. 81.4 for SQuAD)"
            if re.search(r"\b(?:all|both)\s", m[0]) and not re.search(r"(?:s|corpora)$", m[0]):
                continue  # "on both the Wikipedia domain and ..."
            return " ".join(m[0].split())
    return ""


def _inside(masked: str, at: int, clause: Clause) -> bool:
    return masked.count("(", clause.start, at) > masked.count(")", clause.start, at)
