"""Results of a paper: own best rows, roles, names from the taxonomy, odd tables, prose, and the 55 real papers."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from claimcheck.claims.results import results
from claimcheck.claims.taxonomy import load_taxonomy
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.own_systems import own_names
from claimcheck.foundation.records import Document, Paper, Result, Sentence, Table


def paper(*tables: Table, title: str = "", abstract: str = "", text: tuple[str, ...] = ()) -> Document:
    sentences = tuple(Sentence(text=t, kind="body", page=3) for t in text)
    return Document(paper=Paper(id="p", title=title, abstract=abstract), sentences=sentences, tables=tables)


def rows(found: list[Result]) -> set[tuple[str, str, str]]:
    return {(r.dataset, r.metric, r.score) for r in found}


SQUAD = Table.from_rows(
    ["Model", "Dev EM", "Dev F1", "Test EM", "Test F1"],
    [
        ["BiDAF (Seo et al., 2016)", "67.7", "77.3", "68.0", "77.3"],
        ["R-net (Wang et al., 2017)", "80.1", "86.9", "80.6", "87.0"],
        ["FSR (ours)", "71.2 ± 0.1", "80.0", "70.10 ± 0.2", "79.4*"],
        ["FSR w/o attention", "69.0", "78.0", "-", "-"],
    ],
    caption="Table 2: Results on SQuAD.",
    label="2",
)


def test_own_best_row_of_the_test_set_with_its_place() -> None:
    found = results(paper(SQUAD))
    assert rows(found) == {("SQuAD", "EM", "70.10"), ("SQuAD", "F1", "79.4")}
    em = next(r for r in found if r.metric == "EM")
    assert (em.task, em.method, em.role) == ("question answering", "FSR (ours)", "own_best")
    assert (em.pointer.table, em.pointer.cell, em.pointer.column) == ("2", (3, 3), "Test EM")


def test_all_rows_have_roles() -> None:
    found = results(paper(SQUAD), all=True)
    roles = {(r.method, r.score): r.role for r in found}
    assert len(found) == 14
    assert roles["R-net (Wang et al., 2017)", "87.0"] == "baseline"
    assert roles["FSR (ours)", "79.4"] == "own_best"
    assert roles["FSR (ours)", "80.0"] == "own"
    assert roles["FSR w/o attention", "69.0"] == "ablation"


def test_lower_is_better_and_parameters_are_of_the_winning_row() -> None:
    table = Table.from_rows(
        ["Model", "Parameters", "Test Perplexity"],
        [["Gal (2015)", "66M", "75.2"], ["Ours (small)", "25M", "64.0"], ["Ours (large)", "54M", "62.4"]],
        caption="Language modeling on the Penn Treebank.",
    )
    assert rows(results(paper(table))) == {
        ("Penn Treebank", "Test perplexity", "62.4"),
        ("Penn Treebank", "Number of params", "54M"),
    }


def test_datasets_in_columns_with_two_numbers_in_a_cell() -> None:
    table = Table.from_rows(
        ["Model", "SST-2", "MNLI", "MRPC"],
        [["CBoW [3]", "80.0", "56.0/56.4", "73.4/81.5"], ["Our model", "87.2", "71.4/71.3", "76.6/83.0"]],
        caption="Results on GLUE.",
    )
    assert rows(results(paper(table))) == {
        ("SST-2", "Accuracy", "87.2"),
        ("MultiNLI", "Matched Accuracy", "71.4"),
        ("MultiNLI", "Mismatched Accuracy", "71.3"),
        ("MRPC", "Accuracy", "76.6"),
        ("MRPC", "F1", "83.0"),
    }


def test_systems_in_columns() -> None:
    table = Table.from_rows(
        ["Task", "InferSent", "SkipThought", "Ours"],
        [["MR", "81.1", "79.4", "81.5"], ["SICK-R", "0.884", "0.858", "0.876"], ["SICK-E", "86.3", "79.5", "85.3"]],
        caption="Transfer results.",
    )
    assert rows(results(paper(table))) == {
        ("MR", "Accuracy", "81.5"),
        ("SICK-R", "Pearson Correlation", "0.876"),
        ("SICK-E", "Accuracy", "85.3"),
    }


def test_one_dataset_belongs_to_the_task_that_the_metric_names() -> None:
    tagging = Table.from_rows(
        ["Model", "Acc."], [["Sun (2014)", "97.36"], ["Ours", "97.55"]], "POS tagging on PTB.", "1"
    )
    parsing = Table.from_rows(
        ["Model", "UAS"], [["Sun (2014)", "93.9"], ["Ours", "95.7"]], "Parsing results on PTB.", "2"
    )
    tasks = {r.task: r.score for r in results(paper(tagging, parsing))}
    assert tasks == {"part-of-speech tagging": "97.55", "dependency parsing": "95.7"}


def test_own_systems_are_known_by_name_and_others_by_citation() -> None:
    table = Table.from_rows(
        ["Model", "RG-1"],
        [["Zephyr", "36.1"], ["SEASS", "37.9"]],
        caption="Results on the Gigaword dataset.",
    )
    text = ("We compare with SEASS (Zhou et al., 2017).",)
    assert rows(results(paper(table, title="Zephyr: A Summarizer", text=text))) == {("Gigaword", "ROUGE-1", "36.1")}


def test_a_name_after_call_is_own_though_cited_once() -> None:
    text = ("We call this model ELMo.", *["ELMo is deep."] * 20, "See ELMo (Smith et al., 2018).")
    assert "elmo" in own_names(paper(text=text))


def test_prose_results_fill_what_tables_leave_out() -> None:
    text = (
        "Our model achieves an accuracy of 91.8 on SST-2.",
        "We improve accuracy on RTE by 4.2 points.",
        "Smith et al. (2015) obtain an accuracy of 88.1 on SciTail.",
        "On SQuAD our reader reaches an F1 of 99.9.",
    )
    found = results(paper(SQUAD, text=text))
    prose = [r for r in found if r.pointer.table is None]
    assert rows(prose) == {("SST-2", "Accuracy", "91.8")}
    assert prose[0].pointer.page == 3


@pytest.mark.parametrize(
    "table",
    [
        Table.from_rows([], []),
        Table.from_rows(["Model", "SQuAD F1"], []),
        Table.from_rows(["Query", "Answer"], [["When", "in May"], ["Where", "at home"]], "Examples from SQuAD."),
        Table.from_rows([], [["Ours", "91.2"]], "F1 on SQuAD."),
        Table.from_rows(["", ""], [["", ""], ["", ""]]),
        Table.from_rows(["Split", "SQuAD"], [["train", "87599"], ["test", "10570"]], "Statistics of the datasets."),
        Table.from_rows(["(" * 500, "\u202e[[\\"], [["*" * 1000, "((("], ["+" * 99, "[1"]], ".*(" * 100),
    ],
    ids=["empty", "header only", "text only", "one row", "blank", "statistics", "hostile"],
)
def test_odd_tables_give_no_rows(table: Table) -> None:
    assert results(paper(table)) == []
    assert results(paper(table), all=True) == []


def test_a_user_adds_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table.from_rows(["Model", "Acc."], [["Ox (2001)", "50.1"], ["Ours", "61.0"]], "Results on Blarg.")
    (tmp_path / "taxonomy.toml").write_text(
        'dataset = [{ name = "Blarg-7", task = "blarging", metrics = ["Accuracy"], aliases = ["blarg"] }]\n'
    )
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path))
    assert [(r.task, r.dataset) for r in results(paper(table))] == [("blarging", "Blarg-7")]


@pytest.mark.parametrize("content", ["dataset = [", 'dataset = [{ nom = "x" }]'])
def test_a_bad_taxonomy_is_a_usage_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "taxonomy.toml").write_text(content)
    with pytest.raises(UsageError, match="taxonomy"):
        load_taxonomy(tmp_path)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("CoNLL-2003", ["CoNLL 2003 (English)"]),
        ("CoNLL2003 NER", ["CoNLL 2003 (English)"]),
        ("as good as this", []),
        ("RACE-M", ["RACE"]),
        ("a race to the top", []),
    ],
)
def test_spellings(text: str, names: list[str]) -> None:
    assert [m.entries[0].name for m in load_taxonomy().datasets.find(text)] == names


def test_scores_of_real_papers_are_among_the_rows(data: Path) -> None:
    import claimcheck

    found = printed = 0
    lines = lzma.decompress((data / "results/nlp-tdms/gold.jsonl.xz").read_bytes()).decode().splitlines()
    for gold in [g for g in map(json.loads, lines) if g["pdf"]][:12]:
        document = claimcheck.read(data / "results/nlp-tdms" / gold["pdf"])
        cells = {c.text for t in document.tables for row in t.grid for c in row}
        scores = {r.score for r in results(document, all=True)}
        wanted = {r["score"] for r in gold["results"]} & cells
        printed += len(wanted)
        found += len(wanted & scores)
    assert printed >= 8
    assert found >= 0.8 * printed
