# ruff: noqa: E501 - long patterns of words read best on one line
"""The claims of a report, row by row: tables of tabs, pipes, commas or blanks, lists, and blocks of "Verified: yes"."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from claimcheck.synthesis.audit.sections import Line, Part, kind_of, without_markup
from claimcheck.synthesis.audit.values import confidence_of, is_tick, tick_of

__all__ = ["Row", "claim_rows", "items_of"]

_ROLES = (
    ("confidence", re.compile(r"confiden|certain|probab|likelihood|\bscore\b|\bconf\b|^p$", re.I)),
    ("claim", re.compile(r"\bclaims?\b|statement|assertion|\bfindings?\b|proposition|\bsentence\b", re.I)),
    ("tick", re.compile(r"verif|verdict|\bstatus\b|support|\bvalid|\btrue\b|confirm|\bcheck(?:ed)?\b|✓|\bok\b|\bpass", re.I)),
    ("source", re.compile(r"sources?|paper|refs?\b|reference|citation|evidence|quote|\bdoi\b|arxiv", re.I)),
)  # fmt: skip
_RULE = re.compile(r":?-{2,}:?|:?=+:?|:-+:?|-+|")
_PIPE = re.compile(r"(?<!\\)\|")
_BLANKS = re.compile(r"\s{2,}")
_BULLET = re.compile(
    r"(?P<indent>\s*)(?:[-*+•‣◦▪●·–]|\(?\d{1,4}[.)\]]|\[\d{1,4}\]|\(?[a-z]\)|(?:claim|c)\s?#?\d{1,4}\s?[:.)–-]|claim\s*:)\s+(?P<rest>\S.*)",
    re.I,
)
_BOX = re.compile(r"\s*(?P<box>\[[ xX✓✔]?\]|[✓✔☑✅×✗✘✕✖❌❎☒☐][\ufe0e\ufe0f]?)\s*[:–—-]?\s*(?P<rest>\S.*)")
_PAIR = re.compile(
    r"\s*(?:[-*+•]\s+)?(?:\*\*|__)?(?P<key>claim|statement|text|verified|verification|status|verdict|supported|confidence(?: score)?|certainty|score|probability|source|paper|reference|evidence)"
    r"(?:\*\*|__)?\s*[:=]\s*(?:\*\*|__)?\s*(?P<value>.*)",
    re.I,
)
_KEYED = re.compile(
    r"(?P<key>verified|verification|status|verdict|supported|confidence(?: score)?|conf\.?|certainty|score|probability|p|source|ref(?:erence)?)\s*[:=]?\s*(?P<value>.+)",
    re.I,
)
_TAIL = re.compile(r"(?P<text>.*?)[\s,;|·]*(?P<open>[(\[{])(?P<inside>[^()\[\]{}]{1,120})[)\]}]\s*\.?", re.S)
_CUT = re.compile(r"\s+[|·•–—]\s*|\s+-{1,2}\s+|\s*\|\s*|\s*;\s+")


@dataclass(frozen=True, slots=True)
class Row:
    """A claim with what stands beside it, as printed."""

    line: int
    text: str
    tick: str = ""
    confidence_text: str = ""
    source: str = ""
    percent: bool = False  # the column's header says so

    @property
    def verified(self) -> bool | None:
        return tick_of(self.tick) if self.tick else None

    @property
    def confidence(self) -> float | None:
        return confidence_of(self.confidence_text, percent=self.percent) if self.confidence_text else None


def claim_rows(parts: Sequence[Part]) -> tuple[list[Row], list[str]]:
    """Every claim of a report in its order, and the layouts that they stand in.

    Claims stand in the parts whose heading says so, as tables, else as lists; without such a part, in every table
    whose header names claims.
    """
    claims = [p for p in parts if p.kind == "claims"]
    rows: list[Row] = []
    layouts: list[str] = []
    for part in claims:
        found, layout = _tables(part.lines, sure=True)
        if not found:
            found, layout = _listed(part)
        rows += found
        layouts += layout
    if not rows:
        for part in parts:
            if part.kind not in ("references", "claims"):
                found, layout = _tables(part.lines, sure=False)
                rows += found
                layouts += layout
    return rows, list(dict.fromkeys(layouts))


# --- tables -----------------------------------------------------------------------------------------


def _tables(lines: Sequence[Line], sure: bool) -> tuple[list[Row], list[str]]:
    """The rows of all tables of claims in these lines; `sure`: they stand below a heading that says claims."""
    rows: list[Row] = []
    layouts: list[str] = []
    i = 0
    while i < len(lines):
        for name, cut in _CUTTERS:
            header = cut(lines[i].text)
            if header is None:
                continue
            block, end = _block(lines, i, cut)
            found = _read_table(block, sure, loose=cut in (_by_commas, _by_blanks))
            if found:
                rows += found
                layouts.append(name)
                i = end - 1
                break
        i += 1
    return rows, layouts


def _by_pipes(text: str) -> list[str] | None:
    if "|" not in text or "\t" in text or _BULLET.fullmatch(text):
        return None
    cells = [c.replace("\\|", "|").strip() for c in _PIPE.split(text.strip())]
    if cells and not cells[0]:
        cells = cells[1:]
    if cells and not cells[-1] and text.rstrip().endswith("|"):
        cells = cells[:-1]
    return cells if len(cells) > 1 else None


def _by_tabs(text: str) -> list[str] | None:
    return [c.strip() for c in text.split("\t")] if "\t" in text.strip() else None


def _by_commas(text: str) -> list[str] | None:
    if text.count(",") < 1 or len(text) > 100_000 or _BULLET.fullmatch(text):
        return None
    try:
        cells = next(csv.reader([text.strip()], skipinitialspace=True), [])
    except csv.Error:
        return None
    return [c.strip() for c in cells] if len(cells) > 1 else None


def _by_blanks(text: str) -> list[str] | None:
    cells = (
        _BLANKS.split(text.strip())
        if "  " in text.strip() and len(text) < 10_000 and not _BULLET.fullmatch(text)
        else []
    )
    return cells if len(cells) > 1 else None


_CUTTERS = (
    ("pipe table", _by_pipes),
    ("tab-separated table", _by_tabs),
    ("comma-separated table", _by_commas),
    ("columns of blanks", _by_blanks),
)


def _block(lines: Sequence[Line], start: int, cut: object) -> tuple[list[tuple[int, list[str]]], int]:
    """The rows from line `start` on with their line numbers, and the index after the last.

    A line without a separator that stands directly before one with it is the beginning of that row, whose text was
    wrapped; empty lines stand inside tables of tabs.
    """
    assert callable(cut)
    loose = cut in (_by_commas, _by_blanks)
    out: list[tuple[int, list[str]]] = []
    held: list[Line] = []
    end = start
    for i in range(start, len(lines)):
        line = lines[i]
        cells = cut(line.text)
        if cells is None:
            if not line.bare:
                if held or (out and loose):
                    break
                continue
            if loose or len(held) >= 8:
                break
            held.append(line)
            continue
        if held:
            cells = [" ".join([*(x.bare for x in held), cells[0]]), *cells[1:]]
        out.append(((held[0] if held else line).number, cells))
        held = []
        end = i + 1
    return out, end


def _read_table(block: Sequence[tuple[int, list[str]]], sure: bool, loose: bool) -> list[Row]:
    header = block[0][1]
    roles = _roles_by_header(header)
    body = list(block[1:])
    if loose and not _roles_by_cells(body):  # a line of prose with commas is no header
        return []
    if "claim" not in roles or len(roles) < 2:
        if not sure or (
            len(block) > 1 and _is_rule(block[1][1]) and "claim" not in roles and not _roles_by_cells(block[2:])
        ):
            return []
        roles = roles if "claim" in roles else _roles_by_cells(block)
        body = list(block) if "claim" not in _roles_by_header(header) else body
        if "claim" not in roles:
            return []
    headed = "claim" in _roles_by_header(header)
    percent = headed and "confidence" in roles and "%" in header[roles["confidence"]]
    width = (
        len(header)
        if headed
        else max(Counter(len(c) for _, c in body).most_common(1)[0][0], *(i + 1 for i in roles.values()))
    )
    out = []
    for number, cells in body:
        if _is_rule(cells) or (headed and [c.lower() for c in cells] == [c.lower() for c in header]):
            continue
        cells = _fitted(cells, width, roles["claim"])
        row = Row(
            line=number,
            text=_cell(cells[roles["claim"]]),
            tick=_cell(cells[roles["tick"]]) if "tick" in roles else "",
            confidence_text=_cell(cells[roles["confidence"]]) if "confidence" in roles else "",
            source=_cell(cells[roles["source"]]) if "source" in roles else "",
            percent=percent,
        )
        if row.text:
            out.append(row)
    return out


def _roles_by_header(header: Sequence[str]) -> dict[str, int]:
    """Which column holds what, by the words of the header; long cells are no header."""
    roles: dict[str, int] = {}
    for i, cell in enumerate(header):
        plain = without_markup(cell)
        if len(plain) > 40:
            return {}
        for role, pattern in _ROLES:
            if pattern.search(plain) and role not in roles:
                roles[role] = i
                break
    return roles


def _roles_by_cells(block: Sequence[tuple[int, list[str]]]) -> dict[str, int]:
    """Which column holds what, by the cells themselves: ticks, numbers from 0 to 1, and the longest text."""
    rows = [cells for _, cells in block if not _is_rule(cells)]
    width = max((len(r) for r in rows), default=0)
    if not rows or width < 2:
        return {}
    columns = [[r[i] for r in rows if i < len(r)] for i in range(width)]
    roles: dict[str, int] = {}
    lengths = [sum(map(len, c)) / max(1, len(c)) for c in columns]
    roles["claim"] = lengths.index(max(lengths))
    for i, cells in enumerate(columns):
        if i == roles["claim"]:
            continue
        if sum(map(is_tick, cells)) >= 0.8 * len(cells):
            roles.setdefault("tick", i)
        elif sum(confidence_of(c) is not None for c in cells) >= 0.8 * len(cells) and any(
            "." in c or "," in c or "%" in c for c in cells
        ):
            roles.setdefault("confidence", i)
    return roles if len(roles) > 1 else {}


def _fitted(cells: Sequence[str], width: int, claim: int) -> list[str]:
    """A row as wide as its header: separators inside the claim's own words join it again, missing cells are empty."""
    extra = len(cells) - width
    if extra > 0:
        joined = " | ".join(cells[claim : claim + extra + 1])
        return [*cells[:claim], joined, *cells[claim + extra + 1 :]]
    return [*cells, *[""] * -extra]


