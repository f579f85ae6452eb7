"""Trains the claim model and fits the heads above it: claim_model.safetensors and claimcheck/claims/detect_weights.json.

    python training/detect_head.py ../shared/data/extract/csabstruct/train.jsonl --work FOLDER [--heads-only]

1. A teacher that sees whole abstracts judges every sentence of the others (detect_teacher.py).
2. The upper layers of the embedded MiniLM learn the parts of CSAbstruct, one sentence at a time, from labels and teacher, and
   the sentences of our own (own_sentences.jsonl).
3. On a fifth of the abstracts, which step 2 never saw, logistic heads turn readings of a sentence, and of its neighbours, into
   P(it states a result): so they are calibrated for sentences the model was not trained on.

About 15 minutes on one core. FOLDER keeps the results of the steps, so that a later run repeats only what is missing.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from detect_heads import fit_heads  # type: ignore[import-not-found]
from detect_teacher import held_out  # type: ignore[import-not-found]
from numpy.typing import NDArray
from safetensors.torch import save_file

from claimcheck.claims.features import features
from claimcheck.foundation.models.claim_model import FROZEN_LAYERS, MAX_TOKENS, PARTS, WEIGHTS, network, trained_names
from claimcheck.foundation.models.encoder import SentenceEncoder
from claimcheck.foundation.models.onnx import tokenizer
from claimcheck.foundation.settings import Settings

HERE = Path(__file__).parent
GOLD = 0.3  # share of the crowd's label in what is learnt; the rest is the teacher's
GENERAL = ("causal", "existence")  # kinds of our own sentences that say what holds beyond what was measured
EPOCHS, RATE, BATCH = 2, 1e-4, 32
HELD_OUT = 5  # one abstract in five is kept for the heads


@dataclass(frozen=True)
class Abstracts:
    """Sentences of abstracts, the index of their part in PARTS, and the abstract they are from: 0, 1, 2 ..."""

    texts: list[str]
    parts: NDArray[np.int64]
    group: NDArray[np.int64]

    @classmethod
    def load(cls, path: Path) -> Abstracts:
        """From CSAbstruct's JSON lines."""
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return cls(
            [s for row in rows for s in row["sentences"]],
            np.array([PARTS.index(label) for row in rows for label in row["labels"]]),
            np.array([i for i, row in enumerate(rows) for _ in row["sentences"]]),
        )

    def kept_for_heads(self) -> NDArray[np.bool_]:
        """Which sentences the model is not trained on."""
        order = np.random.default_rng(0).permutation(int(self.group.max()) + 1)
        return np.isin(self.group, order[: len(order) // HELD_OUT])


def own_sentences() -> list[tuple[str, str, bool]]:
    """(text, kind, whether it states a checkable claim) of our own sentences."""
    rows = map(json.loads, (HERE / "own_sentences.jsonl").read_text("utf-8").splitlines())
    return [(row["text"], row["kind"], row["claim"]) for row in rows]


def own_targets(kind: str, claim: bool) -> list[float]:
    """What part a sentence of our own plays, as shares of PARTS.

    A sentence that says what holds is a claim for certain; one that says what was measured is as often taken for a part of the
    method by those who labelled CSAbstruct, and in other fields for the evidence behind a claim.
    """
    if claim:
        return [0, 0, 0, 1, 0] if kind in GENERAL else [0.1, 0, 0.25, 0.65, 0]
    return {"method": [0, 0.3, 0.7, 0, 0], "background": [1, 0, 0, 0, 0]}.get(kind, [0.1, 0.1, 0.1, 0, 0.7])


def teacher(data: Abstracts, work: Path) -> NDArray[np.float32]:
    """Step 1: probabilities (sentences, parts)."""
    file = work / "teacher.npy"
    if not file.is_file():
        vectors = SentenceEncoder(Settings.load()).encode(data.texts)
        signs = np.array([features(text) for text in data.texts], dtype=np.float32)
        signs = (signs - signs.mean(0)) / (signs.std(0) + 1e-6)
        # both parts with about the same variance a column
        inputs = np.hstack([vectors * np.sqrt(384) * 0.5, signs * 0.5]).astype(np.float32)
        np.save(file, held_out(inputs, data.parts, data.group, len(PARTS)))
    loaded: NDArray[np.float32] = np.load(file).astype(np.float32)
    return loaded


def train(data: Abstracts, judged: NDArray[np.float32], out: Path) -> None:
    """Step 2: trains the upper layers, writes them in half precision."""
    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    chosen = np.flatnonzero(~data.kept_for_heads())
    own = own_sentences()
    texts = [data.texts[i] for i in chosen] + [text for text, _, _ in own]
    crowd = GOLD * np.eye(len(PARTS))[data.parts[chosen]] + (1 - GOLD) * judged[chosen]
    wanted = torch.tensor(np.vstack([crowd, [own_targets(kind, claim) for _, kind, claim in own]]), dtype=torch.float32)
    ids = [e.ids for e in tokenizer(MAX_TOKENS).encode_batch([" ".join(t.split()) for t in texts])]
    model = network(None)
    names = set(trained_names(model))
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name in names
    learnt = [p for p in model.parameters() if p.requires_grad]
    fast = list(model.out.parameters())  # type: ignore[union-attr]
    slow = [p for p in learnt if all(p is not q for q in fast)]
    optimizer = torch.optim.AdamW([{"params": slow, "lr": RATE}, {"params": fast, "lr": 10 * RATE}], weight_decay=0.01)
    total = EPOCHS * (len(texts) // BATCH)
    rise = total // 10
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / rise, max(0.0, (total - s) / (total - rise)))
    )
    step, losses, begin = 0, [], time.process_time()
    model.train()
    for below in (model.encoder.embeddings, *model.encoder.encoder.layer[:FROZEN_LAYERS]):  # type: ignore[union-attr]
        below.eval()  # what is not trained needs no dropout
    for _ in range(EPOCHS):
        for members in _batches(ids, rng)[: len(texts) // BATCH]:
            longest = max(len(ids[i]) for i in members)
            tokens = torch.zeros((len(members), longest), dtype=torch.int64)
            mask = torch.zeros_like(tokens)
            for row, i in enumerate(members):
                tokens[row, : len(ids[i])], mask[row, : len(ids[i])] = torch.tensor(ids[i]), 1
            with torch.autocast("cpu", torch.bfloat16):
                said, _ = model(tokens, mask)
            loss = -(wanted[members] * said).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            losses.append(loss.item())
            if step % 50 == 0:
                print(
                    f"step {step} of {total}: loss {np.mean(losses[-50:]):.4f}, {time.process_time() - begin:.0f} s",
                    flush=True,
                )
    state = model.state_dict()
    save_file({name: state[name].half().contiguous() for name in sorted(names)}, str(out))


def _batches(ids: list[list[int]], rng: np.random.Generator) -> list[list[int]]:
    """A random order in batches of sentences of about the same length."""
    order = rng.permutation(len(ids))
    out = []
    for start in range(0, len(order), 16 * BATCH):
        near = sorted(order[start : start + 16 * BATCH].tolist(), key=lambda i: len(ids[i]))
        out += [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
    return [out[i] for i in rng.permutation(len(out))]


def main() -> None:
    """Runs the steps that are still to do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csabstruct", type=Path, help="CSAbstruct's train.jsonl")
    parser.add_argument("--work", type=Path, required=True, help="folder for what the steps give")
    parser.add_argument("--heads-only", action="store_true", help="keep the model, fit the heads anew")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    data = Abstracts.load(arguments.csabstruct)
    if not arguments.heads_only:
        train(data, teacher(data, arguments.work), WEIGHTS)
        print(f"written: {WEIGHTS.name}, {WEIGHTS.stat().st_size / 1e6:.1f} MB")
    kept = data.kept_for_heads()
    texts = [text for text, keep in zip(data.texts, kept, strict=True) if keep]
    fit_heads(texts, data.parts[kept], data.group[kept], HERE.parent / "claimcheck" / "claims" / "detect_weights.json")


if __name__ == "__main__":
    main()
