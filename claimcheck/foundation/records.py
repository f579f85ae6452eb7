"""The records that flow through claimcheck, frozen and typed: what a stage takes and what it gives.

Contracts: DESIGN.md section 3. All go to JSON and back unchanged (`model_dump_json`, `model_validate_json`).
Boxes are (x0, top, x1, bottom) in points from the page's top left corner; pages and source lines count from 1,
rows, columns and sentences from 0.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Box = tuple[float, float, float, float]
Span = tuple[int, int]
SourceKind = Literal["latex", "html", "pdf", "text"]
Label = Literal["supported", "refuted", "not_enough_info"]
LABELS: tuple[Label, ...] = ("supported", "refuted", "not_enough_info")
LEDGER_SCHEMA = "claimcheck/ledger/v1"
REPRODUCTION_SCHEMA = "claimcheck/reproduction/v1"
DECISION_SCHEMA = "claimcheck/decision/v1"


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True)


class UnreadPage(Record):
    """A page that could not be read, and why."""

    page: int
    reason: str


class Paper(Record):
    """What is known of a paper apart from its contents."""

    id: str  # arXiv id without version, or the file's stem
    version: str = ""  # "v2", or "" where there is none
    title: str = ""
    authors: tuple[str, ...] = ()
    abstract: str = ""
    doi: str = ""
    url: str = ""
    published: str = ""  # ISO date
    source_kind: SourceKind = "text"
    source_sha256: str = ""
    pages_not_read: tuple[UnreadPage, ...] = ()


class Source(Record):
    """A paper's bytes before reading: one file, or the files of a LaTeX source by their relative path."""

    paper: Paper
    kind: SourceKind
    files: dict[str, bytes]
    main: str = ""  # the entry among `files`; "" lets the reader find it

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page of a paper as PNG; width and height in points of the page as displayed, in which boxes are given."""

    paper: str
    page: int
    png: bytes
    width: float
    height: float


class Section(Record):
    """A heading and what kind of text stands below it."""

    title: str
    number: str = ""  # "4.2", "A.1", or "" where none is printed
    level: int = 1
    kind: Literal["abstract", "body", "references", "appendix", "other"] = "body"


class Sentence(Record):
    """One whole sentence in reading order."""

    text: str
    section: int = -1  # index into Document.sections; -1 before the first heading
    paragraph: int = 0
    kind: Literal["title", "abstract", "body", "caption", "footnote", "heading", "reference", "other"] = "body"
    page: int | None = None
    box: Box | None = None
    line: int | None = None  # line in the LaTeX source
    span: Span | None = None  # character offsets into the page's (PDF) or the document's text


class Cell(Record):
    """One place of a table's grid. A cell that spans is written into each place it covers; copies carry `origin`."""

    text: str = ""
    bold: bool = False
    underline: bool = False
    origin: tuple[int, int] | None = None  # (row, column) of the cell this is a copy of
    box: Box | None = None


