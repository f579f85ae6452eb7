"""Reproductions beside claims: the sample papers' claims, what is ambiguous or missing, and that nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_folders import REGISTRY

import claimcheck
from claimcheck.foundation.records import (
    CheckedClaim,
    Ledger,
    LooseReproduction,
    Paper,
    Quantity,
    Reproduction,
    RerunInfo,
    Reruns,
    RunInfo,
    RunRecord,
    Verdict,
)
from claimcheck.publish.join import join
from reproduce.reruns import of_registry

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


def extracted(name: str) -> Ledger:
    """The ledger of a sample paper with the claims that are found in it; what its verdicts are is no matter here."""
    document = claimcheck.read(SAMPLE / name)
    claims = tuple(CheckedClaim(**dict(c), verdict=Verdict.of(0, 0)) for c in claimcheck.extract(document))
    return Ledger(paper=document.paper, claims=claims, run=RunInfo(sentences=len(document.sentences)))


@pytest.fixture(scope="module")
def mooring() -> Ledger:
    return extracted("paper.tex")


def claim(text: str, *quantities: Quantity, paper: str = "p") -> CheckedClaim:
    name = CheckedClaim.make_id(paper, text)
    return CheckedClaim(id=name, text=text, quantities=quantities, verdict=Verdict.of(0, 0))


def points(value: float, direction: str | None = "up", unit: str = "points") -> Quantity:
    return Quantity.model_validate(
        {"text": f"{value}", "value": value, "half_width": 0.05, "unit": unit, "role": "delta", "direction": direction}
    )


def rerun(
    name: str,
    text: str,
    value: float | None = None,
    unit: str = "points",
    direction: str = "increase",
    *,
    paper: str = "p",
    scale: str = "paper",
    runs: Sequence[str] = ("a",),
    reason: str = "",
    version: str = "",
) -> Reproduction:
    quantity = {"value": value, "unit": unit, "half_width": None if value is None else 0.05, "direction": direction}
    fields = {
        "registry_id": name,
        "paper": paper,
        "paper_version": version,
        "claim_text": text,
        "quantity": quantity,
        "claimed_source": "Table 1",
        "scale": scale,
        "verdict": "not_tested" if reason else "reproduced",
        "reason": reason,
        "runs": [RunRecord(id=x, optimizer_steps=1, data_sha256="", predictions_sha256="", exit=0) for x in runs],
    }
    return Reproduction.model_validate(fields)


def ledger(*claims: CheckedClaim, paper: str = "p", **fields: str) -> Ledger:
    return Ledger(paper=Paper(id=paper, source_sha256="ab" * 32, **fields), claims=claims)


def beside(found: Ledger) -> dict[str, str]:
    """registry id -> the claim's words."""
    return {c.reproduction.registry_id: c.text for c in found.claims if c.reproduction is not None}


def loose(found: Ledger) -> dict[str, LooseReproduction]:
    return {one.reproduction.registry_id: one for one in found.reproductions}


# ------------------------------------------------------------------ extracted claims of the sample papers

CLAIMS = [  # id, text, quantity in TOML, test
    ("average", "Mooring raises the average over five datasets by 2.1 points over full fine-tuning.", "2.1"),
    ("berth", "On BerthEvent, Mooring improves over full fine-tuning by 3.4 points.", "3.4"),
    ("berth-adapter", "Mooring gains on BerthEvent 1.9 points over adapters of similar size.", "1.9"),
    ("as-points", "On PortNER, Mooring yields an improvement of 5.1 points over prefix tuning.", "5.1"),
    ("nowhere", "Mooring gains 8.7 points over LowRank.", "8.7"),
]


def effect(name: str, text: str, value: str, direction: str = "increase") -> str:
    return f"""
[[claims]]
id = "{name}"
text = "{text}"
source = "table"
margin = 0.1
quantity = {{ value = "{value}", unit = "points", direction = "{direction}" }}
test = {{ kind = "effect", measure = {{ conditions = ["nli"], control = "baseline", targets = ["retrieval"] }} }}
"""


def level(name: str, text: str, value: str, unit: str) -> str:
    return f"""
[[claims]]
id = "{name}"
text = "{text}"
source = "table"
margin = 1.0
quantity = {{ value = "{value}", unit = "{unit}" }}
test = {{ kind = "level", measure = {{ conditions = ["nli"], targets = ["retrieval"] }} }}
"""


