"""Reruns as a report shows them: how they were made, counts of what came of them, and what may not be read into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from claimcheck.foundation.records import Ledger, Reproduction, RerunInfo
from claimcheck.publish.escape import shorten
from claimcheck.publish.view.places import LONGEST, finite

# the order in which they are counted: what accuses first
_VERDICTS = (
    "not_reproduced_lower",
    "not_reproduced_higher",
    "direction_contradicted",
    "reproduced",
    "reproduced_small_shift",
    "reproduced_with_deviations",
    "direction_confirmed",
    "direction_unclear",
    "inconclusive",
    "degenerate",
    "not_tested",
    "not_run",
)
_VERDICT_WORDS = {
    "not_reproduced_lower": "not reproduced: lower",
    "not_reproduced_higher": "not reproduced: higher",
    "reproduced_small_shift": "reproduced with a small shift",
    "reproduced_with_deviations": "reproduced with deviations",
}
_SCALES = ("paper", "lab", "smoke")
_SCALE_LIMITS = {
    "paper": "Scale paper: the paper’s model, data and recipe but for the deviations that are listed; they cap the "
    "verdict.",
    "lab": "Scale lab: a small model of our own and a shortened recipe. It gives no verdict on a number of the paper; "
    "it says whether an effect shows in the same direction, and how sure that is.",
    "smoke": "Scale smoke: synthetic data, minutes on a CPU. It proves that the machinery works and judges claims "
    "about that synthetic world alone; of results on real data it says nothing.",
}


@dataclass(frozen=True, slots=True)
class ReproductionCountView:
    """How many reproductions came to the same. `code` is a verdict, "direction_confirmed" and so on, or "not_run".

    `words`: with the scale ("reproduced at scale smoke"), so that nobody takes one for another; `word` is without it.
    """

    code: str
    word: str
    scale: str  # "" where nothing was run
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class RerunView:
    """How the jobs of one run folder were made: a heading, (name, value) pairs, and what does not count, and why."""

    heading: str  # "2005.13013 at scale lab"
    scale: str
    facts: tuple[tuple[str, str], ...]
    absent: tuple[str, ...]


def reproductions_of(ledger: Ledger) -> Iterator[Reproduction]:
    """All reproductions of the ledger, beside claims and in rows of their own."""
    yield from (claim.reproduction for claim in ledger.claims if claim.reproduction is not None)
    yield from (one.reproduction for one in ledger.reproductions)


def reproduction_counts(ledger: Ledger) -> tuple[ReproductionCountView, ...]:
    """By scale, then by what they came to, as far as there are any."""
    counts = Counter(_outcome(one) for one in reproductions_of(ledger))
    found = []
    for scale in (*_SCALES, ""):
        for code in _VERDICTS:
            if count := counts[scale, code]:
                word = _VERDICT_WORDS.get(code, code.replace("_", " "))
                words = f"{word} at scale {scale}" if scale else word
                found.append(ReproductionCountView(code, word, scale, words, count))
    return tuple(found)


def nothing_was_run(ledger: Ledger) -> bool:
    """Whether all reproductions stand in a registry alone, so that no run is behind any of them."""
    return not ledger.reruns and all(_outcome(one)[1] == "not_run" for one in reproductions_of(ledger))


def rerun_view(info: RerunInfo) -> RerunView:
    """The making of one run folder's reproductions in words."""
    # of the code there is a checksum, of which the beginning is enough to tell two apart
    versions = (f"{k} {v[:12] if k == 'source' else v}" for k, v in sorted(info.versions.items()))
    facts = (
        ("verdicts", "as recorded: without the predictions nothing was judged again" if info.recorded else ""),
        ("seeds", str(info.seeds) if info.seeds else ""),
        ("jobs", f"{info.finished:,} finished of {info.jobs:,} planned" if info.jobs else ""),
        ("cost", f"{info.optimizer_steps:,} optimizer steps, {_duration(finite(info.seconds))} of job time"),
        ("hardware", "; ".join(info.hardware)),
        ("encoder", "; ".join(info.encoders)),
        ("versions", ", ".join(versions)),
    )
    return RerunView(
        heading=f"{shorten(info.registry, 200)} at scale {info.scale}",
        scale=info.scale,
        facts=tuple((name, shorten(value, LONGEST)) for name, value in facts if value),
        absent=tuple(shorten(line, LONGEST) for line in info.absent),
    )


def rerun_limits(ledger: Ledger) -> tuple[str, ...]:
    """What may not be read into the reproductions; () where there are none."""
    found = list(reproductions_of(ledger))
    if not found:
        return ()
    if nothing_was_run(ledger):
        return ("Nothing was run: what stands here is what a rerun would be held against.",)
    scales = {_outcome(one)[0] for one in found} | {info.scale for info in ledger.reruns}
    return (
        *(_SCALE_LIMITS[scale] for scale in _SCALES if scale in scales),
        "“Reproduced” says that the reproduced number agrees with the claimed one within a margin that was set before "
        "any run. It does not say that what the paper concludes from the number is right.",
        "“Not tested” and “inconclusive” are no sign against a claim.",
    )


def _outcome(one: Reproduction) -> tuple[str, str]:
    """(scale, code): the direction where that is all that may be judged; no scale where nothing was run."""
    if one.verdict == "not_tested" and one.reason.startswith("not_run"):
        return "", "not_run"
    if one.verdict == "not_tested" and one.direction is not None:
        return one.scale, f"direction_{one.direction}"
    return one.scale, one.verdict


def _duration(seconds: float) -> str:
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
