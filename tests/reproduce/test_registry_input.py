"""A user's own registry file: what it may hold, and how a bad one is refused in one line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from claimcheck.foundation.errors import InputError, MissingInputError, UnreadableInputError
from reproduce.registry import Registry, load_registry
from reproduce.registry.load import from_content, read_registry
from reproduce.registry.schema import Claim, Quantity, Source

HEAD = """
schema = "claimcheck/registry/v1"

[paper]
id = "my-paper"
title = "A paper of mine"

[[sources]]
id = "table"
kind = "paper"
where = "Table 3 of the paper"
"""

RECIPE = (
    """
[scales.lab]
data = { kind = "world" }
seeds = 2
[scales.lab.pretraining]
languages = ["en", "xa"]
size = { layers = 1, hidden = 16, heads = 2, feed_forward = 32, positions = 64 }
optimisation = { learning_rate = 1e-3, batch_size = 8, max_steps = 4 }
[scales.lab.intermediate.default]
optimisation = { learning_rate = 1e-3, batch_size = 8, epochs = 1 }
max_length = 64
[scales.lab.target.default]
optimisation = { learning_rate = 1e-3, batch_size = 8, epochs = 1 }
max_length = 64

[[conditions]]
id = "plain"
[[conditions]]
id = "nli-first"
tasks = ["world-nli"]

[[targets]]
id = "qa"
task = "world-qa"
train = "world-qa"

[[claims]]
id = "gain"
text = "Training on NLI first gains 3.1 points."
source = "table"
quantity = { value = "3.1", unit = "points", direction = "increase", baseline = "plain" }
margin = 1.0
test = { kind = "effect", measure = { conditions = ["nli-first"], control = "plain", targets = ["qa"] } }
"""
).lstrip("\n")

GOOD = HEAD + "\n" + RECIPE
QUANTITY = next(line for line in GOOD.splitlines(keepends=True) if line.startswith("quantity"))

COMMAND = (
    HEAD
    + """
[scales.paper]
seeds = 3

[[conditions]]
id = "ours"
command = { argv = ["python", "train.py", "--seed", "{seed}", "--out", "{out}"] }

[[targets]]
id = "their-test"
task = "their-task"
metric = "accuracy"