def _is_rule(cells: Sequence[str]) -> bool:
    return all(_RULE.fullmatch(c) for c in cells)


def _cell(text: str) -> str:
    return without_markup(re.sub(r"<br\s*/?>", " ", text, flags=re.I))


# --- lists ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: its line, its words, and the pairs of key and value that stand below or beside them."""

    line: int
    text: str
    pairs: tuple[tuple[str, str], ...] = ()


def items_of(lines: Sequence[Line], *, pairs: bool = False) -> list[Item]:
    """The items of a list with the lines that go on with them; [] where there is no list.

    With `pairs`, lines such as "Verified: yes" below an item belong to it, and "Claim: ..." starts one.
    """
    out: list[Item] = []
    indent: int | None = None
    blank = False
    for line in lines:
        if not line.bare:
            blank = True
            continue
        pair = _PAIR.fullmatch(line.text) if pairs else None
        if pair and pair["key"].lower() not in ("claim", "statement", "text"):
            if out:
                out[-1] = replace(out[-1], pairs=(*out[-1].pairs, (pair["key"].lower(), pair["value"].strip("* _"))))
            continue
        if pair:
            out.append(Item(line.number, pair["value"].strip()))
            indent, blank = 0, False
            continue
        found = _BULLET.fullmatch(line.text) or (_BOX.fullmatch(line.text) if pairs else None)
        depth = len(line.text) - len(line.text.lstrip())
        if found and (indent is None or depth <= indent + 1):
            rest = found["rest"] if "indent" in found.groupdict() else line.bare
            inner = _PAIR.fullmatch(rest) if pairs else None
            if inner and inner["key"].lower() in ("claim", "statement", "text"):
                rest = inner["value"]
            out.append(Item(line.number, rest.strip()))
            indent = depth if indent is None else min(indent, depth)
        elif out and (not blank or depth > (indent or 0)):
            rest = found["rest"] if found and "indent" in found.groupdict() else line.bare
            out[-1] = replace(out[-1], text=f"{out[-1].text} {rest}")
        blank = False
    return out


