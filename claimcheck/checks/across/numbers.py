"""Whether two printed numbers can be one figure: rounded, cut off, in percent or as a share."""

from __future__ import annotations

import math
from typing import Literal

Likeness = Literal["same", "cut", "differs"]
_EDGE = 1e-9


def likeness(a: float, a_decimals: int, b: float, b_decimals: int) -> Likeness:
    """How two printings stand to each other: "same" where the finer one rounds to the coarser one.

    A number on the edge rounds both ways (91.25 to 91.2 and to 91.3). "cut": the finer one without its last digits is
    the coarser one (78.978 and 78.9). A share is taken in percent where the other number is one (0.912 and 91.2).
    """
    if 0 < a <= 1 < b and a_decimals >= 2:
        a, a_decimals = 100 * a, a_decimals - 2
    elif 0 < b <= 1 < a and b_decimals >= 2:
        b, b_decimals = 100 * b, b_decimals - 2
    coarse = min(a_decimals, b_decimals)
    if abs(a - b) <= _EDGE or (a_decimals != b_decimals and abs(a - b) <= 0.5 * 10.0**-coarse + _EDGE):
        return "same"
    finer, coarser = (a, b) if a_decimals > b_decimals else (b, a)
    scale = 10.0**coarse
    if a_decimals != b_decimals and abs(math.floor(finer * scale + _EDGE) / scale - coarser) <= _EDGE:
        return "cut"
    return "differs"