[[claims]]
id = "accuracy"
text = "Our model reaches 87.3 % accuracy."
source = "table"
quantity = { value = "87.3", unit = "accuracy" }
margin = 1.0
test = { kind = "level", measure = { conditions = ["ours"], targets = ["their-test"] } }
"""
)


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


# ------------------------------------------------------------------ half widths


@pytest.mark.parametrize(
    ("printed", "number", "half_width"),
    [
        ("72.3", 72.3, 0.05),
        ("8.70", 8.7, 0.005),
        ("31", 31.0, 0.5),
        ("+5.4", 5.4, 0.05),
        ("-1.4", -1.4, 0.05),
        ("0.305", 0.305, 0.0005),
    ],
)
def test_printed_digits_give_the_rounding(printed: str, number: float, half_width: float) -> None:
    quantity = Quantity(value=printed)
    assert quantity.number == number
    assert quantity.half_width == pytest.approx(half_width, rel=1e-12)


@given(st.integers(-10_000, 10_000), st.integers(0, 6))
def test_a_value_lies_within_the_half_width_of_its_rounding(units: int, digits: int) -> None:
    value = units / 977
    quantity = Quantity(value=f"{value:.{digits}f}")
    assert abs(quantity.number - value) <= quantity.half_width * (1 + 1e-9)


@pytest.mark.parametrize("printed", ["", "8,7", "8.7%", "~8", "1e3", "nan", "inf", "8.", ".7", "8.7 points", "1 000"])
def test_what_is_not_a_printed_number_is_refused(printed: str) -> None:
    with pytest.raises(ValidationError):
        Quantity(value=printed)


# ------------------------------------------------------------------ memory is no source


@pytest.mark.parametrize(
    "words",
    [
        "from memory",
        "memory",
        "Memory.",
        "my memory",
        "quoted from my memory",
        "recalled",
        "Table 2 [M]",
        "as I remember",
    ],
)
@pytest.mark.parametrize("field", ["where", "note", "kind"])
def test_memory_is_no_source(field: str, words: str) -> None:
    with pytest.raises(ValidationError, match="memory is no source"):
        Source.model_validate({"id": "a", "kind": "paper", "where": "Table 2"} | {field: words})


@pytest.mark.parametrize(
    "where", ["Hochreiter 1997, Long Short-Term Memory, Table 2", "Memory Networks, Table 1", "recall at 10, Table 4"]
)
def test_a_paper_about_memory_is_a_source(where: str) -> None:
    assert Source(id="a", kind="paper", where=where).where == where


# ------------------------------------------------------------------ a user's own file


def test_a_users_registry_needs_no_code(tmp_path: Path) -> None:
    from reproduce.planning.plan import make_plan

    registry = load_registry(write(tmp_path, GOOD))
    plan = make_plan(registry, "lab")
    # pretraining once; for each of two seeds: intermediate, two target trainings, two evaluations
    assert len(plan.jobs) == 1 + 2 * 5
    assert not plan.not_planned


def test_a_users_registry_may_name_a_command(tmp_path: Path) -> None:
    found = read_registry(write(tmp_path, COMMAND))
    [condition] = found.registry.conditions
    assert condition.command
    assert condition.command.argv[-1] == "{out}"
    assert found.commands_allowed


def test_groups_stand_for_several_conditions_and_targets(tmp_path: Path) -> None:
    text = GOOD.replace("[[conditions]]", '[groups]\nall-targets = ["qa"]\nmine = ["nli-first"]\n\n[[conditions]]', 1)
    text = text.replace('targets = ["qa"] } }', 'targets = ["all-targets"] } }').replace(
        'conditions = ["nli-first"], c', 'conditions = ["mine"], c'
    )
    [claim] = load_registry(write(tmp_path, text)).claims
    assert claim.test.measure
    assert claim.test.measure.targets == ("qa",)
    assert claim.test.measure.conditions == ("nli-first",)


@pytest.mark.parametrize("text", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_line_ends_and_byte_order_marks_of_other_systems_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(text.encode())
    assert load_registry(path).paper.id == "my-paper"


def test_a_registry_survives_json(tmp_path: Path) -> None:
    registry = load_registry(write(tmp_path, GOOD))
    assert Registry.model_validate_json(registry.model_dump_json(by_alias=True)) == registry


def test_the_hash_and_the_origin_come_with_the_registry(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    found = read_registry(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.shipped, found.commands_allowed, found.where) == (False, True, str(path))
    shipped = read_registry("2005.13013")
    assert shipped.sha256 != found.sha256
    assert re.fullmatch("[0-9a-f]{64}", shipped.sha256)


def test_a_file_is_found_by_path_with_any_suffix_and_an_id_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2005.13013").write_text(GOOD)
    (tmp_path / "registry.txt").write_text(GOOD)
    assert load_registry("2005.13013").paper.id == "2005.13013"
    assert load_registry("./2005.13013").paper.id == "my-paper"
    assert load_registry("registry.txt").paper.id == "my-paper"
    assert load_registry(Path("2005.13013")).paper.id == "my-paper"


# ------------------------------------------------------------------ bad input: one line, the key, the remedy

# fmt: off
BAD: dict[str, tuple[str, str, str]] = {
    # what stood there, what stands there now, what the message says
    "unknown key": ("margin = 1.0", "margn = 1.0", r"claims 'gain': unknown key 'margn'.*; did you mean 'margin'\?"),
    "unknown key deep": (
        'measure = { conditions = ["nli-first"]',
        'measure = { condition = ["nli-first"]',
        r"claims 'gain'\.test\.measure: .*'conditions' is missing|unknown key 'condition'",
    ),
    "unknown key in a recipe": (
        "epochs = 1 }",
        "epoch = 1, epochs = 1 }",
        r"scales\.lab\.intermediate\.default\.optimisation: unknown key 'epoch'.*'epochs'",
    ),
    "unknown key in data": (
        'kind = "world" }',
        'kind = "world", sed = 1 }',
        r"scales\.lab\.data: unknown key 'sed'; did you mean 'seed'\?",
    ),
    "unknown key without a neighbour": (
        "seeds = 2",
        "seeds = 2\nqqqq = 1",
        r"unknown key 'qqqq'; known here: conditions, data, deviations",
    ),
    "broken TOML": ("seeds = 2", "seeds = ", r"is not TOML: .*line \d+"),
    "key twice": ("seeds = 2", "seeds = 2\nseeds = 3", r"is not TOML: .*line \d+"),
    "no source": (
        'source = "table"\n',
        "",
        r"claims 'gain': 'source' is missing; name one of the file's \[\[sources\]\]",
    ),
    "unknown source": ('source = "table"', 'source = "tabel"', r"no source 'tabel'; did you mean 'table'\?"),
    "unknown further source": (
        'source = "table"',
        'source = "table"\nalso = ["web"]',
        r"no source 'web'; there are: table",
    ),
    "no sources": (HEAD[HEAD.index("[[sources]]") :], "", r"'sources' is missing; add \[\[sources\]\]"),
    "source without place": (
        'where = "Table 3 of the paper"',
        "",
        r"sources 'table': 'where' is missing; say where it can be read",
    ),
    "memory": ("Table 3 of the paper", "from memory", r"sources 'table'\.where: 'from memory': memory is no source"),
    "memory as kind": ('kind = "paper"', 'kind = "memory"', r"sources 'table'\.kind: .*memory is no source"),
    "memory in a note": (
        'where = "Table 3',
        'note = "[M]"\nwhere = "Table 3',
        r"sources 'table'\.note: .*memory is no source",
    ),
    "number without quotes": (
        'value = "3.1"',
        "value = 3.1",
        r"claims 'gain'\.quantity\.value: 3\.1 is not written as printed; put it in quotes.*\"3\.1\"",
    ),
    "number with a unit": (
        'value = "3.1"',
        'value = "3.1%"',
        r"claims 'gain'\.quantity\.value: \"3\.1%\" is no number as printed",
    ),
    "no margin": ("margin = 1.0\n", "", r"claims 'gain': a test of kind 'effect' needs a margin"),
    "margin too wide": (
        "margin = 1.0",
        "margin = 2.0",
        r"claims 'gain': the margin 2\.0 is more than half.*1\.55 or less",
    ),
    "margin not finite": ("margin = 1.0", "margin = nan", r"claims 'gain'\.margin: .*finite"),
    "no number": (QUANTITY, "", r"claims 'gain': a test of kind 'effect' needs a quantity"),
    "unknown condition": (
        'control = "plain"',
        'control = "plan"',
        r"claim 'gain': there is no condition 'plan'; did you mean 'plain'\?",
    ),
    "unknown target": (
        'targets = ["qa"]',
        'targets = ["qaa"]',
        r"claim 'gain': there is no target 'qaa'; did you mean 'qa'\?",
    ),
    "unknown task": (
        'tasks = ["world-nli"]',
        'tasks = ["world-nil"]',
        r"conditions 'nli-first'\.tasks: there is no task 'world-nil'; did you mean world-nli",
    ),
    "unknown task of a target": (
        'task = "world-qa"',
        'task = "squad-v3"',
        r"targets 'qa'\.task: there is no task 'squad-v3'; did you mean squad-v",
    ),
    "unknown training task": (
        'train = "world-qa"',
        'train = "world-q"',
        r"targets 'qa'\.train: there is no task 'world-q'",
    ),
    "unknown metric": (
        'task = "world-qa"',
        'task = "world-qa"\nmetric = "acuracy"',
        r"targets 'qa'\.metric: there is no metric 'acuracy'; did you mean 'accuracy'\?",
    ),
    "unknown language": (
        'task = "world-qa"',
        'task = "world-qa"\nlanguages = ["de"]',
        r"targets 'qa'\.languages: task 'world-qa' has no 'de'; it has en",
    ),
    "language of a measure": (
        'targets = ["qa"]',
        'targets = ["qa"], languages = ["de"]',
        r"claims 'gain'\.test: target 'qa' has no language 'de'; it has en",
    ),
    "condition twice": ('id = "nli-first"', 'id = "plain"', r"conditions: the id 'plain' stands twice; rename one"),
    "alias is an id": (
        'id = "gain"',
        'id = "gain"\naliases = ["gain"]',
        r"claim 'gain': its alias 'gain' is the id of a claim",
    ),
    "group is an id": (
        "[[conditions]]",
        '[groups]\nqa = ["qa"]\n\n[[conditions]]',
        r"groups: 'qa' is the id of a condition or target",
    ),
    "neither train nor probe": ('train = "world-qa"\n', "", r"targets 'qa': needs 'train' or a 'probe'"),
    "metric alone without a command": (
        'train = "world-qa"',
        'metric = "accuracy"',
        r"target 'qa' needs 'train' or a 'probe': condition '\S+' is no command",
    ),
    "no recipe": (
        "[scales.lab.target.default]",
        "[scales.lab.target.rte]",
        r"scales\.lab\.target: no recipe for 'world-qa' and no 'default'",
    ),
    "no encoder": (
        RECIPE[RECIPE.index("[scales.lab.pretraining]") : RECIPE.index("[scales.lab.intermediate")],
        "",
        r"scales\.lab needs 'encoder' or 'pretraining'",
    ),
    "unknown scale": ("[scales.lab]", "[scales.labor]\n[scales.lab]", r"scales\.labor.*'paper', 'lab' or 'smoke'"),
    "unknown kind of test": (
        'kind = "effect"',
        'kind = "efect"',
        r"claims 'gain'\.test\.kind: \"efect\" is not among .*'effect'",
    ),
    "other schema": (
        "registry/v1",
        "registry/v9",
        r"schema: \"claimcheck/registry/v9\" is not among 'claimcheck/registry/v1'",
    ),
    "no schema": (
        'schema = "claimcheck/registry/v1"\n',
        "",
        r"'schema' is missing; add schema = \"claimcheck/registry/v1\"",
    ),
    "a shell line as command": (
        'tasks = ["world-nli"]',
        'command = { argv = "rm -rf x" }',
        r"conditions 'nli-first'\.command\.argv",
    ),
    "an id with blanks": (
        'id = "gain"',
        'id = "a gain"',
        r"claims 'a gain'\.id: \"a gain\" is not allowed here; the form is",
    ),
    "a number with thousands of digits": ("seeds = 2", "seeds = " + "9" * 5000, r"is not TOML"),
    "nested too deeply": ("seeds = 2", "seeds = " + "[" * 5000 + "]" * 5000, r"nested too deeply|is not TOML"),
    "a list where a table is due": ("[[claims]]", "claims = []\n[[claims2]]", r"claims|claims2"),
}
# fmt: on


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    old, new, message = BAD[case]
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1) if case != "condition twice" else GOOD.replace(old, new))
    with pytest.raises(UnreadableInputError) as caught:
        load_registry(path)
    shown = str(caught.value)
    assert shown.startswith(f"{path}: ")
    assert re.search(message, shown), shown
    assert "\n" not in shown
    assert len(shown) < 600 + len(str(path))
    assert caught.value.exit_code == 3


def test_several_errors_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("margin = 1.0", "margn = 1.0").replace('unit = "points"', 'unit = "apples"'))
    with pytest.raises(UnreadableInputError, match=r"\(1 more after that\)"):
        load_registry(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"no such file.*name one of"):
        load_registry(tmp_path / "none.toml")
    with pytest.raises(UnreadableInputError, match="is a folder"):
        load_registry(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"# good\n\xff\xfe")
    with pytest.raises(UnreadableInputError, match="line 2 is not UTF-8; save it as UTF-8"):
        load_registry(binary)
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * 4_000_001)
    with pytest.raises(UnreadableInputError, match="larger than 4 MB"):
        load_registry(large)
    empty = write(tmp_path, "")
    with pytest.raises(UnreadableInputError, match="is missing"):
        load_registry(empty)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=4) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_value_anywhere_is_read_or_refused_in_one_line(data: st.DataObject) -> None:
    content: Any = tomllib.loads(GOOD)
    at = content
    while True:  # walk to some place and put something else there
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        inside = at[key]
        if not isinstance(inside, dict | list) or not inside or data.draw(st.booleans()):
            at[key] = data.draw(JSON)
            break
        at = inside
    message = "file: "
    try:
        from_content(content, "file")
    except InputError as error:
        message = str(error)
    assert message.startswith("file: ")
    assert "\n" not in message


def test_claims_are_frozen() -> None:
    claim: Claim = load_registry("2005.13013").claims[0]
    with pytest.raises(ValidationError):
        claim.margin = 3.0  # type: ignore[misc]
