"""Trains the verifier: claimcheck/foundation/models/verifier.safetensors; then training/verifier_calibration.py fits its temperature.

    python training/verifier.py ../shared/data --work FOLDER [--resume]

Five parts, one after the other, with one falling learning rate: short NLI pairs, twice; claims made of the titles, conclusions and
numbers of SciFact's abstracts, with some NLI and statements on info boxes among them, made twice; the claims of SciFact's train
part, three times. Batches hold pairs of about the same length, so that little is padded. One core, about an hour; FOLDER keeps a
checkpoint every few minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from verifier_data import (  # type: ignore[import-not-found]
    Example,
    Scifact,
    infotabs,
    made_of_abstracts,
    nli,
    numbers_of_abstracts,
    scifact_views,
    strangers,
)

from claimcheck.foundation.models.onnx import tokenizer
from claimcheck.foundation.models.verifier import WEIGHTS, network, trained_names

BATCH = 32
MAX_TOKENS = 176  # in training; longer evidence is cut
RATE, HEAD_RATE = 1.2e-4, 6e-4
SMOOTHING = 0.05
CHECKPOINT_SECONDS, WATCH_STEPS = 180, 200
LEFT_OUT_PAIRS = 120  # of SciFact, looked at while training runs


def curriculum(folder: Path) -> tuple[list[list[Example]], dict[str, list[Example]]]:
    """The parts of the training in order, and the pairs that are looked at meanwhile."""
    rng = np.random.default_rng(7)
    data = Scifact.load(folder / "verify" / "scifact")
    general, watched = nli(folder / "xtreme" / "nli_small.tar.xz")
    made = [made_of_abstracts(data, rng) for _ in range(2)]
    figures = [numbers_of_abstracts(data, 4000, np.random.default_rng(70 + part)) for part in range(2)]
    boxes = infotabs(folder / "verify" / "infotabs", 2000, rng)
    again = [general[i] for i in rng.permutation(len(general))[:8000]]
    views = [e for _ in range(3) for e in scifact_views(data, data.train, rng)]
    others = strangers(data, data.train, rng)
    left_out = scifact_views(data, data.left_out, np.random.default_rng(1))
    seen = np.random.default_rng(2).permutation(len(left_out))[:LEFT_OUT_PAIRS]
    return (
        [
            general,
            general,
            [*made[0], *figures[0], *again[:4000], *boxes[:1000]],
            [*made[1], *figures[1], *again[4000:], *boxes[1000:]],
            [*views, *others],
        ],
        {"mnli": watched[:300], "scifact": [left_out[i] for i in seen]},
    )


def order(parts: Sequence[Sequence[list[int]]], rng: np.random.Generator) -> list[list[int]]:
    """Batches over the numbered pairs of all parts, part after part, each with pairs of about the same length."""
    out: list[list[int]] = []
    start = 0
    for part in parts:
        batches: list[list[int]] = []
        shuffled = rng.permutation(len(part))
        for at in range(0, len(shuffled), 20 * BATCH):
            near = sorted(shuffled[at : at + 20 * BATCH].tolist(), key=lambda i: len(part[i]))
            batches += [[start + i for i in near[b : b + BATCH]] for b in range(0, len(near), BATCH)]
        out += [batches[i] for i in rng.permutation(len(batches))]
        start += len(part)
    return out


def tensors(encodings: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, mask and types, each (pairs, tokens)."""
    longest = max(len(e.ids) for e in encodings)
    ids = torch.zeros((len(encodings), longest), dtype=torch.int64)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, e in enumerate(encodings):
        n = len(e.ids)
        ids[row, :n], types[row, :n] = torch.tensor(e.ids), torch.tensor(e.type_ids)
        mask[row, :n] = 1
    return ids, mask, types


