"""The README: every command block runs, what it shows is what is printed now, and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import readme_output
from claimcheck.cli import COMMANDS, INTERRUPTED
from claimcheck.foundation import errors
from claimcheck.foundation.records import LABELS

ROOT = Path(__file__).resolve().parents[1]
TEXT = readme_output.README.read_text(encoding="utf-8")
BLOCKS = readme_output.blocks(TEXT)
RENEW = "README.md shows something else than is printed now: run `make readme` and look at the difference"


def section(heading: str) -> str:
    """The text of a second-level section."""
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("block", [b for b in BLOCKS if not b.not_run], ids=lambda b: b.name)
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
        needs = r"\b(make|pip) " if block.not_run == "sets up the environment" else r"\d{4}\.\d{5}"
        assert re.search(needs, block.text), f"{block.name} could be run"
    assert len([block for block in BLOCKS if not block.not_run]) >= 8


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert {block.language for block in BLOCKS} <= {"sh", "console", "python"}


def test_every_console_command_shows_something() -> None:
    for block in BLOCKS:
        if block.language == "console":
            for command, after in re.findall(r"^\$ (.+)\n?(.?)", block.text, re.MULTILINE):
                assert after not in ("", "$"), f"{block.name}: nothing is shown for: {command}"


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


def test_a_failing_command_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        readme_output.renewed("```sh\nexit 3\n```\n", tmp_path)


def test_a_misspelt_comment_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 1"):
        readme_output.blocks("<!-- no-test:needs a network -->\n```sh\nls\n```\n")


def test_ids_hashes_and_times_may_differ() -> None:
    assert readme_output.normalised("out/paper-0db12ed5/ 1.23 s") == readme_output.normalised("out/paper-aaaaaaaa/ 4 s")
    assert readme_output.normalised("82.7") != readme_output.normalised("82.8")
