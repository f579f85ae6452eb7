"""What the verifier is trained on: NLI pairs, SciFact's train part, and claims made of the abstracts' own titles and conclusions."""

from __future__ import annotations

import csv
import io
import json
import lzma
import math
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from verifier_flips import flip_family, flipped, renumbered  # type: ignore[import-not-found]

from claimcheck.foundation.records import LABELS
from claimcheck.foundation.words import forms, tokens

SUPPORTED, REFUTED, OPEN = range(len(LABELS))
NLI_LABELS = {
    "entailment": SUPPORTED,
    "contradiction": REFUTED,
    "neutral": OPEN,
    "E": SUPPORTED,
    "C": REFUTED,
    "N": OPEN,
}
SCIFACT_LABELS = {"SUPPORT": SUPPORTED, "CONTRADICT": REFUTED, "REFUTE": REFUTED}
VALIDATION = 300  # MNLI pairs kept for watching the training
SNLI, CONJNLI = 14_000, 3_000  # pairs taken of each
LEFT_OUT = 5  # one group of SciFact claims in five is kept for calibration and for choosing

_CONCLUDES = re.compile(
    r"^(?:(?:CONCLUSIONS?|INTERPRETATION|\[Conclusions?\])(?:/SIGNIFICANCE|S? AND RELEVANCE)?:?\s+|"
    r"(?:(?:In conclusion|In summary|Thus|Therefore|Together|Taken together|Hence|Collectively|Overall),?\s+)?"
    r"(?:(?:these|our|the present|the) (?:\w+ )?(?:results|findings|data|study|observations|experiments|studies)|we|this study)\s+"
    r"(?:\w+ )?(?:suggests?|indicates?|demonstrates?|shows?|conclude|found|reveals?|establish(?:es)?|identif(?:y|ies)|"
    r"supports? the (?:hypothesis|idea|view)) that\s+|(?:In conclusion|In summary|Thus|Therefore|Overall),?\s+)",
    re.I,
)
_STATES = re.compile(
    r"\b(?:is|are|was|were|can|does|do|has|have|prevents|controls|requires|represses|affects|directs|predicts|targets|binds|"
    r"[a-z]+(?:ates|ases|otes|ibits|uces|ances|oves|airs|iggers|eases|ulates|uires|erves|itates|ables|uades|ituates))\b"
)


@dataclass(frozen=True)
class Example:
    """A claim, a piece of evidence and the index of what follows in records.LABELS."""

    claim: str
    evidence: str
    label: int


@dataclass(frozen=True)
class ScifactClaim:
    """A claim of SciFact: its cited abstracts, and where they settle it, the label and the sentences that do."""

    text: str
    cited: tuple[int, ...]
    labels: Mapping[int, int]
    rationales: Mapping[int, tuple[int, ...]]  # sentences of the abstract, from 0


