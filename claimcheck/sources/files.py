"""Local papers: a file, a folder or bytes -> Source. What something is, is read from its bytes, not from its name."""

from __future__ import annotations

import difflib
import errno
import hashlib
import json
import os
import posixpath
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError
from claimcheck.foundation.records import Paper, Source, SourceKind
from claimcheck.foundation.settings import Settings
from claimcheck.sources.archive import (
    HTML_SUFFIXES,
    TEX_SUFFIXES,
    Limits,
    gunzip,
    is_tar,
    is_wanted,
    looks_like_text,
    unpack_tar,
    unpack_zip,
)
from claimcheck.sources.identify import arxiv_id_in_file_name

__all__ = ["Contents", "Holds", "from_bytes", "from_path", "read_contents", "sniff"]

Holds = Literal[
    "pdf", "gzip", "tar", "zip", "html", "latex", "text", "postscript", "image", "packed", "binary", "empty"
]

_SAID = {
    "pdf": "a PDF",
    "gzip": "a gzip archive",
    "tar": "a tar archive",
    "zip": "a zip archive",
    "html": "HTML",
    "latex": "LaTeX",
    "text": "text",
    "postscript": "PostScript",
    "image": "an image",
    "packed": "an archive of a kind that is not read",
    "binary": "binary data",
    "empty": "nothing",
}
# what a suffix promises; a promise that the bytes break is an error, for it is a broken download or a mix-up
_PROMISES: dict[str, tuple[Holds, ...]] = {
    ".pdf": ("pdf",),
    **dict.fromkeys(TEX_SUFFIXES, ("latex", "text")),
    **dict.fromkeys(HTML_SUFFIXES, ("html",)),
    ".txt": ("text", "latex", "html"),
    ".md": ("text", "latex", "html"),
    **dict.fromkeys((".gz", ".tgz", ".tar", ".zip"), ("gzip", "tar", "zip")),
}
_BEGINNINGS: tuple[tuple[bytes, Holds], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"%!PS", "postscript"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ", "packed"),
    (b"7z\xbc\xaf", "packed"),
    (b"Rar!", "packed"),
)
_HTML_START = re.compile(rb"<(?:!doctype\s+html|html|head|body|article)\b", re.IGNORECASE)
# no alternative may match what another one does: these run over hostile bytes
_LATEX_START = re.compile(rb"(?:%[^\n]*\n|\s)*\\(?:documentclass|documentstyle|RequirePackage|begin\s*\{document\})")
_LATEX_CLASS = re.compile(
    rb"^[^%\n]*\\document(?:class|style)\s{0,9}(?:\[[^\]]{0,2000}\])?\s{0,9}\{\s{0,9}(?!standalone|subfiles)",
    re.MULTILINE,
)
_TEX_COMMAND = re.compile(rb"\\(?:documentclass|documentstyle|begin\s*\{|section\b|input\b|magnification\b|def\\)")
# without TeX, what an archive or folder may hold the paper as, in this order
_OTHER_FORMS: tuple[tuple[SourceKind, str, frozenset[str]], ...] = (
    ("html", "HTML", HTML_SUFFIXES),
    ("pdf", "PDF", frozenset({".pdf"})),
    ("text", "text", frozenset({".txt", ".md"})),
)
_MAIN_STEMS = ("main", "ms", "paper", "article", "manuscript")


@dataclass(frozen=True, slots=True)
class Contents:
    """What an input holds: its kind, the files a reader needs by relative path, the entry among them or ""."""

    kind: SourceKind
    files: dict[str, bytes]
    main: str = ""


