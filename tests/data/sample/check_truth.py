"""Checks the sample paper against itself: consistent tables, and a truth.jsonl that says what the tables say.

The tables are read out of paper.tex by a few lines of this file and not by the package under test. Run it with
``python check_truth.py``; it prints what it counted and exits with an AssertionError at the first thing that is wrong.
"""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATASETS = ("PortNER", "ShipRel", "BerthEvent", "LogQA", "CargoDoc")
EXTRACTION = DATASETS[:3]
BASELINES = ("BiLSTM-CRF", "Full fine-tuning", "Prefix tuning", "Adapter", "LowRank")
EFFICIENT = BASELINES[2:]
OURS = ("Mooring-Small", "Mooring", "Mooring + replay")
COMPONENTS = ("w/o span anchors", "w/o gated fusion", "w/o domain warm-up")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")

# What the sample must have at least: (label, kinds, how many lines).
REQUIRED = (
    ("supported", {"value"}, 1),
    ("supported", {"difference"}, 1),
    ("supported", {"relative"}, 1),
    ("supported", {"average"}, 1),
    ("supported", {"rank"}, 2),
    ("supported", {"range"}, 1),
    ("supported", {"bound"}, 1),
    ("supported", {"list"}, 1),
    ("refuted", {"value"}, 3),
    ("refuted", {"difference"}, 2),
    ("refuted", {"direction"}, 2),
    ("refuted", {"rank", "count"}, 2),
    ("refuted", {"average"}, 2),
    ("refuted", {"percent_points"}, 2),
    ("not_enough_info", {"not_checkable"}, 4),
)


@dataclass
class ParsedTable:
    """One tabular of paper.tex: numbers, spreads and bold marks by (row label, column label)."""

    columns: list[str]
    values: dict[tuple[str, str], float] = field(default_factory=dict)
    spreads: dict[tuple[str, str], float] = field(default_factory=dict)
    bold: set[tuple[str, str]] = field(default_factory=set)

    def at(self, row: str, column: str) -> float:
        return self.values[row, column]

    def column(self, column: str) -> dict[str, float]:
        return {row: value for (row, name), value in self.values.items() if name == column}


def plain_text(tex: str) -> str:
    """paper.tex as the words a reader sees: macros replaced, references numbered, comments gone."""
    tex = re.sub(r"(?<!\\)%.*", "", tex)
    for prefix in ("tab", "sec"):
        for number, label in enumerate(re.findall(rf"\\label\{{({prefix}:\w+)\}}", tex), start=1):
            tex = tex.replace(rf"\ref{{{label}}}", str(number))
    tex = tex.replace(r"\mooring{}", "Mooring").replace(r"\%", "%").replace("~", " ").replace("--", "\u2013")
    return " ".join(tex.split())


def sections_of(text: str) -> dict[str, str]:
    """Section title (and "Abstract") -> its plain text."""
    parts = re.split(r"\\section\*?\{([^}]*)\}", text)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    found["Abstract"] = text[text.index(r"\begin{abstract}") : text.index(r"\end{abstract}")]
    return found


def parse_tables(tex: str) -> list[ParsedTable]:
    """The tabulars of paper.tex in order; the last header line names the columns."""
    tables = []
    for body in re.findall(r"\\begin\{tabular\}(.*?)\\end\{tabular\}", tex, re.S):
        header, rows = body.split(r"\midrule", 1)
        names = [[plain_text(cell).strip() for cell in line.split("&")] for line in header.split(r"\\") if "&" in line]
        datasets_line = next(line for line in names if "PortNER" in line)
        table = ParsedTable(columns=datasets_line)
        for line in rows.replace(r"\midrule", "").split(r"\\"):
            if "&" not in line:
                continue
            label, *cells = (cell.strip() for cell in line.split("&"))
            row = plain_text(label.replace(r"\quad", ""))
            for column, cell in zip(datasets_line[1:], cells, strict=True):
                if (found := re.match(r"(?:\\best\{)?(\d+\.\d)", cell)) is not None:
                    table.values[row, column] = float(found[1])
                if (found := re.search(r"\\sd\{(\d\.\d)\}", cell)) is not None:
                    table.spreads[row, column] = float(found[1])
                if cell.startswith(r"\best"):
                    table.bold.add((row, column))
        tables.append(table)
    return tables