def _listed(part: Part) -> tuple[list[Row], list[str]]:
    """Claims as items, as blocks below headings such as "Claim 3", or as paragraphs."""
    items = items_of(part.lines, pairs=True)
    layout = "list"
    if not items:
        items, layout = _paragraph_items(part), "paragraphs"
    if not items:
        return [], []
    read = [_read_item(item) for item in items]
    # a number in brackets is the confidence only where most claims have one
    numbered = sum(number != "" for _, number, _ in read)
    if numbered * 5 >= len(read) * 4:
        rows = [replace(row, text=rest, confidence_text=number) if number else row for row, number, rest in read]
    else:
        rows = [row for row, _, _ in read]
    rows = [r for r in rows if r.text and any(c.isalpha() for c in r.text)]
    if layout == "paragraphs":
        layout = "blocks" if any(r.tick or r.confidence_text for r in rows) else layout
    return rows, [layout] if rows else []


def _paragraph_items(part: Part) -> list[Item]:
    """Lines or paragraphs as claims; what leads to them ("The claims were:") is none."""
    blocks: list[list[Line]] = [[]]
    for line in part.lines:
        if line.bare:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    out: list[Item] = []
    for block in blocks:
        plain = [x for x in block if not _PAIR.fullmatch(x.text)]
        pairs = [m for x in block if (m := _PAIR.fullmatch(x.text))]
        each = len(plain) > 1 and all(x.bare[:1].isupper() and len(x.bare) > 20 for x in plain)
        texts = (
            [(x.number, x.bare) for x in plain]
            if each
            else [(x.number, " ".join(y.bare for y in plain)) for x in plain[:1]]
        )
        found = [Item(number, text) for number, text in texts if not text.endswith(":")]
        if found:
            found[-1] = replace(found[-1], pairs=tuple((m["key"].lower(), m["value"].strip("* _")) for m in pairs))
        elif pairs and out:
            out[-1] = replace(out[-1], pairs=(*out[-1].pairs, *((m["key"].lower(), m["value"]) for m in pairs)))
        out += found
    # "### Claim 3" with the claim below it: the heading is no claim of its own
    return [x for x in out if kind_of(x.text) is None]


