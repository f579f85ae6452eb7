"""Compares a table with its gold: rows and columns aligned, cells counted, each wrong cell given its kind of fault."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from claimcheck.foundation.records import Cell, Table

NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w]|[.,]\d)|(?<![\w.])\.\d+(?!\w)")
# the LaTeX reader leaves citations out of cells, the PDF prints them
_CITATION = re.compile(
    r"\s*(?:\[[\d,;–\-\s]+\]|[(\[][^()\[\]]*\b(?:19|20)\d\d[a-z]?[)\]]"
    r"|\(?[A-Z][^()\d]{1,40}?(?:et al\.|and|&)?[^()\d]{0,20},? \(?(?:19|20)\d\d[a-z]?\)?)\s*"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_LIKE = str.maketrans({"∗": "*", "⋆": "*", "’": "'", "‘": "'", "“": '"', "”": '"', "⋅": "·", "∼": "~", "ε": "ϵ"})


@dataclass
class Score:
    """Counts over tables; shares come from `claimcheck`'s benchmarks.common.share."""

    tables: int = 0
    gold_cells: int = 0  # filled cells of the gold, a cell that spans counted once
    cells: int = 0  # of these, with the same text at the aligned place
    same_index: int = 0  # of these, at the very same row and column number
    pdf_cells: int = 0
    pdf_right: int = 0  # filled cells of the PDF's tables that the gold has at that place
    numbers: int = 0
    numbers_whole: int = 0
    number_cells: int = 0
    number_cells_right: int = 0
    header_rows_right: int = 0
    spans: int = 0
    spans_right: int = 0
    bold: int = 0
    bold_right: int = 0
    bold_false: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, object]] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Adds another score's counts."""
        for name, value in vars(other).items():
            if name in ("faults", "examples"):
                continue
            setattr(self, name, getattr(self, name) + value)
        self.faults.update(other.faults)
        self.examples.extend(other.examples)


def plain(text: str) -> str:
    """A cell's text as it is compared.

    Compatibility forms and the many dashes, quotes and stars are made one, as fonts print one where the source says
    another; braces, carets and underscores go, as they only say where a script stands; white space goes, as formulas
    have no spaces of their own in either form (the words of running text are measured elsewhere).
    """
    text = unicodedata.normalize("NFKC", text).translate(_DASHES).translate(_LIKE)
    text = re.sub(r"-{2,}", "-", re.sub(r"[{}^_$\\]", "", text))
    return re.sub(r"\s+", "", text)


def same_text(gold: str, pdf: str) -> bool:
    """Whether two cells say the same; a citation that only the PDF prints does not count."""
    if plain(gold) == plain(pdf):
        return True
    if len(pdf) <= len(gold):
        return False
    return plain(_CITATION.sub(" ", pdf)) == plain(_CITATION.sub(" ", gold))


def compact(table: Table) -> list[list[Cell]]:
    """The grid without rows and columns that are empty throughout (spacers of the source); origins follow."""
    rows = [r for r, row in enumerate(table.grid) if any(c.text.strip() for c in row)]
    columns = [k for k in range(table.width) if any(row[k].text.strip() for row in table.grid)]
    row_of, column_of = {r: i for i, r in enumerate(rows)}, {k: i for i, k in enumerate(columns)}
    out: list[list[Cell]] = []
    for r in rows:
        line: list[Cell] = []
        for k in columns:
            cell = table.grid[r][k]
            if cell.origin is not None:
                a, b = cell.origin
                moved = (row_of[a], column_of[b]) if a in row_of and b in column_of else None
                cell = cell.model_copy(update={"origin": moved})
            line.append(cell)
        out.append(line)
    return out


def folded(grid: list[list[Cell]], head: int) -> list[list[Cell]]:
    """The grid with its `head` header rows joined to one: names from top to bottom, spans and repeats once."""
    if head < 2:
        return grid
    line: list[Cell] = []
    for k in range(len(grid[0])):
        texts = list(dict.fromkeys(grid[r][k].text for r in range(head) if grid[r][k].text.strip()))
        line.append(Cell(text=" ".join(texts), bold=any(grid[r][k].bold for r in range(head))))
    body = [
        [c.model_copy(update={"origin": _lifted(c.origin, head - 1)}) if c.origin else c for c in row]
        for row in grid[head:]
    ]
    return [line, *body]


