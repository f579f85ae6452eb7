"""A paper at a glance: verdicts counted, p values corrected for their number, agreement; no single yes or no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from claimcheck.foundation.replication.judgement import REPRODUCED, Claimed, Judgement, Verdict
from claimcheck.foundation.stats import (
    benjamini_hochberg,
    coefficient_of_variation,
    holm,
    kendall_interval,
    kendall_tau,
    pairs_kept,
    wilson_interval,
)

ALPHA = 0.05


@dataclass(frozen=True)
class Judged:
    """One claim's judgement. `table`: what its number stands in, with others that are read together."""

    name: str
    judgement: Judgement
    claimed: Claimed | None = None
    table: str = ""


@dataclass(frozen=True)
class Share:
    """A count as a share of `of`, with Wilson's 95 % interval."""

    count: int
    of: int
    interval: tuple[float, float]


@dataclass(frozen=True)
class Corrected:
    """The p value of "the number is not reproduced", alone, within its table (Holm) and paper-wide (FDR).

    `stands`: the verdict is `not_reproduced_*` and stays so at 5 % after either correction.
    """

    p_value: float
    holm: float
    fdr: float
    stands: bool


@dataclass(frozen=True)
class Agreement:
    """Claimed against reproduced numbers of one table: Kendall's tau-b with its 95 % interval, share of orders kept."""

    cells: int
    tau: float
    interval: tuple[float, float] | None
    pairs_kept: float


@dataclass(frozen=True)
class Summary:
    """What a paper's judgements come to.

    `verdicts`: each verdict that occurs; those but `not_tested` are shares of the claims that were tested.
    `median_radius`: of the tested numbers, points. `variation`: CV* in percent by name, of the claimed level and the
    reproduced one; an effect has none, since it is on no scale that starts at 0. `corrected`: by name, every tested
    number. `agreement`: by table, of at least three levels. `all_reproduced`: of the tested ones, at least one
    (CORE-Bench's all-or-nothing score).
    """

    claims: int
    tested: int
    verdicts: dict[Verdict, Share]
    median_radius: float | None
    variation: dict[str, float]
    corrected: dict[str, Corrected]
    agreement: dict[str, Agreement]
    all_reproduced: bool


def summarise(judged: Sequence[Judged], rng: np.random.Generator) -> Summary:
    """Counts, corrections and agreement over one paper's judgements; names must differ. rng: for tau's interval."""
    tested = [j for j in judged if j.judgement.verdict != "not_tested"]
    counts = Counter(j.judgement.verdict for j in judged)
    verdicts = {}
    for verdict, count in counts.items():
        of = len(judged) if verdict == "not_tested" else len(tested)
        verdicts[verdict] = Share(count, of, wilson_interval(count, of))
    radii = [j.judgement.radius for j in tested if j.judgement.radius is not None]
    levels = [
        (j, c, m)
        for j in tested
        if (c := j.claimed) is not None and c.direction == "level" and (m := j.judgement.mean) is not None
    ]
    variation = {j.name: coefficient_of_variation([c.value, m]) for j, c, m in levels}
    agreement = {}
    for table in dict.fromkeys(j.table for j in judged):
        cells = [(c.value, m) for j, c, m in levels if j.table == table]
        if len(cells) >= 3:
            claimed, found = np.array(cells).T
            tau = float(kendall_tau(claimed, found))
            if np.isfinite(tau):
                interval = kendall_interval(claimed, found, rng)
                agreement[table] = Agreement(len(cells), tau, interval, float(pairs_kept(claimed, found)))
    return Summary(
        claims=len(judged),
        tested=len(tested),
        verdicts=verdicts,
        median_radius=median(radii) if radii else None,
        variation={name: value for name, value in variation.items() if value is not None},
        corrected=_corrected(tested),
        agreement=agreement,
        all_reproduced=bool(tested) and all(j.judgement.verdict in REPRODUCED for j in tested),
    )


def _corrected(tested: Sequence[Judged]) -> dict[str, Corrected]:
    """All tested numbers form the families, not only those found wanting: choosing by the outcome corrects nothing."""
    with_p = [j for j in tested if "p_value" in j.judgement.details]
    p = np.array([j.judgement.details["p_value"] for j in with_p], float)
    fdr = benjamini_hochberg(p)
    in_table = np.ones_like(p)
    for table in {j.table for j in with_p}:
        rows = [i for i, j in enumerate(with_p) if j.table == table]
        in_table[rows] = holm(p[rows])
    return {
        j.name: Corrected(
            float(p[i]),
            float(in_table[i]),
            float(fdr[i]),
            j.judgement.verdict.startswith("not_reproduced") and max(in_table[i], fdr[i]) <= ALPHA,
        )
        for i, j in enumerate(with_p)
    }
