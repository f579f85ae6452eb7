"""Fits what claimcheck/claims/kinds.py weighs: which kind of claim a sentence of our own makes, from its signs.

    python training/claim_kinds.py

Prints the share of own_sentences.jsonl that gets its kind in ten-fold cross-validation, kind by kind, writes
claimcheck/claims/kinds_weights.json.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from claimcheck.claims.kinds import NAMES, signs
from claimcheck.claims.quantities import find_quantities

HERE = Path(__file__).parent


def main() -> None:
    """Cross-validates, prints, fits on all, writes."""
    rows = [json.loads(line) for line in (HERE / "own_sentences.jsonl").read_text("utf-8").splitlines()]
    x = np.array([signs(row["text"], find_quantities(row["text"])) for row in rows])
    kinds = np.array([row["kind"] for row in rows])
    head = LogisticRegression(C=1.0, max_iter=3000)
    folds = [StratifiedKFold(10, shuffle=True, random_state=seed) for seed in range(5)]
    shares = [float((cross_val_predict(head, x, kinds, cv=fold) == kinds).mean()) for fold in folds]
    print(
        f"{len(rows)} sentences: {np.mean(shares):.3f} get their kind, {min(shares):.3f} to {max(shares):.3f} over 5 splits"
    )
    given = cross_val_predict(head, x, kinds, cv=folds[0])
    for kind, n in sorted(Counter(kinds.tolist()).items()):
        right = float((given[kinds == kind] == kind).mean())
        wrong = [f"{k} {m}" for k, m in Counter(given[(kinds == kind) & (given != kind)].tolist()).most_common(3)]
        print(f"  {kind:<11} {n:>4}  {right:.2f}  else {', '.join(wrong)}")
    head.fit(x, kinds)
    model = {
        kind: {
            "bias": round(float(bias), 3),
            "weights": {k: round(float(w), 3) for k, w in zip(NAMES, row, strict=True)},
        }
        for kind, bias, row in zip(head.classes_, head.intercept_, head.coef_, strict=True)
    }
    out = HERE.parent / "claimcheck" / "claims" / "kinds_weights.json"
    out.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in model.items()) + "\n}\n", "utf-8")
    print(f"written: {out.name}")


if __name__ == "__main__":
    main()