def _lifted(origin: tuple[int, int], by: int) -> tuple[int, int] | None:
    return (origin[0] - by, origin[1]) if origin[0] > by else None


def align(m: int, n: int, gain: Callable[[int, int], float]) -> dict[int, int]:
    """Order-keeping pairs of 0..m-1 with 0..n-1 that gain most; pairs without gain stay apart."""
    best = [[0.0] * (n + 1) for _ in range(m + 1)]
    for i in range(m - 1, -1, -1):
        for j in range(n - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], gain(i, j) + best[i + 1][j + 1])
    out: dict[int, int] = {}
    i = j = 0
    while i < m and j < n:
        g = gain(i, j)
        if g > 0 and best[i][j] == g + best[i + 1][j + 1]:
            out[i] = j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return out


def _matched(gold: list[list[Cell]], pdf: list[list[Cell]]) -> tuple[dict[int, int], dict[int, int]]:
    """(rows, columns) of the gold with those of the PDF's table."""
    a = [[plain(_CITATION.sub(" ", c.text)) for c in row] for row in gold]
    b = [[plain(_CITATION.sub(" ", c.text)) for c in row] for row in pdf]
    bags_a = [Counter(x for x in row if x) for row in a]
    bags_b = [Counter(x for x in row if x) for row in b]
    near = [[(x & y).total() / max(1, max(x.total(), y.total())) for y in bags_b] for x in bags_a]
    # rows at the same place, counted from the top or the end, go together where the texts leave it open
    shift = len(b) - len(a)
    rows = align(
        len(a), len(b), lambda i, j: near[i][j] + (0.02 if j - i in (0, shift) else 0.0) if near[i][j] > 0.12 else 0.0
    )
    for i in range(len(a)):
        # what stands between two aligned neighbours is the same row, whatever its texts are
        if i not in rows:
            low, high = rows.get(i - 1, -1 if i == 0 else None), rows.get(i + 1, len(b) if i + 1 == len(a) else None)
            if low is not None and high is not None and high - low == 2:
                rows[i] = low + 1
    width, other = len(a[0]), len(b[0])
    alike = [
        [sum(bool(a[i][k]) and a[i][k] == b[j][q] for i, j in rows.items()) for q in range(other)] for k in range(width)
    ]
    columns = align(width, other, lambda k, q: alike[k][q] + (0.02 if k == q else 0.0) if alike[k][q] else 0.0)
    return rows, columns


def compare(gold: Table, pdf: Table | None, where: str, keep: int = 12) -> Score:
    """The counts of one table of the gold; `pdf` None where the PDF's reader found no such table."""
    a = compact(gold)
    score = Score(tables=1)
    if pdf is None:
        filled = [c.text for row in a for c in row if c.text.strip() and c.origin is None]
        score.gold_cells = len(filled)
        score.numbers = sum(len(NUMBER.findall(t)) for t in filled)
        score.number_cells = sum(bool(NUMBER.search(t)) for t in filled)
        score.bold = sum(c.bold for row in a for c in row if c.text.strip() and c.origin is None)
        score.faults["table missing"] = len(filled)
        score.examples.append({"where": where, "kind": "table missing"})
        return score
    b = compact(pdf)
    _count_spans(a, b, max(gold.header_rows, pdf.header_rows), score)
    score.header_rows_right = int(gold.header_rows == pdf.header_rows)
    choices = [(a, b)]
    if not score.header_rows_right:
        choices.append((folded(a, min(gold.header_rows, len(a))), folded(b, min(pdf.header_rows, len(b)))))
    tried: list[Score] = []
    for mine, its in choices:
        one = Score()
        _count_cells(mine, its, *_matched(mine, its), one, where, keep)
        _count_numbers(mine, its, one)
        tried.append(one)
    score.add(max(tried, key=lambda s: s.cells / max(1, s.gold_cells)))
    return score


