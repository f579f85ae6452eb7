"""Small result tables by hand, and the verdict of one claim against a paper that holds them."""

from __future__ import annotations

import claimcheck
from claimcheck import Table
from claimcheck.foundation.records import Check, Document, Paper, Verdict

INTERMEDIATE = Table.from_rows(
    ["Model", "XNLI", "PAWS", "TyDiQA", "Avg"],
    [
        ["XLM-R", "80.1", "90.1", "50.3", "73.5"],
        ["SQuAD", "80.4", "90.2", "74.5", "81.7"],
        ["MNLI", "81.3", "91.0", "70.7", "81.0"],
        ["Multi-task", "81.5", "91.4", "73.7", "82.2"],
    ],
    caption="Results of intermediate training",
    label="2",
)
READERS = Table.from_rows(
    ["Model", "SQuAD", "MNLI", "SST", "QQP"],
    [
        ["BiDAF", "77.3", "70.1", "88.2", "80.4"],
        ["BERT", "89.2", "82.5", "93.1", "88.0"],
        ["FSR (ours)", "91.3", "84.0", "92.5", "89.6"],
    ],
    caption="F1 on SQuAD and accuracy on MNLI, SST and QQP",
    label="1",
)
PERPLEXITY = Table.from_rows(
    ["Model", "Perplexity"],
    [["LSTM", "78.4"], ["AWD-LSTM", "57.3"], ["Mixer", "54.4"], ["GRU", "81.0"]],
    caption="Perplexity on Penn Treebank",
    label="3",
)
ERRORS = Table.from_rows(
    ["Model", "Error rate"],
    [["CNN", "6.4"], ["ResNet", "4.6"], ["Deep", "3.8"]],
    caption="Error rate on CIFAR",
    label="4",
)


def verdict(claim: str, *tables: Table) -> Verdict:
    """The verdict against a paper that holds these tables and no text: the rules over cells decide alone."""
    return claimcheck.check(claim, [Document(paper=Paper(id="sample"), tables=tables)])


def first_check(claim: str, *tables: Table) -> Check:
    """The check that carries the verdict, which comes first and has its label."""
    found = verdict(claim, *tables)
    assert found.checks[0].label == found.label
    return found.checks[0]