def wordless(name: str, text: str) -> str:
    return f"""
[[claims]]
id = "{name}"
text = "{text}"
source = "table"
test = {{ kind = "untestable", reason = "no program is published" }}
"""


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Reruns:
    """A small registry of the Mooring paper, under an id of its own: the title says which paper it is."""
    parts = [effect(*one) for one in CLAIMS]
    parts += [
        effect("gate", "Without gated fusion the F1 score on PortNER drops by 1.9 points.", "1.9", "decrease"),
        effect("wider", "A width of 128 raises the average score by 0.2 points over a width of 64.", "0.2"),
        level("portner", "Mooring reaches an F1 score of 83.7 on PortNER.", "83.7", "f1"),
        level("cargo", "On CargoDoc the accuracy of Mooring is 90.6.", "90.6", "accuracy"),
        level("not-f1", "At a width of 16, Mooring reaches 79.2 % accuracy on PortNER.", "79.2", "accuracy"),
        wordless("second", "LowRank obtains the second-best average of all systems in Ta"),
        wordless("other-words", "LowRank is the runner-up of all systems."),
    ]
    file = tmp_path_factory.mktemp("registry") / "mooring.toml"
    title = "Mooring: span-anchored modules for reading port and vessel reports"
    file.write_text((REGISTRY + "".join(parts)).replace("A paper that does not exist", title))
    return of_registry(str(file))


def test_a_registry_finds_the_claims_of_the_sample_paper(mooring: Ledger, registered: Reruns) -> None:
    [found] = join([mooring], [registered])
    assert {name: text[:60] for name, text in beside(found).items()} == {
        "average": "Averaged over the five datasets, Mooring scores 73.0 against",
        "berth": "On BerthEvent, Mooring improves over full fine-tuning by 3.4",
        "berth-adapter": "Compared with adapters of similar size, Mooring gains 2.9, 3",
        "gate": "Without gated fusion, the F1 score on PortNER falls by 1.9 p",
        "portner": "On PortNER, Mooring reaches an F1 score of 83.7.",
        "cargo": "On CargoDoc, Mooring reaches an accuracy of 90.6.",
        "second": "LowRank obtains the second-best average of all systems in Ta",
    }


def test_what_fits_no_claim_says_why(mooring: Ledger, registered: Reruns) -> None:
    [found] = join([mooring], [registered])
    rows = loose(found)
    texts = {c.id: c.text for c in found.claims}
    assert rows["nowhere"].why == "no claim of the paper states 8.7 points"
    assert rows["nowhere"].candidates == ()
    for name, number, words in (
        ("as-points", "5.1 points", "relative improvement of 5.1%"),
        ("wider", "0.2 points", "lowers the average score by 0.2"),
        ("not-f1", "79.2 accuracy", "79.2 F1"),
    ):
        expected = f"no claim of the paper states {number}: one claim has that number in another unit or direction"
        assert rows[name].why == expected
        assert [words in texts[x] for x in rows[name].candidates] == [True]
    assert rows["other-words"].why == "no claim of the paper says this in the same words"


def test_the_claims_of_the_smoke_paper_find_their_registry() -> None:
    [found] = join([extracted("world.tex")], [of_registry("smoke")])
    assert {name: text.split()[0] for name, text in beside(found).items()} == {
        "tags-retrieval": "Tagging",
        "multi-retrieval": "Training",
        "shuffled-retrieval": "A",
        "zero-retrieval": "At",
        "shuffled-no-gain": "Sense",
        "baseline-retrieval": "Without",
        "retrieval-gains-most": "Retrieval",
        "retrieval-ranking": "For",
    }
    assert found.reproductions == ()


# ------------------------------------------------------------------ papers


