"""Papers given together are held against one another: links in each ledger, checks on claims about others' systems."""

from __future__ import annotations

from pathlib import Path

import pytest

import claimcheck
from claimcheck.checks.across import check_claims, with_check
from claimcheck.foundation.records import (
    CheckedClaim,
    CrossLink,
    Evidence,
    Ledger,
    Paper,
    Pointer,
    Quantity,
    Result,
    Verdict,
)
from claimcheck.foundation.records.links import Relation
from claimcheck.foundation.settings import Settings
from claimcheck.others import hold_against_others
from claimcheck.pipeline import Outcome

PAPER = r"""\documentclass{article}
\title{%(title)s}
\begin{document}
\maketitle
\begin{abstract}We propose %(name)s and test it on SQuAD.\end{abstract}
\section{Results}
Table 1 shows the results of %(name)s on the SQuAD test set.
\begin{table}
\begin{tabular}{lcc}
Model & EM & F1 \\ \hline
%(rows)s
\end{tabular}
\caption{Results on the SQuAD test set.}
\end{table}
\section*{References}
\begin{thebibliography}{9}
%(references)s
\end{thebibliography}
\end{document}
"""
HERON = "HeronNet: Reading Long Rivers with Sparse Ladders"
OTTER = "OtterNet: A Shallow Reader for Muddy Text"
ITEM = r"\bibitem[Brook and Marsh(2018)]{brook} Ada Brook and Ben Marsh. 2018. " + HERON + r". In Rivers."
FEN = (
    r"\bibitem[Fen(2015)]{fen} Cara Fen. 2015. Counting reeds by their shadows alone. arXiv preprint arXiv:1501.00042."
)


def write(folder: Path, name: str, title: str, rows: str, references: str) -> Path:
    path = folder / f"{name}.tex"
    path.write_text(PAPER % {"title": title, "name": title.split(":")[0], "rows": rows, "references": references})
    return path


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    heron = write(tmp_path, "heron", HERON, r"Fen (2015) & 60.1 & 70.2 \\ HeronNet (ours) & 70.3 & 79.5 \\", FEN)
    otter = write(
        tmp_path,
        "otter",
        OTTER,
        r"Fen (2015) & 60.1 & 70.2 \\ Brook and Marsh (2018) & 70.3 & 78.1 \\ OtterNet (ours) & 72.0 & 80.4 \\",
        ITEM + "\n" + FEN,
    )
    return [heron, otter]


def held(papers: list[Path], home: Path, others: int = 0) -> tuple[list[Ledger], str]:
    settings = Settings.load(home=home, offline=True, others=others)
    outcomes = [Outcome(i, p.name, ledger=Ledger(paper=Paper(id=p.stem))) for i, p in enumerate(papers)]
    done, found = hold_against_others(outcomes, papers, settings)
    return [o.ledger for o in done if o.ledger is not None], found.words(offline=True)


def test_each_ledger_gets_the_links_of_its_results_and_the_papers_they_stand_in(
    papers: list[Path], tmp_path: Path
) -> None:
    (heron, otter), words = held(papers, tmp_path / "home")
    relations = {(x.basis, x.metric): x.relation for x in otter.links}
    assert relations["quoted", "EM"] == "equal"
    assert relations["quoted", "F1"] == "conflict"
    assert relations["shared", "F1"] == "equal"
    assert heron.links
    assert len(heron.links) == len(otter.links)
    assert heron.links[0].relation == "conflict"
    assert [p.title for p in otter.sources] == [HERON]
    assert otter.run.settings["others"] == 0
    assert words == "compared 2 papers given with one another"


def test_cited_papers_that_cannot_be_had_offline_are_named(papers: list[Path], tmp_path: Path) -> None:
    _, words = held(papers, tmp_path / "home", others=3)
    assert words.endswith("; 1 more that they cite are not in the cache (offline): 1501.00042")


