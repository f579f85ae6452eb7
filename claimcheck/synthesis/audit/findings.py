"""What is wrong with a report, each in one sentence that its reader can check against the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from claimcheck.foundation.records.audits import AuditFinding, Severity
from claimcheck.synthesis.audit.context import Context, finding, number_words, of, quoted, s
from claimcheck.synthesis.audit.figures import confidence, counts, score, ticks

__all__ = ["find_faults"]

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


def find_faults(context: Context) -> list[AuditFinding]:
    """Every finding, errors first; within one severity in a fixed order."""
    found = [x for check in _CHECKS for x in check(context)]
    return sorted(found, key=lambda f: _ORDER[f.severity])


# --- the question and the claims --------------------------------------------------------------------


def _question(c: Context) -> Iterator[AuditFinding]:
    if not c.question:
        yield finding("question_missing", "error", "The report does not say which question it answers.")
        return
    if not c.claims or any(x.addresses_question for x in c.claims):
        return
    unspoken = [x for x in c.core if x in c.unspoken]
    others = [x for x in c.unspoken if x not in c.core]
    if unspoken:
        text = f"No claim addresses the question: none mentions {quoted([*unspoken, *others])}."
    elif len(c.core) > 1:
        text = f"No claim addresses the question: none is a finding on {quoted(c.core, 'and')} together"
        text += f", and none mentions {quoted(others)}." if others else "."
    else:
        text = "No claim addresses the question: those that speak of its subject state no finding on it."
    nearest = [x for x in c.claims if x.relation is not None]
    nearest = [max(nearest, key=lambda x: x.relation or 0.0)] if nearest else []
    if nearest:
        text += f" The nearest in meaning is claim {nearest[0].number}."
    yield finding("question_unaddressed", "error", text, claims=nearest, quotes=[c.question])


def _none(c: Context) -> Iterator[AuditFinding]:
    if not c.claims:
        yield finding("claims_missing", "error", "The report lists no claim, so there is nothing in it to check.")


def _cut(c: Context) -> Iterator[AuditFinding]:
    cut = [x for x in c.claims if x.truncated]
    if not cut:
        return
    lengths = [len(x.text) for x in cut]
    at = f"{lengths[0]}" if min(lengths) == max(lengths) else f"{min(lengths)} to {max(lengths)}"
    verb = "is" if len(cut) == 1 else "are"
    text = f"{of(len(cut), len(c.claims), 'claim')} {verb} cut off in mid-sentence (after {at} characters)"
    ticked = sum(x.verified is True for x in cut)
    if ticked:
        who = (
            "it is"
            if len(cut) == 1
            else "all are"
            if ticked == len(cut)
            else f"{ticked} of them {'is' if ticked == 1 else 'are'}"
        )
        text += f"; {who} marked as verified"
    text += "."
    gone = [x for x in cut if x.continuation]
    if gone:
        text += f" In the source claim {gone[0].number} goes on: “…{gone[0].continuation[:120]}”."
    yield finding("claims_cut_off", "error", text, claims=cut, quotes=[x.text for x in cut])


def _parts_cut(c: Context) -> Iterator[AuditFinding]:
    for part, last in c.cut_texts:
        yield finding("text_cut_off", "warning", f"The part “{part}” ends in mid-sentence: “…{last[-60:]}”.")


def _no_findings(c: Context) -> Iterator[AuditFinding]:
    none = [x for x in c.claims if x.statement != "finding"]
    if none:
        verb = f"state{s(len(none))} no finding but what was done or what something is"
        text = f"{of(len(none), len(c.claims), 'claim')} {verb}: {number_words(none)}."
        yield finding("claims_no_findings", "warning", text, claims=none, quotes=[x.text for x in none])


def _repeated(c: Context) -> Iterator[AuditFinding]:
    again = [x for x in c.claims if x.repeats is not None]
    if again:
        pairs = ", ".join(f"{x.number} says what {x.repeats} says" for x in again[:8])
        more = f" and {len(again) - 8} more" if len(again) > 8 else ""
        text = f"{of(len(again), len(c.claims), 'claim')} repeat{s(len(again))} an earlier one: {pairs}{more}."
        yield finding("claims_repeated", "warning", text, claims=again, quotes=[x.text for x in again])


# --- the papers -------------------------------------------------------------------------------------


def _sources(c: Context) -> Iterator[AuditFinding]:
    against = [x for x in c.claims if x.backing == "contradicted"]
    if against:
        verb = "is" if len(against) == 1 else "are"
        text = f"{of(len(against), len(c.claims), 'claim')} {verb} contradicted by the papers: {number_words(against)}."
        yield finding("claims_contradicted", "error", text, claims=against, quotes=[x.text for x in against])
    lost = [x for x in c.claims if x.backing == "not_found"] if c.is_resolved else []
    if lost:
        verb = "is" if len(lost) == 1 else "are"
        where = "in none of the cited papers, neither word for word nor in part"
        text = f"{of(len(lost), len(c.claims), 'claim')} {verb} {where}: {number_words(lost)}."
        yield finding("claims_not_in_sources", "error", text, claims=lost, quotes=[x.text for x in lost])
    wrong = sorted((x for x in (*against, *lost) if x.verified is True), key=lambda x: x.number)
    if wrong:
        ticked = of(len(wrong), sum(x.verified is True for x in c.claims), "tick")
        claims = f"claim{'' if len(wrong) == 1 else 's'} {number_words(wrong)}"
        text = f"{ticked} stand{s(len(wrong))} beside what the papers contradict or do not say: {claims}."
        yield finding("ticks_against_evidence", "error", text, claims=wrong)


def _one_source(c: Context) -> Iterator[AuditFinding]:
    held = [x for x in c.claims if x.backing in ("verbatim", "in_part", "contradicted")]
    homes = {x.paper for x in held}
    if len(held) >= 3 and len(homes) == 1 and c.papers > 1:
        rest = "the other paper has" if c.papers == 2 else f"the other {c.papers - 1} papers have"
        text = f"All {len(held)} claims that stand in a paper at hand stand in {homes.pop()}; {rest} none of them."
        yield finding("one_source", "warning", text, claims=held)
    named = [x.source for x in c.claims if x.source]
    if len(named) == len(c.claims) >= 3 and len(set(named)) == 1 and not held:
        yield finding("one_source", "warning", f"Every claim names the same source: {named[0][:200]}.", claims=c.claims)


def _references(c: Context) -> Iterator[AuditFinding]:
    total = len(c.references)
    if not total:
        text = "The report lists no references, so that no claim can be traced to a paper."
        yield finding("references_missing", "error", text)
        return
    off = [r for r in c.references if r.bears is False]
    if off:
        verb = "has" if len(off) == 1 else "have"
        why = "title and abstract share hardly a word and no meaning with the question or any claim"
        text = f"{of(len(off), total, 'reference')} {verb} no bearing: {why} ({number_words(off)})."
        titles = [r.paper.title for r in off if r.paper is not None and r.paper.title]
        yield finding("references_without_bearing", "warning", text, references=off, quotes=titles)
    again = [r for r in c.references if r.repeats is not None]
    if again:
        pairs = ", ".join(f"{r.repeats} and {r.number}" for r in again[:8])
        text = f"The same paper is listed more than once: references {pairs}."
        yield finding("references_repeated", "note", text, references=again)
    lost = [r for r in c.references if r.status == "unresolved"]
    if lost:
        reasons = "; ".join(sorted({r.reason for r in lost if r.reason}))[:300]
        none = len(lost) == total > 1
        which = f"None of the {total} references could" if none else f"{of(len(lost), total, 'reference')} could not"
        why = f" ({reasons})" if reasons else ""
        text = f"{which} be resolved{why}. No claim counts as missing from the papers for that."
        yield finding("references_unresolved", "note", text, references=lost)


# --- other reports ----------------------------------------------------------------------------------


def _recycled(c: Context) -> Iterator[AuditFinding]:
    under = sorted({r for same in c.common.values() for r, _ in same if c.questions[r] != c.questions[c.index]})
    claims = [x for x in c.claims if any(r in under for r, _ in c.common.get(x.number, ()))]
    if len(claims) >= 2:
        one = len(under) == 1
        where = "another report" if one else f"at least one of {len(under)} other reports"
        as_what = "an answer to another question" if one else "answers to other questions"
        text = f"{of(len(claims), len(c.claims), 'claim')} stand{s(len(claims))} in {where} too, as {as_what}."
        yield finding("claims_recycled", "warning", text, claims=claims, reports=[c.names[r] for r in under])


def _varies(c: Context) -> Iterator[AuditFinding]:
    spreads = {}
    for claim in c.claims:
        values = {x.confidence for x in (claim, *(x for _, x in c.common.get(claim.number, ())))} - {None}
        known = [v for v in values if v is not None]
        if claim.confidence is not None and len(known) > 1:
            spreads[claim.number] = (min(known), max(known))
    if spreads:
        widest = max(spreads, key=lambda n: spreads[n][1] - spreads[n][0])
        claims = [x for x in c.claims if x.number in spreads]
        verb = "has" if len(claims) == 1 else "have"
        figures = f"claim {widest} has {spreads[widest][0]:.2f} to {spreads[widest][1]:.2f}"
        text = f"{of(len(claims), len(c.claims), 'claim')} {verb} another confidence in other reports; {figures}."
        others = sorted({r for x in claims for r, _ in c.common[x.number]})
        yield finding("confidence_varies", "note", text, claims=claims, reports=[c.names[r] for r in others])


def _boilerplate(c: Context) -> Iterator[AuditFinding]:
    if c.shared:
        reports = sorted({r for x in c.shared for r in x.others})
        n = len(c.shared)
        where = "another report" if len(reports) == 1 else f"{len(reports)} other reports"
        sentences = f"{n} sentence{'' if n == 1 else 's'} of its own text stand{s(n)}"
        text = f"{sentences}, but for numbers, in {where} too, and so say{s(n)} nothing about this one."
        names = [c.names[r] for r in reports]
        yield finding("boilerplate", "note", text, quotes=[x.text for x in c.shared], reports=names)


_CHECKS: tuple[Callable[[Context], Iterator[AuditFinding]], ...] = (
    _question, _none, _cut, _sources, counts, ticks, confidence, score, _no_findings, _repeated, _one_source,
    _references, _parts_cut, _recycled, _varies, _boilerplate,
)  # fmt: skip
