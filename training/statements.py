"""Fits the model of statements against tables (claimcheck/checks/statements/weights.json) on sets that may train shipped weights.

    python training/statements.py DATA          DATA: the folder that has verify/tabfact, verify/infotabs, extract/csabstruct

Learned from: TabFact training pairs, TabFact validation statements of every second table (the others stay for measuring),
InfoTabS training hypotheses, and statements made from TabFact's tables (training/made_statements.py). Temperatures are fitted on
tables that no tree saw. SciTab and SEM-TAB-FACTS are never read here.
"""

from __future__ import annotations

import json
import lzma
import random
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score

from claimcheck.checks.statements.facts import Facts, table_facts
from claimcheck.checks.statements.signs import Reading, read
from claimcheck.checks.table_index import index_tables
from claimcheck.foundation.records import Table
from training.made_statements import make

OUT = Path(__file__).parent.parent / "claimcheck" / "checks" / "statements" / "weights.json"
SEED = 7
PAIRS, MADE_TABLES, OTHER_TABLES, INFOTABS, ABSTRACTS = 4500, 5000, 4000, 6000, 700
REAL = frozenset({"validation", "pairs", "infotabs", "other table", "column taken out", "abstracts"})
CALIBRATED = "TabFact and InfoTabS, tables that trained nothing"
# signs that can only speak one way, whatever a set says of them
HOLDS_UP = ("_best", "_worst", "mean")
DECIDED = {
    "unlinked": -1, "unlinked_share": -1, "unlinked_names": -1, "cause": -1, "hedge": -1, "method": -1, "link": 1, "programs": 1,
    "any_best": 1, "any_worst": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One statement's signs, its label, its table and where it comes from."""

    signs: dict[str, float]
    label: str
    table: str
    source: str

    @property
    def held_out(self) -> bool:
        """Whether its table is kept for the temperatures: one in five."""
        return zlib.crc32(self.table.encode()) % 5 == 0


def measured(table_id: str) -> bool:
    """Whether a table of TabFact's validation part stays for measuring: every second one by its checksum."""
    return zlib.crc32(table_id.encode()) % 2 == 1


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a JSON-lines file, packed or not."""
    raw = path.read_bytes()
    for line in (lzma.decompress(raw) if path.suffix == ".xz" else raw).splitlines():
        if line.strip():
            yield json.loads(line)


class Tables:
    """TabFact's tables by id, read when asked for."""

    def __init__(self, folder: Path) -> None:
        self._csv = {t["table_id"]: t["csv"] for t in lines(folder / "tables.jsonl.xz")}
        self._facts: dict[str, Facts] = {}

    def __contains__(self, table_id: str) -> bool:
        return table_id in self._csv

    def table(self, table_id: str, caption: str = "") -> Table:
        """The table; the set separates cells by "#"."""
        header, *rows = [line.split("#") for line in self._csv[table_id].strip("\n").split("\n")]
        return Table.from_rows(header, rows, caption)

    def facts(self, table_id: str, caption: str = "") -> Facts:
        """The table as typed columns."""
        if table_id not in self._facts:
            self._facts[table_id] = facts_of(self.table(table_id, caption))
        return self._facts[table_id]


def facts_of(table: Table) -> Facts:
    """A bare table as typed columns."""
    return table_facts(index_tables([table]).views[0])


def tabfact(folder: Path, tables: Tables, rng: random.Random) -> Iterator[Row]:
    """Training pairs, validation statements of the tables that are not measured, and statements without an answer made of them."""
    pairs = [p for p in lines(folder / "pairs_train.jsonl.xz") if p["table_id"] in tables]
    for p in rng.sample(pairs, min(PAIRS, len(pairs))):
        facts = tables.facts(p["table_id"])
        yield Row(read(p["true"], facts).signs, "supported", p["table_id"], "pairs")
        yield Row(read(p["false"], facts).signs, "refuted", p["table_id"], "pairs")
    for t in lines(folder / "val.jsonl.xz"):
        if measured(t["table_id"]):
            continue
        facts = tables.facts(t["table_id"], t["caption"])
        for statement, yes in zip(t["statements"], t["labels"], strict=True):
            yield Row(read(statement, facts).signs, "supported" if yes else "refuted", t["table_id"], "validation")
    yield from unanswerable(pairs, tables, rng)


def unanswerable(pairs: Sequence[dict[str, Any]], tables: Tables, rng: random.Random) -> Iterator[Row]:
    """Statements beside another table of the same header, and beside their own with a column they name taken out."""
    by_header: dict[str, list[str]] = {}
    for p in pairs:
        by_header.setdefault("#".join(c.text for c in tables.table(p["table_id"]).grid[0]), []).append(p["table_id"])
    chosen = rng.sample(list(pairs), min(2 * OTHER_TABLES, len(pairs)))
    for k, p in enumerate(chosen):
        i = p["table_id"]
        text = p[rng.choice(("true", "false"))]
        own = read(text, tables.facts(i))
        if k % 2:
            same = [j for j in by_header["#".join(c.text for c in tables.table(i).grid[0])] if j != i]
            j = rng.choice(same) if same and rng.random() < 0.7 else rng.choice(chosen)["table_id"]
            other = read(text, tables.facts(j))
            if _lost(own, other) and len(other.statement.rows) < len(own.statement.rows):
                yield Row(other.signs, "not_enough_info", i, "other table")
            continue
        single = [m.members[0] for m in own.statement.columns if len(m.members) == 1]
        if single and own.statement.facts.width > 2:
            column = rng.choice(single)
            table = tables.table(i)
            grid = [[cell for c, cell in enumerate(row) if c != column] for row in table.grid]
            other = read(text, facts_of(Table.from_grid(grid, table.caption, header_rows=table.header_rows)))
            if _lost(own, other):
                yield Row(other.signs, "not_enough_info", i, "column taken out")


def _lost(own: Reading, other: Reading) -> bool:
    return len(other.statement.unlinked) > len(own.statement.unlinked)


def infotabs(folder: Path, rng: random.Random) -> Iterator[Row]:
    """InfoTabS training hypotheses, a third of them without an answer."""
    labels = {"E": "supported", "C": "refuted", "N": "not_enough_info"}
    tables: dict[str, Facts] = {}
    for t in lines(folder / "tables_train.jsonl.xz"):
        title = " ".join(t["table"].get("title", []))
        rows = [[k, ", ".join(v)] for k, v in t["table"].items() if k != "title"]
        tables[t["table_id"]] = facts_of(Table.from_rows(["", title], rows, title))
    hypotheses = list(lines(folder / "train.jsonl.xz"))
    for h in rng.sample(hypotheses, min(INFOTABS, len(hypotheses))):
        yield Row(read(h["hypothesis"], tables[h["table_id"]]).signs, labels[h["label"]], h["table_id"], "infotabs")


def made(folder: Path, abstracts: Path, tables: Tables, rng: random.Random) -> Iterator[Row]:
    """Statements made from TabFact's tables, and sentences of abstracts beside tables that say nothing of them."""
    results, others = sentences(abstracts)
    asides = [c for c in (_clause(s) for s in results) if c]
    ids = sorted({p["table_id"] for p in lines(folder / "pairs_train.jsonl.xz") if p["table_id"] in tables})
    rng.shuffle(ids)
    for i in ids[:MADE_TABLES]:
        for m in make(tables.facts(i), rng, 3, asides):
            yield Row(read(m.text, tables.facts(i)).signs, m.label, i, "made")
    for i in ids[-ABSTRACTS:]:
        yield Row(read(rng.choice(others), tables.facts(i)).signs, "not_enough_info", i, "abstracts")


def sentences(path: Path) -> tuple[list[str], list[str]]:
    """(sentences that tell results, all others) of the abstracts."""
    results: list[str] = []
    others: list[str] = []
    for a in lines(path):
        for text, label in zip(a["sentences"], a["labels"], strict=True):
            (results if str(label) == "result" else others).append(text)
    return results, others


def _clause(sentence: str) -> str:
    """A short clause without digits, to stand beside a core."""
    words = sentence.rstrip(". ").split()
    return (
        " ".join([words[0].lower(), *words[1:]])
        if 4 <= len(words) <= 16 and not any(c.isdigit() for c in sentence)
        else ""
    )


def matrix(rows: Sequence[Row], signs: Sequence[str]) -> np.ndarray:
    """(n, signs) as float64."""
    return np.array([[r.signs[s] for s in signs] for r in rows], dtype=np.float64)


def fit(
    rows: Sequence[Row], signs: list[str], yes: np.ndarray, weight: np.ndarray, one_way: dict[str, int], iterations: int
) -> dict[str, Any]:
    """Boosted trees as JSON, their temperature from the tables that no tree saw."""
    held = np.array([r.held_out for r in rows])
    model = HistGradientBoostingClassifier(
        max_iter=iterations, max_depth=4, learning_rate=0.06, min_samples_leaf=50, l2_regularization=5.0, early_stopping=False,
        monotonic_cst=[one_way.get(s, 0) for s in signs], random_state=SEED,
    )  # fmt: skip
    x = matrix(rows, signs)
    model.fit(x[~held], yes[~held], sample_weight=weight[~held])
    score = model.decision_function(x[held])
    choices = np.linspace(0.6, 2.5, 77)
    # people's own sentences say how sure to be; made ones are read too well
    real = np.array([r.source in REAL for r in rows])[held]
    losses = [
        log_loss(yes[held][real], 1 / (1 + np.exp(-score[real] / t)), sample_weight=weight[held][real]) for t in choices
    ]
    temperature = float(choices[int(np.argmin(losses))])
    print(
        f"   held-out tables: n {held.sum()}, AUROC {roc_auc_score(yes[held], score):.3f}, temperature {temperature:.2f}"
    )
    by = Counter(r.source for r in rows)
    for source in sorted(by):
        mine = np.array([r.source == source for r in rows]) & held
        if 0 < yes[mine].sum() < mine.sum():
            print(
                f"      {source}: {mine.sum()}, AUROC {roc_auc_score(yes[mine], model.decision_function(x[mine])):.3f}"
            )
    trees = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        trees.append({
            "sign": [-1 if n["is_leaf"] else int(n["feature_idx"]) for n in nodes],
            "at": [0.0 if n["is_leaf"] else round(float(n["num_threshold"]), 5) for n in nodes],
            "left": [int(n["left"]) for n in nodes], "right": [int(n["right"]) for n in nodes],
            "value": [round(float(n["value"]), 5) if n["is_leaf"] else 0.0 for n in nodes],
        })  # fmt: skip
    return {
        "signs": signs,
        "base": float(model._baseline_prediction.ravel()[0]),
        "temperature": round(temperature, 3),
        "trees": trees,
    }


def weights_of(rows: Sequence[Row], table: dict[str, float], balance: bool = False) -> np.ndarray:
    """The weight of each row by its source; with `balance` the labels of a source weigh the same, as no set's share is the world's."""
    counts = Counter((r.source, r.label) for r in rows)
    share = Counter(r.source for r in rows)
    return np.array(
        [table[r.source] * (share[r.source] / 2 / counts[r.source, r.label] if balance else 1.0) for r in rows]
    )


def write(models: dict[str, Any], path: Path) -> None:
    """One tree a line, so that a change can be read."""
    parts = []
    for name, m in models.items():
        if "trees" not in m:
            parts.append(f'"{name}": {json.dumps(m)}')
            continue
        trees = ",\n".join(json.dumps(t, separators=(",", ":")) for t in m["trees"])
        head = json.dumps({k: v for k, v in m.items() if k != "trees"})[:-1]
        parts.append(f'"{name}": {head}, "trees": [\n{trees}\n]}}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def collect(data: str) -> list[Row]:
    """The rows of all sets, in a fixed order."""
    rng = random.Random(SEED)
    verify, abstracts = Path(data) / "verify", Path(data) / "extract" / "csabstruct" / "train.jsonl"
    tables = Tables(verify / "tabfact")
    rows = [
        *tabfact(verify / "tabfact", tables, rng),
        *infotabs(verify / "infotabs", rng),
        *made(verify / "tabfact", abstracts, tables, random.Random(SEED + 1)),
    ]
    print(Counter((r.source, r.label) for r in rows))
    return rows


def train(rows: Sequence[Row]) -> dict[str, Any]:
    """Both models as JSON."""
    signs = sorted(rows[0].signs)
    told = [r for r in rows if r.label != "not_enough_info"]
    holds = fit(
        told, signs, np.array([r.label == "supported" for r in told]),
        weights_of(told, {"validation": 1.0, "pairs": 0.4, "made": 1.0, "infotabs": 0.3}, balance=True),
        {s: 1 for s in signs if s.endswith(HOLDS_UP)}, 150,
    )  # fmt: skip
    decided = fit(
        rows, signs, np.array([r.label != "not_enough_info" for r in rows]),
        weights_of(rows, {"validation": 1.0, "pairs": 0.4, "made": 1.0, "infotabs": 0.5, "other table": 0.35,
                          "column taken out": 0.3, "abstracts": 1.0}),
        DECIDED, 120,
    )  # fmt: skip
    # both temperatures rest on these: `holds` on those that have an answer, `decided` on all
    kept = sum(r.held_out and r.source in REAL for r in rows)
    return {"calibration": {"set": CALIBRATED, "statements": kept}, "decided": decided, "holds": holds}


def main(data: str) -> None:
    """Reads the sets, draws the signs, fits both models, writes the weights."""
    write(train(collect(data)), OUT)


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
