"""The 306 texts of SciREX as documents: sections and sentences put together from their words, without tables."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from claimcheck.foundation.records import Document, Paper, Section, Sentence

_HEADINGS = {"section": 1, "subsection": 2, "subsubsection": 3}
# blanks that the set's tokenizer put between what is printed as one
_TOGETHER = (
    (r"(?<=\w) - (?=\w)", "-"), (r"(?<=\d) \. (?=\d)", "."), (r"(?<=\d) , (?=\d{3}\b)", ","),
    (r"\s+(?=[.,;:%)\]?!])", ""), (r"(?<=[(\[])\s+", ""), (r"\s+(?=['’]s\b)", ""), (r" / ", "/"),
    (r"\[reference\]", ""), (r"\s+", " "),
)  # fmt: skip


def scirex_texts(path: Path, limit: int) -> Iterator[Document]:
    """The first `limit` documents of a SciREX file (.jsonl.xz)."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for n, line in enumerate(lines):
            if n >= limit:
                return
            yield _document(json.loads(line))


def _document(raw: dict[str, Any]) -> Document:
    sections: list[Section] = []
    sentences: list[Sentence] = []
    title = ""
    for start, end in raw["sentences"]:
        words: Sequence[str] = raw["words"][start:end]
        if len(words) > 1 and words[0] in _HEADINGS and words[1] == ":":
            name = _joined(words[2:])
            kind: Any = "abstract" if name.lower().startswith("abstract") else "body"
            sections.append(Section(title=name[:120], level=_HEADINGS[words[0]], kind=kind))
        elif not sections:
            title = title or _joined(words)
        elif text := _joined(words):
            here = len(sections) - 1
            kind = "abstract" if sections[here].kind == "abstract" else "body"
            sentences.append(Sentence(text=text, section=here, paragraph=here, kind=kind, page=1))
    paper = Paper(id=raw["doc_id"][:10], title=title)
    return Document(paper=paper, sections=tuple(sections), sentences=tuple(sentences))


def _joined(words: Sequence[str]) -> str:
    text = " ".join(words)
    for pattern, new in _TOGETHER:
        text = re.sub(pattern, new, text)
    return text.strip()
