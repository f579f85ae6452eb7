"""The links that were looked at: a draw by seed, each held beside the two papers by a person, kept with the reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from claimcheck.foundation.records import CrossLink, Pointer

JUDGED = Path(__file__).with_name("judged.json")
RIGHT, WRONG = "right", "wrong"
# how many of each stratum are drawn, 40 in all: what accuses is looked at more often than its share
DRAWN = {
    ("quoted", "equal"): 9,
    ("quoted", "different"): 7,
    ("quoted", "conflict"): 10,
    ("shared", "equal"): 6,
    ("shared", "different"): 3,
    ("shared", "conflict"): 5,
}
Stratum = tuple[str, str]


def stratum(link: CrossLink) -> Stratum:
    """Its basis and its relation, both sorts of difference in one."""
    return link.basis, "different" if link.relation.startswith("different") else link.relation


def key(link: CrossLink) -> str:
    """The two cells and the relation: what a judgement holds for."""
    return f"{_cell(link.first.pointer)} = {_cell(link.second.pointer)}: {link.relation}"


def _cell(pointer: Pointer) -> str:
    return f"{pointer.paper} T{pointer.table} {pointer.row} / {pointer.column}"


def draw(links: Sequence[CrossLink], seed: int) -> list[CrossLink]:
    """The links to look at: from each stratum so many, no two of the same rows, in an order that the seed and the link
    itself give, so that a link that comes or goes leaves the others in their places."""
    drawn = []
    for name, number in DRAWN.items():
        seen: set[tuple[object, ...]] = set()
        order = sorted(links, key=lambda link: hashlib.sha256(f"{seed} {key(link)}".encode()).digest())
        for link in order:
            rows = (
                link.first.pointer.paper,
                link.first.pointer.row,
                link.second.pointer.paper,
                link.second.pointer.row,
            )
            if stratum(link) == name and rows not in seen and len(seen) < number:
                seen.add(rows)
                drawn.append(link)
    return drawn


def load(path: Path = JUDGED) -> dict[str, str]:
    """{key of a link: "right", or "wrong: " and why}. Raises ValueError for anything else."""
    if not path.exists():
        return {}
    found = {}
    for record in json.loads(path.read_text(encoding="utf-8")):
        if not record["judgement"].startswith((RIGHT, WRONG)):
            raise ValueError(f"{path.name}: a judgement begins with 'right' or 'wrong': {record}")
        found[record["link"]] = record["judgement"]
    return found


def errors(
    links: Sequence[CrossLink], drawn: Sequence[CrossLink], judged: dict[str, str]
) -> tuple[list[dict[str, object]], float | None]:
    """A row for each stratum (links, drawn, looked at, wrong), and the share of wrong links over all of them."""
    rows = []
    wrong_links, known_links = 0.0, 0
    for name in DRAWN:
        whole = sum(stratum(link) == name for link in links)
        seen = [judged[key(link)] for link in drawn if stratum(link) == name and key(link) in judged]
        wrong = sum(j.startswith(WRONG) for j in seen)
        rows.append(
            {
                "basis": name[0],
                "relation": name[1],
                "links": whole,
                "drawn": sum(stratum(link) == name for link in drawn),
                "looked_at": len(seen),
                "wrong": wrong,
            }
        )
        if seen:
            wrong_links += whole * wrong / len(seen)
            known_links += whole
    return rows, round(wrong_links / known_links, 4) if known_links else None