def same(printed: float, computed: float) -> bool:
    """Whether `computed` is printed as `printed` with one decimal."""
    return abs(printed - computed) <= 0.05 + 1e-9


def check_tables(main: ParsedTable, ablation: ParsedTable, width: ParsedTable) -> None:
    """Averages, bold marks and the numbers that two tables share."""
    systems = BASELINES + OURS
    assert list(main.column("PortNER")) == list(systems)
    for system in systems:
        scores = [main.values[system, name] for name in DATASETS if (system, name) in main.values]
        assert (len(scores) == len(DATASETS)) == ((system, "Avg.") in main.values), system
        if len(scores) == len(DATASETS):
            assert same(main.at(system, "Avg."), sum(scores) / len(scores)), f"Table 1: average of {system}"
    for name, table in (("1", main), ("2", ablation), ("3", width)):
        for column in table.columns[1:]:
            scores_of = table.column(column)
            best = {(row, column) for row, value in scores_of.items() if value == max(scores_of.values())}
            marked = {place for place in table.bold if place[1] == column}
            assert marked == (set() if column == "Params" else best), f"Table {name}: bold in {column}"
            assert column == "Params" or len(best) == 1, f"Table {name}: a tie in {column}"
    for column in ("PortNER", "LogQA"):
        assert ablation.at("Mooring", column) == main.at("Mooring", column)
        assert ablation.at("w/o all three", column) == main.at("Adapter", column)
    assert set(ablation.spreads) == set(ablation.values)
    for row, system in (("32 (Small)", "Mooring-Small"), ("64", "Mooring")):
        for column in width.columns[1:]:
            assert width.at(row, column) == main.at(system, column), f"Table 3: {row}, {column}"


@dataclass(frozen=True)
class Fact:
    """What the tables say of one claim: whether it holds (None: they do not tell) and the figures that they give."""

    holds: bool | None
    figures: tuple[float, ...] = ()


