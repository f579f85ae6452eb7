"""The tables of all pages together: parts that go on over a page joined to one table, each with a label of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimcheck.foundation.records import Cell, Table
from claimcheck.reading.labels import Labels

_CONTINUED = re.compile(r"\(?(?:(?:Table|Tab\.) \S+ ?[:.,–-]? ?)?\(?(?:is )?cont(?:inue[sd]?|inuation|'?d|\.)", re.I)
_GOES_ON = re.compile(r"\(?(?:to be )?cont(?:inue[sd]?|inuing|'?d|\.)\b.*\)?|\(?(?:see )?next page\)?", re.I)
_EDGE = 6.0  # points by which the sides of two parts may differ


def join_continued(tables: Sequence[Table]) -> list[Table]:
    """Tables in page order with each part that only goes on with the table of the page before joined to it.

    A part goes on when it stands on the next page with as many columns at the same place, has no caption of its own
    (or repeats the same label), and says so ("Table 1 continued") or repeats the header. The joined table keeps the
    page and box of its first part; cells of later pages carry no box, as a box counts on the table's page.

    Tables of one caption have the same label and caption when they come in; each leaves with a label of its own (see
    `Labels`). The label "#" of tables without a caption stays.
    """
    out: list[Table] = []
    last_page: dict[int, int] = {}  # index in `out` -> page of its last part
    for table in tables:
        for k in range(len(out) - 1, -1, -1):
            if table.page is not None and last_page[k] == table.page - 1:
                joined = _joined(out[k], table)
                if joined is not None:
                    out[k] = joined
                    last_page[k] = table.page
                    break
        else:
            last_page[len(out)] = table.page if table.page is not None else -2
            out.append(table)
    return _labelled(out)


def _labelled(tables: Sequence[Table]) -> list[Table]:
    """The tables with labels of their own; those of one caption are counted together."""
    captions: dict[tuple[str, str], list[int]] = {}
    for i, table in enumerate(tables):
        if table.label != "#":
            captions.setdefault((table.label, table.caption), []).append(i)
    out, labels = list(tables), Labels()
    for (name, _), places in captions.items():
        for i, label in zip(places, labels.take([name] * len(places)), strict=True):
            out[i] = tables[i].model_copy(update={"label": label})
    return out


def _joined(table: Table, part: Table) -> Table | None:
    """The two as one table; None where the part is a table of its own."""
    if table.width != part.width or table.box is None or part.box is None:
        return None
    beside = abs(table.box[0] - part.box[0]) < _EDGE and abs(table.box[2] - part.box[2]) < _EDGE
    if not beside or part.label not in ("#", table.label):
        return None
    rows = list(part.grid)
    said = bool(_CONTINUED.search(part.caption)) and part.label == table.label
    while len(rows) > 1 and _only_says(rows[0], _CONTINUED):
        rows.pop(0)
        said = True
    head = [_texts(row) for row in table.grid[: table.header_rows]]
    repeated = bool(head) and [_texts(row) for row in rows[: len(head)]] == head
    if repeated:
        rows = rows[len(head) :]
    if not (said or repeated) or not rows:
        return None
    upper = list(table.grid)
    while len(upper) > table.header_rows + 1 and _only_says(upper[-1], _GOES_ON):
        upper.pop()
    skipped = len(part.grid) - len(rows)
    shift = len(upper) - skipped
    lower = [[_moved(c, skipped, shift) for c in row] for row in rows]
    return table.model_copy(update={"grid": (*map(tuple, upper), *map(tuple, lower))})


def _texts(row: Sequence[Cell]) -> list[str]:
    return ["".join(c.text.split()) for c in row]


def _only_says(row: Sequence[Cell], words: re.Pattern[str]) -> bool:
    """Whether a row holds one text and that text says that the table goes on."""
    texts = {c.text.strip() for c in row if c.text.strip() and c.origin is None}
    return len(texts) == 1 and words.match(texts.pop()) is not None


def _moved(cell: Cell, skipped: int, shift: int) -> Cell:
    origin = cell.origin
    if origin is not None:
        origin = (origin[0] + shift, origin[1]) if origin[0] >= skipped else None
    return cell.model_copy(update={"origin": origin, "box": None})
