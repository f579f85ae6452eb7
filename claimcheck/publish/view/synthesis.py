"""A synthesis as a report shows it: every figure formatted, every reference resolved; nothing is escaped yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import CrossLink, Paper
from claimcheck.foundation.records.syntheses import Bearing, Cluster, Rubric, Statement, Synthesis, SynthesisPaper
from claimcheck.publish.escape import anchor, plain, shorten
from claimcheck.publish.view.claims import ClaimView, claim_view
from claimcheck.publish.view.places import LONGEST, LONGEST_TITLE, author_names, paper_link, paper_name, pointer_words

OUTCOMES = {
    "answered": "Answered",
    "contradicted": "Contradicted",
    "not_addressed": "Not addressed",
}
_DIRECTIONS = {"yes": "yes", "no": "no", "mixed": "the papers differ", "open": "see the findings", None: ""}
_SUPPORTS = {
    "independent": "independently supported",
    "self_consistent": "consistent with itself",
    "repeated": "repeated, not supported",
    "unchecked": "nothing to check it by",
}
_RELATIONS = {
    None: "says",
    "supports": "says the same",
    "contradicts": "says otherwise",
    "other_condition": "under another condition",
    "repeats": "repeats",
}
_EVIDENCE = {
    "own_cells": "its own cells agree",
    "own_text": "its own text agrees",
    "refuted": "its own cells differ",
    "none": "nothing found in it",
}
_LINKS = {
    "equal": "equal",
    "conflict": "in conflict",
    "different_definition": "another definition",
    "different_condition": "another condition",
}
_EXCLUSIONS = {
    "not_retrieved": "no text to be had",
    "not_readable": "not readable",
    "duplicate": "the same contents as another",
    "no_claims": "no checkable claim",
    "retracted": "retracted or withdrawn",
    "other_language": "not in English",
    "failed": "an error",
}
_MOST_CLAIMS = 8  # of a paper, beside those that the answer and the clusters name
_MOST_NUMBERS = 40  # of those that are not equal
_MOST_EQUAL = 8


@dataclass(frozen=True, slots=True)
class CiteView:
    """A reference to a claim of a paper of the synthesis, or to the paper; `target` is an anchor in the document."""

    words: str  # "P3, p. 4"
    target: str


@dataclass(frozen=True, slots=True)
class StatementView:
    """A sentence of the answer."""

    text: str
    quoted: bool
    cites: tuple[CiteView, ...]
    reworded: str = ""  # a language model's wording of it


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper of the search."""

    key: str
    anchor: str
    title: str
    authors: str
    name: str
    link: str
    year: str
    kept: bool
    reason: str
    basis: str
    claims: int
    shown: int
    supported: int
    refuted: int
    source: str  # first hex digits of its source's hash
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """A claim of a paper, and how it bears on the question where it was held against it."""

    view: ClaimView
    paper: PaperView
    bears: bool
    stance: str  # "yes", "no", "unclear", "" where it does not bear
    why: str
    shares: str
    evidence: str
    independent: bool


@dataclass(frozen=True, slots=True)
class MemberView:
    """A claim of a cluster."""

    relation: str
    label: str  # the relation's code, "" for the first
    text: str
    cite: CiteView
    conditions: str
    note: str


@dataclass(frozen=True, slots=True)
class ClusterView:
    """Claims of several papers that speak of the same thing."""

    id: str
    about: str
    support: str
    support_code: str
    reason: str
    contradicted: bool
    bears: bool
    papers: int
    members: tuple[MemberView, ...]


@dataclass(frozen=True, slots=True)
class NumberView:
    """A number of one paper beside that of another."""

    what: str  # "SQuAD, F1: BiDAF"
    relation: str
    code: str
    first: str
    first_cite: CiteView
    first_where: str
    second: str
    second_cite: CiteView
    second_where: str
    reason: str


@dataclass(frozen=True, slots=True)
class RubricView:
    """A rubric with its score in words."""

    name: str
    score: str
    reason: str
    formula: str
    inputs: tuple[tuple[str, str], ...]
    share: str  # percent, for a bar


