"""Claims of several papers that speak of the same thing: who says it, who says otherwise, and on whose data.

Two claims of different papers are held together where they share enough of their rare words, beyond names of tasks,
datasets and metrics and words of results, mean nearly the same to the sentence encoder, and are not about different
tasks. A cluster is a star: every member is held against its first claim, so that no chain leads from one thing to
another. Only another paper's own cells count as independent support; a citation or a quoted number repeats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from claimcheck.claims.taxonomy import Taxonomy
from claimcheck.foundation.models.encoder import Vectors
from claimcheck.foundation.records import CheckedClaim
from claimcheck.foundation.records.syntheses import (
    Bearing,
    Cluster,
    Member,
    Relation,
    Support,
    SynthesisPaper,
)
from claimcheck.foundation.words import forms, tokens
from claimcheck.synthesis.bearing import has_own_cells, is_second_hand
from claimcheck.synthesis.coverage import Coverage, said_of, slots_of
from claimcheck.synthesis.relations import (
    CERTAIN,
    RESULT_WORDS,
    SAYS_SAME,
    Item,
    Link,
    is_copy,
    may_be_of_one_thing,
    of_one_hand,
    relation_of,
)

__all__ = ["SAME_MEANING", "SHARED_WORDS", "Clustered", "cluster_claims"]

SHARED_WORDS = 0.30  # weight of the shared words over that of the claim with fewer
SAME_MEANING = 0.65  # cosine
_LEAST_SUBJECT = 2  # shared words that name a subject: no result, task, dataset or metric
_RARE = 0.06  # share of the claims that may have a word by which pairs are found
_MOST_PAIRS = 1500  # by their shared words, the most first
_FINDINGS = frozenset(("numeric", "comparison", "ranking", "trend", "ablation", "causal", "other", "existence"))
Encode = Callable[[Sequence[tuple[SynthesisPaper, CheckedClaim]]], Vectors]


@dataclass(frozen=True, slots=True)
class Clustered:
    """The clusters, and the claims (paper, id) that another paper's own cells support."""

    clusters: tuple[Cluster, ...]
    independent: frozenset[tuple[str, str]]


def cluster_claims(
    papers: Sequence[SynthesisPaper],
    encode: Encode,
    taxonomy: Taxonomy,
    bearing: Sequence[Bearing] = (),
) -> Clustered:
    """Clusters over the papers: the claims that bear on the question first, then those with contradictions and papers.

    `encode` gives the unit vectors of claims; only claims of likely pairs are asked for. `bearing`: the claims that
    bear on the question; what each says to it is how they stand to each other.
    """
    asked = frozenset((b.paper, b.claim) for b in bearing)
    names = _taxonomy_words(taxonomy)
    items = [
        Item(
            p,
            c,
            said,
            frozenset(
                w for w in said.words if w not in names and w not in RESULT_WORDS and len(w) > 2 and not w.isdigit()
            ),
        )
        for p in papers
        for c in p.claims
        if c.kind in _FINDINGS and not c.text.rstrip().endswith("?")
        for said in (said_of(c, taxonomy),)
    ]
    coverage = Coverage.over([i.said for i in items], taxonomy, None)
    links = _links(items, coverage, encode)
    related = of_one_hand(papers, links, items)
    first = _on_the_question(papers, bearing, related)
    clusters: list[Cluster] = [] if first is None else [first]
    taken = {i for i, x in enumerate(items) if first is not None and (x.paper.key, x.claim.id) in asked}
    by_item: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        by_item[link.first].append(link)
        by_item[link.second].append(link)

    def standing(i: int) -> tuple[bool, int, float, str, str]:
        mine = items[i]
        others = {items[_other(x, i)].paper.key for x in by_item[i]}
        return (
            is_second_hand(mine.claim),
            -len(others),
            -mine.claim.importance,
            mine.paper.key,
            mine.claim.id,
        )

    for i in sorted(by_item, key=standing):
        if i in taken:
            continue
        near = {_other(x, i): x for x in by_item[i] if _other(x, i) not in taken}
        cluster = _cluster(i, near, items, coverage, related, asked)
        if cluster is not None:
            named = {(m.paper, m.claim) for m in cluster.members}
            taken |= {k for k in (i, *near) if (items[k].paper.key, items[k].claim.id) in named}
            clusters.append(cluster)
    clusters.sort(
        key=lambda c: (
            not c.bears,
            not c.contradicted,
            -len({m.paper for m in c.members}),
            -len(c.members),
            c.members[0].paper,
            c.members[0].claim,
        )
    )
    numbered = tuple(c.model_copy(update={"id": f"C{n}"}) for n, c in enumerate(clusters, 1))
    return Clustered(numbered, _independent(numbered))