def test_a_paper_that_failed_is_left_out(papers: list[Path], tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home", offline=True, others=0)
    outcomes = [Outcome(0, "heron", ledger=Ledger(paper=Paper(id="heron"))), Outcome(1, "gone")]
    done, found = hold_against_others(outcomes, [papers[0], papers[0]], settings)
    assert found.given == 1
    assert done[1].ledger is None
    assert done[0].ledger is not None
    assert done[0].ledger.links == ()


def test_the_python_interface_compares_as_the_command_line_does(papers: list[Path]) -> None:
    alone = list(claimcheck.table(papers, offline=True))
    assert [ledger.links for ledger in alone] == [(), ()]
    beside = list(claimcheck.table(papers, offline=True, others=0))
    assert [ledger.paper.id for ledger in beside] == ["heron", "otter"]
    assert all(ledger.links for ledger in beside)


# --- claims ---------------------------------------------------------------------------------------


def link(relation: Relation, reason: str = "nothing that is stated differs") -> CrossLink:
    def result(paper: str, score: str) -> Result:
        place = Pointer(paper=paper, table="1", row="Brook and Marsh (2018)", column="F1", cell=(2, 2))
        return Result(
            task="",
            dataset="Delta",
            metric="F1",
            score=score,
            method="Brook and Marsh (2018)",
            role="baseline",
            pointer=place,
        )

    first, second = result("otter", "78.1"), result("heron", "78.1" if relation == "equal" else "79.5")
    return CrossLink(
        task="",
        dataset="Delta",
        metric="F1",
        method="Brook and Marsh (2018)",
        basis="quoted",
        relation=relation,
        reason=reason,
        first=first,
        second=second,
        evidence=(
            Evidence(quote=first.score, pointer=first.pointer),
            Evidence(quote=second.score, pointer=second.pointer),
        ),
    )


def judged(text: str, relation: Relation, verdict: Verdict, reason: str = "") -> Verdict:
    claim = CheckedClaim(
        id="a", text=text, quantities=(Quantity(text="78.1", value=78.1, decimals=1, half_width=0.05),), verdict=verdict
    )
    checks = check_claims([(claim, verdict)], "otter", [link(relation, reason or "nothing that is stated differs")])
    return with_check(verdict, checks["a"]) if checks else verdict


OPEN = Verdict.of(0.25, 0.10)
HOLDS = Verdict.of(0.9, 0.03)


def test_a_claim_about_another_system_is_supported_by_that_paper_s_cell() -> None:
    verdict = judged("Brook and Marsh (2018) reach 78.1 F1.", "equal", OPEN)
    assert verdict.label == "supported"
    assert verdict.calibration is None
    [check] = verdict.checks
    assert (check.kind, check.evidence[0].pointer.paper) == ("across", "heron")


def test_what_a_paper_is_said_to_report_is_contradicted_by_its_own_cell() -> None:
    assert judged("Brook and Marsh (2018) report 78.1 F1.", "conflict", OPEN).label == "refuted"


@pytest.mark.parametrize(
    ("text", "relation", "reason"),
    [
        ("Brook and Marsh (2018) reach 78.1 F1.", "conflict", ""),
        ("Our model exceeds the 78.1 F1 that Brook and Marsh (2018) report.", "conflict", ""),
        ("Brook and Marsh (2018) report 78.1 F1.", "different_condition", ""),
        ("Brook and Marsh (2018) report 78.1 F1.", "conflict", "it is cited as a preprint, of which there are more"),
    ],
)
def test_another_number_elsewhere_refutes_nothing_else(text: str, relation: Relation, reason: str) -> None:
    for before in (OPEN, HOLDS):
        after = judged(text, relation, before, reason)
        assert (after.label, after.probabilities) == (before.label, before.probabilities)
        assert [c.label for c in after.checks] == ["not_enough_info"]


def test_a_claim_that_does_not_name_the_other_system_gets_no_check() -> None:
    assert judged("Fen (2015) reaches 78.1 F1.", "conflict", OPEN).checks == []