def accuracy(model: torch.nn.Module, encodings: Sequence[Any], labels: Sequence[int]) -> float:
    """The share of pairs whose likeliest label is the right one."""
    model.eval()
    right = 0
    by_length = sorted(range(len(encodings)), key=lambda i: len(encodings[i].ids))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(by_length), BATCH):
            members = by_length[at : at + BATCH]
            said = model(*tensors([encodings[i] for i in members])).argmax(1).tolist()
            right += sum(s == labels[i] for s, i in zip(said, members, strict=True))
    model.train()
    return right / len(encodings)


def train(folder: Path, work: Path, resume: bool, out: Path) -> None:
    """Runs the whole training, or the rest of it, and writes the layers in half precision."""
    torch.manual_seed(0)
    parts, watched = curriculum(folder)
    cut = tokenizer(MAX_TOKENS)

    def encoded(examples: Sequence[Example]) -> list[Any]:
        return list(cut.encode_batch([(" ".join(e.claim.split()), " ".join(e.evidence.split())) for e in examples]))

    coded = [encoded(part) for part in parts]
    steps = order([[e.ids for e in part] for part in coded], np.random.default_rng(3))
    pairs = [e for part in coded for e in part]
    wanted = [e.label for part in parts for e in part]
    looks = {name: (encoded(examples), [e.label for e in examples]) for name, examples in watched.items()}
    print(f"{len(pairs)} pairs, {sum(len(e.ids) for e in pairs)} tokens, {len(steps)} steps", flush=True)

    model = network(None)
    names = set(trained_names(model))
    head = [p for n, p in model.named_parameters() if n in names and not n.startswith("encoder.")]
    layers = [p for n, p in model.named_parameters() if n in names and n.startswith("encoder.")]
    model.encoder.embeddings.requires_grad_(False)  # type: ignore[union-attr]
    optimizer = torch.optim.AdamW(
        [{"params": layers, "lr": RATE}, {"params": head, "lr": HEAD_RATE}], weight_decay=0.01, fused=True
    )
    rise = 120
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / rise, max(0.0, (len(steps) - s) / (len(steps) - rise)))
    )
    checkpoint, done = work / "checkpoint.pt", 0
    if resume and checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        torch.set_rng_state(saved["random"])
        done = saved["done"]
    model.train()
    model.encoder.embeddings.eval()  # type: ignore[union-attr]
    losses: list[float] = []
    begin = written = time.monotonic()
    for step, members in enumerate(steps[done:], start=done + 1):
        with torch.autocast("cpu", torch.bfloat16):
            said = model(*tensors([pairs[i] for i in members]))
        loss = torch.nn.functional.cross_entropy(
            said, torch.tensor([wanted[i] for i in members]), label_smoothing=SMOOTHING
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*layers, *head], 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % 50 == 0:
            print(f"step {step} loss {np.mean(losses[-50:]):.4f} {time.monotonic() - begin:.0f} s", flush=True)
        if step % WATCH_STEPS == 0 or step == len(steps):
            found = {name: round(accuracy(model, *look), 3) for name, look in looks.items()}
            model.encoder.embeddings.eval()  # type: ignore[union-attr]
            print(f"step {step} accuracy {found}", flush=True)
        if time.monotonic() - written > CHECKPOINT_SECONDS or step == len(steps):
            written = time.monotonic()
            state = {n: t for n, t in model.state_dict().items() if n in names}
            part = checkpoint.with_suffix(".part")
            torch.save(
                {
                    "model": state,
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                    "random": torch.get_rng_state(),
                    "done": step,
                },
                part,
            )
            part.replace(checkpoint)
            save_file({n: state[n].half().contiguous() for n in sorted(names)}, str(work / "verifier.safetensors"))
    state = model.state_dict()
    save_file({n: state[n].half().contiguous() for n in sorted(names)}, str(out))


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "data", type=Path, help="folder with verify/scifact, verify/infotabs and xtreme/nli_small.tar.xz"
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights are written")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    train(arguments.data, arguments.work, arguments.resume, arguments.out)
    print(f"written: {arguments.out.name}, {arguments.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
