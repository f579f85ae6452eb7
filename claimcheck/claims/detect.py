"""P(a sentence states a checkable claim), from its words: the claim head of detect_weights.json."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from importlib import resources

from claimcheck.claims.features import NAMES, features


@cache
def _head() -> tuple[float, tuple[float, ...]]:
    data = json.loads(resources.files(__package__).joinpath("detect_weights.json").read_text("utf-8"))
    return float(data["bias"]), tuple(float(data["weights"][name]) for name in NAMES)


def detect(sentences: Sequence[str], contexts: Sequence[str] | None = None) -> list[float]:
    """One probability a sentence, in order. Each sentence stands alone; `contexts` must match in length where given.

    Sentences without letters, empty or of any length get a probability, never an exception.
    """
    if contexts is not None and len(contexts) != len(sentences):
        raise ValueError(f"{len(sentences)} sentences, but {len(contexts)} contexts")
    bias, weights = _head()
    out = []
    for sentence in sentences:
        text = " ".join(str(sentence).split())
        if not any(c.isalpha() for c in text):
            out.append(0.0)
            continue
        z = bias + sum(w * x for w, x in zip(weights, features(text), strict=True))
        out.append(1.0 / (1.0 + math.exp(-z)))
    return out