@dataclass(frozen=True, slots=True)
class SynthesisView:
    """Everything that a synthesis report prints."""

    question: str
    outcome: str
    outcome_code: str
    direction: str
    derived: tuple[StatementView, ...]
    quotes: tuple[StatementView, ...]
    question_facts: tuple[tuple[str, str], ...]
    anchor: PaperView | None
    abstract: str
    abstract_note: str
    databases: tuple[tuple[str, str, str, str, str, str, str], ...]  # name, query, date, found, kept, status, message
    method_notes: tuple[str, ...]
    flow: tuple[tuple[str, str], ...]
    papers: tuple[PaperView, ...]
    left_out: tuple[PaperView, ...]
    bearing: tuple[ShownClaim, ...]
    nearest: tuple[ShownClaim, ...]
    thresholds: str
    clusters: tuple[ClusterView, ...]
    numbers: tuple[NumberView, ...]
    numbers_words: str
    claims: tuple[tuple[PaperView, tuple[ShownClaim, ...]], ...]
    rubrics: tuple[RubricView, ...]
    reviewers: tuple[tuple[str, str, str], ...]  # name, weights, score
    overall: str
    disagreement: str
    limitations: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    made_by: str
    local: str  # says that it quotes an abstract and is for one's own use; "" in a public report


def synthesis_view(synthesis: Synthesis) -> SynthesisView:
    """The report of a synthesis; a function of the record alone."""
    s = synthesis
    bearings = {(b.paper, b.claim): b for b in (*s.answer.bearings, *s.answer.nearest)}
    named = {*bearings, *((m.paper, m.claim) for c in s.clusters for m in c.members)}
    named |= {(r.paper, r.claim) for x in s.answer.statements for r in x.citations if r.claim}
    chosen = {p.key: _chosen(p, named) for p in s.papers}
    papers = {p.key: _paper_view(p, len(chosen[p.key])) for p in s.papers}
    known = {p.paper.id: p.paper for p in s.papers}
    shown: dict[tuple[str, str], ShownClaim] = {}
    number = 0
    for p in s.papers:
        for i in chosen[p.key]:
            number += 1
            claim = p.claims[i]
            view = claim_view(claim, number, i, claim_anchor(p.key, claim.id), p.paper, known, None, ())
            shown[p.key, claim.id] = _shown(view, papers[p.key], bearings.get((p.key, claim.id)))
    keys = {p.paper.id: p.key for p in s.papers if p.kept}
    cites = _Cites(papers, {k: v.view for k, v in shown.items()})
    anchored = papers.get(s.anchor)
    home = s.paper(s.anchor) if s.anchor else None
    statements = [_statement(x, cites) for x in s.answer.statements]
    kept = [p for p in s.papers if p.kept]
    return SynthesisView(
        question=s.question.text,
        outcome=OUTCOMES[s.answer.outcome],
        outcome_code=s.answer.outcome,
        direction=_DIRECTIONS[s.answer.direction],
        derived=tuple(x for x in statements if not x.quoted),
        quotes=tuple(x for x in statements if x.quoted),
        question_facts=_question_facts(s),
        anchor=anchored,
        abstract="" if home is None or s.public else shorten(home.paper.abstract, LONGEST),
        abstract_note=_abstract_note(s, home),
        databases=tuple(
            (d.database, d.query, d.date, f"{d.found:,}", f"{d.kept:,}", d.status, d.message)
            for d in s.method.databases
        ),
        method_notes=s.method.notes,
        flow=_flow(s),
        papers=tuple(papers[p.key] for p in kept),
        left_out=tuple(papers[p.key] for p in s.papers if not p.kept),
        bearing=tuple(shown[b.paper, b.claim] for b in s.answer.bearings),
        nearest=tuple(shown[b.paper, b.claim] for b in s.answer.nearest),
        thresholds=", ".join(f"{name} {value:g}" for name, value in sorted(s.answer.thresholds.items())),
        clusters=tuple(_cluster(c, cites, shown) for c in s.clusters),
        numbers=_numbers(s, keys, known, cites),
        numbers_words=_number_words(s.numbers),
        claims=tuple(
            (papers[p.key], tuple(shown[p.key, p.claims[i].id] for i in chosen[p.key])) for p in kept if chosen[p.key]
        ),
        rubrics=tuple(map(_rubric, s.assessment.rubrics)),
        reviewers=tuple(
            (r.name, ", ".join(f"{name} {w:g}" for name, w in sorted(r.weights.items())), _out_of_ten(r.score))
            for r in s.assessment.reviewers
        ),
        overall=_out_of_ten(s.assessment.overall),
        disagreement=_disagreement(s),
        limitations=s.limitations,
        provenance=_provenance(s),
        made_by=_made_by(s),
        local="" if s.public or home is None or not home.paper.abstract else
        "This report quotes an abstract whole: it is for your own use. Made with --public it links it instead.",
    )  # fmt: skip


def claim_anchor(paper: str, claim: str) -> str:
    """The name of a claim's place in the document."""
    return f"c-{anchor(paper)}-{anchor(claim)}"