class Table(Record):
    """A rectangular grid of cells with its caption.

    `header_rows` leading rows and `stub_columns` leading columns name the others. Build one with `from_grid`, which
    finds both where the reader does not know them, or with `from_rows` / `from_csv`.
    """

    label: str  # "2", "A.3", or "#1" for the first table without a printed label
    caption: str = ""
    grid: tuple[tuple[Cell, ...], ...] = ()
    header_rows: int = 1
    stub_columns: int = 1
    section: int = -1
    page: int | None = None
    box: Box | None = None
    line: int | None = None

    @model_validator(mode="after")
    def _rectangular(self) -> Self:
        if len({len(row) for row in self.grid}) > 1:
            raise ValueError(f"table {self.label}: rows of different length")
        return self

    @classmethod
    def from_grid(
        cls,
        grid: Sequence[Sequence[Cell]],
        caption: str = "",
        label: str = "#1",
        *,
        header_rows: int | None = None,
        stub_columns: int | None = None,
        **place: Any,
    ) -> Table:
        """A table from cells; ragged rows are padded, header rows and stub columns found where not given."""
        from claimcheck.foundation.grid import find_header_rows, find_stub_columns, padded

        full = padded(grid)
        rows = find_header_rows(full) if header_rows is None else min(header_rows, len(full))
        stubs = find_stub_columns(full, rows) if stub_columns is None else stub_columns
        return cls(label=label, caption=caption, grid=full, header_rows=rows, stub_columns=stubs, **place)

    @classmethod
    def from_rows(
        cls, header: Sequence[object], rows: Sequence[Sequence[object]], caption: str = "", label: str = "#1"
    ) -> Table:
        """A table from a header and rows of anything printable; ragged rows are padded, both may be empty."""
        from claimcheck.foundation.grid import find_header_rows

        lines = [list(header), *map(list, rows)] if header else list(map(list, rows))
        grid = [[Cell(text="" if x is None else " ".join(str(x).split())) for x in line] for line in lines]
        # the first row is a header whatever it looks like; rows below it may belong to it
        found = find_header_rows(grid, at_least=1 if header else 0)
        return cls.from_grid(grid, str(caption), label, header_rows=found)

    @classmethod
    def from_csv(cls, text: str, caption: str = "", label: str = "#1") -> Table:
        """A table from CSV text whose first row is the header; the delimiter is a comma, semicolon, tab, # or |."""
        import csv
        import io

        first = text.lstrip("\ufeff").split("\n", 1)[0]
        delimiter = max(",;\t#|", key=first.count)
        rows = [r for r in csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter) if r]
        return cls.from_rows(rows[0] if rows else [], rows[1:], caption, label)

    @property
    def height(self) -> int:
        """Rows, header rows included."""
        return len(self.grid)

    @property
    def width(self) -> int:
        """Columns, stub columns included."""
        return len(self.grid[0]) if self.grid else 0

    @cached_property
    def _paths(self) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
        from claimcheck.foundation.grid import column_paths, row_paths

        return row_paths(self.grid, self.header_rows, self.stub_columns), column_paths(self.grid, self.header_rows)

    def row_path(self, row: int) -> tuple[str, ...]:
        """The names above and before a row: its group, then its stub cells ("Single models", "BiDAF")."""
        return self._paths[0][row]

    def column_path(self, column: int) -> tuple[str, ...]:
        """The header cells over a column from top to bottom ("Zero-shot", "XNLI", "Acc")."""
        return self._paths[1][column]

    def row_name(self, row: int) -> str:
        """The row path in one line."""
        return " > ".join(self.row_path(row)) or f"row {row + 1}"

    def column_name(self, column: int) -> str:
        """The column path in one line."""
        return " > ".join(self.column_path(column)) or f"column {column + 1}"

    def body(self) -> Iterator[tuple[int, int, Cell]]:
        """(row, column, cell) of every cell that is neither header nor stub nor a spanning copy, in reading order."""
        for r in range(self.header_rows, self.height):
            for c in range(self.stub_columns, self.width):
                cell = self.grid[r][c]
                if cell.text and cell.origin is None:
                    yield r, c, cell


