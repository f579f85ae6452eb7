"""Fits the model of statements against tables (claimcheck/checks/statements/weights.json) on sets that may train shipped weights.

    python training/statements.py DATA          DATA: the folder that has verify/tabfact, verify/infotabs, extract/csabstruct

Learned from: TabFact training pairs, TabFact validation statements of every second table (the others stay for measuring),
InfoTabS training hypotheses, and statements made from TabFact's tables (training/made_statements.py). Temperatures are fitted on
tables that no tree saw; how much flatter the probabilities of a paper's prose are, on sets left out of training altogether. SciTab and SEM-TAB-FACTS are never read here.
"""

from __future__ import annotations

import json
import lzma
import random
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import cross_val_predict

from claimcheck.checks.statements.facts import Facts, table_facts
from claimcheck.checks.statements.model import Trees, load_model, three_way
from claimcheck.checks.statements.signs import Reading, read
from claimcheck.checks.table_index import TableView, index_tables
from claimcheck.foundation.records import LABELS, Table
from training.made_statements import make

OUT = Path(__file__).parent.parent / "claimcheck" / "checks" / "statements" / "weights.json"
SEED = 7
PAIRS, MADE_TABLES, OTHER_TABLES, INFOTABS, ABSTRACTS = 4500, 5000, 4000, 6000, 700
REAL = frozenset({"validation", "pairs", "infotabs", "other table", "column taken out", "abstracts"})
CALIBRATED = "TabFact and InfoTabS, tables that trained nothing"
TABFACT = frozenset({"validation", "pairs", "other table", "column taken out"})
TEMPERATURES = np.linspace(0.6, 2.5, 77)
PROSE = 1500  # sentences of abstracts, and statements of each set, that tell prose from statements
WORDING = (
    "words",
    "plain_words",
    "hedge",
    "method",
    "cause",
    "prose",
    "comparative",
    "superlative",
    "negation",
    "all",
    "only",
)
# signs that can only speak one way, whatever a set says of them
HOLDS_UP = ("_best", "_worst", "mean")
DECIDED = {
    "unlinked": -1, "unlinked_share": -1, "unlinked_names": -1, "cause": -1, "hedge": -1, "method": -1, "link": 1, "programs": 1,
    "any_best": 1, "any_worst": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One statement's signs, its label, its table and where it comes from; its words and its table as they were read."""

    signs: dict[str, float]
    label: str
    table: str
    source: str
    text: str = ""
    view: TableView | None = None

    @classmethod
    def of(cls, reading: Reading, label: str, table: str, source: str) -> Row:
        """The row of a statement that was read."""
        return cls(reading.signs, label, table, source, reading.statement.text, reading.statement.facts.view)

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
        yield Row.of(read(p["true"], facts), "supported", p["table_id"], "pairs")
        yield Row.of(read(p["false"], facts), "refuted", p["table_id"], "pairs")
    for t in lines(folder / "val.jsonl.xz"):
        if measured(t["table_id"]):
            continue
        facts = tables.facts(t["table_id"], t["caption"])
        for statement, yes in zip(t["statements"], t["labels"], strict=True):
            yield Row.of(read(statement, facts), "supported" if yes else "refuted", t["table_id"], "validation")
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
                yield Row.of(other, "not_enough_info", i, "other table")
            continue
        single = [m.members[0] for m in own.statement.columns if len(m.members) == 1]
        if single and own.statement.facts.width > 2:
            column = rng.choice(single)
            table = tables.table(i)
            grid = [[cell for c, cell in enumerate(row) if c != column] for row in table.grid]
            other = read(text, facts_of(Table.from_grid(grid, table.caption, header_rows=table.header_rows)))
            if _lost(own, other):
                yield Row.of(other, "not_enough_info", i, "column taken out")


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
        yield Row.of(read(h["hypothesis"], tables[h["table_id"]]), labels[h["label"]], h["table_id"], "infotabs")


def made(folder: Path, abstracts: Path, tables: Tables, rng: random.Random) -> Iterator[Row]:
    """Statements made from TabFact's tables, and sentences of abstracts beside tables that say nothing of them."""
    results, others = sentences(abstracts)
    asides = [c for c in (_clause(s) for s in results) if c]
    ids = sorted({p["table_id"] for p in lines(folder / "pairs_train.jsonl.xz") if p["table_id"] in tables})
    rng.shuffle(ids)
    for i in ids[:MADE_TABLES]:
        for m in make(tables.facts(i), rng, 3, asides):
            yield Row.of(read(m.text, tables.facts(i)), m.label, i, "made")
    for i in ids[-ABSTRACTS:]:
        yield Row.of(read(rng.choice(others), tables.facts(i)), "not_enough_info", i, "abstracts")


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
    # people's own sentences say how sure to be; made ones are read too well
    real = np.array([r.source in REAL for r in rows])[held]
    losses = [
        log_loss(yes[held][real], 1 / (1 + np.exp(-score[real] / t)), sample_weight=weight[held][real])
        for t in TEMPERATURES
    ]
    temperature = float(TEMPERATURES[int(np.argmin(losses))])
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


def left_out_temperature(rows: Sequence[Row]) -> float:
    """The temperature at which, over sets that did not train, the model is as sure on average as it is right.

    What people wrote on TabFact's tables and on InfoTabS' is judged by trees that saw nothing of that set.
    """
    judged = []
    for source, family in (("validation", TABFACT), ("infotabs", frozenset({"infotabs"}))):
        models = train_trees([r for r in rows if r.source not in family])
        own = [r for r in rows if r.source == source]
        judged.append((_judged(models, own), np.array([LABELS.index(r.label) for r in own])))  # type: ignore[arg-type]
    right = np.mean([np.mean(p.argmax(axis=1) == gold) for p, gold in judged])

    def excess(temperature: float) -> float:
        flat = [p ** (1 / temperature) for p, _ in judged]
        return float(np.mean([(p / p.sum(axis=1, keepdims=True)).max(axis=1).mean() for p in flat]) - right)

    found = float(brentq(excess, 1.0, 10.0)) if excess(1.0) > 0 else 1.0
    print(f"left-out sets: right {right:.3f}, sure {right + excess(1.0):.3f}, temperature {found:.2f}")
    return found


def _judged(models: dict[str, Any], rows: Sequence[Row]) -> np.ndarray:
    """(n, 3) probabilities of trees that were just fitted."""
    decided, holds = (
        Trees.from_json({**models[k], "temperature": 1.0}).probability([r.signs for r in rows])
        for k in ("decided", "holds")
    )
    return three_way(decided, holds)


def prose(rows: Sequence[Row], abstracts: Path) -> dict[str, Any]:
    """A logistic model that tells results told in abstracts from statements that people made for tables, by their wording."""
    rng = random.Random(SEED + 2)
    facts = facts_of(Table.from_rows(["", ""], [["", ""]], ""))
    results, _ = sentences(abstracts)
    told = [read(s, facts).signs for s in rng.sample(results, min(PROSE, len(results)))]
    made_for = [r.signs for source in ("validation", "infotabs")
                for r in rng.sample([r for r in rows if r.source == source], PROSE)]  # fmt: skip
    x = np.array([[signs[s] for s in WORDING] for signs in (*told, *made_for)])
    y = np.array([True] * len(told) + [False] * len(made_for))
    scale = x.std(axis=0) + 1e-6
    head = LogisticRegression(class_weight="balanced", max_iter=1000)
    crossed = cross_val_predict(head, x / scale, y, cv=5, method="predict_proba")[:, 1]
    print(f"prose of papers: n {len(y)}, AUROC {roc_auc_score(y, crossed):.3f}, left out")
    head.fit(x / scale, y)
    return {
        "bias": round(float(head.intercept_[0]), 4),
        "weights": {s: round(float(w), 4) for s, w in zip(WORDING, head.coef_[0] / scale, strict=True)},
        "temperature": round(left_out_temperature(rows), 3),
    }


def cross_fitted(rows: Sequence[Row]) -> np.ndarray:
    """(n, 3): the shipped model's probabilities on tables that no tree saw, its temperatures from four fifths of them."""
    model = load_model()
    signs = [r.signs for r in rows]
    raw = [replace(t, temperature=1.0).probability(signs) for t in (model.decided, model.holds)]
    scores = [np.log(p / (1 - p)) for p in raw]
    label = np.array([r.label for r in rows])
    fold = np.array([zlib.crc32(b"fold " + r.table.encode()) % 5 for r in rows])
    shares = [np.zeros(len(rows)), np.zeros(len(rows))]
    for k in range(5):
        other, own = fold != k, fold == k
        for share, score, yes, counts in zip(
            shares, scores, (label != "not_enough_info", label == "supported"),
            (np.ones(len(rows), bool), label != "not_enough_info"), strict=True,
        ):  # fmt: skip
            kept = other & counts
            losses = [log_loss(yes[kept], 1 / (1 + np.exp(-score[kept] / t))) for t in TEMPERATURES]
            share[own] = 1 / (1 + np.exp(-score[own] / TEMPERATURES[int(np.argmin(losses))]))
    return model.prose.flattened(three_way(*shares), signs)


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


def train(rows: Sequence[Row], abstracts: Path) -> dict[str, Any]:
    """All that weights.json holds."""
    # both temperatures rest on these: `holds` on those that have an answer, `decided` on all
    kept = sum(r.held_out and r.source in REAL for r in rows)
    return {
        "calibration": {"set": CALIBRATED, "statements": kept},
        "prose": prose(rows, abstracts),
        **train_trees(rows),
    }


def train_trees(rows: Sequence[Row]) -> dict[str, Any]:
    """Both sums of trees as JSON."""
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
    return {"decided": decided, "holds": holds}


def main(data: str) -> None:
    """Reads the sets, draws the signs, fits both models, writes the weights."""
    write(train(collect(data), Path(data) / "extract" / "csabstruct" / "train.jsonl"), OUT)


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
