"""The logistic heads of claimcheck/claims/detect.py, fitted on abstracts that the claim model was not trained on.

A head weighs the claim model's log-probabilities of a sentence and of what stands around it. The head for the body of a paper is
fitted inside of abstracts, with neighbours left out at random: the first or last sentence of a paragraph is not that of an abstract.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss
from sklearn.model_selection import GroupKFold, cross_val_predict

from claimcheck.claims.detect import abstract_inputs, alone_inputs, context_inputs, neighbour_inputs
from claimcheck.foundation.models.claim_model import PARTS, ClaimModel
from claimcheck.foundation.settings import Settings

LEFT_OUT = 0.3  # share of neighbours that are left out
ROUNDS = 4  # times each sentence is seen, each time with other neighbours left out
PENALTY = 0.1  # inverse strength of the regularisation

Floats = NDArray[np.float32]


def fit_heads(texts: list[str], parts: NDArray[np.int64], group: NDArray[np.int64], out: Path) -> None:
    """Fits the heads on abstracts (`group` names each sentence's), prints AP and log loss by folds of abstracts, writes them."""
    rng = np.random.default_rng(2)
    model = ClaimModel(Settings.load())
    read = model.read(texts).parts
    target = parts == PARTS.index("result")
    start = [i == 0 or group[i] != group[i - 1] for i in range(len(texts))]
    first = np.maximum.accumulate(np.where(start, np.arange(len(texts)), 0))
    size = {g: int((group == g).sum()) for g in set(group.tolist())}
    place = np.arange(len(texts)) - first
    length = np.array([size[g] for g in group.tolist()])
    has_next = place < length - 1

    def before(i: int) -> Floats | None:
        return read[i - 1] if place[i] > 0 and rng.random() > LEFT_OUT else None

    def after(i: int) -> Floats | None:
        return read[i + 1] if has_next[i] and rng.random() > LEFT_OUT else None

    told = np.flatnonzero(place > 0)
    some = [int(rng.integers(1, 4)) for _ in told]
    contexts = model.read(
        [" ".join(texts[max(first[i], i - n) : i])[-600:] for i, n in zip(told, some, strict=True)]
    ).parts
    every = np.arange(len(texts))
    heads: dict[str, tuple[NDArray[np.int64], list[Floats]]] = {
        "alone": (every, [alone_inputs(own) for own in read]),
        "context": (told, [context_inputs(read[i], c) for i, c in zip(told, contexts, strict=True)]),
        "neighbours": _rounds(
            np.flatnonzero((place > 0) & has_next), lambda i: neighbour_inputs(read[i], before(i), after(i)), ROUNDS
        ),
        "abstract": _rounds(
            np.flatnonzero(length > 2),
            lambda i: abstract_inputs(
                read[i],
                read[i - 1] if place[i] > 0 else None,
                read[i + 1] if has_next[i] else None,
                int(place[i]),
                int(length[i]),
            ),
            1,
        ),
    }
    written = {}
    for name, (rows, inputs) in heads.items():
        x, y = np.array(inputs), target[rows]
        head = LogisticRegression(C=PENALTY, max_iter=5000)
        p = cross_val_predict(head, x, y, cv=GroupKFold(5), groups=group[rows], method="predict_proba")[:, 1]
        print(f"{name:<11} n {len(y):>5}  AP {average_precision_score(y, p):.4f}  log loss {log_loss(y, p):.4f}")
        head.fit(x, y)
        # inside of abstracts results are rarer than in them as a whole, at the end of which they stand: no reason to expect fewer
        shift = _log_odds(target.mean()) - _log_odds(y.mean()) if name == "neighbours" else 0.0
        written[name] = {
            "bias": round(float(head.intercept_[0]) + shift, 4),
            "weights": [round(float(w), 4) for w in head.coef_[0]],
        }
    out.write_text(
        "{\n" + ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in written.items()) + "\n}\n", "utf-8"
    )
    print(f"written: {out.name}")


def _log_odds(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _rounds(
    rows: NDArray[np.int64], inputs: Callable[[int], Floats], times: int
) -> tuple[NDArray[np.int64], list[Floats]]:
    """Each row `times` times, with its inputs."""
    repeated = np.tile(rows, times)
    return repeated, [inputs(int(i)) for i in repeated]
