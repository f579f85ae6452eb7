"""Compiles LaTeX sources to PDF with TeX Live, so that one document can be read in both forms.

    python -m benchmarks.reading.compiled FOLDER_OR_FILE ...

A source is copied into a temporary folder and built there by latexmk: no shell escape, no file outside the folder and
TeX Live's own trees readable or writable, no latexmkrc of the source, a limit on time. The PDF is kept in the cache
under a hash of the files; what does not compile is tried again at the next call, as an installed style may be all it
lacked. claimcheck itself never runs TeX.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from claimcheck.foundation.errors import NotAPaperError
from claimcheck.foundation.settings import Settings
from claimcheck.reading.latex.project import find_main

SECONDS = 240.0  # for one source, all passes
STYLES = (".sty", ".cls", ".bst", ".clo", ".def", ".cfg")
LEFT_OUT = {"latexmkrc", ".latexmkrc"}  # Perl that latexmk would run
# how a source is built: with pdfTeX, over DVI for figures in PostScript, with frames for figures that are not there
ENGINES = (("-pdf",), ("-pdfps",), ("-pdf", r"-usepretex=\PassOptionsToPackage{demo}{graphicx}"))
_NAMED = re.compile(rb"\{([^{}\\\n]{1,200})\}")
# what a package says about itself leaves the text whole; an unknown command or a lost file does not
_HARMLESS = re.compile(r"! (?:Package (?!pdftex\.def)\w+ Error|Class \w+ Error|patch failed)")
_RECIPE = "6"  # part of the hash: raise it when the way of building changes what comes out


@dataclass(frozen=True)
class Compiled:
    """The PDF of a source, or None and the reason why there is none."""

    source: Path
    pdf: Path | None
    reason: str = ""


def compiled(tex: Path) -> Path | None:
    """The PDF of a LaTeX folder or file, None where it does not compile (the reason goes to standard error)."""
    made = compile_source(tex)
    if made.pdf is None:
        print(f"{tex.name} does not compile: {made.reason}", file=sys.stderr)
    return made.pdf


def compile_source(tex: Path, seconds: float = SECONDS) -> Compiled:
    """The PDF of a LaTeX folder (its main file as claimcheck's reader picks it) or of one file.

    Of a file's neighbours only those that it names, directly or through another one, and style files are taken along,
    so that a folder of many documents rebuilds only what has changed. Raises FileNotFoundError for a path that is not
    there.
    """
    if not tex.exists():
        raise FileNotFoundError(tex)
    try:
        files, main = source_files(tex)
    except NotAPaperError as error:
        return Compiled(tex, None, str(error))
    kept = Settings.load().home / "benchmarks" / "compiled" / f"{_digest(files, main)}.pdf"
    if kept.is_file():
        return Compiled(tex, kept)
    if shutil.which("latexmk") is None or shutil.which("pdflatex") is None:
        return Compiled(tex, None, "latexmk or pdflatex is not installed")
    reason = ""
    for engine in ENGINES:
        with tempfile.TemporaryDirectory(prefix="claimcheck-tex-") as folder:
            made, why = _build(Path(folder), files, main, engine, seconds)
            if made is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                part = kept.with_suffix(f".{os.getpid()}.part")
                shutil.copyfile(made, part)
                part.replace(kept)
                return Compiled(tex, kept)
            reason = reason or why
    return Compiled(tex, None, reason)


def source_files(tex: Path) -> tuple[dict[str, Path], str]:
    """(files by their path in the build folder, the main one). Raises NotAPaperError for a folder without one."""
    if tex.is_dir():
        files = {
            p.relative_to(tex).as_posix(): p
            for p in sorted(tex.rglob("*"))
            if p.is_file() and not p.is_symlink() and p.name not in LEFT_OUT and ".git" not in p.parts
        }
        texts = {name: p.read_bytes() for name, p in files.items() if p.suffix.lower() in (".tex", ".ltx", ".latex")}
        return files, find_main(texts)
    beside = {
        p.relative_to(tex.parent).as_posix(): p
        for p in sorted(tex.parent.rglob("*"))
        if p.is_file() and not p.is_symlink() and p.name not in LEFT_OUT
    }
    files = {name: p for name, p in beside.items() if p.suffix.lower() in STYLES}
    files[tex.name] = tex
    waiting = [tex]
    while waiting:
        named = {
            part.strip().removeprefix("./")
            for m in _NAMED.findall(waiting.pop().read_bytes())
            for part in m.decode("utf-8", errors="replace").split(",")
        }
        for name, path in beside.items():
            if name not in files and (name in named or name.rpartition(".")[0] in named):
                files[name] = path
                if path.suffix.lower() in (".tex", ".ltx"):
                    waiting.append(path)
    return files, tex.name


def _digest(files: dict[str, Path], main: str) -> str:
    digest = hashlib.sha256(f"{_RECIPE}\0{main}\0".encode())
    for name, path in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:24]


def _stand_in_for_styles(folder: Path, files: dict[str, Path]) -> None:
    """Puts plainnat in the place of a bibliography style that is nowhere: else every citation would print "?"."""
    for path in files.values():
        if path.suffix.lower() not in (".tex", ".ltx"):
            continue
        for m in re.finditer(rb"\\bibliographystyle\{([\w.\-]+)\}", path.read_bytes()):
            style = f"{m[1].decode()}.bst"
            if not (folder / style).exists() and not _found(style) and (plainnat := _found("plainnat.bst")):
                shutil.copyfile(plainnat, folder / style)


def _found(name: str) -> str:
    """Where TeX Live keeps a file; "" where it has none."""
    asked = subprocess.run(["kpsewhich", "--", name], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def _build(
    folder: Path, files: dict[str, Path], main: str, engine: tuple[str, ...], seconds: float
) -> tuple[Path | None, str]:
    """(the PDF in `folder` or None, why not)."""
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    _stand_in_for_styles(folder, files)
    stem = Path(main).stem
    bibliography = folder / Path(main).with_suffix(".bbl")
    # a delivered .bbl is used as it is where the database for it is missing, and not thrown away
    bibtex = ("-bibtex-",) if bibliography.exists() else ("-bibtex",)
    command = ["latexmk", "-norc", *engine, *bibtex, "-interaction=nonstopmode", "-f", "-silent"]
    command += ["-latexoption=-no-shell-escape", main]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TEXMFHOME": str(folder / "texmf-home"),
        "TEXMFVAR": os.environ.get("TEXMFVAR", str(Path(tempfile.gettempdir()) / "claimcheck-texmf-var")),
        "openin_any": "p",
        "openout_any": "p",
        "shell_escape": "f",
        "SOURCE_DATE_EPOCH": "1700000000",  # the same source gives the same date in the PDF
        "LC_ALL": "C.UTF-8",
    }
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None, f"not finished after {seconds:g} s"
    log = folder / f"{stem}.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    error = next((line for line in text.splitlines() if line.startswith("!") and not _HARMLESS.match(line)), "")
    made = folder / f"{stem}.pdf"
    # bibtex may fail over a missing database, and references stay open: the tables and the text are the same
    if made.is_file() and made.stat().st_size > 0 and not error:
        return made, ""
    return None, error.removeprefix("! ").strip() or f"latexmk gave up with code {process.returncode}"


def main() -> None:
    """Compiles each source and prints where its PDF lies, or why there is none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", type=Path)
    for source in parser.parse_args().sources:
        made = compile_source(source)
        print(f"{source.name}: {made.pdf or made.reason}")


if __name__ == "__main__":
    main()