def _read_item(item: Item) -> tuple[Row, str, str]:
    """(row, a number that may be its confidence, the text without it)."""
    text, tick, confidence, source = item.text, "", "", ""
    box = _BOX.fullmatch(text)
    if box:
        tick, text = box["box"], box["rest"]
    for key, value in item.pairs:
        tick, confidence, source = _taken(key, value, tick, confidence, source)
    maybe, without = "", text
    # what stands at the end, in brackets or behind a sign: "(✓, 0.27)", "[verified]", "| yes | 0.3", "- confidence: 0.3"
    for _ in range(6):
        tail = _tail(text)
        if tail is None:
            break
        rest, pieces = tail
        taken = [_piece(p) for p in pieces]
        if not all(kind for kind, _ in taken):
            break
        if len(taken) == 1 and taken[0][0] == "number":
            if maybe or confidence:
                break
            maybe, without = taken[0][1], rest
            text = rest
            continue
        for kind, value in taken:
            if kind == "number" and not confidence:
                confidence = value
            elif kind in ("tick", "confidence", "source"):
                tick, confidence, source = _taken(kind, value, tick, confidence, source)
        text = rest
    if maybe and not confidence:
        # the tail was taken off to look behind it; it comes back unless the list's other claims have one too
        original = item.text if not box else box["rest"]
        row = Row(
            item.line,
            without_markup(original if not tick or box else _restored(original, maybe, text)),
            tick,
            confidence,
            source,
        )
        return row, maybe, without_markup(text if len(text) <= len(without) else without)
    return Row(item.line, without_markup(text), tick, confidence, source), "", without_markup(text)


def _restored(original: str, maybe: str, text: str) -> str:
    return text if maybe not in original else f"{text} ({maybe})"


def _taken(key: str, value: str, tick: str, confidence: str, source: str) -> tuple[str, str, str]:
    if key in ("source", "paper", "reference", "ref", "evidence"):
        return tick, confidence, source or value
    if key == "confidence" or key.startswith(("conf", "certain", "score", "prob", "p")):
        return tick, confidence or value, source
    return tick or value, confidence, source


def _tail(text: str) -> tuple[str, list[str]] | None:
    """(what stands before, the pieces of what stands at the end in brackets or behind a sign)."""
    found = _TAIL.fullmatch(text) if text.rstrip(" .").endswith((")", "]", "}")) else None
    if found and found["text"].strip():
        return found["text"].strip(), [
            p.strip() for p in re.split(r"[,;|/·]\s*|\s[–—-]\s", found["inside"]) if p.strip()
        ]
    cuts = list(_CUT.finditer(text))
    if cuts and text[cuts[-1].end() :].strip() and text[: cuts[-1].start()].strip():
        return text[: cuts[-1].start()].strip(), [text[cuts[-1].end() :].strip()]
    last = text.rstrip().rpartition(" ")
    if last[0] and not last[2].isalnum() and tick_of(last[2]) is not None:
        return last[0].strip(), [last[2]]
    return None


def _piece(text: str) -> tuple[str, str]:
    """("tick" | "confidence" | "source" | "number", value) of a piece, ("", "") where it is a part of the claim."""
    if tick_of(text) is not None or text.lower() in ("partially verified", "partial", "unknown", "n/a"):
        return "tick", text
    keyed = _KEYED.fullmatch(text.strip("*_ "))
    if keyed:
        key, value = keyed["key"].lower(), keyed["value"].strip("*_ ")
        if key.startswith(("source", "ref")):
            return "source", value
        if key.startswith(("conf", "cert", "score", "prob", "p")) and (
            confidence_of(value) is not None or value.lower() in ("high", "medium", "low", "moderate")
        ):
            return "confidence", value
        if is_tick(value):
            return "tick", value
    value = re.sub(r"\s*confiden(?:ce|t)$", "", text, flags=re.I)
    if confidence_of(value) is not None and (value != text or "." in value or "%" in value):
        return ("confidence" if value != text else "number"), value
    return "", ""