def facts(main: ParsedTable, ablation: ParsedTable, width: ParsedTable) -> dict[str, Fact]:
    """Claim id -> Fact, each computed from the tables and from the numbers written out in the claim."""
    at = main.at
    full = "Full fine-tuning"

    def gain(first: str, second: str, column: str) -> float:
        return at(first, column) - at(second, column)

    def wins(first: str, second: str) -> set[str]:
        return {name for name in DATASETS if at(first, name) > at(second, name)}

    def mean(system: str, names: tuple[str, ...]) -> float:
        return sum(at(system, name) for name in names) / len(names)

    def error_cut(column: str) -> float:
        return 100 * gain("Mooring", full, column) / (100 - at(full, column))

    def stated(claimed: tuple[float, ...], *computed: float) -> Fact:
        return Fact(all(same(c, v) for c, v in zip(claimed, computed, strict=True)), computed)

    best = {name: max(main.column(name), key=main.column(name).__getitem__) for name in DATASETS}
    averages = sorted(main.column("Avg.").values(), reverse=True)
    efficient = [at(system, "Avg.") for system in EFFICIENT]
    gains = [gain("Mooring", full, name) for name in DATASETS]
    beaten = {n for n in DATASETS if all(at("Mooring", n) > main.values.get((b, n), 0.0) for b in BASELINES)}
    strongest = max(at(system, "ShipRel") for system in BASELINES)
    logqa_gap = max(abs(gain(system, full, "LogQA")) for system in EFFICIENT)
    drops = {row: ablation.at("Mooring", "PortNER") - ablation.at(row, "PortNER") for row in COMPONENTS}
    by_width = list(width.column("Avg.").values())
    largest_drop = max(drops, key=drops.__getitem__)
    unknown = Fact(None)
    own = list(best.values()).count("Mooring")
    adapter_wins = len(wins("Adapter", full))
    rank = averages.index(at("LowRank", "Avg.")) + 1
    return {
        "average-gain": stated((2.1,), gain("Mooring", full, "Avg.")),
        "best-on-three": Fact(own == 3, (own, len(DATASETS))),
        "abstract-portner": stated((83.7,), at("Mooring", "PortNER")),
        "training-time": unknown,
        "motivation": unknown,
        "earlier-adapters": unknown,
        "adapter-list": stated((2.9, 3.9, 1.9), *(gain("Mooring", "Adapter", name) for name in EXTRACTION)),
        "every-baseline": Fact(len(beaten) == 5, (len(beaten),)),
        "small-average": stated((72.4,), mean("Mooring-Small", DATASETS)),
        "logqa-size": unknown,
        "portner-error": stated(
            (80.3, 82.7, 12.2), at(full, "PortNER"), at("Mooring", "PortNER"), error_cut("PortNER")
        ),
        "berthevent-gain": stated((3.4,), gain("Mooring", full, "BerthEvent")),
        "cargodoc-accuracy": stated((90.6,), at("Mooring", "CargoDoc")),
        "small-all-but-one": Fact(wins("Mooring-Small", full) == set(DATASETS) - {"CargoDoc"}),
        "efficient-range": stated((68.0, 70.7), min(efficient), max(efficient)),
        "lowrank-second": Fact(rank == 2, (rank,)),
        "lowrank-except-logqa": Fact(
            wins("Mooring", "LowRank") == set(DATASETS) - {"LogQA"} and same(0.5, gain("LowRank", "Mooring", "LogQA")),
            (gain("LowRank", "Mooring", "LogQA"),),
        ),
        "shiprel-margin": Fact(at("Mooring", "ShipRel") - strongest > 2),
        "prefix-relative": stated(
            (5.1,), 100 * gain("Mooring", "Prefix tuning", "PortNER") / at("Prefix tuning", "PortNER")
        ),
        "prefix-points": stated((9.1,), gain("Mooring", "Prefix tuning", "BerthEvent")),
        "adapter-count": Fact(adapter_wins == 3, (adapter_wins, len(DATASETS))),
        "adapter-logqa": stated((1.1,), gain("Adapter", full, "LogQA")),
        "logqa-bound": Fact(logqa_gap <= 2, (logqa_gap,)),
        "extraction-full": stated((69.6,), mean(full, EXTRACTION)),
        "extraction-mooring": stated((73.4,), mean("Mooring", EXTRACTION)),
        "bilstm-shiprel": stated((56.8,), at("BiLSTM-CRF", "ShipRel")),
        "berthevent-value": stated((69.3,), at("Mooring", "BerthEvent")),
        "replay-shiprel": stated((0.8,), gain("Mooring + replay", "Mooring", "ShipRel")),
        "replay-berthevent": Fact(gain("Mooring + replay", "Mooring", "BerthEvent") > 0),
        "expert-preference": unknown,
        "anchors-drop": Fact(
            same(2.2, drops["w/o span anchors"]) and largest_drop == "w/o span anchors", (drops["w/o span anchors"],)
        ),
        "gate-drop": stated((1.9,), drops["w/o gated fusion"]),
        "warmup-drop": stated(
            (58.1, 56.3), ablation.at("Mooring", "LogQA"), ablation.at("w/o domain warm-up", "LogQA")
        ),
        "seed-spread": Fact(max(ablation.spreads.values()) <= 0.9, (max(ablation.spreads.values()),)),
        "width-16": stated((79.2,), width.at("16", "PortNER")),
        "width-monotone": Fact(by_width == sorted(by_width)),
        "width-128": stated((0.2,), width.at("64", "Avg.") - width.at("128", "Avg.")),
        "parameter-share": stated(
            (2.6, 2.4, 110.0),
            at("Mooring", "Params"),
            100 * at("Mooring", "Params") / at(full, "Params"),
            at(full, "Params"),
        ),
        "gain-range": stated((0.9, 3.4), min(gains), max(gains)),
        "cargodoc-error": stated((10.3,), gain("Mooring", full, "CargoDoc")),
        "future-domains": unknown,
    }


def numbers_in(text: str) -> set[float]:
    return {float(token.replace(",", "")) for token in NUMBER.findall(text)}