@dataclass(frozen=True, slots=True)
class _Cites:
    papers: Mapping[str, PaperView]
    views: Mapping[tuple[str, str], ClaimView]

    def of(self, paper: str, claim: str = "") -> CiteView:
        view = self.views.get((paper, claim))
        if view is None:
            return CiteView(paper, self.papers[paper].anchor)
        return CiteView(", ".join(x for x in (paper, view.said.split("; ")[0]) if x), view.anchor)


def _chosen(p: SynthesisPaper, named: set[tuple[str, str]]) -> list[int]:
    """The claims of a paper that are listed: those that anything names, and its most important ones."""
    important = sorted(range(len(p.claims)), key=lambda i: (-p.claims[i].importance, i))[:_MOST_CLAIMS]
    return sorted({*important, *(i for i, c in enumerate(p.claims) if (p.key, c.id) in named)})


def _paper_view(p: SynthesisPaper, shown: int) -> PaperView:
    labels = Counter(c.verdict.label for c in p.claims)
    return PaperView(
        key=p.key,
        anchor=f"paper-{anchor(p.key)}",
        title=shorten(p.paper.title, LONGEST_TITLE) or paper_name(p.paper),
        authors=author_names(p.paper.authors),
        name=paper_name(p.paper),
        link=paper_link(p.paper),
        year=p.paper.published[:4] or (str(p.work.year) if p.work.year else ""),
        kept=p.kept,
        reason=p.reason if p.kept else f"{_EXCLUSIONS[p.exclusion]}: {p.reason}",
        basis={"full_text": "full text", "abstract": "abstract alone", "none": ""}[p.basis],
        claims=len(p.claims),
        shown=shown,
        supported=labels["supported"],
        refuted=labels["refuted"],
        source=p.paper.source_sha256[:12],
        notes=p.work.notes,
    )


def _shown(view: ClaimView, paper: PaperView, b: Bearing | None) -> ShownClaim:
    shares = ""
    if b is not None:
        parts = (("score", b.score), ("topic", b.topic), ("factor", b.factor), ("against", b.against),
                 ("outcome", b.outcome), ("scope", b.scope))  # fmt: skip
        shares = ", ".join(f"{name} {value:.2f}" for name, value in parts if value is not None)
    return ShownClaim(
        view=view,
        paper=paper,
        bears=b is not None and b.bears,
        stance=b.stance if b is not None and b.bears else "",
        why=b.reason if b is not None else "",
        shares=shares,
        evidence=_EVIDENCE[b.evidence] if b is not None else "",
        independent=b is not None and b.independent,
    )


def _statement(x: Statement, cites: _Cites) -> StatementView:
    return StatementView(
        text=shorten(x.text, LONGEST),
        quoted=x.kind == "quote",
        cites=tuple(dict.fromkeys(cites.of(r.paper, r.claim) for r in x.citations)),
        reworded=shorten(x.reworded, LONGEST) if x.reworded else "",
    )


def _made_by(s: Synthesis) -> str:
    version = plain(s.run.versions.get("claimcheck", ""))
    return (
        f"A machine made this synthesis (claimcheck {version}); no person has checked it. Every quote is verbatim; "
        "read it in its paper before you rely on it."
    )


def _question_facts(s: Synthesis) -> tuple[tuple[str, str], ...]:
    q = s.question
    yes = {"up": "it helps or is better", "down": "it hurts or is worse", "same": "it makes no difference"}
    facts = (
        ("asked about", q.factor),
        ("set against", q.against),
        ("effect on", q.outcome),
        ("where", q.scope),
        ("a yes would mean", yes.get(q.direction or "", "")),
    )
    return tuple((name, value) for name, value in facts if value)


def _abstract_note(s: Synthesis, home: SynthesisPaper | None) -> str:
    if home is None:
        return ""
    if s.public:
        return "The abstract stands with the paper; it is not quoted here."
    return "" if home.paper.abstract else "No abstract was found in the paper."


def _flow(s: Synthesis) -> tuple[tuple[str, str], ...]:
    f = s.flow
    rows = [
        ("records identified", f.identified),
        ("duplicates removed", f.duplicates),
        ("screened", f.screened),
        ("left out: less relevant, or beyond the limit", f.less_relevant),
        ("sought", f.sought),
        ("left out: no text to be had", f.not_retrieved),
        ("assessed", f.assessed),
        *((f"left out: {_EXCLUSIONS[name]}", count) for name, count in sorted(f.excluded.items())),
        ("included", f.included),
    ]
    steps = {"records identified", "screened", "sought", "assessed", "included"}
    return tuple((words, f"{count:,}") for words, count in rows if count or words in steps)