@pytest.mark.parametrize(
    ("paper", "same"),
    [
        (Paper(id="2005.13013"), True),
        (Paper(id="2005.13013v2"), True),
        (Paper(id="paper", title="English Intermediate-Task  training, improves: TRANSFER"), True),
        (Paper(id="paper", doi="https://doi.org/10.48550/arXiv.2005.13013"), True),
        (Paper(id="paper", title="Something else", doi="10.1000/1"), False),
        (Paper(id="2005.13014"), False),
    ],
)
def test_a_paper_is_known_by_id_title_or_doi(paper: Paper, same: bool) -> None:
    held = Ledger(paper=paper, claims=(claim("It gains 8.7 points.", points(8.7)),))
    asked = Paper(id="2005.13013", version="v2", title="English intermediate-task training improves transfer")
    found = join([held], [Reruns(paper=asked, reproductions=(rerun("x", "It gains 8.7 points."),))])
    assert len(found) == (1 if same else 2)
    assert found[0].paper == paper


def test_reruns_of_a_paper_without_ledger_get_one_without_claims() -> None:
    paper = Paper(id="2005.13013", title="A title")
    one, other = rerun("x", "It gains.", 1.0), rerun("y", "It loses.")
    info = RerunInfo(registry="2005.13013", scale="paper", seeds=3)
    found = join(
        [], [Reruns(paper=paper, reproductions=(one,), info=info), Reruns(paper=paper, reproductions=(other,))]
    )
    assert [x.paper for x in found] == [paper]
    assert [x.reproduction for x in found[0].reproductions] == [one, other]
    assert {x.why for x in found[0].reproductions} == {"no paper was read"}
    assert found[0].reruns == (info,)
    assert found[0].run.versions == {"claimcheck": claimcheck.__version__}


def test_of_two_versions_each_takes_its_own() -> None:
    words = "It gains 8.7 points."
    held = [ledger(claim(words, points(8.7)), paper="2005.13013", version=v) for v in ("v1", "v2")]
    ones = (rerun("old", words, 8.7, version="v1"), rerun("new", words, 8.7, version="v2"))
    found = join(held, [Reruns(paper=Paper(id="2005.13013", version="v2"), reproductions=ones)])
    assert [list(beside(x)) for x in found] == [["old"], ["new"]]


def test_a_missing_claim_of_another_version_says_so() -> None:
    held = ledger(claim("It gains 8.7 points.", points(8.7)), version="v2")
    [found] = join([held], [Reruns(paper=Paper(id="p"), reproductions=(rerun("x", "A.", 6.1, version="v1"),))])
    expected = "no claim of the paper states 6.1 points (it is of version v1, the ledger of v2)"
    assert found.reproductions[0].why == expected


# ------------------------------------------------------------------ claims


def joined(held: Ledger, *ones: Reproduction) -> Ledger:
    [found] = join([held], [Reruns(paper=Paper(id="p"), reproductions=ones)])
    return found


def test_two_claims_that_fit_equally_are_a_row_of_their_own() -> None:
    first = claim("Alpha gains 8.7 points in accuracy on SQuAD.", points(8.7))
    second = claim("Alpha gains 8.7 points in accuracy on XNLI.", points(8.7))
    found = joined(ledger(first, second), rerun("x", "Alpha raises accuracy by 8.7 points.", 8.7))
    assert beside(found) == {}
    [row] = found.reproductions
    assert row.why == "2 claims fit: they state 8.7 points"
    assert row.candidates == (first.id, second.id)


def test_names_decide_between_two_claims_with_one_number() -> None:
    squad = claim("Alpha gains 8.7 points in accuracy on SQuAD.", points(8.7))
    xnli = claim("Alpha gains 8.7 points in accuracy on XNLI.", points(8.7))
    one = rerun("x", "On XNLI the accuracy of Alpha rises by 8.7 points.", 8.7)
    assert beside(joined(ledger(squad, xnli), one)) == {"x": xnli.text}


def test_a_number_alone_is_no_join() -> None:
    found = joined(ledger(claim("The rent went up by 8.7 points.", points(8.7))), rerun("x", "Alpha on XNLI.", 8.7))
    assert found.reproductions[0].why == "one claim states 8.7 points, but nothing of what it names"


def test_the_same_words_are_the_claim_even_where_the_number_was_not_taken_up() -> None:
    words = "Alpha gains 8.7 points on XNLI."
    assert beside(joined(ledger(claim(words)), rerun("x", words, 8.7))) == {"x": words}


