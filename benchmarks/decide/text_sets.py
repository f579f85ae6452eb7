"""The sets of claims and texts that text against text is measured on; none but SciFact's train part was trained on."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from claimcheck.foundation.records import Label

_LABELS: dict[str, Label] = {
    "support": "supported", "supports": "supported", "supported": "supported",
    "refute": "refuted", "refutes": "refuted", "refuted": "refuted", "contradict": "refuted",
    "neutral": "not_enough_info", "not_enough_info": "not_enough_info",
}  # fmt: skip
_CITATION = re.compile(r"\s*\[?<\|\w+\|>\]?")


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim, a text, and what people say follows; `claim_id` groups the pairs of one claim."""

    claim: str
    text: str
    gold: Label
    claim_id: str


@dataclass(frozen=True)
class Scifact:
    """A part of SciFact: abstracts as text by number, and the claims with their cited and their settling abstracts."""

    abstracts: dict[int, str]
    claims: list[dict[str, Any]]
    trained_on: frozenset[int]  # abstracts that claims of the train part cite

    @classmethod
    def load(cls, folder: Path, part: str = "dev") -> Scifact:
        """From the set's files; title and sentences are joined by blanks."""
        corpus = _rows(folder / "corpus.jsonl.xz")
        return cls(
            {r["doc_id"]: " ".join(s.strip() for s in (r["title"], *r["abstract"])) for r in corpus},
            list(_rows(folder / f"claims_{part}.jsonl")),
            frozenset(d for r in _rows(folder / "claims_train.jsonl") for d in r["cited_doc_ids"]),
        )

    def gold(self, claim: dict[str, Any]) -> dict[int, Label]:
        """The abstracts that settle a claim, and how."""
        return {int(d): _LABELS[sets[0]["label"].lower()] for d, sets in claim["evidence"].items()}

    def cited(self) -> list[Pair]:
        """Each claim with each abstract it cites."""
        return [
            Pair(c["claim"], self.abstracts[d], self.gold(c).get(d, "not_enough_info"), str(c["id"]))
            for c in self.claims
            for d in c["cited_doc_ids"]
        ]


def healthver(folder: Path) -> list[Pair]:
    """HealthVer, development part (Sarrouti et al. 2021)."""
    return [
        Pair(r["claim"], r["evidence"], _LABELS[r["label"].lower()], r["claim"])
        for r in _rows(folder / "healthver" / "dev.jsonl")
    ]


def climate_fever(folder: Path) -> list[Pair]:
    """Climate-FEVER, claim and evidence sentence (Diggelmann et al. 2020)."""
    return [
        Pair(r["claim"], e["evidence"], _LABELS[e["evidence_label"].lower()], r["claim_id"])
        for r in _rows(folder / "climate-fever" / "climate-fever.jsonl.xz")
        for e in r["evidences"]
        if e["evidence_label"].lower() in _LABELS
    ]


def covid_fact(folder: Path) -> list[Pair]:
    """COVID-Fact (Saakyan et al. 2021): true claims and ones with a word turned round; nothing is left open."""
    return [
        Pair(r["claim"], " ".join(r["evidence"]), _LABELS[r["label"].lower()], " ".join(r["evidence"])[:80])
        for r in _rows(folder / "covid-fact" / "covidfact.jsonl.xz")
    ]


def citation_integrity(folder: Path) -> list[Pair]:
    """Citation-Integrity, development part (Sarol et al. 2024): sentences that cite a paper, and what it says."""
    corpus = {r["doc_id"]: r for r in _rows(folder / "citation-integrity" / "corpus.jsonl.xz")}
    out = []
    for r in _rows(folder / "citation-integrity" / "claims_dev.jsonl"):
        for d in r["cited_doc_ids"]:
            evidence = r["evidence"].get(str(d))
            label = _LABELS[evidence[0]["label"].lower()] if evidence else "not_enough_info"
            if d in corpus:
                text = " ".join([corpus[d]["title"], *corpus[d]["abstract"]]).strip()
                out.append(Pair(_CITATION.sub("", r["claim"]), text, label, str(r["id"])))
    return out


TRANSFER = {
    "healthver": healthver,
    "climate-fever": climate_fever,
    "covid-fact": covid_fact,
    "citation-integrity": citation_integrity,
}


def sample(pairs: Iterable[Pair], count: int) -> list[Pair]:
    """`count` pairs drawn without regard to their order, always the same ones."""
    listed = list(pairs)
    return [listed[i] for i in sorted(np.random.default_rng(0).permutation(len(listed))[:count])]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    text = lzma.decompress(path.read_bytes()).decode() if path.suffix == ".xz" else path.read_text("utf-8")
    for line in text.splitlines():
        if line.strip():
            yield json.loads(line)
