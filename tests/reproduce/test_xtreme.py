"""XTREME's averages: the published table, averages that name their tasks, what is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.errors import UsageError
from reproduce.tasks import task
from reproduce.tasks.xtreme import GROUPS, averages, qa_scores

# XLM-R Large, test: exact match and F1 of question answering apart
XLMR = {"xnli": 79.2, "paws-x": 86.4, "udpos": 73.8, "panx": 65.4, "bucc": 66.0, "tatoeba": 57.3}
XLMR_QA = {"xquad": (60.8, 76.6), "mlqa": (53.2, 71.6), "tydiqa": (45.0, 65.1)}


def published() -> dict[str, dict[str, float]]:
    """The table's means over languages, as if each were that of one language."""
    qa = {name: qa_scores({"ar": em}, {"ar": f1}) for name, (em, f1) in XLMR_QA.items()}
    return {name: {"de": score} for name, score in XLMR.items()} | qa


def test_xlmr_large_on_all_nine_tasks() -> None:
    found = averages(published())
    assert found["all"].score == pytest.approx(68.25, abs=0.01)  # 68.1 in print, of scores before rounding
    assert found["all"].is_whole
    assert found["all"].tasks == ("paws-x", "xnli", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc", "tatoeba")
    assert found["classification"].score == pytest.approx(82.8)
    assert found["tagging"].score == pytest.approx(69.6)
    assert found["qa"].score == pytest.approx(62.05)
    assert found["retrieval"].score == pytest.approx(61.65)
    seven = (86.4 + 79.2 + 73.8 + 65.4 + 68.7 + 62.4 + 55.05) / 7
    assert found["without_retrieval"].score == pytest.approx(seven)
    assert "tatoeba" not in found["without_retrieval"].tasks
    # a mean over groups, which weighs retrieval with a quarter, is another number
    assert found["all"].score != pytest.approx(sum(found[name].score for name in GROUPS) / 4, abs=0.1)


def test_retrieval_alone_can_move_the_average() -> None:
    """20 points in BUCC, 40 in Tatoeba and nothing elsewhere are 6.7 points over nine tasks, and none over seven."""
    before, after = published(), published()
    after["bucc"] = {"de": 86.0}
    after["tatoeba"] = {"de": 97.3}
    gain = averages(after)["all"].score - averages(before)["all"].score
    assert gain == pytest.approx(60 / 9)
    assert averages(after)["without_retrieval"] == averages(before)["without_retrieval"]


def test_an_average_of_some_tasks_names_them_and_what_is_missing() -> None:
    found = averages({"udpos": {"en": 0.8, "de": 0.6}, "tatoeba": {"de": 0.2}})
    assert found["all"].score == pytest.approx((0.7 + 0.2) / 2)
    assert found["all"].tasks == ("udpos", "tatoeba")
    assert found["all"].missing == ("paws-x", "xnli", "panx", "xquad", "mlqa", "tydiqa", "bucc")
    assert not found["all"].is_whole
    assert [average.name for average in found.averages] == ["all", "without_retrieval", "tagging", "retrieval"]
    with pytest.raises(KeyError):
        found["qa"]
    tagging, _ = found.tasks
    assert tagging.score == pytest.approx(0.7)
    assert tagging.languages == ("de", "en")
    assert len(tagging.missing) == len(task("udpos").languages) - 2


@given(
    st.dictionaries(
        st.sampled_from([name for group in GROUPS.values() for name in group]),
        st.dictionaries(st.sampled_from(["de", "en", "fr", "zh"]), st.floats(0, 1), min_size=1),
        min_size=1,
    )
)
def test_each_language_and_each_task_counts_the_same(scores: dict[str, dict[str, float]]) -> None:
    means = {name: sum(found.values()) / len(found) for name, found in scores.items()}
    found = averages(scores)
    assert {score.task: score.score for score in found.tasks} == pytest.approx(means)
    assert found["all"].score == pytest.approx(sum(means.values()) / len(means))
    for average in found.averages:
        assert average.score == pytest.approx(sum(means[name] for name in average.tasks) / len(average.tasks))


def test_what_cannot_be_averaged() -> None:
    with pytest.raises(UsageError, match="'tatoba' is no task of XTREME; did you mean tatoeba"):
        averages({"tatoba": {"de": 1.0}})
    with pytest.raises(UsageError, match="the task mlqa has no score in any language"):
        averages({"mlqa": {}})
    with pytest.raises(UsageError, match="there is no score to average"):
        averages({})
    with pytest.raises(UsageError, match="ar has only one of them"):
        qa_scores({"en": 1.0}, {"en": 1.0, "ar": 0.5})
