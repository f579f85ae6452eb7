"""What each sentence of an abstract is likely to be, judged with the whole abstract in view and never on its own label.

A crowd labelled CSAbstruct, and often not alike; a reader who sees the neighbours gives steadier labels than one worker's. A small
LSTM over the sentences of an abstract predicts every fifth of the abstracts after training on the other four: its predictions
are what the claim model, which sees one sentence, is taught beside the labels (detect_head.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

Floats = NDArray[np.float32]
Item = tuple[torch.Tensor, torch.Tensor]  # the sentences of one text (sentences, inputs) and their classes (sentences,)


class Teacher(torch.nn.Module):
    """Inputs (texts, sentences, inputs) to logits (texts, sentences, classes), each sentence in view of all of its text."""

    def __init__(self, inputs: int, classes: int, width: int = 128) -> None:
        super().__init__()
        self.project = torch.nn.Linear(inputs, width)
        self.lstm = torch.nn.LSTM(width, width, bidirectional=True, batch_first=True)
        self.out = torch.nn.Linear(2 * width, classes)
        self.dropout = torch.nn.Dropout(0.4)

    def forward(self, x: Any, lengths: Any) -> Any:
        """Logits; what is behind a text's length means nothing."""
        hidden = self.dropout(torch.relu(self.project(self.dropout(x))))
        packed = pack_padded_sequence(hidden, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.out(self.dropout(states))


def fit(items: list[Item], classes: int, seed: int, epochs: int = 10) -> Teacher:
    """A teacher of these texts."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Teacher(items[0][0].shape[1], classes)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, epochs * len(items) // 32 + 10)
    for _ in range(epochs):
        order = rng.permutation(len(items))
        for start in range(0, len(order) - 31, 32):
            some = [items[i] for i in order[start : start + 32]]
            x, y = pad_sequence([x for x, _ in some], True), pad_sequence([y for _, y in some], True, -100)
            logits = model.train()(x, torch.tensor([len(y) for _, y in some]))
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-100)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def predict(model: Teacher, items: list[Item]) -> list[Floats]:
    """The probabilities (sentences, classes) of each text."""
    with torch.no_grad():
        return [model(x[None], torch.tensor([len(x)]))[0].softmax(-1).numpy() for x, _ in items]


def held_out(x: Floats, y: NDArray[np.int64], group: NDArray[np.int64], classes: int, seeds: int = 3) -> Floats:
    """Probabilities (sentences, classes) from teachers that never saw the sentence's own text; five folds, mean of seeds.

    `group` numbers the texts 0, 1, 2 ... in order.
    """
    items = [(torch.tensor(x[group == k]), torch.tensor(y[group == k])) for k in range(int(group.max()) + 1)]
    fold = np.random.default_rng(5).permutation(len(items)) % 5
    out = np.zeros((len(y), classes), dtype=np.float32)
    for f in range(5):
        train, test = [items[i] for i in np.flatnonzero(fold != f)], np.flatnonzero(fold == f)
        rows = np.concatenate([np.flatnonzero(group == k) for k in test])
        for seed in range(seeds):
            out[rows] += np.concatenate(predict(fit(train, classes, seed), [items[i] for i in test])) / seeds
    return out