class Document(Record):
    """A paper as read: sections, sentences in reading order, tables as addressable cells."""

    paper: Paper
    pages: int = 0
    sections: tuple[Section, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    tables: tuple[Table, ...] = ()

    def table(self, label: str) -> Table | None:
        """The table with that printed label, or None."""
        return next((t for t in self.tables if t.label == label), None)


class Passage(Record):
    """A stretch of text that is evidence, and where it comes from."""

    text: str
    source: str = ""

    def __init__(self, text: str = "", source: str = "", **more: Any) -> None:
        super().__init__(**{"text": text, "source": source, **more})


class Pointer(Record):
    """Where in a paper something stands."""

    paper: str = ""
    page: int | None = None
    box: Box | None = None
    table: str | None = None  # the printed label "2", "A.3", or "#1"; None for text
    row: str | None = None
    column: str | None = None
    cell: tuple[int, int] | None = None  # (row, column) in the table's grid
    line: int | None = None  # line in the LaTeX source
    section: str = ""
    span: Span | None = None

    def __str__(self) -> str:
        if self.table is not None:
            name = f"Table {self.table}" if not self.table.startswith("#") else f"unnumbered table {self.table}"
            return ", ".join([name, *(x for x in (self.row, self.column) if x)])
        if self.page is not None:
            return f"p. {self.page}"
        if self.section:
            return f"Section {self.section}" if self.section[:1].isdigit() else self.section
        return f"line {self.line}" if self.line is not None else self.paper


Role = Literal["value", "delta", "relative", "ratio", "count", "rank", "other"]
Bound = Literal["at_least", "at_most", "more_than", "less_than", "about", "up_to"]


class Quantity(Record):
    """A number that a claim states, with what the sentence says it is.

    The value holds within `half_width` (half a unit of the last printed digit). `role`: a value ("85.3 F1"), a delta
    ("by 2.1 points"), a relative change ("12 % fewer errors"), a ratio ("3x faster"), a count ("on 7 of 9 tasks").
    """

    text: str  # as printed, with its unit
    value: float
    high: float | None = None  # upper end of a range
    decimals: int = 0
    half_width: float = 0.5
    unit: str = ""  # "percent", "points", "times", or the word printed beside the number
    role: Role = "value"
    direction: Literal["up", "down"] | None = None
    bound: Bound | None = None
    total: float | None = None  # the 9 of "7 of 9"
    subject: str = ""  # what this number of a list belongs to
    span: Span = (0, 0)  # character offsets into Claim.text
    task: str = ""
    dataset: str = ""
    metric: str = ""
    method: str = ""
    baseline: str = ""
    condition: str = ""
    aggregation: str = ""


class Comparison(Record):
    """Two systems or settings that a claim sets side by side without a number of its own ("X outperforms Y on Z").

    The names are the claim's or, where it says "it" or "our model", what that stands for. `direction`: whether the
    method's figure is above or below the baseline's, or the same; `better` whether the claim calls the method the
    better one (None where the words do not say: "higher perplexity" is above and worse).
    """

    method: str = ""
    baseline: str = ""
    direction: Literal["above", "below", "same"] | None = None
    better: bool | None = None
    task: str = ""
    dataset: str = ""
    metric: str = ""
    condition: str = ""
    aggregation: str = ""  # "on 7 of 9 datasets", "average over 9 tasks", "all but NER"
    span: Span = (0, 0)  # character offsets of the words that compare, into Claim.text


class Place(Record):
    """One place where a claim is said."""

    pointer: Pointer
    text: str  # verbatim, the words of this place
    sentence: int = -1  # index into Document.sentences
    context: str = ""  # the sentences just before it in the same paragraph
    tables: tuple[str, ...] = ()  # labels of the tables that the sentence or its paragraph names


ClaimKind = Literal[
    "numeric", "comparison", "ranking", "trend", "ablation", "causal", "existence", "method", "background", "other"
]


class Claim(Record):
    """One checkable statement of a paper, verbatim and whole, with every place that says it."""

    id: str
    text: str
    statement: str = ""
    kind: ClaimKind = "other"
    places: tuple[Place, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    importance: float = 0.0
    probability: float = 0.0  # that the sentence states a checkable claim

    @staticmethod
    def make_id(paper: str, text: str) -> str:
        """12 hex digits of the sha256 of the paper's id without version and the letters and digits of the text."""
        letters = re.sub(r"[\W_]+", "", text.lower())
        versionless = re.sub(r"v\d+$", "", paper)
        return hashlib.sha256((versionless + letters).encode()).hexdigest()[:12]


class Evidence(Record):
    """A verbatim quote, matched against its source in code, and where it stands."""

    quote: str
    pointer: Pointer


class Check(Record):
    """One test of a claim: what it found, how sure it is, and on what it rests."""

    kind: Literal["cells", "direction", "text", "consistency"]
    label: Label
    score: float  # 0 to 1, of this check alone; not a calibrated probability
    evidence: list[Evidence] = Field(default_factory=list)
    derivation: str | None = None  # "82.2 - 73.5 = 8.7: Table 2, Multi-task - XLM-R, Avg"
    reason: str = ""


class Verdict(Record):
    """What the checks come to. `label` is the argmax of `probabilities`, `confidence` its probability."""

    label: Label
    confidence: float
    probabilities: dict[Label, float]
    calibration: str | None = None  # the calibration set and its size; None is printed as "uncalibrated"
    abstained: bool = False
    checks: list[Check] = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ps = self.probabilities
        if set(ps) != set(LABELS) or min(ps.values()) < 0 or abs(sum(ps.values()) - 1) > 1e-6:
            raise ValueError(f"probabilities must be three shares that sum to 1, got {ps}")
        if ps[self.label] < max(ps.values()) or self.confidence != ps[self.label]:
            raise ValueError("label must be the argmax of the probabilities and confidence its probability")
        return self

    @classmethod
    def of(
        cls,
        supported: float,
        refuted: float,
        checks: Sequence[Check] = (),
        *,
        calibration: str | None = None,
        abstained: bool = False,
    ) -> Verdict:
        """A verdict from the probabilities of supported and refuted; the rest is not enough information."""
        rest = max(0.0, 1.0 - supported - refuted)
        total = supported + refuted + rest
        ps: dict[Label, float] = {
            "supported": supported / total,
            "refuted": refuted / total,
            "not_enough_info": rest / total,
        }
        # ties go to the label that accuses and asserts least
        order: tuple[Label, ...] = ("not_enough_info", "supported", "refuted")
        label = max(order, key=lambda x: ps[x])
        return cls(
            label=label,
            confidence=ps[label],
            probabilities=ps,
            calibration=calibration,
            abstained=abstained,
            checks=list(checks),
        )


class Result(Record):
    """A row of a results table as a leaderboard would carry it."""

    task: str
    dataset: str
    metric: str
    score: str  # the printed token, without spread, no change of scale
    method: str
    role: Literal["own_best", "own", "ablation", "baseline"]
    pointer: Pointer


class RunRecord(Record):
    """One run behind a reproduction."""

    id: str
    optimizer_steps: int
    data_sha256: str
    predictions_sha256: str
    exit: int


class Reproduction(Record):
    """A claimed number beside the reproduced one (`claimcheck/reproduction/v1`, DESIGN.md sections 3 and 4)."""

    schema_: Literal["claimcheck/reproduction/v1"] = Field(default="claimcheck/reproduction/v1", alias="schema")
    registry_id: str
    paper: str
    paper_version: str = ""
    claim_text: str
    quantity: dict[str, Any]
    claimed_source: str
    scale: Literal["paper", "lab", "smoke"]
    values: tuple[float, ...] = ()
    mean: float | None = None
    sd: float | None = None
    n: int = 0
    interval: tuple[float, float] | None = None
    radius: float | None = None
    margin: float | None = None
    verdict: Literal[
        "reproduced",
        "reproduced_small_shift",
        "reproduced_with_deviations",
        "inconclusive",
        "not_reproduced_lower",
        "not_reproduced_higher",
        "not_tested",
        "degenerate",
    ]
    direction: Literal["confirmed", "contradicted", "unclear"] | None = None
    reason: str = ""
    deviations: tuple[str, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    cost: dict[str, float] = Field(default_factory=dict)
    details: dict[str, Any] = Field(default_factory=dict)  # scores by language, evidence ratio, seeds needed, ...


class CheckedClaim(Claim):
    """A claim with its verdict, and what a rerun gave where there was one."""

    verdict: Verdict
    reproduction: Reproduction | None = None


class LooseReproduction(Record):
    """A reproduction in a row of its own: no claim of the ledger is the one that was rerun, or several may be."""

    reproduction: Reproduction
    why: str  # "no claim of the paper states 8.7 points", "2 claims fit"
    candidates: tuple[str, ...] = ()  # ids of the claims that it may be


class RerunInfo(Record):
    """How the reruns behind a ledger's reproductions were made; one of each run folder."""

    registry: str
    scale: Literal["paper", "lab", "smoke"]
    seeds: int = 0
    jobs: int = 0  # planned
    finished: int = 0
    optimizer_steps: int = 0
    seconds: float = 0.0  # of all finished jobs together
    versions: dict[str, str] = Field(default_factory=dict)
    hardware: tuple[str, ...] = ()
    encoders: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()  # what does not count, and why
    recorded: bool = False  # read from files without predictions: nothing was judged again


class Reruns(Record):
    """What a run folder comes to, or a registry alone, of which nothing was run (`info` is None)."""

    paper: Paper
    reproductions: tuple[Reproduction, ...] = ()
    info: RerunInfo | None = None


class ReliabilityBin(Record):
    """Items whose confidence lay close together: the mean of it, and the share of verdicts that were right."""

    confidence: float
    right: float
    n: int


class Reliability(Record):
    """How well confidence meets truth on a calibration set, named as `Verdict.calibration` names it."""

    calibration: str
    n: int
    ece: float
    bins: tuple[ReliabilityBin, ...] = ()


Choice = Literal["accept", "reject", "needs_check"]


class Decision(Record):
    """What one reviewer says of one claim's verdict; a line of decisions.jsonl, the last one of a reviewer counts.

    `label` is the verdict that was judged: a decision on another verdict than the ledger's is out of date.
    """

    schema_: Literal["claimcheck/decision/v1"] = Field(default="claimcheck/decision/v1", alias="schema")
    claim: str  # Claim.id
    reviewer: str
    choice: Choice | None = None  # None: a note or a reply alone, or taken back
    label: Label
    note: str = ""
    reply: str = ""  # what the paper's authors answered
    at: str = ""  # ISO time, UTC


class Completeness(Record):
    """How many claims two independent extractors found, and how many both missed by their overlap.

    Chapman's estimator of capture and recapture: total = (head + 1)(patterns + 1) / (both + 1) - 1, with a 95 %
    interval. It takes the two for independent; both miss what reads like no claim at all, so it is a lower estimate.
    """

    head: int  # sentences that the trained head found
    patterns: int  # sentences that the patterns over quantities and comparatives found
    both: int
    total: float  # estimated
    interval: tuple[float, float]

    @property
    def found(self) -> int:
        """Sentences that one or both found."""
        return self.head + self.patterns - self.both

    @property
    def missed(self) -> float:
        """Sentences that both missed, as estimated; not below 0."""
        return max(0.0, self.total - self.found)


class Finding(Record):
    """Something about the paper as a whole that a reader should know, beside the verdicts: a contradiction in it."""

    kind: Literal["places_differ"]  # one claim, other numbers in other places
    text: str  # one sentence that says it
    claims: tuple[str, ...] = ()  # ids
    evidence: tuple[Evidence, ...] = ()  # the places, verbatim


class RunInfo(Record):
    """How a ledger was made."""

    versions: dict[str, str] = Field(default_factory=dict)
    models: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    seconds: dict[str, float] = Field(default_factory=dict)
    reliability: tuple[Reliability, ...] = ()
    started: str = ""
    tables: int = 0
    sentences: int = 0
    claims_found: int = 0  # before `--max-claims`
    completeness: Completeness | None = None


class Ledger(Record):
    """All claims of one paper with their verdicts: the truth that every other format is rendered from."""

    schema_: Literal["claimcheck/ledger/v1"] = Field(default="claimcheck/ledger/v1", alias="schema")
    paper: Paper
    claims: tuple[CheckedClaim, ...] = ()
    findings: tuple[Finding, ...] = ()
    reproductions: tuple[LooseReproduction, ...] = ()  # those that stand beside no claim
    sources: tuple[Paper, ...] = ()  # the other papers that claims were held against
    reruns: tuple[RerunInfo, ...] = ()
    run: RunInfo = RunInfo()
