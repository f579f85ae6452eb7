"""Everything that can go wrong between the hub and a task's rows, and what is asked of the hub at all."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hub_data
import pytest
from datasets import ClassLabel, Features
from hub_client import NLI_FEATURES, fresh, one_line, point, source, xnli
from hub_data import NLI, TEXT, Part, parquet, put, put_script
from loopback_hub import CONVERTED, Hub

from claimcheck.foundation.errors import (
    ClaimcheckError,
    InputError,
    MissingInputError,
    ServiceError,
    UnreadableInputError,
)
from reproduce import tasks
from reproduce.data.rows import Pair, gold

Connect = Callable[[Hub], Hub]


@pytest.fixture
def hub() -> Iterator[Hub]:
    """An empty hub."""
    with Hub() as made:
        yield made


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Connect:
    """Points the clients of this process at a hub, which it gives back, with a cache of the test."""

    def to(hub: Hub) -> Hub:
        point(monkeypatch, hub, tmp_path)
        return hub

    return to


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that clients wished to wait; nobody waits."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


# ---------------------------------------------------------------- revisions


def test_a_fingerprint_is_of_a_commit(connect: Connect, hub: Hub, tmp_path: Path) -> None:
    old = xnli(connect(hub), 3)
    xnli(hub, 3, "v1")  # a tag, so that the commit stays
    first = source("xnli", "test", "de")
    assert xnli(hub, 5) != old
    # one commit a process, whatever is pushed meanwhile: the languages of a task belong together
    assert len(list(source("xnli", "test", "fr"))) == 3
    assert source("xnli", "test", "de").fingerprint == first.fingerprint
    assert source("xnli", "test", "fr").fingerprint != first.fingerprint
    # another process sees what is new; a commit or a tag that is named stays
    program = f"""
from reproduce.data.hub import source
from reproduce.specs import HubData
for revision in ("main", {old!r}, "v1"):
    found = source("xnli", HubData(revision=revision), "de", "test")
    print(found.fingerprint, len(list(found)))