def from_path(path: Path, settings: Settings) -> Source:
    """The paper in a file or folder.

    Its id is the arXiv id that the name is ("2005.13013v2.pdf"), else the name without suffix.
    Raises MissingInputError, UnreadableInputError.
    """
    limits = Limits.of(settings)
    where = str(path)
    if "\0" in where:
        raise _missing(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            contents, sha256 = _read_folder(path, limits)
            # "." and "thesis/.." have no name of their own
            return _source(contents, sha256, path.resolve().name)
        if not stat.S_ISREG(mode):
            raise UnreadableInputError("is neither a file nor a folder", where=where, todo="pass the paper's file")
        with path.open("rb") as file:
            data = file.read(limits.packed + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise _missing(path) from None
        what = f"cannot be read ({(error.strerror or str(error)).lower()})"
        raise UnreadableInputError(
            what, where=str(error.filename or where), todo="check its rights and the disk"
        ) from None
    contents = read_contents(data, path.name, limits, where=where)
    return _source(contents, hashlib.sha256(data).hexdigest(), _stem(path.name))


def from_bytes(data: bytes, settings: Settings, *, name: str = "") -> Source:
    """The paper in `data`; `name`, where given, is taken as its file name; the id comes from it as in `from_path`."""
    sha256 = hashlib.sha256(data).hexdigest()
    base = PurePosixPath(name.replace("\\", "/")).name
    contents = read_contents(data, base, Limits.of(settings), where=name or "the bytes given")
    return _source(contents, sha256, _stem(base) or sha256[:12])


def sniff(data: bytes) -> Holds:
    """What the bytes are, by their beginning."""
    if len(data) < 65536 and not data.strip(b"\x00\t\n\r "):
        return "empty"
    for beginning, holds in _BEGINNINGS:
        if data.startswith(beginning):
            return holds
    if is_tar(data):
        return "tar"
    # a PDF may begin with other bytes; an archive whose first member is one is no PDF, so archives come first
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if not looks_like_text(data):
        return "binary"
    head = data[:65536].removeprefix(b"\xef\xbb\xbf")
    if _HTML_START.match(_after_prologue(head)):
        return "html"
    return "latex" if _LATEX_START.match(head) else "text"


def _after_prologue(head: bytes) -> bytes:
    """The beginning of markup behind its XML declaration and comments."""
    while True:
        head = head.lstrip()
        end = next((e for s, e in ((b"<?xml", b"?>"), (b"<!--", b"-->")) if head.startswith(s)), b"")
        if not end or end not in head:
            return head
        head = head.partition(end)[2]


def read_contents(data: bytes, name: str, limits: Limits, *, where: str) -> Contents:
    """What a file named `name` ("" where unknown) holds. Raises UnreadableInputError."""
    if len(data) > limits.packed:
        what = f"is larger than {limits.packed // 10**6} MB"
        raise UnreadableInputError(what, where=where, todo="pass a smaller file or raise CLAIMCHECK_MAX_INPUT_MB")
    holds = sniff(data)
    if holds == "empty":
        raise UnreadableInputError("is empty", where=where, todo="fetch it again")
    suffix = posixpath.splitext(name)[1].lower()
    if suffix in _PROMISES and holds not in _PROMISES[suffix]:
        saved = " (perhaps a saved log-in or error page)" if holds == "html" else ""
        what = f"is named {suffix} but holds {_SAID[holds]}{saved}"
        raise UnreadableInputError(what, where=where, todo="fetch it again or give it its right name")
    match holds:
        case "pdf":
            return _single("pdf", data, name, ".pdf")
        case "html":
            return _single("html", data, name, ".html")
        case "latex":
            return _single("latex", data, name, ".tex")
        case "text":
            # a chapter has no class line; without a telling name its commands decide
            if suffix in TEX_SUFFIXES or (suffix not in (".txt", ".md") and _is_tex(data)):
                return _single("latex", data, name, ".tex")
            return _single("text", data, name, ".txt")
        case "zip":
            return _choose(unpack_zip(data, limits, where=where), where)
        case "tar":
            return _choose(unpack_tar(data, limits, where=where), where)
        case "gzip" if is_tar(data, packed=True):
            return _choose(unpack_tar(data, limits, where=where), where)
        case "gzip":
            return _read_gzip(data, name, limits, where)
        case "postscript":
            todo = "convert it to PDF, for example with ps2pdf, and pass that"
            raise UnreadableInputError("holds PostScript, which is not read", where=where, todo=todo)
    todo = "pass a PDF, LaTeX, HTML or text file, or a tar.gz or zip of a LaTeX source"
    raise UnreadableInputError(f"holds {_SAID[holds]}, not a paper", where=where, todo=todo)


def _read_gzip(data: bytes, name: str, limits: Limits, where: str) -> Contents:
    inner = gunzip(data, limits, where=where)
    holds = sniff(inner)
    if holds == "gzip" and is_tar(inner, packed=True):  # packed twice, as some servers do
        return _choose(unpack_tar(inner, limits, where=where), where)
    if holds in ("pdf", "html", "latex", "text"):
        inner_name = re.sub(r"\.gz$", "", name, flags=re.IGNORECASE)
        if posixpath.splitext(inner_name)[1].lower() not in _PROMISES:
            inner_name = _stem(name)
        return read_contents(inner, inner_name, Limits(packed=limits.unpacked), where=where)
    what = "is empty" if holds == "empty" else f"holds {_SAID[holds]}, not a paper"
    raise UnreadableInputError(what, where=where, todo="pass the paper's source or its PDF")


def _single(kind: SourceKind, data: bytes, name: str, suffix: str) -> Contents:
    stem = _stem(name) or "paper"
    known = posixpath.splitext(name)[1].lower() in _PROMISES and not name.lower().endswith((".gz", ".tgz"))
    file_name = _printable(name) if known else stem + suffix
    return Contents(kind, {file_name: data}, file_name)


def _choose(files: dict[str, bytes], where: str) -> Contents:
    """The paper among the files of an archive or folder: its LaTeX source, else its one HTML, PDF or text file."""

    def named(suffixes: frozenset[str]) -> list[str]:
        # what arXiv keeps in anc/ was added to a paper and is not the paper  # codespell:ignore anc
        found = [n for n in files if posixpath.splitext(n)[1].lower() in suffixes]
        return [n for n in found if "anc" not in n.split("/")[:-1]] or found  # codespell:ignore anc

    bare = [n for n in files if "." not in posixpath.basename(n) and sniff(files[n]) == "latex"]
    if named(TEX_SUFFIXES) or bare:
        texts = {n: d for n, d in files.items() if not n.lower().endswith(".pdf")}
        return Contents("latex", texts, _find_main(texts))
    for kind, said, suffixes in _OTHER_FORMS:
        names = [n for n in named(suffixes) if kind != "text" or not posixpath.basename(n).lower().startswith("readme")]
        index = [n for n in names if posixpath.basename(n).lower().startswith("index.")]
        if len(names) == 1 or len(index) == 1:
            name = (index or names)[0]
            return read_contents(files[name], name, Limits(packed=len(files[name])), where=f"{where}: {name}")
        if names:
            what = f"holds {len(names)} {said} files and no TeX"
            raise UnreadableInputError(what, where=where, todo=f"pass the paper's own, such as {names[0]}")
    what = "holds no paper (no TeX, HTML, PDF or text file)"
    raise UnreadableInputError(what, where=where, todo="pass the paper's file or the folder of its source")


def _find_main(files: dict[str, bytes]) -> str:
    """The file to run TeX on where the source leaves little doubt, else "".

    It is the one that arXiv's 00README names, else the only one with a class line in the outermost folder that has one,
    else the one of those with a usual name.
    """
    for name, data in files.items():
        if posixpath.basename(name).upper().startswith("00README"):
            found = posixpath.join(posixpath.dirname(name), _declared_main(data[:100_000]))
            if found in files:
                return found
    candidates = [
        name
        for name, data in files.items()
        if posixpath.splitext(name)[1].lower() in {*TEX_SUFFIXES, ""} and _LATEX_CLASS.search(data[:200_000])
    ]
    # copies and backups lie deeper than what they copy
    depth = min((n.count("/") for n in candidates), default=0)
    outermost = [n for n in candidates if n.count("/") == depth]
    usual = [
        n for stem in _MAIN_STEMS for n in outermost if posixpath.splitext(posixpath.basename(n))[0].lower() == stem
    ]
    return outermost[0] if len(outermost) == 1 else next(iter(usual), "")


def _declared_main(readme: bytes) -> str:
    """The top-level file that an arXiv 00README.json or 00README.XXX names, or ""."""
    try:
        entries = json.loads(readme)["sources"]
        return next(str(e["filename"]) for e in entries if e.get("usage") == "toplevel")
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError):
        line = re.search(rb"^[ \t]*(\S{1,300})[ \t]+toplevelfile\b", readme, re.MULTILINE)
        return line[1].decode("utf-8", "replace") if line else ""


def _read_folder(path: Path, limits: Limits) -> tuple[Contents, str]:
    """A folder's contents and the sha256 of the sorted names and contents of the files that were read."""
    files: dict[str, bytes] = {}
    size = 0
    for name, file in _walk(path, limits):
        size += file.stat().st_size
        if size > limits.unpacked or len(files) >= limits.files:
            what = f"holds more than {limits.files} files or {limits.unpacked // 10**6} MB"
            raise UnreadableInputError(what, where=str(path), todo="pass the folder of one paper's source")
        data = file.read_bytes()
        if looks_like_text(data) or b"%PDF-" in data[:1024]:
            files[name] = data
    if not files:
        what = "is a folder without a paper in it"
        raise UnreadableInputError(what, where=str(path), todo="pass the folder of a LaTeX source, or a file")
    contents = _choose(files, str(path))
    digest = hashlib.sha256()
    for name in sorted(contents.files):
        digest.update(f"{name}\0{len(contents.files[name])}\0".encode())
        digest.update(contents.files[name])
    return contents, digest.hexdigest()


def _walk(root: Path, limits: Limits) -> Iterator[tuple[str, Path]]:
    """(relative name, path) of the files in a folder that a reader may need, in order; no links, nothing hidden."""
    seen = 0
    has_tex = False
    pdfs: list[tuple[str, Path]] = []
    for folder, folders, names in os.walk(root, onerror=_raise):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and not (Path(folder) / f).is_symlink())
        for name in sorted(names):
            seen += 1
            if seen > 20 * limits.files:
                what = f"holds more than {20 * limits.files} files"
                raise UnreadableInputError(what, where=str(root), todo="pass the folder of one paper's source")
            file = Path(folder) / name
            status = file.lstat()
            if name.startswith(".") or not stat.S_ISREG(status.st_mode) or not is_wanted(name, status.st_size):
                continue
            # the system's own files say that they are empty, and reading some waits for ever
            if status.st_size == 0:
                continue
            relative = _printable(file.relative_to(root).as_posix())
            has_tex = has_tex or file.suffix.lower() in TEX_SUFFIXES
            if file.suffix.lower() == ".pdf":
                pdfs.append((relative, file))
            else:
                yield relative, file
    if not has_tex:
        yield from pdfs


