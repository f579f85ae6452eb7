"""Fits the claim head: a logistic regression over the named features of a sentence, on csabstruct (Apache-2.0).

    python training/detect_head.py ../shared/data/extract/csabstruct/train.jsonl

Positive: sentences labelled `result`. Prints average precision on 5 folds by abstract; writes claimcheck/claims/detect_weights.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold

from claimcheck.claims.features import NAMES, features


def main(path: str) -> None:
    """Fits, prints the folds, writes the weights."""
    x, y, groups = [], [], []
    with Path(path).open(encoding="utf-8") as lines:
        for i, line in enumerate(lines):
            abstract = json.loads(line)
            for sentence, label in zip(abstract["sentences"], abstract["labels"], strict=True):
                x.append(features(sentence))
                y.append(label == "result")
                groups.append(i)
    features_ = np.array(x)
    target = np.array(y)
    head = LogisticRegression(C=1.0, max_iter=2000)
    folds = []
    for train, test in GroupKFold(5).split(features_, target, groups):
        head.fit(features_[train], target[train])
        folds.append(average_precision_score(target[test], head.predict_proba(features_[test])[:, 1]))
    print(
        f"{len(y)} sentences, {target.mean():.3f} positive; AP by fold {np.round(folds, 3)}, mean {np.mean(folds):.4f}"
    )
    head.fit(features_, target)
    weights = {name: round(float(w), 4) for name, w in zip(NAMES, head.coef_[0], strict=True)}
    out = Path(__file__).parent.parent / "claimcheck" / "claims" / "detect_weights.json"
    out.write_text(json.dumps({"bias": round(float(head.intercept_[0]), 4), "weights": weights}, indent=1) + "\n")
    print(f"written: {out.name}")


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
