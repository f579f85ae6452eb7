"""Verdicts on reproductions: a claimed number, an effect, an order, no effect or no gain, against the runs made.

Functions of numbers alone, in points (0 to 100): no knowledge of runs, registries or papers. Each judge gives a
Judgement; `finalise` then applies what the scale and the deviations from the paper's recipe allow to be said, and
`summarise` counts a paper's. A number's verdict:

                                  claimed number inside the      outside
                                  95 % prediction interval
    equal within the margin       reproduced                     reproduced_small_shift
    not shown equal               inconclusive                   not_reproduced_lower, not_reproduced_higher

Equal within the margin means that two one-sided tests at 5 % say so (TOST). The test items are the paper's own, so that
their sampling error does not enter a number's verdict; it does enter claims about effects, which say more.
"""

from claimcheck.foundation.replication.judgement import (
    DEFAULT_MARGINS,
    Claimed,
    Direction,
    Judgement,
    Verdict,
    effective_margin,
    finalise,
    flips,
    judge_degenerate,
)
from claimcheck.foundation.replication.judges import (
    judge_effect,
    judge_greater,
    judge_level,
    judge_no_effect,
    judge_no_gain,
    judge_ranking,
    log10_bayes_factor,
)
from claimcheck.foundation.replication.seeds import DETERMINISTIC, MIN_SEEDS, SeedSD, pooled_sd
from claimcheck.foundation.replication.summary import Corrected, Judged, Share, Summary, summarise

__all__ = [
    "DEFAULT_MARGINS",
    "DETERMINISTIC",
    "MIN_SEEDS",
    "Claimed",
    "Corrected",
    "Direction",
    "Judged",
    "Judgement",
    "SeedSD",
    "Share",
    "Summary",
    "Verdict",
    "effective_margin",
    "finalise",
    "flips",
    "judge_degenerate",
    "judge_effect",
    "judge_greater",
    "judge_level",
    "judge_no_effect",
    "judge_no_gain",
    "judge_ranking",
    "log10_bayes_factor",
    "pooled_sd",
    "summarise",
]
