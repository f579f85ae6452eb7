"""A report as PDF: latexmk and pdflatex in a folder of their own, with limits, and without shell, network or date.

The document is ours and what it quotes is escaped, so that TeX obeys nothing of a paper. What is set up here holds
where an escaper, or a user's own template, is wrong: no program is started, no file outside the folder is written or
read by its path, and time, memory and the size of files end. The same ledger gives the same bytes with the same TeX.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from claimcheck.foundation.errors import ClaimcheckError, UsageError
from claimcheck.foundation.records import Ledger
from claimcheck.publish.documents import ledger_latex
from claimcheck.publish.escape import plain
from claimcheck.publish.view import NOTHING, Extras

__all__ = ["DEBIAN_PACKAGES", "Compiled", "check_installed", "compile_latex", "ledger_pdf"]

DEBIAN_PACKAGES = "latexmk texlive-latex-recommended texlive-fonts-recommended texlive-pictures lmodern"
SECONDS = 300.0
"""Limit for a report, in seconds: 500 claims take about 10 on a slow core; what takes more by far never ends."""
_MEMORY_KB = 2 << 20  # address space of each process; pdflatex has fixed arrays and takes about 250 MB of it
_FILE_BLOCKS = 1 << 17  # of 512 bytes: no file grows over 64 MB; 500 claims make a PDF of 1
_LONGEST_LINE = 300  # characters of TeX's own words in an error of ours
# the shell sets the limits, in place of Python between fork and exec, where a thread of ours may hold a lock
_LIMITED = 'ulimit -v "$1" 2>/dev/null; ulimit -f "$2" 2>/dev/null; ulimit -t "$3" 2>/dev/null; shift 3; exec "$@"'
_COMMAND = (
    "latexmk",
    "-norc",  # no latexmkrc of the user or of the machine: they hold Perl
    "-pdf",
    "-pdflatex=pdflatex %O %S",
    "-bibtex-",
    "-silent",
    "-interaction=nonstopmode",
    "-halt-on-error",
    "-file-line-error",
    "-no-shell-escape",
    "report.tex",
)
_KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP")
_ERROR = re.compile(r"^(?:\./)?report\.tex:(?P<line>\d+): (?P<what>.*)$|^! (?P<other>.*)$", re.MULTILINE)
_MISSING_FILE = re.compile(r"File `([^']+)' not found|Font [^\n]*?=(\S+)[^\n]* not load|Font (\S+) at \d+ not found")
_ANCHOR = re.compile(r"\\(?:label\{|hyperref\[)(?P<name>[cr]-[A-Za-z0-9-]+)[}\]]")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What TeX made of a document: the PDF, and the log of the last run, in which boxes that are too wide are named."""

    pdf: bytes
    log: str


def ledger_pdf(ledger: Ledger, extras: Extras = NOTHING) -> bytes:
    """The LaTeX report as PDF.

    Raises UsageError where latexmk, pdflatex or one of TeX's packages is missing, and for a fragment, which is no
    document; ClaimcheckError where TeX fails or takes too long.
    """
    if extras.fragment:
        raise UsageError("a fragment is no document of its own", where="--fragment", todo="add --format tex")
    own = extras.templates is not None and any(extras.templates.glob("*.tex.j2"))
    return compile_latex(ledger_latex(ledger, extras), own_template=own).pdf


