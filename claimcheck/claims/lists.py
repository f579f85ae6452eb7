"""Distributive lists: which name of "SQuAD, MNLI, and HellaSwag" each number of "8.2, 7.5, and 7.0" belongs to."""

from __future__ import annotations

import re

from claimcheck.foundation.records import Span

_JOIN = re.compile(r"\s*(?:,\s*(?:and|or|&)|,|;|\band\b|\bor\b|&|/)\s*", re.I)
# a name: capitalised or acronym words, digits, hyphens and short joining words inside
_NAME = r"(?:[A-Z][\w.+@*'/-]*|[a-z]*[A-Z][\w.+-]*)(?:[ -](?:[A-Z0-9][\w.+@*'-]*|v?\d[\w.]*|of|the|for))*(?:\s+\([^()]{1,30}\))?"
_NAME_LIST = re.compile(
    rf"{_NAME}(?:(?:\s*,\s*(?:and\s+|or\s+|&\s*)?|\s+(?:and|or|&)\s+)(?:the\s+|on\s+|in\s+|for\s+)?{_NAME})+"
)
# a word behind the last name of a list that is no part of it ("F1 of")
_LOOSE = re.compile(r"\s(?:of|on|in|for|are|is|with|by|at|to|from|over|respectively)$|^(?:the)\s", re.I)
_LOWER_LIST = re.compile(
    r"(?:[\w-]+(?:\s[\w-]+)?,\s+){1,12}(?:[\w-]+(?:\s[\w-]+)?\s+)?(?:and|or)\s+[\w-]+(?:\s[\w-]+)?|\b[\w-]+\s+and\s+[\w-]+(?=\s*,?\s*respectively)"
)


def list_partners(text: str, numbers: list[Span]) -> dict[Span, str]:
    """For numbers that stand in one list, the entry at the same place of the nearest list of names of equal length.

    `numbers` are character spans in order. A list of numbers is a run with only commas, "and" or a slash between; spans
    outside any list, and lists with no partner of the same length, are left out of the result.
    """
    out: dict[Span, str] = {}
    for run in _runs(text, numbers):
        candidates = [
            c for c in _name_lists(text) if len(c[1]) == len(run) and not _overlap(c[0], (run[0][0], run[-1][1]))
        ]
        if not candidates:
            continue
        _, names = min(candidates, key=lambda c: _distance(c[0], (run[0][0], run[-1][1])))
        out.update(zip(run, names, strict=True))
    return out


def _runs(text: str, numbers: list[Span]) -> list[list[Span]]:
    runs: list[list[Span]] = []
    for span in numbers:
        if runs and _JOIN.fullmatch(text[runs[-1][-1][1] : span[0]]):
            runs[-1].append(span)
        else:
            runs.append([span])
    return [r for r in runs if len(r) > 1]


def _name_lists(text: str) -> list[tuple[Span, list[str]]]:
    out: list[tuple[Span, list[str]]] = []
    for pattern in (_NAME_LIST, _LOWER_LIST):
        for m in pattern.finditer(text):
            if any(_overlap(m.span(), taken) for taken, _ in out):
                continue  # names say more than the lower-case words around them
            names = [re.sub(r"^(?:and|or|the|on|in|for|&)\s+", "", x.strip(), flags=re.I) for x in _JOIN.split(m[0])]
            names = [x.rstrip(".") for x in names]  # the last name of a sentence takes its full stop along
            names = [_LOOSE.sub("", x) for x in names]
            names = [x for x in names if x]
            if len(names) > 1 and not all(x.replace(".", "").isdigit() for x in names):
                out.append((m.span(), names))
    return out


def _overlap(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _distance(a: Span, b: Span) -> int:
    return max(a[0] - b[1], b[0] - a[1])
