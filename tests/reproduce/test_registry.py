"""The shipped registries: every number says where it was read, none is from memory, and all of it can be planned."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from claimcheck.foundation.errors import MissingInputError, UsageError
from reproduce.registry import available, load_registry
from reproduce.registry.load import choose_claims, read_registry

PAPERS = ("1811.01088", "2005.13013")
XSTILTS = load_registry("2005.13013")
BY_ID = {claim.id: claim for claim in XSTILTS.claims}

# ------------------------------------------------------------------ what is shipped


def test_the_two_papers_are_shipped() -> None:
    assert set(PAPERS) <= set(available())
    assert list(available()) == sorted(available())


@pytest.mark.parametrize("name", available())
def test_every_shipped_file_loads_and_is_named_after_its_paper(name: str) -> None:
    found = read_registry(name)
    assert found.registry.paper.id == name
    assert found.shipped
    assert not found.commands_allowed
    assert not [c.id for c in found.registry.conditions if c.command]


@pytest.mark.parametrize("name", PAPERS)
def test_every_claim_says_where_it_was_read(name: str) -> None:
    registry = load_registry(name)
    sources = {source.id: source for source in registry.sources}
    for claim in registry.claims:
        source = sources[claim.source]
        # a document and a place in it, or an address: a bare name is neither
        assert len(source.where) > 25, claim.id
        assert re.search(r"arXiv \d{4}\.\d{5}|\w\.(com|org)/|reports on", source.where), claim.id
    assert not [s.id for s in registry.sources if re.search(r"(^|\s)/\w+/", s.where + s.note)]  # a path of a machine


@pytest.mark.parametrize("name", PAPERS)
def test_a_claim_with_a_number_that_is_tested_has_aggregation_split_and_margin(name: str) -> None:
    for claim in load_registry(name).claims:
        if claim.test.kind in ("level", "effect"):
            assert claim.quantity
            assert claim.quantity.aggregation
            assert claim.quantity.split in ("dev", "test")
            assert claim.margin


@pytest.mark.parametrize(
    ("claim", "value", "condition"),
    [
        ("squad", "8.2", "squad-v1"),
        ("mnli", "7.5", "mnli"),
        ("hellaswag", "7.0", "hellaswag"),
        ("multi-task", "8.7", None),
    ],
)
def test_the_gains_of_the_reports(claim: str, value: str, condition: str | None) -> None:
    found = BY_ID[claim]
    assert found.quantity
    assert (found.quantity.value, found.quantity.direction, found.quantity.split) == (value, "increase", "dev")
    assert found.test.kind == "effect"
    assert found.test.measure
    assert found.test.measure.conditions == (condition or claim,)
    assert found.test.measure.control == "baseline"
    assert len(found.test.measure.targets) == 9
    assert {s.id: s.kind for s in XSTILTS.sources}[found.source] == "report"
    assert f"{value}" in found.text
    assert found.unknown  # the reports cut sentences off and do not give the split


def test_the_best_model_per_target_is_picked_on_dev_and_scored_on_test() -> None:
    found = BY_ID["best-per-target"]
    assert found.quantity
    assert found.quantity.value == "5.4"
    measure = found.test.measure
    assert measure
    assert measure.pick_split == "dev"
    assert len(measure.conditions) == 10
    targets = {target.id: target for target in XSTILTS.targets}
    # one part is both for these three
    assert {t for t in measure.targets if targets[t].split == "dev"} == {"xquad", "tydiqa", "tatoeba"}
    assert any("XTREME" in line for line in found.deviations)


def test_the_two_versions_of_the_paper_are_kept_apart() -> None:
    first = {claim.id for claim in XSTILTS.claims if claim.version == "v1"}
    assert first == {"v1-squad", "v1-squad-best", "v1-best-per-target", "v1-multi-task-no-gain", "v1-mlm-no-gain"}
    assert {BY_ID[i].source for i in first} == {"abstract-v1"}
    numbers = {i: q.value for i in first if (q := BY_ID[i].quantity)}
    assert numbers == {"v1-squad": "8.4", "v1-best-per-target": "6.1"}
    assert XSTILTS.paper.version == "v2"


def test_the_retrieval_baseline_is_in_36_and_4_languages_with_the_means_of_the_table() -> None:
    for task, metric_languages, mean in (("tatoeba", 36, 31.0), ("bucc", 4, 71.5)):
        single = [c for c in XSTILTS.claims if re.fullmatch(rf"{task}-[a-z]{{2}}", c.id)]
        assert len(single) == metric_languages
        values = [c.quantity.number for c in single if c.quantity]
        assert sum(values) / len(values) == pytest.approx(mean, abs=0.05)
        overall = BY_ID[f"xlmr-{task}-dev"].quantity
        assert overall
        assert overall.number == mean
    targets = {target.id: target for target in XSTILTS.targets}
    for name in ("tatoeba", "bucc-dev", "bucc-dev-original"):
        probe = targets[name].probe
        assert probe
        assert (probe.layer, probe.pooling, probe.special_tokens) == (14, "mean", True)
    # nothing is trained and nothing is done otherwise: the cheapest exact target may come out as reproduced
    assert all(XSTILTS.deviations(c, "paper") == () for c in choose_claims(XSTILTS, ["xlmr-retrieval-dev"]))


def test_the_two_columns_of_xstilts_are_claims_of_their_own() -> None:
    rembert = {c.id.removeprefix("xstilts-"): c for c in choose_claims(XSTILTS, ["xstilts-tasks"])}
    mt5 = {c.id.removeprefix("xstilts-mt5-"): c for c in choose_claims(XSTILTS, ["xstilts-mt5"])}
    value = {claim.id: claim.quantity.number for claim in XSTILTS.claims if claim.quantity}
    apart = {task: round(abs(value[claim.id] - value[rembert[task].id]), 1) for task, claim in mt5.items()}
    assert apart == {"xnli": 0.4, "paws-x": 0.2, "panx": 0.7, "xquad-f1": 1.5, "mlqa-f1": 0.1, "tydiqa-f1": 0.0}


def test_a_cell_of_xstilts_has_at_most_half_of_its_gain_as_margin() -> None:
    value = {claim.id: claim.quantity.number for claim in XSTILTS.claims if claim.quantity}
    looked_at = 0
    for claim in choose_claims(XSTILTS, ["xstilts-tasks", "xstilts-mt5"]):
        task = claim.id.removeprefix("xstilts-").removeprefix("mt5-")
        assert claim.margin
        assert claim.margin <= abs(value[claim.id] - value[f"xlmr-baseline-{task}"]) / 2 + 1e-9, claim.id
        looked_at += 1
    assert looked_at == 19


# values that are only remembered for the paper's Table 2 (dev): baseline cells, averages, gains of single tasks
REMEMBERED = "80.1 86.5 75.7 62.8 76.1 60.0 70.1 51.5 65.6 48.2 65.9 68.8 6.6 76.5 30.0 1104934".split()


def test_no_number_that_is_only_remembered_is_claimed() -> None:
    claimed = {claim.quantity.value for claim in XSTILTS.claims if claim.quantity}
    assert not claimed & set(REMEMBERED)
    # 67.2 is read for question answering of the leaderboard row; the average of the same value is not
    assert [c.id for c in XSTILTS.claims if c.quantity and c.quantity.value == "67.2"] == ["xstilts-qa"]
    # of the paper's own dev table nothing but retrieval was read, and that elsewhere
    dev_levels = {
        c.source for c in XSTILTS.claims if c.test.kind == "level" and c.quantity and c.quantity.split == "dev"
    }
    assert dev_levels == {"jiant-dev-128", "retrieval-means"}
    # seeds and statistic of the paper are not known
    assert {(c.seeds_behind, c.statistic, c.claimed_sd) for c in XSTILTS.claims} == {(1, "single", None)}


def test_no_recipe_value_that_is_only_remembered_stands_in_a_recipe() -> None:
    # remembered: 2, 3, 7, 10 or 15 epochs with batches of 24, 8 or 4; read: the tool's defaults, the same for all tasks
    for name, recipe in XSTILTS.scales["paper"].intermediate.items():
        assert (recipe.optimisation.epochs, recipe.optimisation.batch_size) == (3, 32), name
        assert recipe.optimisation.learning_rate == 1e-5
        assert any("not known" in line for line in recipe.deviations)
    assert {c.mixture.sampling for c in XSTILTS.conditions} == {"proportional"}
    assert any("not known" in line for line in XSTILTS.deviations(BY_ID["multi-task"], "paper"))


def test_bucc_s_threshold_is_fitted_on_the_gold_only_where_the_claimed_number_was_made_so() -> None:
    of = {t.id: t.probe.threshold for t in XSTILTS.targets if t.task == "bucc" and t.probe}
    assert of == {
        "bucc": "halves",
        "bucc-dev": "halves",
        "bucc-dev-original": "gold",
        "bucc-layer20-original": "gold",
    }
    users = {c.id for c in XSTILTS.claims for m in c.test.measures if any("original" in t for t in m.targets)}
    jiant = {"xlmr-bucc-dev", "bucc-de", "bucc-fr", "bucc-ru", "bucc-zh"}
    assert users == jiant | {"xlmr-baseline-bucc", "xlmr-baseline-average"}
    for claim in choose_claims(XSTILTS, sorted(users)):
        assert not any("threshold" in line for line in XSTILTS.deviations(claim, "paper"))
    # elsewhere the other threshold is told
    assert any("threshold" in line for line in XSTILTS.deviations(BY_ID["squad"], "paper"))


def test_squad_is_trained_once_for_xquad_and_mlqa() -> None:
    targets = {target.id: target for target in XSTILTS.targets}
    assert {targets[t].train for t in targets if t.startswith(("xquad", "mlqa"))} == {"squad-v1"}
    assert targets["xnli"].train == "mnli"


def test_deviations_come_from_the_claim_the_condition_and_the_recipes() -> None:
    found = XSTILTS.deviations(BY_ID["multi-task"], "paper")
    assert len(found) == len(set(found))
    assert any("batches drawn" in line for line in found)  # the condition's
    assert any("defaults" in line for line in found)  # the intermediate recipe's
    assert any("bf16" in line for line in found)  # a target recipe's
    assert XSTILTS.deviations(BY_ID["best-per-target"], "smoke") == BY_ID["best-per-target"].deviations
    level = XSTILTS.deviations(BY_ID["xlmr-baseline-xnli"], "paper")
    assert not any("defaults" in line for line in level)  # nothing of trainings that it does not rest on


def test_glue_on_test_is_untestable_and_on_dev_is_not() -> None:
    registry = load_registry("1811.01088")
    found = {claim.id: claim for claim in registry.claims}
    for name, value in (("stilts-glue", "81.8"), ("stilts-gain", "1.4"), ("stilts-repo", "82.0"), ("bert-rte", "70.1")):
        claim = found[name]
        assert claim.quantity
        assert (claim.quantity.value, claim.test.kind) == (value, "untestable")
        assert "labels" in claim.test.reason
    assert found["stilts-repo-rte"].test.kind == "level"
    assert len(choose_claims(registry, ["stilts-repo-tasks"])) == 9


@pytest.mark.parametrize("name", PAPERS)
def test_what_is_testable_can_be_planned(name: str) -> None:
    from reproduce.planning.given import Given
    from reproduce.planning.plan import make_plan

    registry = load_registry(name)
    plan = make_plan(registry, "paper", seeds=1, given=Given(files=True))
    testable = {c.id for c in registry.claims if c.test.kind != "untestable"}
    conditions = {c.id for c in registry.conditions if c.unsupported}
    for claim in registry.claims:
        needed = {c for m in claim.test.measures for c in (*m.conditions, m.control)}
        if claim.id in plan.not_planned and claim.id in testable and not needed & conditions:
            assert "regression" in plan.not_planned[claim.id]
    assert len(plan.not_planned) < len(registry.claims)


# ------------------------------------------------------------------ finding a registry


@pytest.mark.parametrize(
    "name",
    [
        "2005.13013",
        "2005.13013v2",
        "2005.13013V1",
        " arXiv:2005.13013v1 ",
        "arxiv 2005.13013",
        "arXiv:2005.13013v2 [cs.CL] 30 Sep 2020",
        "https://arxiv.org/abs/2005.13013",
        "http://www.arxiv.org/pdf/2005.13013v2.pdf",
        "arxiv.org/abs/2005.13013v2?context=cs",
        "https://ar5iv.labs.arxiv.org/html/2005.13013",
        "https://export.arxiv.org/abs/2005.13013/",
        "10.48550/arXiv.2005.13013",
        "doi:10.48550/arXiv.2005.13013v1",
        "https://doi.org/10.48550/arXiv.2005.13013",
        "<https://arxiv.org/abs/2005.13013>",
    ],
)
def test_a_paper_is_found_in_every_form_of_its_id(name: str) -> None:
    assert load_registry(name).paper.id == "2005.13013"


@pytest.mark.parametrize(
    "name", ["2005.1301", "2005.13014", "hep-th/9901001", "https://example.org/x", "", "x" * 5000, "a\0b"]
)
def test_a_paper_without_a_registry_is_refused_with_advice(name: str) -> None:
    with pytest.raises(MissingInputError) as caught:
        load_registry(name)
    assert "write a registry file" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert caught.value.exit_code == 3


def test_a_near_miss_names_the_paper() -> None:
    with pytest.raises(MissingInputError, match=r"did you mean 2005\.13013"):
        load_registry("2005.13031")


def test_loading_is_fast_and_brings_no_torch() -> None:
    program = (
        "import sys, time\nfrom reproduce.registry import load_registry\nload_registry('2005.13013')\n"
        "start = time.perf_counter(); load_registry('2005.13013')\n"
        "print(time.perf_counter() - start, 'torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seconds, torch, transformers = done.stdout.split()
    assert (torch, transformers) == ("False", "False")
    assert float(seconds) < 0.5  # 0.05 s on 2 cores; the rest is room for a busy machine


# ------------------------------------------------------------------ choosing claims


def test_claims_are_chosen_by_id_alias_and_shared_alias_in_order_and_once() -> None:
    assert [c.id for c in choose_claims(XSTILTS, ["multitask"])] == ["multi-task"]
    assert [c.id for c in choose_claims(XSTILTS, ["mnli", "squad", "mnli"])] == ["squad", "mnli"]
    assert len(choose_claims(XSTILTS, ["xlmr-retrieval-dev"])) == 42
    assert len(choose_claims(XSTILTS, ["tydiqa-gains-xnli-not"])) == 6
    assert choose_claims(XSTILTS) == XSTILTS.claims


def test_an_unknown_claim_is_refused_with_names_like_it() -> None:
    with pytest.raises(UsageError, match=r"no claim 'multi-tsak'; did you mean multi-task") as caught:
        choose_claims(XSTILTS, ["mnli", "multi-tsak"])
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", PAPERS)
def test_the_ids_that_scripts_name_exist(name: str) -> None:
    wanted = {
        "2005.13013": "multi-task multitask squad mnli hellaswag best-per-target retrieval-gains-most english-over-mlm "
        "tydiqa-gains-xnli-not english-over-translated xtreme-xlmr xstilts-avg-v2 xstilts-avg-v1 xstilts-tasks "
        "xlmr-retrieval-dev xstilts-direction xlmr-baseline-xnli tatoeba-af bucc-zh",
        "1811.01088": "stilts-glue stilts-gain stilts-repo stilts-repo-tasks bert-rte stilts-var",
    }[name]
    registry = load_registry(name)
    for claim in wanted.split():
        assert choose_claims(registry, [claim])
