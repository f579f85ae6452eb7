"""What each number of a table measures: its system, dataset, metric and split, read from headers, caption and text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from claimcheck.claims.taxonomy import Dataset, Metric, Names, Taxonomy, words
from claimcheck.foundation.numbers import Number, cell_numbers
from claimcheck.foundation.own_systems import cited_names, is_cited, is_own
from claimcheck.foundation.records import Document, Table
from claimcheck.foundation.words import tokens

Split = Literal["test", "dev", "other", ""]
Kind = Literal["main", "ablation"]

_NOT_RESULTS = re.compile(
    r"\bstatistic|hyper-?\s?param|\bnumber of (?:tokens|sentences|questions|examples|instances|training|sentence)"
    r"|\bsizes? of\b|confusion|error analysis|\bexamples? (?:of|from)|correlation between|\bsettings\b|\bkappa\b"
    r"|(?:training|running|inference|decoding) time|agreement|human (?:evaluation|judg)|manual evaluation"
    r"|categori[sz]ed|linguistic|probing|violations|survey|approximate number",
    re.I,
)
_ABLATION = re.compile(
    r"ablat|\beffects? of|influence|impact of|variations? of|with and without|varying|comparison of different"
    r"|different (?:choices|variants|values|configurations|\w+ (?:size|function|setting))"
    r"|\bseeds?\b|subsets?\b|low[- ]resource|development results",
    re.I,
)
_ABLATED_ROW = re.compile(
    r"^\s*(?:\(\d+\)\s*)?(?:[-−–]\s*\w|w/o\b|without\b|no\s|only\s|remove|replac|\+\s?w/o)|\bw/o\b|\bwithout\b|ablat|[−–]\s[a-z]",
    re.I,
)
_DEV = re.compile(r"\b(?:dev|development|validation|valid|val|devset)\b", re.I)
_TEST = re.compile(r"\b(?:test|testing|§\s?23|section 23|eval(?:uation)? set)\b|§\s?23", re.I)
_TRAIN = re.compile(r"\btrain(?:ing)?\b(?!\s+data)", re.I)
# columns that measure no quality
_NO_SCORE = re.compile(
    r"\b(?:time|speed|sents?/sec|epochs?|dims?|dimensions?|size|rank|#|delta|increase|relative|layers?|depth|count|frequency|seed|year"
    r"|std|stdev|stddev|confidence|interval|mean rank|med r|runs?|exp|type|tokens?|rrie|p-value)\b"
    r"|^\s*[∆Δ#]|[∆Δ]\s*\w|\bimprovement\b",
    re.I,
)
_REFERENCE = re.compile(r"\b(?:human|oracle|upper bound|gold|majority|chance|random guess|annotator)\b", re.I)
_BASELINE = re.compile(r"\bbaseline|\bour (?:re-?)?impl|\bre-?impl|previous|state[- ]of[- ]the[- ]art|\bsota\b", re.I)
_NO_DATASET = re.compile(r"(?:single|ensemble|model|method|system|all|overall|avg|average|total|ours?)\b", re.I)
_PERCENT = frozenset({"Accuracy", "F1", "EM"})  # printed in percent where no header names them
_LANGUAGE = re.compile(
    r"\b(?:arabic|catalan|chinese|czech|dutch|estonian|finnish|french|german|greek|hebrew|hindi|hungarian|italian|japanese|korean"
    r"|polish|portuguese|romanian|russian|spanish|swedish|turkish|vietnamese|music|medical)\b",
    re.I,
)
_NO_SYSTEM = re.compile(r"\b(?:english|corpus|dataset|data|set|total|all|average|avg|macro|micro)\b|[^\w]", re.I)


@dataclass(frozen=True)
class Score:
    """One printed number and what it measures. `certain` falls with the distance of the words that say so."""

    table: Table
    row: int
    column: int
    number: Number
    system: str
    own: bool  # marked as the paper's own
    baseline: bool  # marked as somebody else's, or as a baseline
    ablated: bool
    block: int  # which group of rows
    dataset: Dataset | None
    raw_dataset: str  # what the headers call it where the taxonomy knows no name
    metric: str  # "" where nothing says
    split: Split
    bold: bool
    qualifier: str  # header words that neither name dataset nor metric nor split
    unnamed: bool  # its row or column names no system, only data
    distance: int  # where the dataset stands: 0 headers, 1 caption, 2 the text that names the table, 3 elsewhere
    kind: Kind


@dataclass(frozen=True)
class Scene:
    """What the paper as a whole says: its own systems, its datasets by mentions, the words of title and abstract."""

    document: Document
    taxonomy: Taxonomy
    own: frozenset[str]
    cited: frozenset[str]  # names of other people's systems
    opening: str
    text: str
    mentions: Counter[Dataset]
    introductions: dict[str, str]  # table label -> the sentences that name the table

    @classmethod
    def of(cls, document: Document, taxonomy: Taxonomy, own: frozenset[str]) -> Scene:
        """Read once for a paper."""
        opening = f"{_title(document)}. {document.paper.abstract}"
        if not document.paper.abstract:
            opening += " ".join(s.text for s in document.sentences if s.kind == "abstract")
        mentions: Counter[Dataset] = Counter()
        introductions: dict[str, list[str]] = {}
        for sentence in document.sentences:
            if sentence.kind in ("reference", "other", "heading"):
                continue
            for mention in taxonomy.datasets.find(sentence.text):
                mentions.update(mention.entries)
            if sentence.kind in ("body", "abstract"):
                for m in re.finditer(r"\bTables?\s+([A-Z]?\.?\d+)", sentence.text):
                    introductions.setdefault(m[1], []).append(sentence.text)
        cited = cited_names(document) - own
        text = " ".join(s.text for s in document.sentences if s.kind not in ("reference", "other"))
        return cls(
            document, taxonomy, own, cited, opening, text, mentions, {k: " ".join(v) for k, v in introductions.items()}
        )


def _title(document: Document) -> str:
    return document.paper.title or next((s.text for s in document.sentences if s.kind == "title"), "")


def kind_of(table: Table) -> Kind | None:
    """Whether a table compares systems, ablates one, or (None) holds no results."""
    caption = _first_sentence(table.caption)
    numbers = sum(1 for _, _, cell in table.body() if cell_numbers(cell.text))
    cells = sum(1 for _ in table.body())
    if (
        table.height < 2
        or table.header_rows >= table.height
        or numbers < 1
        or numbers * 4 < cells
        or _NOT_RESULTS.search(caption)
    ):
        return None
    return "ablation" if _ABLATION.search(caption) else "main"


def _first_sentence(caption: str) -> str:
    """What a caption says the table is, without its label and without the notes that follow."""
    text = re.sub(r"^\s*Table\s+[\w.]+\s*[:.]?\s*", "", caption)
    return re.split(r"(?<=[a-z)\]])\.\s+(?=[A-Z])", text, maxsplit=1)[0][:300]


def scores(table: Table, scene: Scene) -> list[Score]:
    """Every number of a table with what it measures; [] for a table that holds no results."""
    kind = kind_of(table)
    if kind is None:
        return []
    headers = _Headers(table, scene, kind)
    found: list[Score] = []
    for r, c, cell in table.body():
        numbers = cell_numbers(cell.text)
        if not numbers or numbers[0].signed:
            continue
        found += headers.read(r, c, numbers)
    return found


class _Headers:
    """The names along one table's sides, with systems on one side and measures on the other."""

    def __init__(self, table: Table, scene: Scene, kind: Kind) -> None:
        self.table, self.scene = table, scene
        self.kind = kind
        self._datasets: dict[tuple[Sequence[str], Sequence[str], Metric | None], tuple[Dataset | None, int, str]] = {}
        self.caption = table.caption[:400]
        self.inner, self.groups = _inner_headers(table)
        self.columns = [table.column_path(c) for c in range(table.width)]
        self.rows = [(*self.groups.get(r, ()), *table.row_path(r)) for r in range(table.height)]
        self.systems_on_columns = self._systems_on_columns()
        self.text = scene.introductions.get(table.number, "")
        sections = scene.document.sections
        self.heading = sections[table.section].title if 0 <= table.section < len(sections) else ""
        self.blocks = _blocks(table)
        decimal = {c for _, c, cell in table.body() if any(n.decimals for n in cell_numbers(cell.text))}
        self.integer_columns = set(range(table.width)) - decimal if decimal else set()
        sides = self.rows[table.header_rows :] if self.systems_on_columns else self.columns[table.stub_columns :]
        self._attachment = any(m.name == "UAS" for side in sides for m in _metrics(scene.taxonomy, side))
        self._measures_named = any(_metrics(scene.taxonomy, side) for side in sides)

    def _systems_on_columns(self) -> bool:
        def weight(paths: Sequence[Sequence[str]]) -> int:
            return sum(
                is_own(p, self.scene.own) * 2 + (is_cited(" ".join(p)) or bool(_BASELINE.search(" ".join(p))))
                for p in paths
                if p
            )

        def measures(paths: Sequence[Sequence[str]]) -> int:
            names = [" ".join(p) for p in paths if p]
            return sum(bool(self.scene.taxonomy.datasets.find(n) or _metrics(self.scene.taxonomy, [n])) for n in names)

        columns = self.columns[self.table.stub_columns :]
        rows = self.rows[self.table.header_rows :]
        if weight(columns) <= 0:
            return False
        on_columns = weight(columns) / len(columns) - measures(columns) / len(columns)
        on_rows = weight(rows) / len(rows) - measures(rows) / len(rows)
        return on_columns > on_rows

    def read(self, r: int, c: int, numbers: tuple[Number, ...]) -> Iterator[Score]:
        column = (*self.columns[c], *self.inner.get((r, c), ()))
        row = self.rows[r]
        system, measure = (column, row) if self.systems_on_columns else (row, column)
        name = " ".join(dict.fromkeys(system))
        header = " ".join(measure)
        if _NO_SCORE.search(measure[-1] if measure else "") and not _metrics(self.scene.taxonomy, measure[-1:]):
            return
        if self.systems_on_columns and _NO_SCORE.search(name):
            return
        metrics = self._metrics(measure, system)
        if c in self.integer_columns and not _metrics(self.scene.taxonomy, measure):
            return
        if len(numbers) == 2 and len(metrics) < 2:
            metrics = self._pair(measure, system) or metrics
        several = len(metrics) > 1 and len(metrics) == len(numbers)
        split = self._split(measure, system)
        for i, number in enumerate(numbers[: len(metrics) if several else 1]):
            printed = metrics[i] if several else (metrics[-1] if metrics else None)
            place = (measure, system[:-1], printed)
            if place not in self._datasets:
                self._datasets[place] = self._dataset(measure, system, printed)
            dataset, distance, raw = self._datasets[place]
            if printed is None and (distance >= 2 or c in self.integer_columns):
                continue  # nothing near the number says that it is a result
            if printed is None and dataset is not None and dataset.metrics:
                if dataset.metrics[0] in _PERCENT and not 1 < number.value <= 100:
                    continue
                named = self.scene.taxonomy.metric(dataset.metrics[0])
            elif printed is None:
                continue
            else:
                named = self._refined(printed, dataset)
            cell = self.table.grid[r][c]
            yield Score(
                self.table,
                r,
                c,
                number,
                name,
                is_own(system, self.scene.own) and not _REFERENCE.search(name),
                self._is_baseline(system),
                bool(_ABLATED_ROW.search(system[-1] if system else "")),
                0 if self.systems_on_columns else self.blocks[r],
                dataset,
                raw,
                named.name,
                split,
                cell.bold,
                self._qualifier(header, name, dataset if distance == 0 else None),
                not _NO_SYSTEM.sub("", _LANGUAGE.sub("", self._qualifier(name))),
                distance,
                self.kind,
            )

    def _is_baseline(self, system: Sequence[str]) -> bool:
        name = " ".join(system)
        if is_cited(name) or _BASELINE.search(name) or _REFERENCE.search(name):
            return True
        named = {t.form for t in tokens(system[-1] if system else "") if t.namelike}
        return bool(named) and named <= self.scene.cited

    def _pair(self, measure: Sequence[str], system: Sequence[str]) -> list[Metric]:
        """The two metrics of a cell with two numbers whose dataset is known to be reported so."""
        dataset, distance, _ = self._dataset(measure, system, None)
        if dataset is None or distance > 1 or len(dataset.pair) != 2:
            return []
        return [self.scene.taxonomy.metric(m) for m in dataset.pair]

    def _metrics(self, measure: Sequence[str], system: Sequence[str]) -> list[Metric]:
        """The metrics of a cell: named by its headers, else by the caption, else by the text that names the table."""
        taxonomy = self.scene.taxonomy
        for part in reversed(measure):
            if part.strip() == "POS" and self._attachment:
                return [taxonomy.metric("POS")]  # tagging accuracy beside UAS and LAS
            found = _metrics(taxonomy, [part])
            if found:
                return found
        for part in reversed(system[:-1]):
            found = _metrics(taxonomy, [part])
            if found:
                return found
        if self._measures_named and not any(self.scene.taxonomy.datasets.find(p) or self._tasks([p]) for p in measure):
            return []  # other columns name their metrics; what this one measures stays unsaid
        for text in (" ".join(self.columns[0]), self.caption):
            found = _metrics(taxonomy, [text], letters=False)
            if len({m.name for m in found}) == 1:
                return found[:1]
            if found and text is self.caption:
                # the caption names several ("accuracy for POS and F1 for NER"): the one beside the dataset's task
                beside = self._beside(found, measure)
                return [beside] if beside else []
        return []

    def _beside(self, found: Sequence[Metric], measure: Sequence[str]) -> Metric | None:
        tasks = {e.name for part in measure for m in self.scene.taxonomy.tasks.find(part) for e in m.entries}
        sets = [e for part in measure for m in self.scene.taxonomy.datasets.find(part) for e in m.entries]
        for metric in found:
            if any(metric.name in d.metrics and (not tasks or d.task in tasks) for d in sets):
                return metric
            if (
                tasks
                and not sets
                and any(d.metrics[:1] == (metric.name,) for t in tasks for d in self.scene.taxonomy.usual(t))
            ):
                return metric
        return None

    def _refined(self, metric: Metric, dataset: Dataset | None) -> Metric:
        """The caption's fuller name where it has one: "N-gram F1" for a header "F1"."""
        for m in self.scene.taxonomy.metrics.find(self.caption):
            for entry in m.entries:
                if entry.base == metric.name and dataset is not None and entry.name in dataset.metrics:
                    return entry
        return metric

    def _dataset(
        self, measure: Sequence[str], system: Sequence[str], metric: Metric | None
    ) -> tuple[Dataset | None, int, str]:
        """(dataset, distance, raw name): from the headers, the group of rows, the caption, the text, the paper."""
        taxonomy, scene = self.scene.taxonomy, self.scene
        near = [*reversed(measure), *reversed(system[:-1])]
        corner = " ".join(self.columns[0]) if self.columns else ""
        tasks = self._tasks([*near, self.caption])
        for distance, texts in ((0, near), (1, [corner, self.caption]), (2, [self.text, self.heading])):
            for text in texts:
                candidates = [e for m in taxonomy.datasets.find(text) for e in m.entries]
                chosen = self._fitting(candidates, metric, tasks, near)
                if chosen is not None:
                    return chosen, distance, ""
            if distance == 0 and not candidates_in(taxonomy, self.caption) and not self._tasks(measure):
                # a header word that is no metric, split or task names something the taxonomy does not know
                raw = self._raw(measure)
                if raw:
                    return None, 0, raw
            if (
                distance == 1
                and (raw := _raw_in_caption(self.caption))
                and not self._tasks([raw])
                and not _metrics(taxonomy, [raw])
            ):
                return None, 1, raw
        known = [d for d, n in scene.mentions.most_common() if n >= 2]
        ranked = sorted(known, key=lambda d: (d not in candidates_in(taxonomy, scene.opening), -scene.mentions[d]))
        return self._fitting(ranked, metric, tasks, near), 3, ""

    def _tasks(self, texts: Sequence[str]) -> frozenset[str]:
        for text in texts:
            found = frozenset(e.name for m in self.scene.taxonomy.tasks.find(text) for e in m.entries)
            if found:
                return found
        return frozenset()

    def _fitting(
        self, candidates: Sequence[Dataset], metric: Metric | None, tasks: frozenset[str], near: Sequence[str]
    ) -> Dataset | None:
        """Of the datasets that a text may mean, the one whose task and metrics fit the table and the paper."""
        spelled = ""
        if any(d.context for d in candidates):
            around = f"{' '.join(near)} {self.caption} {self.scene.opening} {self.text}"
            spelled = " ".join(w for w, _, _ in words(around))
        paper_tasks = self._tasks([self.scene.opening])
        best: tuple[float, Dataset] | None = None
        for i, d in enumerate(candidates):
            if d.context and not any(" ".join(w for w, _, _ in words(x)) in spelled for x in d.context):
                continue
            if metric is not None and metric.name not in d.metrics and metric.base not in d.metrics:
                continue
            score = (
                2.0 * (d.task in tasks)
                + 1.0 * (d.task in paper_tasks)
                + (metric is not None and d.metrics[:1] == (metric.name,)) * 0.5
            )
            score -= 2.0 * bool(tasks and d.task not in tasks) + 0.01 * i
            if best is None or score > best[0]:
                best = (score, d)
        return best[1] if best else None

    def _raw(self, measure: Sequence[str]) -> str:
        for part in measure:
            rest = self._qualifier(part)
            named = re.search(r"[A-Z]", rest) and any(len(w) > 1 for w, _, _ in words(rest))
            if named and not _NO_SCORE.search(part) and not _NO_DATASET.match(rest) and self._is_dataset(part.strip()):
                return part.strip()
        return ""

    def _qualifier(self, text: str, system: str = "", dataset: Dataset | None = None) -> str:
        """The words of a header that name neither dataset nor metric nor split; languages but English count."""
        language = _LANGUAGE.search(system)
        spans = [(m.start, m.end) for m in self.scene.taxonomy.datasets.find(text)]
        spans += [(m.start, m.end) for m in self.scene.taxonomy.metrics.find(text, letters=len(words(text)) == 1)]
        spans += [
            (m.start, m.end)
            for m in self.scene.taxonomy.tasks.find(text)
            if dataset is None or dataset.task in {e.name for e in m.entries}
        ]
        for start, end in spans:
            text = text[:start] + " " * (end - start) + text[end:]
        text = _TEST.sub(" ", _DEV.sub(" ", text))
        text = re.sub(
            r"\b(?:set|sets|score|scores|model|data|dataset|results?|single|ensemble|performance|the|on|max)\b",
            " ",
            text,
            flags=re.I,
        )
        left = [w for w in re.findall(r"[\w.+-]+", text) if any(x.isalnum() for x in w)]
        return " ".join([*left, *([language[0]] if language else [])])

    def _is_dataset(self, name: str) -> bool:
        """Whether the text calls a name a dataset ("the Graph Reachability dataset"), or says results "on" a coined name."""
        said = re.escape(name)
        if re.search(
            rf"\b{said}\s+(?:\w+\s+)?(?:data\s?sets?|corpus|benchmark|test set|shared task)\b", self.scene.text
        ):
            return True
        coined = re.fullmatch(r"[A-Za-z]*[a-z][A-Z]\w*|[A-Z]\w*[A-Z]\w*", name) is not None
        return coined and re.search(rf"\b[Oo]n\s+(?:the\s+)?{said}\b", self.scene.text) is not None

    def _split(self, measure: Sequence[str], system: Sequence[str]) -> Split:
        for text in (*reversed(measure), *reversed(system), self.caption):
            dev, test, train = bool(_DEV.search(text)), bool(_TEST.search(text)), bool(_TRAIN.search(text))
            if text is self.caption:
                train = False
            if dev != test:
                return "dev" if dev else "test"
            if dev and test:
                return ""
            if train and text in measure:
                return "other"
        return ""


