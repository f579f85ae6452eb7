"""Signs in a document that something in it may have been read wrongly: where a person should look first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import Document, Table

__all__ = ["Doubt", "doubts"]

MOST = 40  # doubts of one kind that are named; the others are counted
LONG_WORD = 30  # letters; the longest word of most papers has fewer, two joined ones have not
LONG_SENTENCE = 120  # words
_CAPTION = re.compile(r"Table\s+([A-Z]?\.?\d+(?:\.\d+)*|[IVXL]+)\b\s*[.:]", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"\S*(?:://|www\.|@|\\)\S*")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One sign in words, and the place it is about: a sentence, a table or neither (indices into the document)."""

    words: str
    sentence: int | None = None
    table: int | None = None


def doubts(document: Document) -> tuple[Doubt, ...]:
    """What looks wrong by itself: gaps in numbering, captions without a table, odd grids, words that look joined.

    None of these is an error for certain, and a document without any may still be read wrongly.
    """
    kinds = (_section_gaps(document), _missing_tables(document), _odd_tables(document), _odd_sentences(document))
    out: list[Doubt] = []
    for found in map(list, (*kinds, _empty_pages(document))):
        out += found[:MOST]
        if len(found) > MOST:
            out.append(Doubt(f"and {len(found) - MOST:,} more of this kind"))
    return tuple(out)


def _section_gaps(document: Document) -> Iterator[Doubt]:
    """Numbered sections that do not follow one another: 2 after nothing, 3.3 after 3.1."""
    seen: set[str] = set()
    for index, section in enumerate(document.sections):
        number = section.number.rstrip(".")
        head, _, last = number.rpartition(".")
        if not last.isdecimal() or not (head or section.kind != "appendix"):
            continue
        before = f"{head}.{int(last) - 1}" if head else str(int(last) - 1)
        if int(last) > 1 and before not in seen:
            where = next((i for i, s in enumerate(document.sentences) if s.section == index), None)
            yield Doubt(f"section {number} comes without a section {before} before it", sentence=where)
        seen.add(number)


def _missing_tables(document: Document) -> Iterator[Doubt]:
    labels = {name for table in document.tables for name in (table.label, table.number)}
    told: set[str] = set()
    for index, sentence in enumerate(document.sentences):
        found = _CAPTION.match(sentence.text) if sentence.kind == "caption" else None
        if found and found[1] not in labels | told:
            told.add(found[1])
            yield Doubt(f"the caption of Table {found[1]} has no table", sentence=index)
    numbers = sorted(int(label) for label in labels if label.isdecimal() and len(label) < 4)
    missing = (
        sorted(set(range(1, numbers[-1])) - set(numbers) - {int(t) for t in told if t.isdecimal()}) if numbers else []
    )
    if missing:
        names = ", ".join(map(str, missing[:20]))
        yield Doubt(f"no Table {names} was found, though there is a Table {numbers[-1]}")


def _odd_tables(document: Document) -> Iterator[Doubt]:
    for index, table in enumerate(document.tables):
        words = _odd_grid(table)
        if table.label.startswith("#"):
            words = ["has no caption with a number", *words]
        if words:
            name = f"unnumbered table {table.label}" if table.label.startswith("#") else f"Table {table.label}"
            yield Doubt(f"{name} {', '.join(words)}", table=index)


def _odd_grid(table: Table) -> list[str]:
    if not any(cell.text.strip() for row in table.grid for cell in row):
        return ["has no cells"]
    words = []
    if table.width == 1 or table.height == 1:
        words.append("has one " + ("column" if table.width == 1 else "row"))
    if table.header_rows == 0:
        words.append("has no header row")
    body = table.grid[table.header_rows :]
    empty = [c + 1 for c in range(table.width) if body and not any(row[c].text.strip() for row in body)]
    if empty:
        words.append(f"has nothing below the header in column {', '.join(map(str, empty[:10]))}")
    filled = {c for row in body for c, cell in enumerate(row) if cell.text.strip()}
    nameless = [c + 1 for c in sorted(filled) if c >= table.stub_columns and not any(table.column_path(c))]
    if nameless and table.header_rows:
        words.append(f"has no name over column {', '.join(map(str, nameless[:10]))}")
    return words


def _odd_sentences(document: Document) -> Iterator[Doubt]:
    for index, sentence in enumerate(document.sentences):
        if sentence.kind == "reference":
            continue
        text = _ADDRESS.sub(" ", sentence.text)
        long = next((word for word in _LETTERS.findall(text) if len(word) > LONG_WORD), "")
        words = len(sentence.text.split())
        if "\ufffd" in sentence.text:
            yield Doubt(f"sentence {index + 1} has a character without a meaning", sentence=index)
        elif long:
            yield Doubt(f"sentence {index + 1} has a word of {len(long)} letters", sentence=index)
        elif words > LONG_SENTENCE:
            yield Doubt(f"sentence {index + 1} has {words:,} words", sentence=index)


def _empty_pages(document: Document) -> Iterator[Doubt]:
    if document.pages < 1 or document.paper.source_kind != "pdf":
        return
    read = {s.page for s in document.sentences} | {t.page for t in document.tables}
    read |= {page.page for page in document.paper.pages_not_read}
    last = max((page for page in read if page is not None), default=0)
    empty = [page for page in range(1, min(document.pages, last) + 1) if page not in read]
    if empty:
        yield Doubt(f"nothing was read on {page_words(empty)}")


def page_words(pages: Sequence[int]) -> str:
    """ "page 3", "pages 2 to 5 and 9": rising numbers, runs of them in short; the first twenty runs."""
    runs: list[list[int]] = []
    for page in sorted(set(pages)):
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    words = [str(a) if a == b else f"{a} to {b}" for a, b in runs[:20]]
    more = len(runs) - len(words)
    shown = ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 and not more else ", ".join(words)
    return (
        ("page " if len(runs) == 1 and runs[0][0] == runs[0][1] else "pages ") + shown + (" and more" if more else "")
    )