"""
    done = fresh(hub, tmp_path / "home", program)
    assert done.returncode == 0, done.stderr[-2000:]
    new, pinned, tagged = (line.split() for line in done.stdout.splitlines())
    assert (new[1], pinned[1], tagged[1]) == ("5", "3", "3")
    assert new[0] != pinned[0] == tagged[0] == first.fingerprint


def test_a_revision_that_is_not_there(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 3)
    with pytest.raises(MissingInputError) as caught:
        source("xnli", "test", "de", revision="v9")
    one_line(caught.value, "facebook/xnli", "no revision 'v9'")


# ---------------------------------------------------------------- what goes wrong on the way


def test_no_such_repository(connect: Connect, hub: Hub) -> None:
    connect(hub)
    with pytest.raises(MissingInputError) as caught:
        source("mnli", "dev")
    one_line(caught.value, "nyu-mll/glue", "no such data set", "--data DIR")


def test_no_such_configuration(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 3)
    with pytest.raises(MissingInputError) as caught:
        source("xnli", "test", "sw")
    one_line(caught.value, "facebook/xnli", "no configuration 'sw'", "de, fr")


def test_no_such_part(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 3)
    with pytest.raises(MissingInputError) as caught:
        source("xnli", "dev", "de")
    one_line(caught.value, "facebook/xnli, de", "no part 'validation'", "it has test")


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_repository(connect: Connect, hub: Hub, status: int) -> None:
    xnli(connect(hub), 3)
    hub.fail("facebook/xnli", status, code="GatedRepo")
    with pytest.raises(MissingInputError) as caught:
        source("xnli", "test", "de")
    one_line(caught.value, "facebook/xnli", f"to some only ({status})", "HF_TOKEN", "--data DIR")


def test_a_file_that_is_listed_and_not_there(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 3)
    hub.fail("parquet", 404, code="EntryNotFound")
    with pytest.raises(MissingInputError) as caught:
        list(source("xnli", "test", "de"))
    one_line(caught.value, "facebook/xnli", "de/test-00000-of-00001.parquet", "does not have it")


def test_a_busy_hub_is_asked_again_after_the_time_it_names(connect: Connect, hub: Hub, waits: list[float]) -> None:
    xnli(connect(hub), 3)
    api = hub.fail("GET /api/datasets", 429, headers={"Retry-After": "17"}, times=2)
    file = hub.fail("GET .*parquet", 429, headers={"Retry-After": "19"}, times=1)
    assert len(list(source("xnli", "test", "de"))) == 3
    assert (api.met, file.met) == (2, 1)
    assert waits[:2] == [17, 17]
    assert sum(waits) == pytest.approx(17 + 17 + 19, abs=2)


def test_a_hub_that_stays_busy_is_given_up(connect: Connect, hub: Hub, waits: list[float]) -> None:
    xnli(connect(hub), 3)
    fault = hub.fail("GET /api/datasets", 429, headers={"Retry-After": "86400"})
    with pytest.raises(ServiceError) as caught:
        source("xnli", "test", "de")
    one_line(caught.value, "facebook/xnli", "429", "wait some minutes", "HF_TOKEN")
    assert fault.met == len(waits) + 1 == 4
    assert max(waits) < 400  # however long the hub would like


def test_files_that_the_hub_does_not_give_in_the_end(connect: Connect, hub: Hub, waits: list[float]) -> None:
    xnli(connect(hub), 3)
    hub.fail("GET .*parquet", 429, headers={"Retry-After": "5"})
    with pytest.raises(ServiceError, match="429"):
        list(source("xnli", "test", "de"))
    assert sum(waits) < 120


def test_a_hub_that_fails(connect: Connect, hub: Hub, waits: list[float]) -> None:
    xnli(connect(hub), 3)
    hub.fail("GET /api/datasets", 503)
    with pytest.raises(ServiceError) as caught:
        source("xnli", "test", "de")
    one_line(caught.value, "facebook/xnli", "fails (503)", "try again later", "--data DIR")
    assert sum(waits) < 30


def test_half_a_file_is_fetched_on_from_where_it_broke_off(connect: Connect, hub: Hub, waits: list[float]) -> None:
    xnli(connect(hub), 300)
    hub.fail("GET .*parquet", cut=0.5, times=1)
    assert len(list(source("xnli", "test", "de"))) == 300
    assert len(hub.asked("GET .*parquet")) == 2


def test_half_a_file_and_no_more(connect: Connect, hub: Hub, waits: list[float]) -> None:
    xnli(connect(hub), 300)
    hub.fail("GET .*parquet", cut=0.0)
    with pytest.raises(ServiceError) as caught:
        list(source("xnli", "test", "de"))
    one_line(caught.value, "facebook/xnli", "de/test-00000-of-00001.parquet", "--data DIR")
    assert sum(waits) < 60


def test_a_file_with_another_content_than_its_checksum_says(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 3)
    hub.fail("GET .*parquet", corrupt=True, times=1)
    found = source("xnli", "test", "de")
    with pytest.raises(UnreadableInputError) as caught:
        list(found)
    one_line(caught.value, "facebook/xnli", "does not match its checksum", "delete ")
    Path(re.findall(r"delete (\S+)", str(caught.value))[0]).unlink()
    assert len(list(found)) == 3


def test_a_table_that_cannot_be_read(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 3)
    hub.put("dataset", "facebook/xnli", {"de/test-00000-of-00001.parquet": b"PAR1 and nothing more"})
    with pytest.raises(UnreadableInputError) as caught:
        list(source("xnli", "test", "de"))
    one_line(caught.value, "facebook/xnli, de, test", "no table can be read")


def test_fewer_rows_than_the_card_announces(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 5)
    three = [{"premise": "p", "hypothesis": "h", "label": 1}] * 3
    hub.put("dataset", "facebook/xnli", {"de/test-00000-of-00001.parquet": parquet(NLI_FEATURES, three)})
    with pytest.raises(UnreadableInputError) as caught:
        list(source("xnli", "test", "de"))
    one_line(caught.value, "facebook/xnli, de, test", "hold 3 rows", "says 5")


def test_a_part_of_several_files_is_read_whole_or_not_at_all(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 4, languages=("de",))
    files = hub.repositories["dataset", "facebook/xnli"].revisions["main"]
    del files["de/test-00000-of-00001.parquet"]
    for shard in (0, 1):
        rows = [{"premise": f"p{shard}{i}", "hypothesis": "h", "label": i} for i in range(2)]
        files[f"de/test-0000{shard}-of-00002.parquet"] = parquet(NLI_FEATURES, rows)
    texts = [row.first for row in source("xnli", "test", "de") if isinstance(row, Pair)]
    assert texts == ["p00", "p01", "p10", "p11"]
    hub.put("dataset", "facebook/xnli", files, "broken")
    del hub.repositories["dataset", "facebook/xnli"].revisions["broken"]["de/test-00001-of-00002.parquet"]
    with pytest.raises(MissingInputError) as caught:
        source("xnli", "test", "de", revision="broken")
    one_line(caught.value, "facebook/xnli, de, test", "1 of 2 files are not there")


@pytest.mark.parametrize("with_card", [True, False])
def test_names_of_files_as_older_versions_wrote_them(connect: Connect, hub: Hub, with_card: bool) -> None:
    xnli(connect(hub), 3, languages=("de",))
    files = hub.repositories["dataset", "facebook/xnli"].revisions["main"]
    files["de/test-00000-of-00001-6ef8d1e9fdbedff8.parquet"] = files.pop("de/test-00000-of-00001.parquet")
    if not with_card:
        del files["README.md"]
    assert len(list(source("xnli", "test", "de"))) == 3


def test_files_that_are_no_tables(connect: Connect, hub: Hub) -> None:
    card = b"---\nconfigs:\n- config_name: de\n  data_files:\n  - split: test\n    path: de.csv\n---\n"
    connect(hub).put("dataset", "facebook/xnli", {"README.md": card, "de.csv": b"a,b\n"})
    with pytest.raises(InputError) as caught:
        source("xnli", "test", "de")
    one_line(caught.value, "facebook/xnli, de, test", "no parquet tables (de.csv)", CONVERTED)


@pytest.mark.parametrize("card", [b"no metadata at all\n", b"---\nconfigs: [\n---\n", b"\xff\xfe"])
def test_without_a_card_that_can_be_read_the_names_of_the_files_say_what_they_are(
    connect: Connect, hub: Hub, card: bytes
) -> None:
    xnli(connect(hub), 3)
    hub.put("dataset", "facebook/xnli", {"README.md": card})
    assert len(list(source("xnli", "test", "fr"))) == 3


def test_columns_that_were_changed(connect: Connect, hub: Hub) -> None:
    features = Features({"text_a": TEXT, "hypothesis": TEXT, "label": ClassLabel(names=NLI)})
    put(connect(hub), [Part("facebook/xnli", "de", "test", features, [{"text_a": "p", "hypothesis": "h", "label": 0}])])
    with pytest.raises(InputError) as caught:
        list(source("xnli", "test", "de"))
    one_line(caught.value, "facebook/xnli, de, test", "no column 'premise'", "text_a, hypothesis, label")


def test_no_network_and_nothing_in_the_cache(connect: Connect) -> None:
    with Hub() as hub:
        connect(hub)
    started = time.monotonic()
    with pytest.raises(ServiceError) as caught:
        source("xnli", "test", "de")
    one_line(caught.value, "facebook/xnli", "cannot be reached", "not in the cache", "--data DIR")
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("fault", ["gone", 429, 500, 403])
def test_what_was_fetched_once_is_read_without_the_hub(
    connect: Connect, waits: list[float], monkeypatch: pytest.MonkeyPatch, fault: str | int
) -> None:
    from reproduce.data import hubaccess

    with Hub() as hub:
        xnli(connect(hub), 3)
        put_script(hub, [part for part in hub_data._social("allenai/social_i_qa", 8, 16) if part.split == "train"])
        before = {task: source(task, split, language) for task, split, language in CACHED}
        kept = {task: gold(found) for task, found in before.items()}
        hubaccess._listing.cache_clear()  # as another process
        if isinstance(fault, int):
            hub.fail(".", fault, headers={"Retry-After": "3"})
        else:
            hub.close()
        for task, split, language in CACHED:
            again = source(task, split, language)
            assert again.fingerprint == before[task].fingerprint
            assert gold(again) == kept[task]
        with pytest.raises(ClaimcheckError) as caught:  # a language that was not fetched
            list(source("xnli", "test", "fr"))
        one_line(caught.value, "facebook/xnli", "--data DIR" if fault != 429 else "HF_TOKEN")
        assert isinstance(caught.value, MissingInputError if fault == 403 else ServiceError)


CACHED = [("xnli", "test", "de"), ("socialiqa", "train", "en")]


def test_offline_with_a_cache_and_without(hub: Hub, tmp_path: Path) -> None:
    """HF_HUB_OFFLINE and HF_HOME as a user sets them."""
    xnli(hub, 3)
    put_script(hub, [part for part in hub_data._social("allenai/social_i_qa", 8, 16) if part.split == "train"])
    program = """