def _links(items: Sequence[Item], coverage: Coverage, encode: Encode) -> list[Link]:
    index: dict[str, list[int]] = defaultdict(list)
    for i, item in enumerate(items):
        for word in item.subject:
            index[word].append(i)
    most = max(8, int(_RARE * len(items)))
    shared: dict[tuple[int, int], set[str]] = defaultdict(set)
    for word, at in index.items():
        if len(at) <= most:
            for n, i in enumerate(at):
                for j in at[n + 1 :]:
                    if items[i].paper.key != items[j].paper.key:
                        shared[i, j].add(word)
    weights = [sum(coverage.weight(w) for w in item.subject) for item in items]
    scored = []
    for (i, j), words in shared.items():
        both = items[i].subject & items[j].subject
        if len(both) < _LEAST_SUBJECT or not may_be_of_one_thing(items[i], items[j]):
            continue
        share = sum(coverage.weight(w) for w in both) / min(weights[i], weights[j])
        if share >= SHARED_WORDS / 2 and words:
            scored.append((share, i, j, frozenset(both)))
    scored.sort(key=lambda x: (-x[0], x[1], x[2]))
    scored = scored[:_MOST_PAIRS]
    wanted = sorted({k for _, i, j, _ in scored for k in (i, j)})
    if not wanted:
        return []
    row = {k: n for n, k in enumerate(wanted)}
    vectors = encode([(items[k].paper, items[k].claim) for k in wanted])
    out = []
    for share, i, j, both in scored:
        cosine = float(np.dot(vectors[row[i]], vectors[row[j]]))
        if cosine >= SAME_MEANING and (share >= SHARED_WORDS or cosine >= CERTAIN):
            out.append(Link(i, j, cosine, both))
    return out


def _on_the_question(
    papers: Sequence[SynthesisPaper], bearing: Sequence[Bearing], related: frozenset[frozenset[str]]
) -> Cluster | None:
    """The claims that say yes or no to the question, the strongest first; None where one paper alone does."""
    claims = {(p.key, c.id): c for p in papers for c in p.claims}
    said = [b for b in bearing if b.stance != "unclear"]
    said.sort(key=lambda b: (b.second_hand, b.evidence != "own_cells", -b.score, b.paper, b.claim))
    if len({b.paper for b in said}) < 2:
        return None
    lead = said[0]
    members = []
    for b in said:
        claim = claims[b.paper, b.claim]
        relation: Relation | None = None
        if b is not lead:
            relation = "supports" if b.stance == lead.stance else "contradicts"
            same_hand = frozenset((b.paper, lead.paper)) in related
            relation = "repeats" if b.second_hand or (same_hand and relation == "supports") else relation
        members.append(
            Member(
                paper=b.paper,
                claim=b.claim,
                relation=relation,
                similarity=round(b.score, 4),
                conditions=_conditions(claim),
                own_evidence=b.evidence == "own_cells" and not b.second_hand,
                second_hand=b.second_hand,
            )
        )
    support, reason = _support(members)
    return Cluster(
        id="C0",
        about="the question",
        members=tuple(members),
        support=support,
        reason=reason,
        contradicted=any(m.relation == "contradicts" for m in members),
        bears=True,
    )


