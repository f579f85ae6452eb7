"""Runs the commands that the README shows, and puts in what they print: `make readme`. tests/test_readme.py compares.

What a fenced block of the README means:

    ```console     commands after "$ ", and below each what it prints on stdout
    ```sh          commands; what they print is not shown
    ```python      a program; a ```text block right after it is what it prints

A comment on the line before a block changes that:

    <!-- no-test: needs a network -->            it is not run; the reason is one of NOT_RUN
    <!-- rows: refuted 3, supported 2 -->        of a claim table the first rows of these verdicts, "..." for the others
    <!-- file: train.py -->                      it is a file, not run; the blocks after it find it where they run
    <!-- ends: Ctrl-C -->                        its last command serves: it is interrupted once it has printed a line

Between `<!-- begin:settings -->` and `<!-- end:settings -->` stands the table of all settings.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
NOT_RUN = ("needs a network", "sets up the environment", "takes minutes")
LIMIT = 120  # seconds for one command

_FENCE = re.compile(r"```(\w*)$")
_NO_TEST = re.compile(r"<!-- no-test: (?P<reason>.+) -->$")
_ROWS = re.compile(r"<!-- rows: (?P<rows>.+) -->$")
_FILE = re.compile(r"<!-- file: (?P<name>[\w.-]+) -->$")
_SERVES = "<!-- ends: Ctrl-C -->"
_COMMENT = re.compile(r"<!-- (?:no-test|rows|file|ends):")
_SETTINGS = re.compile(r"(?<=<!-- begin:settings -->\n)(.*?)(?=<!-- end:settings -->)", re.DOTALL)
# what differs from run to run: the hash in a ledger's folder, ids of claims, times
_VARYING = (
    (re.compile(r"\b[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"-[0-9a-f]{8}(?=/|$)", re.MULTILINE), "-<hash>"),
    (re.compile(r"\b\d+(?:\.\d+)? ?s\b"), "<time>"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its lines without the fences, and the line of its opening fence, from 1."""

    language: str
    text: str
    line: int
    heading: str = ""
    not_run: str = ""  # the reason
    rows: str = ""  # "refuted 3, supported 2"
    prints: Block | None = None  # the text block after a program
    file: str = ""  # the name of the file that it is
    files: tuple[tuple[str, str], ...] = ()  # name and text of those before it
    serves: bool = False

    @property
    def name(self) -> str:
        """The heading it stands under and its line, for people."""
        return f"{self.heading or 'top'}, line {self.line}"


def blocks(text: str) -> list[Block]:
    """The blocks of a README in order; a block that shows what a program prints is part of the program's."""
    found: list[Block] = []
    files: dict[str, str] = {}
    lines = text.splitlines()
    heading, start, number = "", 0, 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("#"):
            heading = line.lstrip("# ")
        opening = _FENCE.match(line)
        number += 1
        if not opening:
            continue
        start = number
        while lines[number] != "```":
            number += 1
        before = lines[start - 2] if start > 1 else ""
        block = Block(opening[1], "\n".join(lines[start:number]), start, heading, files=tuple(files.items()))
        if match := _NO_TEST.match(before):
            block = replace(block, not_run=match["reason"])
        elif match := _ROWS.match(before):
            block = replace(block, rows=match["rows"])
        elif match := _FILE.match(before):
            block = replace(block, file=match["name"])
            files[block.file] = block.text + "\n"
        elif before == _SERVES:
            block = replace(block, serves=True)
        elif _COMMENT.match(before):
            raise ValueError(f"line {start - 1}: cannot be understood: {before}")
        number += 1
        if block.language == "text" and found and found[-1].language == "python" and not found[-1].file:
            found[-1] = replace(found[-1], prints=block)
        else:
            found.append(block)
    return found