def _cluster(c: Cluster, cites: _Cites, shown: Mapping[tuple[str, str], ShownClaim]) -> ClusterView:
    return ClusterView(
        id=c.id,
        about=c.about,
        support=_SUPPORTS[c.support],
        support_code=c.support,
        reason=c.reason,
        contradicted=c.contradicted,
        bears=c.bears,
        papers=len({m.paper for m in c.members}),
        members=tuple(
            MemberView(
                relation=_RELATIONS[m.relation],
                label=m.relation or "",
                text=shown[m.paper, m.claim].view.text,
                cite=cites.of(m.paper, m.claim),
                conditions=shorten(m.conditions, 300),
                note="tells of others’ work" if m.second_hand else "its own cells agree" if m.own_evidence else "",
            )
            for m in c.members
        ),
    )


def _numbers(
    s: Synthesis, keys: Mapping[str, str], known: Mapping[str, Paper], cites: _Cites
) -> tuple[NumberView, ...]:
    order = {"conflict": 0, "different_condition": 1, "different_definition": 2, "equal": 3}
    listed = [x for x in s.numbers if x.first.pointer.paper in keys and x.second.pointer.paper in keys]
    listed.sort(key=lambda x: order[x.relation])
    out = []
    listed = [x for x in listed if x.relation != "equal"][:_MOST_NUMBERS] + [
        x for x in listed if x.relation == "equal"
    ][:_MOST_EQUAL]
    for x in listed:
        home = Paper(id="")
        out.append(
            NumberView(
                what=f"{x.dataset}, {x.metric}{f', {x.split}' if x.split else ''}: {x.method}",
                relation=_LINKS[x.relation],
                code=x.relation,
                first=x.first.score,
                first_cite=cites.of(keys[x.first.pointer.paper]),
                first_where=_cell(x.first.pointer, home, known),
                second=x.second.score,
                second_cite=cites.of(keys[x.second.pointer.paper]),
                second_where=_cell(x.second.pointer, home, known),
                reason=x.reason,
            )
        )
    return tuple(out)


def _cell(pointer: object, home: Paper, known: Mapping[str, Paper]) -> str:
    """Where a cell stands, without the paper's name."""
    from claimcheck.foundation.records import Pointer

    assert isinstance(pointer, Pointer)
    return pointer_words(pointer.model_copy(update={"paper": ""}), home, known)


def _number_words(links: Sequence[CrossLink]) -> str:
    if not links:
        return "No number of one paper was found in another."
    counts: Counter[str] = Counter(x.relation for x in links)
    told = ", ".join(f"{counts[code]:,} {words}" for code, words in _LINKS.items() if counts[code])
    unequal = len(links) - counts["equal"]
    cut = unequal > _MOST_NUMBERS or counts["equal"] > _MOST_EQUAL
    more = " Those in conflict are listed first; the others stand in synthesis.json." if cut else ""
    head = f"{len(links):,} numbers stand in two papers: {told}."
    return f"{head} A quoted number repeats; it is no evidence of its own.{more}"


def _rubric(r: Rubric) -> RubricView:
    return RubricView(
        name=r.name,
        score=_out_of_ten(r.score),
        reason=r.reason,
        formula=r.formula,
        inputs=tuple((name.replace("_", " "), f"{value:g}") for name, value in sorted(r.inputs.items())),
        share=f"{10 * (r.score or 0):.1f}",
    )


def _out_of_ten(score: float | None) -> str:
    return "n/a" if score is None else f"{score:.1f}"


def _disagreement(s: Synthesis) -> str:
    a = s.assessment
    if a.overall is None or a.low is None or a.high is None:
        return ""
    words = f"The reviewers range from {a.low:.1f} to {a.high:.1f}"
    if a.sd is not None:
        words += f" (standard deviation {a.sd:.2f})"
    if a.rubric_sd is not None:
        words += f"; the rubrics have a standard deviation of {a.rubric_sd:.2f}"
    if s.answer.outcome == "not_addressed":
        words += ". It is a score of this document and not of an answer, for there is none"
    return words + "."


def _provenance(s: Synthesis) -> tuple[tuple[str, str], ...]:
    run = s.run
    facts = (
        ("started", run.started),
        ("seconds", ", ".join(f"{k} {v:.1f}" for k, v in sorted(run.seconds.items()))),
        ("versions", ", ".join(f"{k} {v}" for k, v in sorted(run.versions.items()))),
        ("models", ", ".join(f"{k} {v}" for k, v in sorted(run.models.items()))),
        ("settings", ", ".join(f"{k} {v}" for k, v in sorted(run.settings.items()))),
        ("read", f"{run.sentences:,} sentences, {run.tables:,} tables, {run.claims_found:,} claims"),
        ("format", s.schema_),
    )
    return tuple((k, v) for k, v in facts if v)
