"""The files of a LaTeX source: which one is the paper, how their bytes decode, and which file a name in \\input
means.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from claimcheck.foundation.errors import NotAPaperError, UnreadableInputError
from claimcheck.reading.noise import without_terminal_codes

_MAIN_NAMES = ("ms", "main", "paper", "article", "thesis", "manuscript", "arxiv", "root")
_ASIDE = re.compile(r"backup|old|draft|copy|archive|response|rebuttal|cover|supp|template|sample|example|diff", re.I)
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_LARGEST_FILE = 20_000_000  # bytes of one source file


def decode(data: bytes) -> str:
    """Text of a source file: UTF-8 where it is that, else UTF-16 by its mark, else Windows-1252 with Latin-1's
    holes; without the codes that colour a terminal.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    return without_terminal_codes(text).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


@dataclass
class Project:
    """The given files by their relative path; nothing outside them can be read."""

    files: dict[str, bytes]
    main: str
    _by_name: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.files:
            self._by_name.setdefault(posixpath.basename(path).lower(), []).append(path)

    def text(self, path: str) -> str:
        """The decoded text of one of the files. Raises UnreadableInputError when it is too large."""
        data = self.files[path]
        if len(data) > _LARGEST_FILE:
            raise UnreadableInputError(
                f"a source file of {len(data):,} bytes is no paper", where=path, todo="remove it from the source"
            )
        return decode(data)

    def resolve(self, name: str, asking: str, extensions: tuple[str, ...] = (".tex", "")) -> str | None:
        """The path that `name` means in the file `asking`, or None when it is not among the files.

        A name is looked up beside the main file, then beside the asking file, then by its last part where only one
        file has
        it (authors' repositories often flatten folders). Raises UnreadableInputError for a name that leaves the folder.
        """
        wanted = name.strip().strip('"').replace("\\", "/")
        if not wanted or "|" in wanted:
            return None
        for folder in (posixpath.dirname(self.main), posixpath.dirname(asking), ""):
            for extension in extensions:
                path = posixpath.normpath(posixpath.join(folder, wanted + extension)).lstrip("/")
                if path in self.files:
                    return path
        for extension in extensions:
            same = self._by_name.get(posixpath.basename(wanted + extension).lower(), [])
            if len(same) == 1:
                return same[0]
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(asking), wanted))
        if joined.startswith("..") or wanted.startswith(("/", "~")) or re.match(r"[A-Za-z]:", wanted):
            raise UnreadableInputError(
                f"\\input{{{wanted}}} leaves the paper's folder",
                where=asking,
                todo="copy that file beside the paper and input it from there",
            )
        return None


def find_main(files: dict[str, bytes]) -> str:
    """The path of the file that is the paper: it has \\documentclass and \\begin{document}, stands highest, is
    named like
    a main file, inputs the most and is the longest, in this order. Raises NotAPaperError when there is none."""
    best: tuple[tuple[float, ...], str] | None = None
    for path, data in files.items():
        if not path.lower().endswith((".tex", ".ltx", ".latex")) and len(files) > 1:
            continue
        if b"\\begin" not in data or len(data) > _LARGEST_FILE:
            continue
        text = _COMMENT.sub("", decode(data))
        if not re.search(r"\\begin\s*\{document\}", text) or not re.search(r"\\document(?:class|style)", text):
            continue
        if re.search(r"\\documentclass\s*(?:\[[^\]]*\])?\s*\{(?:subfiles|standalone)\}", text):
            continue
        stem = posixpath.splitext(posixpath.basename(path))[0].lower()
        depth = path.count("/")
        has_body = len(text) > 2000 or len(re.findall(r"\\(?:input|include|subfile)\b", text)) > 2
        score = (
            -float(bool(_ASIDE.search(path))),
            float(has_body),
            -float(depth),
            float(stem in _MAIN_NAMES),
            float(len(re.findall(r"\\(?:input|include|subfile)\b", text))),
            float(len(text)),
        )
        if best is None or score > best[0]:
            best = (score, path)
    if best is None:
        # a fragment without preamble is still readable when it is the only one
        tex = [p for p in files if p.lower().endswith((".tex", ".ltx", ".latex"))]
        if tex:
            return max(tex, key=lambda p: len(files[p]))
        raise NotAPaperError(
            "no LaTeX file among the sources", todo="give the folder or archive that holds the .tex files"
        )
    return best[1]