@dataclass
class Scifact:
    """SciFact's abstracts (title first, then the sentences), its claims, and which words are how rare."""

    abstracts: dict[int, list[str]]
    train: list[ScifactClaim]
    left_out: list[ScifactClaim]
    forbidden: set[int]  # abstracts that claims of dev, or the claims left out, cite
    weight: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Scifact:
        """From the set's files; claims that share an abstract are left out together."""
        with lzma.open(folder / "corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        abstracts = {r["doc_id"]: [r["title"].strip(), *(s.strip() for s in r["abstract"])] for r in rows}
        claims, dev = (_claims(folder / f"claims_{part}.jsonl") for part in ("train", "dev"))
        said = {_bare(c.text) for c in dev}
        claims = [c for c in claims if _bare(c.text) not in said]
        chosen = _left_out(claims)
        left_out = [c for c, out in zip(claims, chosen, strict=True) if out]
        counts = Counter(f for sentences in abstracts.values() for f in forms(" ".join(sentences)))
        weight = {f: math.log(1 + len(abstracts) / n) for f, n in counts.items()}
        forbidden = {d for c in (*dev, *left_out) for d in c.cited}
        train = [c for c, out in zip(claims, chosen, strict=True) if not out]
        return cls(abstracts, train, left_out, forbidden, weight)

    def share(self, claim: frozenset[str], sentence: frozenset[str]) -> float:
        """The share of a claim's words that a sentence has, rare words counting more."""
        total = sum(self.weight.get(f, 5.0) for f in claim) or 1.0
        return sum(self.weight.get(f, 5.0) for f in claim & sentence) / total

    def nearest(self, claim: str, sentences: Sequence[str], count: int) -> list[int]:
        """The sentences that share most words with a claim, in the order they stand in."""
        said = forms(claim)
        order = sorted(range(len(sentences)), key=lambda i: (-self.share(said, forms(sentences[i])), i))
        return sorted(order[:count])

    def neighbours(self, count: int) -> Iterator[tuple[int, list[int]]]:
        """Each abstract with those whose words are most like its title's."""
        holders: dict[str, list[int]] = defaultdict(list)
        for d, sentences in self.abstracts.items():
            for f in forms(" ".join(sentences)):
                if self.weight[f] > 3:
                    holders[f].append(d)
        for d, sentences in self.abstracts.items():
            score: dict[int, float] = defaultdict(float)
            for f in forms(sentences[0]):
                for other in holders.get(f, ()):
                    score[other] += self.weight[f]
            score.pop(d, None)
            yield d, sorted(score, key=lambda x: (-score[x], x))[:count]


def _claims(path: Path) -> list[ScifactClaim]:
    out = []
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        found = {int(d): sets for d, sets in row["evidence"].items()}
        out.append(
            ScifactClaim(
                row["claim"],
                tuple(dict.fromkeys([*row["cited_doc_ids"], *found])),
                {d: SCIFACT_LABELS[sets[0]["label"]] for d, sets in found.items()},
                {d: tuple(sorted({i for s in sets for i in s["sentences"]})) for d, sets in found.items()},
            )
        )
    return out


def _bare(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _left_out(claims: Sequence[ScifactClaim]) -> list[bool]:
    """A fifth of the claims; those that cite one abstract, directly or through others, stay together."""
    parent: dict[int, int] = {}

    def root(d: int) -> int:
        while parent.setdefault(d, d) != d:
            d = parent[d]
        return d

    for c in claims:
        for d in c.cited[1:]:
            parent[root(d)] = root(c.cited[0])
    groups = sorted({root(c.cited[0]) for c in claims})
    order = np.random.default_rng(0).permutation(len(groups))
    chosen = {groups[i] for i in order[: len(groups) // LEFT_OUT]}
    return [root(c.cited[0]) in chosen for c in claims]


def nli(archive: Path) -> tuple[list[Example], list[Example]]:
    """MultiNLI's matched development part, SNLI's development and test parts, ConjNLI: (train, MNLI pairs kept aside)."""
    with tarfile.open(archive) as packed:

        def text(name: str) -> str:
            member = packed.extractfile(f"nli_small/{name}")
            if member is None:
                raise ValueError(f"{archive} has no {name}")
            return member.read().decode("utf-8-sig")

        rows = [json.loads(line) for line in text("generative-nli/mnli/dev.jsonl").splitlines()]
        mnli = [Example(r["hypothesis"].strip(), r["premise"].strip(), NLI_LABELS[r["label"]]) for r in rows]
        snli = []
        for part in ("dev", "test"):
            columns = [text(f"e-SNLI/{name}.{part}").splitlines() for name in ("s1", "s2", "labels")]
            for premise, hypothesis, label in zip(*columns, strict=True):
                if label in NLI_LABELS:
                    snli.append(Example(_joined(hypothesis), _joined(premise), NLI_LABELS[label]))
        conj = [
            Example(r["Hypothesis"], r["Premise"], NLI_LABELS[r["Label"]])
            for r in csv.DictReader(
                io.StringIO(text("ConjNLI/adversarial_train_15k.tsv")), delimiter="\t", quoting=csv.QUOTE_NONE
            )
            if r["Label"] in NLI_LABELS
        ]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(mnli))
    kept = [mnli[i] for i in order[:VALIDATION]]
    # captions of pictures and templates are all alike: a part of them shows what there is to learn
    some = [snli[i] for i in rng.permutation(len(snli))[:SNLI]]
    few = [conj[i] for i in rng.permutation(len(conj))[:CONJNLI]]
    return [mnli[i] for i in order[VALIDATION:]] + some + few, kept


def _joined(tokenised: str) -> str:
    """Text whose punctuation stands apart, as it is printed."""
    return re.sub(r"\s+([.,;:?!'])", r"\1", tokenised.strip())


def made_of_abstracts(data: Scifact, rng: np.random.Generator) -> list[Example]:
    """Titles and conclusions that state something as claims on the rest of their abstracts.

    Supported as they stand; refuted with a word or a number turned round; open with another name in them, beside the abstract of
    a near neighbour, or beside sentences that say little of it. Where a word is turned round in claim and evidence alike the claim
    stays supported, so that no word gives the label away. Abstracts that dev or the left-out claims cite are not used.
    """
    out: list[Example] = []
    near = dict(data.neighbours(6))
    for d, sentences in data.abstracts.items():
        if d in data.forbidden or len(sentences) < 4:
            continue
        for claim, at in _stated(sentences):
            others = [s for i, s in enumerate(sentences) if i not in (0, at) or (i == 0 and at and rng.random() < 0.4)]
            evidence = _evidence(data, claim, others, rng)
            if data.share(forms(claim), forms(evidence)) < 0.3:
                continue
            out.append(Example(claim, evidence, SUPPORTED))
            turned = flipped(claim, rng)
            if turned is not None:
                out.append(Example(turned.text, evidence, REFUTED))
                other = None if turned.family is None else flip_family(evidence, turned.family)
                if other is not None:
                    out.append(Example(turned.text, other, SUPPORTED))
                    if rng.random() < 0.5:
                        out.append(Example(claim, other, REFUTED))
            number = renumbered(claim, evidence, rng)
            if number is not None:
                out.append(Example(number, evidence, REFUTED))
            neighbour = [x for x in near[d] if x not in data.forbidden]
            if neighbour:
                other_abstract = data.abstracts[neighbour[int(rng.integers(len(neighbour)))]]
                out.append(Example(claim, _evidence(data, claim, other_abstract, rng), OPEN))
                swapped = _renamed(claim, evidence, other_abstract[0])
                if swapped is not None:
                    out.append(Example(swapped, evidence, OPEN))
            little = [s for s in others if data.share(forms(claim), forms(s)) < 0.2]
            if len(little) >= 2 and rng.random() < 0.35:
                out.append(Example(claim, " ".join(little[:2]), OPEN))
    return out


def numbers_of_abstracts(data: Scifact, count: int, rng: np.random.Generator) -> list[Example]:
    """Sentences of abstracts that print a number, as claims on themselves and their neighbours.

    Supported as they stand; refuted with another number in the claim or in the evidence; supported again with the same other
    number in both; open beside the other sentences alone. What decides is the number, and no number gives the label away.
    """
    usable = [d for d in data.abstracts if d not in data.forbidden]
    out: list[Example] = []
    for d in rng.permutation(usable).tolist():
        if len(out) >= count:
            break
        sentences = data.abstracts[d][1:]
        holding = [i for i, s in enumerate(sentences) if len(s.split()) <= 45 and re.search(r"\d\.\d|\d\d|\d ?%", s)]
        if not holding:
            continue
        at = holding[int(rng.integers(len(holding)))]
        claim = sentences[at]
        rest = claim.partition(", ")[2]
        if len(rest.split()) >= 8 and rng.random() < 0.5:
            claim = rest[0].upper() + rest[1:]
        turned = renumbered(claim, claim, rng)
        if turned is None:
            continue
        first = max(0, at - int(rng.integers(0, 2)))
        last = min(len(sentences), at + 1 + int(rng.integers(0, 2)))
        evidence = " ".join(sentences[first:last])
        changed = _changed_numbers(claim, turned)
        other = evidence.replace(*changed) if changed else evidence
        out += [Example(claim, evidence, SUPPORTED), Example(turned, evidence, REFUTED)]
        if other != evidence and rng.random() < 0.6:
            out.append(Example(turned, other, SUPPORTED))
            out.append(Example(claim, other, REFUTED))
        others = [s for i, s in enumerate(sentences) if i != at]
        if others and rng.random() < 0.5:
            out.append(Example(claim, _evidence(data, claim, others, rng), OPEN))
    return out


def _changed_numbers(a: str, b: str) -> tuple[str, str] | None:
    """The word in which two texts differ, in both."""
    pairs = [(x, y) for x, y in zip(a.split(), b.split(), strict=False) if x != y]
    return pairs[0] if len(pairs) == 1 else None


def _stated(sentences: Sequence[str]) -> list[tuple[str, int]]:
    """The title and the conclusion of an abstract where they state something, with the sentence they are."""
    out = []
    title = sentences[0].rstrip(". ")
    if "?" not in title and ":" not in title and 5 <= len(title.split()) <= 24 and _STATES.search(title):
        out.append((f"{title}.", 0))
    for at in range(len(sentences) - 1, max(1, len(sentences) - 3), -1):
        claim = _CONCLUDES.sub("", _CONCLUDES.sub("", sentences[at]))
        if claim != sentences[at] and 6 <= len(claim.split()) <= 32:
            out.append((claim[0].upper() + claim[1:], at))
            break
    return out


def _evidence(data: Scifact, claim: str, sentences: Sequence[str], rng: np.random.Generator) -> str:
    """One to three of the nearest sentences."""
    count = int(rng.choice([1, 2, 3], p=[0.45, 0.35, 0.2]))
    return " ".join(sentences[i] for i in data.nearest(claim, sentences, count))


def _renamed(claim: str, evidence: str, other: str) -> str | None:
    """The claim with a name of the other title in place of its own; None where either has no name that the evidence lets tell."""
    names = [t for t in tokens(claim) if t.namelike and len(t.text) > 2]
    foreign = [
        t.text for t in tokens(other) if t.namelike and len(t.text) > 2 and t.text.lower() not in evidence.lower()
    ]
    if not names or not foreign or foreign[0].lower() in claim.lower():
        return None
    return f"{claim[: names[0].start]}{foreign[0]}{claim[names[0].end :]}"


def scifact_views(data: Scifact, claims: Sequence[ScifactClaim], rng: np.random.Generator) -> list[Example]:
    """SciFact's claims beside what a search would find in their cited abstracts, in several lengths."""
    out: list[Example] = []
    for claim in claims:
        for d in claim.cited:
            sentences = data.abstracts[d]
            label = claim.labels.get(d, OPEN)
            need = [i + 1 for i in claim.rationales.get(d, ())]
            for count in (1, 2, 3):
                shown = _with(need[:count], data.nearest(claim.text, sentences, count), count)
                out.append(Example(claim.text, " ".join(sentences[i] for i in shown), label))
            if not need:
                continue
            out.append(Example(claim.text, " ".join(sentences[i] for i in need[:3]), label))
            rest = [s for i, s in enumerate(sentences) if i and i not in need]
            if len(rest) > 1 and rng.random() < 0.3:
                out.append(Example(claim.text, " ".join(rest[i] for i in data.nearest(claim.text, rest, 1)), OPEN))
            evidence = " ".join(sentences[i] for i in need[:2])
            turned = flipped(claim.text, rng)
            # a refuted claim often is one turned round already, so that turning it back makes it hold
            if turned is not None and (label == SUPPORTED or turned.family is not None):
                out.append(Example(turned.text, evidence, REFUTED if label == SUPPORTED else SUPPORTED))
            number = renumbered(claim.text, evidence, rng) if label == SUPPORTED else None
            if number is not None:
                out.append(Example(number, evidence, REFUTED))
    return out


def strangers(data: Scifact, claims: Sequence[ScifactClaim], rng: np.random.Generator) -> list[Example]:
    """SciFact's claims beside the nearest sentences of abstracts that they do not cite, but that share words with them."""
    usable = [d for d in data.abstracts if d not in data.forbidden]
    said = {d: forms(" ".join(data.abstracts[d])) for d in usable}
    out = []
    for claim in claims:
        own = forms(claim.text)
        order = sorted(usable, key=lambda d: -data.share(own, said[d]))[:12]
        others = [d for d in order if d not in claim.cited]
        for d in rng.permutation(others)[:2]:
            sentences = data.abstracts[int(d)]
            out.append(
                Example(claim.text, " ".join(sentences[i] for i in data.nearest(claim.text, sentences, 2)), OPEN)
            )
    return out


def _with(need: Sequence[int], found: Sequence[int], count: int) -> list[int]:
    """`count` sentences in order, those that are needed among them."""
    others = [i for i in found if i not in need]
    return sorted([*need, *others[: max(0, count - len(need))]])


def infotabs(folder: Path, count: int, rng: np.random.Generator) -> list[Example]:
    """Statements on Wikipedia's info boxes; the evidence is the box's title and the rows nearest to the statement."""
    with lzma.open(folder / "tables_train.jsonl.xz", "rt", encoding="utf-8") as lines:
        tables: dict[str, dict[str, Any]] = {r["table_id"]: r["table"] for r in map(json.loads, lines)}
    with lzma.open(folder / "train.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    out = []
    for i in rng.permutation(len(rows))[:count]:
        row = rows[int(i)]
        table = tables[row["table_id"]]
        said = forms(row["hypothesis"])
        facts = [f"{key}: {', '.join(values)[:200]}." for key, values in table.items() if key != "title"]
        near = sorted(range(len(facts)), key=lambda k: -len(forms(facts[k]) & said))[:4]
        evidence = " ".join([f"{table['title'][0]}.", *(facts[k] for k in sorted(near))])
        out.append(Example(row["hypothesis"], evidence, NLI_LABELS[row["label"]]))
    return out