def test_a_control_does_not_take_the_claim_that_another_is_nearer_to() -> None:
    said = claim("Sense tagging raises retrieval accuracy by 17.1 points.", points(17.1))
    wrong = rerun("control", "Sense tagging with shuffled labels raises retrieval accuracy by 17.1 points.", 17.1)
    right = rerun("tags", "Sense tagging raises retrieval accuracy by 17.1 points.", 17.1)
    found = joined(ledger(said), wrong, right)  # the control comes first
    assert list(beside(found)) == ["tags"]
    assert loose(found)["control"].why == "the claim that states 17.1 points is rather that of tags"
    assert loose(found)["control"].candidates == (said.id,)


@pytest.mark.parametrize(
    ("quantity", "unit", "direction", "fits"),
    [
        (points(8.7), "points", "increase", True),
        (points(8.7, "down"), "points", "increase", False),
        (points(8.7, "down"), "points", "decrease", True),
        (points(8.7, None), "points", "increase", True),
        (points(8.7, unit="percent"), "points", "increase", False),
        (points(8.7, unit="percent"), "percent", "increase", True),
        (points(8.7), "percent", "increase", False),
        (points(8.74), "points", "increase", True),
        (points(8.8), "points", "increase", False),
        (Quantity(text="8.7", value=8.7), "f1", "level", True),
        (Quantity(text="8.7%", value=8.7, unit="percent"), "accuracy", "level", True),
        (Quantity(text="8.7 F1", value=8.7, unit="F1"), "f1", "level", True),
        (Quantity(text="8.7", value=8.7, metric="F1"), "accuracy", "level", False),
        (Quantity(text="8.7", value=8.7, metric="F1"), "score", "level", True),
        (Quantity(text="8.7", value=8.7), "points", "increase", False),
        (Quantity(text="8.7x", value=8.7, role="ratio"), "score", "level", False),
        (Quantity(text="1 to 8.7", value=8.7, high=9.0, role="delta"), "points", "increase", False),
    ],
)
def test_the_number_has_to_be_the_same_in_the_same_unit(
    quantity: Quantity, unit: str, direction: str, fits: bool
) -> None:
    held = ledger(claim("Alpha on XNLI: this is what it has.", quantity))
    found = joined(held, rerun("x", "Alpha has this on XNLI.", 8.7, unit, direction))
    assert (list(beside(found)) == ["x"]) is fits


def test_a_claim_keeps_the_better_scale_and_the_rest_say_so() -> None:
    words = "Alpha gains 8.7 points on XNLI."
    ones = [rerun("x", words, 8.7, scale=scale, runs=(scale,)) for scale in ("smoke", "lab", "paper")]
    listed = rerun("x", words, 8.7, runs=(), reason="not_run: nothing was run")
    found = joined(ledger(claim(words, points(8.7))), listed, *ones)
    assert found.claims[0].reproduction == ones[2]
    assert [x.reproduction for x in found.reproductions] == [ones[1], ones[0], listed]
    assert {x.why for x in found.reproductions} == {"the claim has a reproduction already: x at scale paper"}
    assert {x.candidates for x in found.reproductions} == {(found.claims[0].id,)}


def test_a_later_state_of_a_run_takes_the_place_of_an_earlier_one() -> None:
    words = "Alpha gains 8.7 points on XNLI."
    held = ledger(claim(words, points(8.7)))
    early = rerun("x", words, 8.7, runs=(), reason="runs_missing: 3 of 3 runs are not finished")
    infos = [RerunInfo(registry="p", scale="paper", jobs=3, finished=n) for n in (0, 3)]
    [before] = join([held], [Reruns(paper=Paper(id="p"), reproductions=(early,), info=infos[0])])
    late = rerun("x", words, 8.7, runs=("a", "b"))
    [after] = join([before], [Reruns(paper=Paper(id="p"), reproductions=(late,), info=infos[1])])
    assert after.claims[0].reproduction == late
    assert after.reproductions == ()
    assert after.reruns == (infos[1],)


def test_hostile_quantities_are_rows_and_no_errors() -> None:
    quantities = [
        {},
        {"value": "8.7"},
        {"value": True, "half_width": "x"},
        {"value": float("nan")},
        {"value": float("inf"), "half_width": -1},
        {"value": 8.7, "half_width": "0.05", "unit": ["points"], "direction": None},
        {"value": 1e308, "half_width": 1e-320},
    ]
    base = rerun("x", "Alpha\u202e <script>", 8.7)
    ones = [base.model_copy(update={"quantity": q, "registry_id": str(i)}) for i, q in enumerate(quantities)]
    found = joined(ledger(claim("Alpha gains 8.7 points.", points(8.7))), *ones)
    assert len(found.reproductions) + len(beside(found)) == len(ones)


