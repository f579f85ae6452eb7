"""What people said of the verdicts, as a report shows it: decisions, and how far reviewers agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claimcheck.foundation.records import CheckedClaim, Choice, Decision, Ledger
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.places import LONGEST

CHOICES: dict[Choice | None, str] = {
    "accept": "accepted the verdict",
    "reject": "rejected the verdict",
    "needs_check": "says that it needs another check",
    None: "noted",
}
_SEED = 20110125  # of the bootstrap: the same report at any time
_LONGEST_REPLY = 10_000


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One reviewer on one claim. `outdated`: the verdict has changed since, and the decision was on the former one."""

    reviewer: str
    choice: Choice | None
    words: str
    note: str
    reply: str
    outdated: bool
    at: str


def decision_views(claim: CheckedClaim, decisions: Sequence[Decision]) -> tuple[DecisionView, ...]:
    """The last word of each reviewer on this claim, in the order of their names."""
    last = {one.reviewer: one for one in decisions if one.claim == claim.id}
    return tuple(
        DecisionView(
            reviewer=shorten(name, 200),
            choice=one.choice,
            words=CHOICES[one.choice],
            note=shorten(one.note, LONGEST),
            reply=shorten(one.reply, _LONGEST_REPLY),
            outdated=one.label != claim.verdict.label,
            at=one.at[:10],
        )
        for name, one in sorted(last.items())
        if one.choice is not None or one.note or one.reply
    )


def independent_choices(ledger: Ledger, decisions: Sequence[Decision]) -> dict[str, dict[str, Choice]]:
    """claim id -> reviewer -> what the reviewer chose before another's choice on that claim was shown.

    Choices on another verdict than the ledger's do not count, nor do those that a reviewer has taken back. A review
    shows another's choice once both have chosen: who changes a choice after that has seen it, and keeps here the one
    from before. `decisions` are in the order in which they were taken.
    """
    labels = {claim.id: claim.verdict.label for claim in ledger.claims}
    last: dict[str, dict[str, Decision]] = {}
    first: dict[str, dict[str, Choice]] = {}
    for one in decisions:
        last.setdefault(one.claim, {})[one.reviewer] = one
        if one.choice is None or labels.get(one.claim) != one.label:
            continue
        chosen = first.setdefault(one.claim, {})
        if one.reviewer not in chosen or len(chosen) == 1:
            chosen[one.reviewer] = one.choice
    out: dict[str, dict[str, Choice]] = {}
    for claim, chosen in first.items():
        standing = {
            name: choice
            for name, choice in chosen.items()
            if last[claim][name].choice is not None and last[claim][name].label == labels[claim]
        }
        if standing:
            out[claim] = standing
    return out


def agreement_words(ledger: Ledger, decisions: Sequence[Decision]) -> str:
    """How far the reviewers agree, in words; "" where fewer than two have judged a claim as it stands.

    Krippendorff's alpha (nominal) with its interval, over what each chose before the other's choice was shown.
    """
    import numpy as np

    from claimcheck.foundation.agreement import nominal_agreement

    choices = independent_choices(ledger, decisions)
    names = sorted({name for chosen in choices.values() for name in chosen})
    if len(names) < 2:
        return ""
    # in the ledger's order: the bootstrap draws units by their position
    ids = dict.fromkeys(claim.id for claim in ledger.claims)
    ratings = [_row(choices.get(claim, {}), names) for claim in ids]
    found = nominal_agreement(ratings, np.random.default_rng(_SEED))
    who = "both" if len(names) == 2 else "at least two"
    claims = f"{len(ids):,} claim{'s' if len(ids) != 1 else ''}"
    if not found.units:
        return f"{len(names)} reviewers, but no claim of {claims} was judged by two of them yet."
    counted = (
        f"{len(names)} reviewers: {found.units:,} of {claims} judged by {who}, with the same choice on "
        f"{found.same:,} ({100 * found.same / found.units:.0f}%), each before seeing another’s."
    )
    if found.alpha is None:
        return f"{counted} Krippendorff’s alpha is not defined: {found.reason}."
    if found.interval is None:
        return f"{counted} Krippendorff’s alpha (nominal) {_two(found.alpha)}; no interval: {found.reason}."
    low, high = found.interval
    return (
        f"{counted} Krippendorff’s alpha (nominal) {_two(found.alpha)}, 95% interval {_two(low)} to {_two(high)} "
        "(bootstrap over claims)."
    )


def _row(chosen: Mapping[str, Choice], names: Sequence[str]) -> list[Choice | None]:
    return [chosen.get(name) for name in names]


def _two(value: float) -> str:
    """Two decimals, with a true minus and without "-0.00"."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