def check_entry(entry: dict[str, Any], fact: Fact, tables: list[ParsedTable], sections: dict[str, str]) -> None:
    """One line of truth.jsonl against its Fact, its cells and its places."""
    name = entry["id"]
    label = {True: "supported", False: "refuted", None: "not_enough_info"}[fact.holds]
    assert entry["label"] == label, f"{name}: the tables say {label}"
    assert (entry["kind"] == "not_checkable") == (fact.holds is None), name
    assert bool(entry.get("cells")) == (fact.holds is not None), name
    for number, row, column in entry.get("cells", []):
        assert (row, column) in tables[int(number) - 1].values, f"{name}: no cell {row}, {column} in Table {number}"

    places = [(entry["text"], entry["sections"][0], entry["quantities"])]
    places += [(other["text"], other["section"], other["quantities"]) for other in entry.get("restated", [])]
    assert entry["sections"] == [section for _, section, _ in places], name
    for text, section, quantities in places:
        assert sections[section].count(text) == 1, f"{name}: not verbatim in {section}: {text}"
        words = {"three": 3.0, "five": 5.0, "second-best": 2.0}
        known = numbers_in(text) | {value for word, value in words.items() if word in text}
        for quantity in quantities:
            assert quantity["value"] in known, f"{name}: {quantity} is not in the text"

    # The figures that the tables give are the claimed ones of a right claim and the `actual` ones of a wrong claim.
    given = [quantity["value"] for quantity in entry["quantities" if fact.holds else "actual"]] if fact.figures else []
    for value, computed in zip(given, fact.figures, strict=bool(fact.figures)):
        assert same(value, computed), f"{name}: {value} where the tables give {computed:.3f}"
    assert fact.holds is False or "actual" not in entry, name


def squeezed(text: str) -> str:
    """Letters, digits and the signs of numbers only, so that line breaks, hyphenation and quotes do not count."""
    return "".join(re.findall(r"[^\W_]|[.,%+]", text))


class _Words(html.parser.HTMLParser):
    """Collects the text of an HTML page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def check_outputs(texts: list[str]) -> str:
    """The sentences in paper.html, and in paper.pdf where pdftotext is installed; returns what was looked at."""
    page = (HERE / "paper.html").read_text(encoding="utf-8")
    assert not re.search(r"<(?:script|link|img)\b", page), "paper.html needs other files"
    assert page.count('<table class="ltx_tabular') == 3, "paper.html has not three tables"
    reader = _Words()
    reader.feed(page)
    shown = squeezed("".join(reader.words))
    for text in texts:
        assert squeezed(text) in shown, f"paper.html lacks: {text}"
    if shutil.which("pdftotext") is None:
        return "html"
    done = subprocess.run(["pdftotext", HERE / "paper.pdf", "-"], capture_output=True, text=True, check=True)
    # A sentence may go over a page break; the page number and floats stand between its halves.
    shown = squeezed(done.stdout)
    for text in texts:
        letters = squeezed(text)
        halves = [(letters[:cut], letters[cut:]) for cut in range(10, len(letters) - 9)]
        assert letters in shown or any(a in shown and b in shown for a, b in halves), f"paper.pdf lacks: {text}"
    return "html, pdf"


def main() -> None:
    """Run every check and print the counts."""
    tex = (HERE / "paper.tex").read_text(encoding="utf-8")
    tables = parse_tables(tex)
    assert len(tables) == 3
    check_tables(*tables)
    sections = sections_of(plain_text(tex))
    lines = (HERE / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
    known = facts(*tables)
    assert [entry["id"] for entry in entries] == list(known), "truth.jsonl and the facts differ in their ids or order"
    for entry in entries:
        check_entry(entry, known[entry["id"]], tables, sections)
    for label, kinds, least in REQUIRED:
        count = sum(entry["label"] == label and entry["kind"] in kinds for entry in entries)
        assert count >= least, f"{count} {label} of {sorted(kinds)}, wanted {least}"
    assert sum(entry["label"] == "supported" for entry in entries) >= 8
    assert sum(len(entry.get("restated", [])) for entry in entries) >= 1
    texts = [entry["text"] for entry in entries]
    texts += [other["text"] for entry in entries for other in entry.get("restated", [])]
    looked_at = check_outputs(texts)
    counts = Counter(entry["label"] for entry in entries)
    print(
        f"{len(entries)} claims in {len(texts)} places ({looked_at}): "
        + ", ".join(f"{n} {k}" for k, n in counts.items())
    )


if __name__ == "__main__":
    main()