def candidates_in(taxonomy: Taxonomy, text: str) -> set[Dataset]:
    """Every dataset that a text may name."""
    return {e for m in taxonomy.datasets.find(text) for e in m.entries}


def _metrics(taxonomy: Taxonomy, texts: Sequence[str], letters: bool = True) -> list[Metric]:
    found: list[Metric] = []
    for text in texts:
        names: Names[Metric] = taxonomy.metrics
        found += [m.entries[0] for m in names.find(text, letters=letters and len(words(text)) == 1)]
    return list(dict.fromkeys(found))


_ON_DATASET = re.compile(
    r"\b(?:on|for|of|in)\s+(?:the\s+)?(?P<name>[A-Z][\w-]*(?:\s+[A-Z0-9][\w-]*){0,4})\s+(?:data\s?sets?|corpus|benchmark|test\s+set|task)\b"
)
_ON_NAME = re.compile(r"\b(?:on|for)\s+(?:the\s+)?(?P<name>[A-Z][\w-]*(?:\s+[A-Z0-9][\w-]*){0,3})\s*(?:\.|$)")


def _raw_in_caption(caption: str) -> str:
    """ "… on the Graph Reachability dataset": a dataset that the taxonomy does not know."""
    m = _ON_DATASET.search(caption) or _ON_NAME.search(caption)
    return m["name"] if m else ""


