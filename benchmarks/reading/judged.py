"""Tables judged by eye: a sample drawn by lottery, the judgements that a person kept, and what they come to."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import share
from claimcheck.foundation.records import Document, Table

JUDGED = Path(__file__).parent / "judged.json"
SEED, SIZE = 77, 40
SECOND_SEED = 2024  # of forty more, drawn from the rest after the first ones had shown the faults
RIGHT = "right"
KINDS = (
    "header",  # header cells wrong, lost or under the wrong span; the number of header rows
    "row labels",  # row names or groups lost, shifted or joined to others
    "columns split",
    "columns merged",
    "rows",  # rows joined, broken, lost or taken from outside
    "caption",
    "missing",  # a caption whose table was not read
    "false",  # no table of the paper
    "text",  # characters or words of a cell wrong
)
CAPTION = re.compile(r"(?:Table|TABLE|Tab\.)\s*([A-Z]?\.?\d+|[IVX]+)\b")


@dataclass(frozen=True)
class Sampled:
    """A table of the sample; `table` is None where a caption has none."""

    paper: str
    label: str
    table: Table | None
    page: int | None

    @property
    def key(self) -> tuple[str, str]:
        """What a judgement is kept under."""
        return self.paper, self.label

    @property
    def hash(self) -> str:
        """What a judgement holds for."""
        return "" if self.table is None else table_hash(self.table)


@dataclass(frozen=True)
class Judgement:
    """What a person saw: the kinds of error (none: the table is right) of the table that has the hash."""

    kinds: tuple[str, ...]
    hash: str

    @property
    def right(self) -> bool:
        """Whether nothing was wrong."""
        return not self.kinds


def table_hash(table: Table) -> str:
    """Twelve hex digits of all that is judged: caption, header rows, stub columns, cells; white space does not count in
    the caption."""
    whole = [
        re.sub(r"\s+", "", table.caption),
        table.header_rows,
        table.stub_columns,
        [[(c.text, c.origin) for c in row] for row in table.grid],
    ]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False).encode()).hexdigest()[:12]


def labels_of(document: Document) -> list[str]:
    """The labels of the captions "Table n" in reading order."""
    return [m[1] for s in document.sentences if s.kind == "caption" and (m := CAPTION.match(s.text))]


def candidates(document: Document) -> list[Sampled]:
    """Every table of a paper, and every caption without one; the second table of a label "1" is "1 (2)"."""
    name = document.paper.id
    found, have = [], Counter[str]()
    for t in document.tables:
        if t.height and t.width:
            label = t.number
            have[label] += 1
            label = label if have[label] == 1 else f"{label} ({have[label]})"
            found.append(Sampled(name, label, t, t.page))
    pages = {m[1]: s.page for s in document.sentences if s.kind == "caption" and (m := CAPTION.match(s.text))}
    return [*found, *(Sampled(name, label, None, page) for label, page in pages.items() if label not in have)]


def draw(tables: Iterable[Sampled], size: int = SIZE, seed: int = SEED) -> list[Sampled]:
    """`size` of the tables by a hash of seed, paper and label: a table that comes or goes moves no other."""

    def order(t: Sampled) -> str:
        return hashlib.sha256("\0".join((str(seed), *t.key)).encode()).hexdigest()

    return sorted({t.key: t for t in tables}.values(), key=order)[:size]


def draw_second(tables: Sequence[Sampled]) -> list[Sampled]:
    """Forty tables beside those of the first sample."""
    first = {t.key for t in draw(tables)}
    return draw([t for t in tables if t.key not in first], SIZE, SECOND_SEED)


def load(path: Path = JUDGED) -> dict[tuple[str, str], Judgement]:
    """The judgements by paper and label; {} where there is no file.

    Raises ValueError for a judgement that is neither "right" nor a list of known kinds.
    """
    if not path.exists():
        return {}
    found = {}
    for record in json.loads(path.read_text(encoding="utf-8")):
        key, said = (record["paper"], record["table"]), record["judgement"]
        kinds: Sequence[str] = [] if said == RIGHT else said
        if isinstance(kinds, str) or (said != RIGHT and not kinds) or not set(kinds) <= set(KINDS):
            raise ValueError(f"{path.name}: {key}: a judgement is 'right' or some of {KINDS}, not {said!r}")
        found[key] = Judgement(tuple(kinds), record["hash"])
    return found


def summary_of(sample: Sequence[Sampled], judged: dict[tuple[str, str], Judgement]) -> dict[str, object]:
    """The share of right tables and the errors by kind; judgements of another grid than today's do not count."""
    held = [j for t in sample if (j := judged.get(t.key)) is not None and j.hash == t.hash]
    kinds = Counter(kind for j in held for kind in j.kinds)
    return {
        "drawn": len(sample),
        "judged": len(held),
        "changed_since": sum(t.key in judged and judged[t.key].hash != t.hash for t in sample),
        "right": sum(j.right for j in held),
        "right_share": share(sum(j.right for j in held), len(held)),
        "errors": {kind: kinds[kind] for kind in KINDS if kinds[kind]},
    }