def _cluster(
    first: int,
    near: Mapping[int, Link],
    items: Sequence[Item],
    coverage: Coverage,
    related: frozenset[frozenset[str]],
    bearing: frozenset[tuple[str, str]],
) -> Cluster | None:
    """The claim with those that stand in a relation to it; None where none does."""
    lead = items[first]
    members = [_member(lead, None, 1.0)]
    for other, link in sorted(near.items(), key=lambda x: (-x[1].cosine, x[0])):
        item = items[other]
        relation = relation_of(lead, item, link, coverage)
        if is_second_hand(item.claim):
            relation = "repeats" if link.cosine >= SAYS_SAME else None
        if relation == "supports" and (frozenset((lead.paper.key, item.paper.key)) in related or is_copy(link, items)):
            relation = "repeats"
        if relation is not None:
            members.append(_member(item, relation, link.cosine))
    if len(members) == 1:
        return None
    support, reason = _support(members)
    return Cluster(
        id="C0",
        about=_about(lead, [items[k] for k in near]),
        members=tuple(members),
        support=support,
        reason=reason,
        contradicted=any(m.relation == "contradicts" for m in members),
        bears=any((m.paper, m.claim) in bearing for m in members),
    )


def _member(item: Item, relation: Relation | None, cosine: float) -> Member:
    second_hand = is_second_hand(item.claim)
    return Member(
        paper=item.paper.key,
        claim=item.claim.id,
        relation=relation,
        similarity=round(cosine, 4),
        conditions=_conditions(item.claim),
        own_evidence=has_own_cells(item.claim) and not second_hand,
        second_hand=second_hand,
    )


def _support(members: Sequence[Member]) -> tuple[Support, str]:
    """What stands behind the first claim of a cluster."""
    lead = members[0]
    independent = [m for m in members[1:] if m.relation == "supports" and m.own_evidence and m.paper != lead.paper]
    if independent:
        papers = ", ".join(dict.fromkeys(m.paper for m in independent))
        return "independent", f"own cells of {papers} support the same"
    if lead.own_evidence:
        return "self_consistent", "it agrees with its paper’s own tables; no other paper’s own cells were found for it"
    repeated = [m for m in members[1:] if m.relation == "repeats"]
    if repeated:
        return (
            "repeated",
            f"{', '.join(dict.fromkeys(m.paper for m in repeated))} tell of it, which is no evidence of their own",
        )
    return "unchecked", "no cells were found for it"


def _independent(clusters: Sequence[Cluster]) -> frozenset[tuple[str, str]]:
    """The claims of which another paper's own cells support the same."""
    out = set()
    for cluster in clusters:
        agreeing = [m for m in cluster.members if m.relation in (None, "supports")]
        for m in agreeing:
            if any(o.paper != m.paper and o.own_evidence for o in agreeing):
                out.add((m.paper, m.claim))
    return frozenset(out)


def _conditions(claim: CheckedClaim) -> str:
    """Where and under what a claim holds, as it says itself."""
    parts = []
    for name in ("dataset", "task", "metric", "condition", "aggregation"):
        values = dict.fromkeys(v for s in slots_of(claim) if (v := getattr(s, name)))
        if values:
            parts.append(", ".join(list(values)[:3]))
    return "; ".join(parts)


def _about(lead: Item, others: Sequence[Item]) -> str:
    """The words that the first claim shares with most of the others, in its order."""
    shared = [w for w in lead.said.words if sum(w in o.said.words for o in others) * 2 >= len(others)]
    words = [w for w in _surface(lead.claim, frozenset(shared)) if w]
    return " ".join(words[:8]) or "the same finding"


def _surface(claim: CheckedClaim, forms_wanted: frozenset[str]) -> list[str]:
    found: dict[str, str] = {}
    for t in tokens(claim.statement or claim.text):
        if t.form in forms_wanted and t.form not in RESULT_WORDS:
            found.setdefault(t.form, t.text)
    return list(found.values())


def _taxonomy_words(taxonomy: Taxonomy) -> frozenset[str]:
    """The words of which names of tasks, datasets and metrics are made."""
    names: list[str] = [e.name for e in taxonomy.tasks.entries]
    names += [e.name for e in taxonomy.datasets.entries] + [e.name for e in taxonomy.metrics.entries]
    return frozenset(w for name in names for w in forms(name))


def _other(link: Link, i: int) -> int:
    return link.second if link.first == i else link.first