import sys
from claimcheck.foundation.errors import ClaimcheckError
from reproduce.data.hub import source
from reproduce.data.rows import gold
from reproduce.specs import HubData
for task, language, split in (("xnli", "de", "test"), ("socialiqa", "en", "train"), ("xnli", "fr", "test")):
    if sys.argv[1:] == ["fetch"] and language == "fr":
        continue
    try:
        print(gold(source(task, HubData(), language, split)).sha256)
    except ClaimcheckError as error:
        print(type(error).__name__, error)
"""
    online = fresh(hub, tmp_path / "home", program.replace("sys.argv[1:]", "['fetch']"))
    assert online.returncode == 0, online.stderr[-2000:]
    hub.log.clear()
    offline = fresh(hub, tmp_path / "home", program, HF_HUB_OFFLINE="1")
    assert offline.returncode == 0, offline.stderr[-2000:]
    assert not hub.asked("datasets")
    *same, refused = offline.stdout.splitlines()
    assert same == online.stdout.splitlines()
    assert len(same) == 2
    assert refused.startswith("ServiceError facebook/xnli")
    assert "HF_HUB_OFFLINE" in refused


def test_offline_with_an_empty_cache(connect: Connect, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    xnli(connect(hub), 3)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for task, language in (("xnli", "de"), ("socialiqa", "en")):
        with pytest.raises(ServiceError) as caught:
            source(task, "train", language)
        one_line(caught.value, tasks.task(task).hub_id, "HF_HUB_OFFLINE", "--data DIR")
    assert not hub.log


# ---------------------------------------------------------------- cost


def test_a_repository_is_asked_about_once_and_a_file_fetched_once(connect: Connect, hub: Hub) -> None:
    xnli(connect(hub), 3)
    for language in ("de", "fr", "de"):
        list(source("xnli", "test", language))
    assert len(hub.asked("GET /api/datasets")) == 1
    assert len(hub.asked("GET .*README")) == 1
    assert len(hub.asked("GET .*parquet")) == 2


def test_making_a_source_fetches_no_table(connect: Connect, hub: Hub) -> None:
    """What the token cache has is not fetched again: its key needs the commit only."""
    xnli(connect(hub), 3)
    assert source("xnli", "test", "de").fingerprint
    assert not hub.asked("parquet")


def test_importing_and_reading_load_no_torch(hub: Hub, tmp_path: Path) -> None:
    xnli(hub, 3)
    program = """
import sys
import reproduce.data, reproduce.data.hub
assert not {"datasets", "huggingface_hub", "pyarrow", "torch", "transformers"} & set(sys.modules)
from reproduce.specs import HubData
assert len(list(reproduce.data.hub.source("xnli", HubData(), "de", "test"))) == 3
assert "datasets" in sys.modules and not {"torch", "transformers"} & set(sys.modules)
"""
    done = fresh(hub, tmp_path / "home", program)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == ""  # no bars, no warnings