def _raise(error: OSError) -> None:
    raise error


def _source(contents: Contents, sha256: str, stem: str) -> Source:
    stem = _printable(stem)
    found = arxiv_id_in_file_name(stem)
    paper = Paper(
        id=found.id if found else stem,
        version=found.version if found else "",
        url=f"https://arxiv.org/abs/{found}" if found else "",
        source_kind=contents.kind,
        source_sha256=sha256,
    )
    return Source(paper=paper, kind=contents.kind, files=contents.files, main=contents.main)


def _missing(path: Path) -> MissingInputError:
    """There is no such path; names of the folder that come near it are suggested."""
    try:
        names = [p.name for p in path.parent.iterdir()]
    except (OSError, ValueError):
        names = []
    near = difflib.get_close_matches(path.name[:255], names, n=2, cutoff=0.7)
    near = near or [n for n in sorted(names) if _stem(n).lower() == path.name.lower()][:2]
    todo = f"did you mean {' or '.join(map(repr, near))}?" if near else "check the path, or give an arXiv id"
    return MissingInputError("there is no such file or folder", where=str(path)[:200], todo=todo)


def _is_tex(data: bytes) -> bool:
    return bool(_TEX_COMMAND.search(data[:65536]))


def _stem(name: str) -> str:
    """A file's name without the suffixes of its kind; "2005.13013" has none."""
    stem = re.sub(r"\.(?:tar\.gz|tgz|tar|gz|zip)$", "", name, flags=re.IGNORECASE)
    base, suffix = posixpath.splitext(stem)
    return _printable(base if suffix.lower() in _PROMISES and base else stem)


def _printable(name: str) -> str:
    # names of unknown encoding come with lone surrogates, which no JSON takes
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
