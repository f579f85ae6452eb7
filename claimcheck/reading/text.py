"""Plain text and Markdown to Document: headings, paragraphs, lists, pipe tables; noise is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from claimcheck.foundation.errors import NotAPaperError, UnreadableInputError
from claimcheck.foundation.records import Cell, Document, Paper, Section, Sentence, Table
from claimcheck.reading.latex.fragment import fragment_text
from claimcheck.reading.noise import is_noise, without_terminal_codes
from claimcheck.reading.sentences import split_sentences

__all__ = ["decode_text", "read_text"]

_LARGEST = 20_000_000  # bytes
_HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<title>.+?)\s*#*$")
_NUMBERED = re.compile(
    r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z](?:\.\d{1,2}){1,3}|[A-Z](?=\.))\.?\s+"
    r"(?P<title>[A-Z][^.!?]{1,80})$"
)
_BARE = re.compile(
    r"(?:abstract|introduction|related work|background|methods?|approach|experiments?|results|evaluation|"
    r"discussion|limitations|"
    r"conclusions?|references|bibliography|acknowledge?ments?|appendix)\s*:?$",
    re.IGNORECASE,
)
_TABLE_CAPTION = re.compile(
    r"\W*(?:Table|Tab\.)\s*(?P<number>[A-Z]?\.?\d+(?:\.\d+)*|[IVXL]+)\s*[:.—–-]?\W*\s*(?P<text>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_DELIMITER = re.compile(r"\s*\|?\s*:?-{1,}:?\s*(?:\|\s*:?-{1,}:?\s*)*\|?\s*$")
_ITEM = re.compile(r"\s*(?:[-*+•▪◦‣]|\d{1,3}[.)])\s+")
_REFERENCES = re.compile(r"(?:references|bibliography)\b", re.IGNORECASE)


def decode_text(data: bytes) -> str:
    """Text of bytes in UTF-8, UTF-16, UTF-32 (by their marks) or Windows-1252."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_text(data: bytes, paper: Paper) -> Document:
    """The paper in plain text or Markdown; a title may stand in its first line.

    Raises UnreadableInputError for an empty or too large file and NotAPaperError for noise or text without a sentence.
    """
    if not data.strip():
        raise UnreadableInputError("the file is empty", where=paper.id, todo="give a file with text in it")
    if len(data) > _LARGEST:
        raise NotAPaperError(f"a text of {len(data):,} bytes is no paper", where=paper.id, todo="give one paper a file")
    text = without_terminal_codes(decode_text(data))
    if is_noise(text):
        raise NotAPaperError(
            "the file holds no readable text", where=paper.id, todo="give a PDF, LaTeX, HTML or text file"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n\n")
    walker = _Walker()
    walker.read(text.split("\n"))
    if not any(s.kind in ("body", "abstract", "caption") for s in walker.sentences):
        raise NotAPaperError("the text holds no readable sentence", where=paper.id, todo="give the paper's full text")
    update: dict[str, object] = {"source_kind": "text"}
    if not paper.title and walker.title:
        update["title"] = walker.title
    if not paper.abstract:
        update["abstract"] = " ".join(s.text for s in walker.sentences if s.kind == "abstract")
    return Document(
        paper=paper.model_copy(update=update),
        sections=tuple(walker.sections),
        sentences=tuple(walker.sentences),
        tables=tuple(walker.tables),
    )


@dataclass
class _Walker:
    """Reads lines into sections, sentences and tables."""

    title: str = ""
    sections: list[Section] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    _lines: list[tuple[int, str]] = field(default_factory=list)  # of the open paragraph
    _paragraph: int = 0
    _kind: str = "body"
    _caption: tuple[str, str] = ("", "")  # of the table that follows

    def read(self, lines: list[str]) -> None:
        """Walk all lines once."""
        i = 0
        fenced = False
        while i < len(lines):
            line = lines[i]
            if line.lstrip().startswith(("```", "~~~")):
                self._flush()
                fenced = not fenced
            elif fenced:
                pass
            elif not line.strip():
                self._flush()
            elif "|" in line and i + 1 < len(lines) and _DELIMITER.match(lines[i + 1]) and "|" in lines[i + 1]:
                i = self._table(lines, i)
                continue
            elif (level := self._heading_level(lines, i)) is not None:
                self._flush()
                self._heading(line, level, i + 1)
                if i + 1 < len(lines) and re.fullmatch(r"\s*(={3,}|-{3,})\s*", lines[i + 1]):
                    i += 1
            else:
                if _ITEM.match(line):
                    self._flush()
                self._lines.append((i + 1, line))
            i += 1
        self._flush()

    def _heading_level(self, lines: list[str], i: int) -> int | None:
        line = lines[i].strip()
        m = _HEADING.match(line)
        if m is not None:
            return len(m["marks"])
        following = lines[i + 1].strip() if i + 1 < len(lines) else ""
        alone = not self._lines and (not following or re.fullmatch(r"={3,}|-{3,}", following) is not None)
        if alone and re.fullmatch(r"={3,}|-{3,}", following):
            return 1 if following[0] == "=" else 2
        if alone and (n := _NUMBERED.match(line)) is not None:
            return n["number"].count(".") + 1
        if (alone or i == 0 or not lines[i - 1].strip()) and _BARE.match(line):
            return 1
        first_text = not self.sentences and not self.sections and not self._lines
        if (
            first_text
            and alone
            and len(line) < 200
            and not line.endswith((".", "!", "?", ":"))
            and len(line.split()) > 1
        ):
            return 0
        return None

    def _heading(self, line: str, level: int, number: int) -> None:
        m = _HEADING.match(line.strip())
        title = _plain(m["title"] if m is not None else line.strip())
        n = _NUMBERED.match(title)
        printed = ""
        if n is not None:
            printed, title = n["number"], n["title"]
        if not self.title and not self.sections and not printed and level <= 1 and not _BARE.match(title):
            self.title = title
            self.sentences.append(Sentence(text=title, kind="title", line=number))
            return
        kind = "body"
        if re.match(r"(?i)abstract\b", title):
            kind = "abstract"
        elif _REFERENCES.match(title):
            kind = "references"
        elif re.match(r"(?i)acknowledg", title):
            kind = "other"
        elif re.match(r"(?i)appendix", title) or re.match(r"[A-Z](\.|$)", printed):
            kind = "appendix"
        self.sections.append(Section(title=title.rstrip(":"), number=printed, level=max(1, level), kind=kind))
        self._kind = {"abstract": "abstract", "references": "reference"}.get(kind, "body")
        self._add(title, [(0, number)], "heading")

    def _flush(self) -> None:
        """End the paragraph."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        text, places = "", []
        for number, line in lines:
            item = _ITEM.match(line) if not text else None
            piece = _plain(line[item.end() :] if item is not None else line)
            if text.endswith("-") and piece[:1].islower() and text[-2:-1].isalpha():
                text = text[:-1]  # a word hyphenated at the line's end
            elif text:
                text += " "
            places.append((len(text), number))
            text += piece
        caption = _TABLE_CAPTION.match(text)
        if caption is not None and re.match(r"\W*(?:Table|Tab\.)\s*\S+\s*[:.—–-]", text) and len(text) < 1500:
            self._caption = (caption["number"], caption["text"].strip(" *_"))
            if self.tables and self.tables[-1].label.startswith("#") and not self.tables[-1].caption:
                # the caption stood below its table
                self.tables[-1] = self.tables[-1].model_copy(
                    update={"label": self._unique(self._caption[0]), "caption": self._caption[1]}
                )
                self._caption = ("", "")
            self._add(text, places, "caption")
            return
        self._add(text, places, self._kind)

    def _add(self, text: str, places: list[tuple[int, int]], kind: str) -> None:
        if not any(c.isalnum() for c in text):
            return
        spans = [(0, len(text))] if kind in ("heading", "reference") else split_sentences(text)
        for start, end in spans:
            line = next((n for offset, n in reversed(places) if offset <= start), places[0][1])
            if any(c.isalnum() for c in text[start:end]):
                self.sentences.append(
                    Sentence(
                        text=text[start:end],
                        section=len(self.sections) - 1,
                        paragraph=self._paragraph,
                        kind=kind,
                        line=line,
                    )
                )
        self._paragraph += 1

    def _table(self, lines: list[str], i: int) -> int:
        """Read a pipe table that begins at line i; gives the line after it."""
        self._flush()
        rows = [_cells(lines[i])]
        j = i + 2
        while j < len(lines) and "|" in lines[j] and lines[j].strip():
            rows.append(_cells(lines[j]))
            j += 1
        number, caption = self._caption
        self._caption = ("", "")
        label = self._unique(number or f"#{sum(t.label.startswith('#') for t in self.tables) + 1}")
        self.tables.append(
            Table.from_grid(rows, caption, label, header_rows=1, section=len(self.sections) - 1, line=i + 1)
        )
        return j

    def _unique(self, label: str) -> str:
        taken = {t.label for t in self.tables}
        base, count = label, 1
        while label in taken:
            count += 1
            label = f"{base} ({count})"
        return label


def _cells(line: str) -> list[Cell]:
    """The cells of a row of a pipe table; "\\|" is a bar inside a cell."""
    inner = line.strip()
    inner = inner[1:] if inner.startswith("|") else inner
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    out: list[Cell] = []
    for part in re.split(r"(?<!\\)\|", inner):
        text = part.replace("\\|", "|").strip()
        bold = re.fullmatch(r"\*\*.+\*\*|__.+__", text) is not None
        out.append(Cell(text=_plain(text), bold=bold))
    return out


def _plain(text: str) -> str:
    """A line without Markdown's and LaTeX's marks."""
    text = re.sub(r"!\[[^\]]{0,500}\]\([^)\s]{0,1000}\)", "", text)
    text = re.sub(r"\[([^\]]{1,500})\]\([^)\s]{1,1000}\)", r"\1", text)
    text = re.sub(r"\*\*(.+?)\*\*|__(.+?)__", lambda m: m[1] or m[2], text)
    text = re.sub(r"(?<![\w*])\*([^*\s][^*]{0,300}?)\*(?![\w*])", r"\1", text)
    text = re.sub(r"`([^`]+)`", r"\1", text)
    if re.search(r"\\[A-Za-z]{2,}|\$[^$]{1,200}\$", text) and len(text) < 5000:
        text = fragment_text(text.replace("%", "\\%").replace("#", "\\#").replace("&", "\\&").replace("\\\\%", "\\%"))
    return " ".join(text.split())