# ------------------------------------------------------------------ whatever is given

WORDS = ("Alpha", "Beta", "XNLI", "SQuAD", "accuracy", "improves", "by", "8.7 points", "gains", "shuffled labels")
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
numbers = st.sampled_from((1.0, 8.7, 8.74, 9.0))
quantities = st.builds(
    points, numbers, st.sampled_from(("up", "down", None)), st.sampled_from(("points", "percent", "", "F1"))
)
claims = st.builds(lambda text, qs: claim(text, *qs), texts, st.lists(quantities, max_size=2))
reproductions = st.builds(
    rerun,
    st.sampled_from(("x", "y", "z")),
    texts,
    st.none() | numbers,
    st.sampled_from(("points", "percent", "f1", "score")),
    st.sampled_from(("increase", "decrease", "level")),
    scale=st.sampled_from(("paper", "lab", "smoke")),
    runs=st.lists(st.sampled_from("abc"), unique=True),
    reason=st.sampled_from(("", "not_run: nothing was run", "scale")),
    version=st.sampled_from(("", "v1", "v2")),
)
papers = st.sampled_from(("p", "q", "r"))
reruns_of = st.builds(
    lambda paper, ones: Reruns(
        paper=Paper(id=paper),
        reproductions=tuple(one.model_copy(update={"paper": paper}) for one in ones),
        info=RerunInfo(registry=paper, scale="lab"),
    ),
    papers,
    st.lists(reproductions, max_size=6),
)
ledgers_of = st.builds(
    lambda paper, cs: ledger(*{c.id: c for c in cs}.values(), paper=paper), papers, st.lists(claims, max_size=5)
)


def everything(found: Sequence[Ledger]) -> Counter[str]:
    held = [c.reproduction for x in found for c in x.claims if c.reproduction is not None]
    held += [one.reproduction for x in found for one in x.reproductions]
    return counted(held)


def counted(ones: Iterable[Reproduction]) -> Counter[str]:
    return Counter(json.dumps(one.model_dump(), sort_keys=True) for one in ones)


@settings(max_examples=150, deadline=None)
@given(st.lists(ledgers_of, max_size=3), st.lists(reruns_of, max_size=4))
def test_every_reproduction_is_in_exactly_one_place(held: list[Ledger], reruns: list[Reruns]) -> None:
    found = join(held, reruns)
    # the same given twice, to the same paper, counts once
    assert everything(found) == Counter(set(counted(r for one in reruns for r in one.reproductions)))
    assert [x.model_dump() for x in join(found, reruns)] == [x.model_dump() for x in found]
    assert join(found, []) == found
    for before, after in zip(held, found, strict=False):
        bare = tuple(c.model_copy(update={"reproduction": None}) for c in after.claims)
        assert bare == before.claims
        known = {c.id for c in after.claims}
        for row in after.reproductions:
            assert row.why
            assert set(row.candidates) <= known


def test_the_same_runs_given_twice_count_once() -> None:
    ledger = Ledger(paper=Paper(id="p"), claims=(claim("NLI gains 2.1 points.", points(2.1)),))
    once = Reruns(paper=Paper(id="p"), reproductions=(rerun("nli", "NLI gains 2.1 points.", 2.1),))
    copy = once.model_copy()
    assert join([ledger], [once, copy]) == join([ledger], [once])


@pytest.mark.parametrize("role", ["count", "rank", "ratio", "other"])
@pytest.mark.parametrize("unit", ["points", "percent"])
def test_a_count_or_a_rank_is_no_value_and_no_gain(role: str, unit: str) -> None:
    number = points(2.1, None).model_copy(update={"role": role, "unit": unit})
    ledger = Ledger(paper=Paper(id="p"), claims=(claim("It is best on 2.1 of 9 tasks.", number),))
    asked = rerun("nli", "NLI gains 2.1 points.", 2.1, unit)
    [joined] = join([ledger], [Reruns(paper=Paper(id="p"), reproductions=(asked,))])
    assert joined.claims[0].reproduction is None
    assert [one.candidates for one in joined.reproductions] == [()]