def compile_latex(document: bytes, *, seconds: float = SECONDS, own_template: bool = False) -> Compiled:
    """Runs latexmk on a document until its references stand, for at most `seconds`.

    `own_template`: a user's template made it, and an error says so. Raises as `ledger_pdf` does. Leaving it by an
    exception, Ctrl-C for instance, ends all that was started.
    """
    check_installed()
    with tempfile.TemporaryDirectory(prefix="claimcheck-tex-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "report.tex").write_bytes(document)
        code, said = _run(folder, seconds)
        log = _text(folder / "report.log")
        pdf = folder / "report.pdf"
        if code == 0 and pdf.is_file():
            return Compiled(pdf.read_bytes(), log)
    raise _failure(document, code, log, said, own_template)


def check_installed() -> None:
    """Raises UsageError where latexmk or pdflatex is missing: to be told before a paper is checked for minutes."""
    for program in ("latexmk", "pdflatex"):
        if shutil.which(program) is None:
            raise _not_installed(f"{program} is not installed")


def _run(folder: Path, seconds: float) -> tuple[int, str]:
    """latexmk's status and what it said; kills it and what it started when time is up."""
    command = [*_COMMAND]
    if os.name == "posix":
        limits = (str(_MEMORY_KB), str(_FILE_BLOCKS), str(max(1, round(seconds))))
        command = ["/bin/sh", "-c", _LIMITED, "sh", *limits, *command]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=os.name == "posix",
    ) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise ClaimcheckError(
                f"pdflatex did not end within {seconds:g} seconds",
                where="report.tex",
                todo="list fewer claims (claimcheck table --max-claims N), or choose --format html",
            ) from None
        finally:
            if process.returncode is None:
                _kill(process)
    return process.returncode, said.decode("utf-8", "replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started: latexmk does not end pdflatex with itself."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _environment(folder: Path) -> dict[str, str]:
    """Few variables of the caller's, and those that keep TeX in its folder and its output the same."""
    kept = {k: v for k, v in os.environ.items() if k in _KEPT}
    return kept | {
        "HOME": str(folder),  # no files of the user's own change the output
        "LC_ALL": "C",
        "TEXMFOUTPUT": str(folder),
        "openin_any": "p",
        "openout_any": "p",
        "shell_escape": "f",
        # fonts are installed, never made: METAFONT would be started for them
        "MKTEXPK": "0",
        "MKTEXTFM": "0",
        "SOURCE_DATE_EPOCH": "0",
        "FORCE_SOURCE_DATE": "1",
        "max_print_line": "1000",  # a message of the log stands on one line
    }


def _failure(document: bytes, code: int, log: str, said: str, own_template: bool) -> ClaimcheckError:
    missing = _MISSING_FILE.search(log)
    if missing is not None:
        return _not_installed(f"TeX has no {plain(next(filter(None, missing.groups())))[:100]}")
    error = _ERROR.search(log)
    if error is None:
        last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
        what = f"latexmk ended with status {code}: {plain(last)[:_LONGEST_LINE]}"
    else:
        what = f"pdflatex stopped: {plain(error['what'] or error['other'])[:_LONGEST_LINE]}"
    where = "report.tex"
    line = int(error["line"]) if error is not None and error["line"] else _line_of(log, error)
    if line:
        where += f", line {line}" + _near(document, line)
    if own_template:
        todo = "look at that line of --format tex, and mend your own template"
    else:
        todo = "look at that line of --format tex; this is a fault of claimcheck: please report it with the ledger"
    return ClaimcheckError(what, where=where, todo=todo)


def _line_of(log: str, error: re.Match[str] | None) -> int:
    """The line that TeX names below an error ("l.123 ..."), 0 where it names none."""
    found = re.search(r"^l\.(\d+) ", log[error.start() :] if error is not None else "", re.MULTILINE)
    return int(found[1]) if found is not None else 0


def _near(document: bytes, line: int) -> str:
    """The claim or reproduction whose label stands on that line or the nearest one before it."""
    lines = document.decode("utf-8", "replace").splitlines()[:line]
    names = (match["name"] for text in reversed(lines) for match in _ANCHOR.finditer(text))
    name = next(names, "")
    return f" (at {'claim' if name.startswith('c') else 'reproduction'} {name[2:]})" if name else ""


def _not_installed(what: str) -> UsageError:
    return UsageError(
        what, where="--format pdf", todo=f"install it (on Debian: {DEBIAN_PACKAGES}), or use --format tex"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("latin-1")
    except FileNotFoundError:
        return ""
