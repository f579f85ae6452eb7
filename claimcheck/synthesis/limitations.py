"""What a reader must not expect of this very synthesis: derived from its record, not from a list for all of them."""

from __future__ import annotations

from claimcheck.foundation.records.syntheses import Synthesis, SynthesisPaper

__all__ = ["limitations_of"]

_MOST = 8  # papers that are named


def limitations_of(s: Synthesis) -> tuple[str, ...]:
    """Sentences, each with the counts or papers that it follows from."""
    kept = [p for p in s.papers if p.kept]
    out: list[str] = []
    for d in s.method.databases:
        if d.status in ("failed", "partial"):
            out.append(
                f"{d.database} {'failed' if d.status == 'failed' else 'answered in part'}: "
                f"{d.message or 'no reason was given'}."
            )
    skipped = [d.database for d in s.method.databases if d.status == "skipped"]
    if skipped:
        out.append(f"Not searched: {', '.join(skipped)}. Papers that only they know are missing here.")
    if s.flow.less_relevant:
        out.append(
            f"{s.flow.less_relevant:,} further works were found and not read, since others fitted the question better "
            "(--limit)."
        )
    gone = [p for p in s.papers if p.exclusion == "not_retrieved"]
    if gone:
        out.append(f"The text of {_named(gone)} could not be had; what they say is missing here.")
    unread = [p for p in s.papers if p.exclusion in ("not_readable", "failed")]
    if unread:
        out.append(f"{_named(unread)} could not be read.")
    foreign = [p for p in s.papers if p.exclusion == "other_language"]
    if foreign:
        out.append(f"{_named(foreign)} {_be(foreign)} not in English, and claims are found in English alone.")
    abstracts = [p for p in kept if p.basis == "abstract"]
    if abstracts:
        out.append(f"Of {_named(abstracts)} only the abstract was read: no table, and few of the claims.")
    bare = [p for p in kept if p.basis == "full_text" and not p.tables]
    if bare:
        out.append(f"No table could be read in {_named(bare)}; numbers of these papers are held against nothing.")
    pages = [p for p in kept if p.paper.pages_not_read]
    if pages:
        out.append(f"Pages are missing of {_named(pages)}, and with them their claims and tables.")
    decided = [c.verdict for p in kept for c in p.claims if c.verdict.label != "not_enough_info"]
    blind = sum(v.calibration is None for v in decided)
    if blind:
        out.append(
            f"{blind:,} of {len(decided):,} verdicts “supported” or “refuted” are uncalibrated: no figure says how "
            "sure they are."
        )
    if len(kept) == 1:
        out.append("One paper alone was read: nothing here is supported by another one’s data.")
    elif kept and not any(b.independent for b in s.answer.bearings) and s.answer.bearings:
        out.append("No claim that bears on the question was found supported by another paper’s own data.")
    unclear = sum(b.stance == "unclear" for b in s.answer.bearings)
    if unclear and s.question.direction is not None:
        out.append(f"Of {unclear:,} claims that bear on the question no rule could read whether they say yes or no.")
    if any(p.paper.version for p in kept) or any(p.work.notes for p in kept):
        out.append("The papers were read in the versions listed; others may say otherwise.")
    out.append(
        "Bearing, agreement and contradiction are found by rules over words, numbers and meaning; a claim in quite "
        "other words can be missed. The quotes are verbatim: read them in their paper before you rely on them."
    )
    return tuple(out)


def _named(papers: list[SynthesisPaper]) -> str:
    shown = ", ".join(p.key for p in papers[:_MOST])
    return shown + (f" and {len(papers) - _MOST} more" if len(papers) > _MOST else "")


def _be(papers: list[SynthesisPaper]) -> str:
    return "is" if len(papers) == 1 else "are"