def _inner_headers(table: Table) -> tuple[dict[tuple[int, int], tuple[str, ...]], dict[int, tuple[str, ...]]]:
    """Header rows inside the body: what they print over each cell below ("Model | UAS | LAS" again, half-way down), and
    for each row the group that a single centred text above it names ("OUR MODELS")."""
    under: dict[int, tuple[str, ...]] = {}
    over: dict[tuple[int, int], tuple[str, ...]] = {}
    groups: dict[int, tuple[str, ...]] = {}
    group: tuple[str, ...] = ()
    fresh = False
    for r in range(table.header_rows, table.height):
        row = table.grid[r]
        texts = {c: row[c].text.strip() for c in range(table.stub_columns, table.width) if row[c].text.strip()}
        if (
            not texts
            or any(cell_numbers(t) or not any(x.isalpha() for x in t) or len(t) > 40 for t in texts.values())
            or _missing(texts)
        ):
            fresh = False
            over.update({(r, c): t for c, t in under.items()})
            groups[r] = group
            continue
        if len(set(texts.values())) == 1 and table.width - table.stub_columns > 1:
            group, fresh = (next(iter(texts.values())),), False
            continue
        under = {c: ((*under.get(c, ()), t) if fresh else (t,)) for c, t in texts.items()}
        fresh = True
    return over, groups


def _is_text_row(table: Table, r: int) -> bool:
    return not any(cell_numbers(cell.text) for cell in table.grid[r][table.stub_columns :])


def _missing(names: dict[int, str]) -> bool:
    return all(t.strip().lower() in {"n/a", "na", "no", "yes", "none"} for t in names.values())


def _blocks(table: Table) -> list[int]:
    """For each row the number of its group, counted by rows that name groups."""
    block, out, last = 0, [], ""
    for r in range(table.height):
        path = table.row_path(r) if r >= table.header_rows else ()
        group = path[0] if len(path) > 1 else last
        names_group = r >= table.header_rows and len(path) == 1 and _is_text_row(table, r)
        block += names_group or (group != last and len(path) > 1)
        last = group
        out.append(block)
    return out
