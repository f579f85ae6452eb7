"""The README: every command block runs, what it shows is what is printed now, and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import readme_output
from claimcheck.cli import COMMANDS, INTERRUPTED
from claimcheck.foundation import errors
from claimcheck.foundation.records import LABELS
from reproduce.registry import load_registry

ROOT = Path(__file__).resolve().parents[1]
TEXT = readme_output.README.read_text(encoding="utf-8")
BLOCKS = readme_output.blocks(TEXT)
RENEW = "README.md shows something else than is printed now: run `make readme` and look at the difference"


def section(heading: str) -> str:
    """The text of a second-level section."""
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("block", [b for b in BLOCKS if not (b.not_run or b.file)], ids=lambda b: b.name)
def test_a_block_runs_and_prints_what_is_shown(block: readme_output.Block, home: Path) -> None:
    now = readme_output.run(block, home)
    assert readme_output.normalised(now.text) == readme_output.normalised(block.text), RENEW
    if block.prints:
        assert now.prints
        assert readme_output.normalised(now.prints.text) == readme_output.normalised(block.prints.text), RENEW


def test_only_what_cannot_run_here_is_not_run() -> None:
    skipped = [block for block in BLOCKS if block.not_run]
    assert {block.not_run for block in skipped} <= set(readme_output.NOT_RUN)
    for block in skipped:
        needs = {
            "needs a network": r"\d{4}\.\d{5}",
            "sets up the environment": r"\b(make|pip) ",
            "takes minutes": r"claimcheck reproduce run \S+ --scale smoke ",
        }[block.not_run]
        assert re.search(needs, block.text), f"{block.name} could be run"
    assert len([block for block in BLOCKS if not (block.not_run or block.file)]) >= 8


def test_every_block_is_of_a_kind_that_is_run_or_a_file() -> None:
    assert {block.language for block in BLOCKS if not block.file} <= {"sh", "console", "python"}


@pytest.mark.parametrize("file", [block for block in BLOCKS if block.file], ids=lambda b: b.file)
def test_every_file_is_used_by_a_block_that_is_run(file: readme_output.Block) -> None:
    assert any(file.file in block.text for block in BLOCKS if block != file)
    users = [block for block in BLOCKS if (file.file, file.text + "\n") in block.files]
    assert any(not (block.not_run or block.file) for block in users)


def test_every_console_command_shows_something() -> None:
    for block in BLOCKS:
        if block.language == "console":
            for command, after in re.findall(r"^\$ (.+)\n?(.?)", block.text, re.MULTILINE):
                assert after not in ("", "$"), f"{block.name}: nothing is shown for: {command}"


def test_the_smoke_table_shows_the_claims_and_numbers_of_the_registry() -> None:
    # it takes minutes to make, so that it is not made here: what can be known without is compared
    [block] = [block for block in BLOCKS if block.not_run == "takes minutes" and block.language == "console"]
    table = block.text.partition("\nsmoke, scale smoke: ")[2]
    for claim in load_registry("smoke").claims:
        number = claim.quantity.value if claim.quantity else ""
        sign = r"\+" if claim.test.kind == "effect" else ""
        [row] = re.findall(rf"^{claim.id} .*", table, re.MULTILINE)
        assert re.search(rf" {sign}{re.escape(number)} ", row), f"{claim.id}: {RENEW}"
    assert "not tested (scale)" in block.text.partition("\nsmoke, scale smoke: ")[0]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_an_example_that_is_run(command: str) -> None:
    assert any(f"claimcheck {command} " in block.text for block in BLOCKS if not block.not_run)


def test_the_settings_table_is_that_of_the_code() -> None:
    assert readme_output.settings_table() in section("Settings"), RENEW


def test_the_exit_codes_are_those_of_the_code() -> None:
    shown = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)}
    assert shown == {getattr(errors, name).exit_code for name in errors.__all__} | {0, INTERRUPTED}


def test_the_verdicts_are_those_of_the_code() -> None:
    shown = re.findall(r"^\| ([a-z ]+) \|", section("What the verdicts mean"), re.MULTILINE)
    assert shown == ["verdict", *(label.replace("_", " ") for label in LABELS)]


def test_the_two_commands_stand_on_the_first_screen() -> None:
    first = "\n".join(TEXT.splitlines()[:25])
    for needed in ("make demo", "make test", "$ claimcheck table tests/data/sample/paper.pdf"):
        assert needed in first


def test_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", TEXT)
    named = [name for name in re.findall(r"`([\w./-]+)`", TEXT) if re.match(r"(tests|benchmarks|claimcheck)/", name)]
    assert links
    assert not [name for name in links + named if not (ROOT / name).exists() and name != "benchmarks/results/"]


README = """# Title

<!-- no-test: needs a network -->
```sh
fetch
```

## Use

```console
$ printf 'a\\n\\nb  \\n'
old
$ echo x \\
  y
```

```python
print(1 + 1)
```

```text
3
```
"""


def test_blocks_are_found_with_their_comments_and_headings() -> None:
    first, second, third = readme_output.blocks(README)
    assert (first.language, first.text, first.not_run, first.heading) == ("sh", "fetch", "needs a network", "Title")
    assert (second.language, second.line, second.heading) == ("console", 10, "Use")
    assert third.prints
    assert third.prints.text == "3"


def test_output_is_put_in_and_the_rest_stays(tmp_path: Path) -> None:
    new = readme_output.renewed(README, tmp_path)
    wanted = README.replace("\nold\n", "\na\n\nb\n").replace("  y\n", "  y\nx y\n").replace("\n3\n", "\n2\n")
    assert new == wanted
    assert readme_output.renewed(new, tmp_path) == new


def test_a_file_is_there_for_the_blocks_after_it(tmp_path: Path) -> None:
    text = "<!-- file: a.txt -->\n```toml\nx = 1\n```\n\n```console\n$ cat a.txt\nold\n```\n"
    file, use = readme_output.blocks(text)
    assert (file.file, file.files, use.files) == ("a.txt", (), (("a.txt", "x = 1\n"),))
    assert readme_output.renewed(text, tmp_path) == text.replace("old", "x = 1")


def test_a_failing_command_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        readme_output.renewed("```sh\nexit 3\n```\n", tmp_path)


def test_a_misspelt_comment_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 1"):
        readme_output.blocks("<!-- no-test:needs a network -->\n```sh\nls\n```\n")


def test_ids_hashes_and_times_may_differ() -> None:
    assert readme_output.normalised("out/paper-0db12ed5/ 1.23 s") == readme_output.normalised("out/paper-aaaaaaaa/ 4 s")
    assert readme_output.normalised("82.7") != readme_output.normalised("82.8")