def _count_cells(
    a: list[list[Cell]],
    b: list[list[Cell]],
    rows: dict[int, int],
    columns: dict[int, int],
    score: Score,
    where: str,
    keep: int,
) -> None:
    right: set[tuple[int, int]] = set()
    for i, row in enumerate(a):
        for k, cell in enumerate(row):
            if not cell.text.strip() or cell.origin is not None:
                continue
            score.gold_cells += 1
            number = bool(NUMBER.search(cell.text))
            score.number_cells += number
            score.bold += cell.bold
            j, q = rows.get(i), columns.get(k)
            found = b[j][q] if j is not None and q is not None else None
            if found is not None and same_text(cell.text, found.text):
                score.cells += 1
                score.number_cells_right += number
                score.same_index += (i, k) == (j, q)
                score.bold_right += cell.bold and found.bold
                score.bold_false += found.bold and not cell.bold
                assert j is not None
                assert q is not None
                right.add((j, q))
                continue
            kind = _kind(cell.text, i, k, b, rows, columns)
            score.faults[kind] += 1
            if len(score.examples) < keep:
                score.examples.append(
                    {
                        "where": f"{where} row {i + 1} column {k + 1}",
                        "kind": kind,
                        "gold": cell.text,
                        "pdf": found.text if found is not None else None,
                    }
                )
    filled = {(j, q) for j, row in enumerate(b) for q, c in enumerate(row) if c.text.strip() and c.origin is None}
    score.pdf_cells += len(filled)
    score.pdf_right += len(filled & right)


def _kind(text: str, i: int, k: int, b: list[list[Cell]], rows: dict[int, int], columns: dict[int, int]) -> str:
    """What happened to a cell of the gold at row i, column k that the PDF's grid b does not have there."""
    wanted = plain(text)
    j, q = rows.get(i), columns.get(k)
    place = b[j][q].text if j is not None and q is not None else ""
    elsewhere = [(r, c) for r, row in enumerate(b) for c, x in enumerate(row) if plain(x.text) == wanted]
    if j is not None and any(r == j for r, _ in elsewhere):
        return "shifted in its row"
    if any(abs(r - (j if j is not None else i)) <= 2 and c == (q if q is not None else k) for r, c in elsewhere):
        return "shifted to another row"
    if place and wanted in plain(place):
        # its own text is there and more with it: from beside it or from above or below
        return "rows merged" if _unmatched_neighbour(i, rows) else "columns merged or text added"
    if j is None:
        holder = any(wanted in plain(x.text) for row in b for x in row)
        return "rows merged" if holder else "row missing"
    if q is None:
        holder = any(wanted in plain(x.text) for x in b[j])
        return "columns merged" if holder else "column split or missing"
    if place and plain(place) in wanted:
        beside = "".join(plain(x.text) for x in b[j])
        return "column split" if wanted in beside else "row split" if _in_rows(wanted, b, j, q) else "text differs"
    if any(wanted in plain(x.text) for x in b[j]):
        return "columns merged"
    return "text differs" if place else "cell empty"


def _unmatched_neighbour(i: int, rows: dict[int, int]) -> bool:
    return i + 1 not in rows or (i > 0 and i - 1 not in rows)


def _in_rows(wanted: str, b: list[list[Cell]], j: int, q: int) -> bool:
    for first in range(max(0, j - 3), j + 1):
        if wanted in "".join(plain(b[r][q].text) for r in range(first, min(len(b), first + 4))):
            return True
    return False


def _count_numbers(a: list[list[Cell]], b: list[list[Cell]], score: Score) -> None:
    gold, found = (
        Counter(n for row in grid for c in row if c.origin is None for n in NUMBER.findall(_numbers_text(c.text)))
        for grid in (a, b)
    )
    score.numbers += gold.total()
    score.numbers_whole += (gold & found).total()


def _numbers_text(text: str) -> str:
    """Scripts set apart from what they stand on, so that 10^{20} and 10^20 give the same tokens."""
    return re.sub(r"[\^_]\{?([^{}\s]*)\}?", r" \1 ", unicodedata.normalize("NFKC", _CITATION.sub(" ", text)))


def _count_spans(a: list[list[Cell]], b: list[list[Cell]], head: int, score: Score) -> None:
    """Header cells over several columns: the same text over as many columns with the same names below."""
    mine, its = (_spans(grid, head) for grid in (a, b))
    score.spans += mine.total()
    score.spans_right += (mine & its).total()


def _spans(grid: Sequence[Sequence[Cell]], head: int) -> Counter[tuple[str, int, int]]:
    """(text, first column, last column) of cells that span columns in the first `head` rows."""
    wide: dict[tuple[int, int], int] = {}
    for r, row in enumerate(grid[:head]):
        for k, cell in enumerate(row):
            if cell.origin is not None and cell.origin[0] == r and k > cell.origin[1]:
                wide[cell.origin] = max(k, wide.get(cell.origin, k))
    return Counter((plain(grid[r][k].text), k, last) for (r, k), last in wide.items())