def run(block: Block, home: Path) -> Block:
    """The block with what its commands print now; raises RuntimeError where one fails.

    It runs in a folder of its own that holds the repository's tests/ and the files that the README shows before it,
    offline, its cache in `home`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tests").symlink_to(ROOT / "tests")
        for file, content in block.files:
            (folder / file).write_text(content, encoding="utf-8")
        if block.language == "console":
            parts = [_shown(command, block.rows, folder, home) for command in _commands(block.text)]
            return replace(block, text="\n".join(parts))
        if block.language == "python":
            printed = _output([sys.executable, "-c", block.text], folder, home)
            return replace(block, prints=block.prints and replace(block.prints, text=printed))
        if block.language == "sh":
            command = ["bash", "-euo", "pipefail", "-c", block.text]
            _interrupted(command, folder, home) if block.serves else _output(command, folder, home)
        return block


def normalised(text: str) -> str:
    """The text with what differs from run to run replaced by names."""
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return text


def settings_table() -> str:
    """The settings as a Markdown table: variable, default, what it sets."""
    from claimcheck.foundation.settings import ENVIRONMENT_PREFIX, Settings

    lines = ["| variable | default | what it sets |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "a folder of the user's cache" if field.default_factory else f"`{default}`".lower().replace("``", "")
        shown = "" if default is None or default == "" else shown
        lines.append(f"| `{ENVIRONMENT_PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def renewed(text: str, home: Path) -> str:
    """The README with everything that is shown made anew; what differs only in what varies stays as it is."""
    lines = text.splitlines()
    for block in reversed(blocks(text)):  # from the end, so that the line numbers before stay right
        if block.not_run or block.file:
            continue
        print(f"README.md:{block.line}: {block.language} under {block.heading!r}", file=sys.stderr)
        new = run(block, home)
        for old, made in ((block.prints, new.prints), (block, new)):
            if old and made and normalised(old.text) != normalised(made.text):
                lines[old.line : old.line + len(old.text.splitlines())] = made.text.splitlines()
    return _SETTINGS.sub(lambda _: settings_table(), "\n".join(lines) + "\n")


def _commands(text: str) -> Iterator[str]:
    """The commands of a console block, with their continuation lines."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command += "\n" + next(lines)
            yield command


def _shown(command: str, rows: str, folder: Path, home: Path) -> str:
    printed = _output(["bash", "-euo", "pipefail", "-c", command], folder, home)
    return "\n".join([f"$ {command}", *filter(None, [_excerpt(printed, rows) if rows else printed])])


def _output(command: list[str], folder: Path, home: Path) -> str:
    """What a command prints on stdout, without spaces at line ends and empty lines around it."""
    environment = _environment(home)
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT
    )
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode} from:\n{command[-1]}\n{done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")


def _interrupted(command: list[str], folder: Path, home: Path) -> None:
    """Run a command until it prints a line, then press Ctrl-C; raises RuntimeError unless it ends well on that."""
    with subprocess.Popen(
        command, cwd=folder, env=_environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            first = process.stdout.readline() if process.stdout else ""
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=LIMIT)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode or not first:
        raise RuntimeError(f"exit code {process.returncode} after {first!r} from:\n{command[-1]}")


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLAIMCHECK_")}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "CLAIMCHECK_HOME": str(home),
        "CLAIMCHECK_OFFLINE": "1",
    }


def _excerpt(printed: str, rows: str) -> str:
    """Of a claim table the first rows of each verdict that `rows` names, with "..." where others stood."""
    left = {verdict: int(count) for verdict, _, count in (part.strip().rpartition(" ") for part in rows.split(","))}
    lines = printed.splitlines()
    [rule] = [number for number, line in enumerate(lines) if set(line.strip()) == {"─"}]
    column = lines[rule - 1].index("Verdict")
    out, skipped = lines[: rule + 1], False
    for paragraph in "\n".join(lines[rule + 1 :]).split("\n\n"):
        verdict = paragraph.splitlines()[0][column:].split("  ")[0]
        is_row = paragraph.startswith(" ")
        if is_row and not left.get(verdict):
            skipped = True
            continue
        if is_row:
            left[verdict] -= 1
        out += [" ...", ""] * skipped + [*paragraph.splitlines(), ""]
        skipped = False
    return "\n".join(out).strip("\n")


def main() -> None:
    """Write README.md anew; prints what changed."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as home:
        made = renewed(text, Path(home))
    README.write_text(made, encoding="utf-8")
    print("README.md: " + ("as it was" if made == text else "renewed"))


if __name__ == "__main__":
    main()
