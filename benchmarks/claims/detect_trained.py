"""The claim model trained on a set of its own: what it reaches where systems are compared after training on that set.

Nothing of it is shipped. Above the claim model stands an LSTM over the sentences of a text, so that neighbours, place
and section count. On detecting-scientific-claim the upper layers learn too; on NCG they stay as shipped, five folds by
paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pad_sequence

from claimcheck.claims.features import features
from claimcheck.foundation.models.claim_model import MAX_TOKENS, ClaimModel, network, trained_names
from claimcheck.foundation.models.onnx import embedded_model_folder
from claimcheck.foundation.settings import Settings

Floats = NDArray[np.float32]
_SECTIONS = (
    "abstract|introduction|motivation|overview",
    "related|background|previous|preliminar",
    "model|method|approach|architecture|network|framework",
    "experiment|set ?- ?up|setup|setting|implementation|training|hyper|detail",
    "result|analysis|evaluation|discussion|ablation|comparison|performance",
    "data|corpus|corpora|task",
    "conclu|summary|future",
    "title",
)


@dataclass(frozen=True)
class Text:
    """A text's sentences and which of them are what is sought."""

    sentences: list[str]
    labels: NDArray[np.float32]


class Tagger(torch.nn.Module):
    """Sentences in order (texts, sentences, inputs) to a logit each (texts, sentences)."""

    def __init__(self, inputs: int, width: int = 128) -> None:
        super().__init__()
        self.project = torch.nn.Linear(inputs, width)
        self.lstm = torch.nn.LSTM(width, width, bidirectional=True, batch_first=True)
        self.out = torch.nn.Linear(3 * width, 1)
        self.dropout = torch.nn.Dropout(0.4)

    def forward(self, x: Any) -> Any:
        """The logits; padding stands behind a text and weighs little."""
        hidden = self.dropout(torch.relu(self.project(self.dropout(x))))
        states, _ = self.lstm(hidden)
        return self.out(self.dropout(torch.cat([states, hidden], -1)))[..., 0]


def best_threshold(labels: Floats, p: Floats) -> float:
    """The threshold of the best F1."""
    return max((float(t) for t in np.linspace(0.1, 0.7, 31)), key=lambda t: f1(labels, p >= t)[2])


def f1(labels: Floats, said: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Precision, recall, F1."""
    right = float(labels[said].sum())
    precision, recall = right / max(1, int(said.sum())), right / max(1.0, float(labels.sum()))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def _loss(logits: Any, labels: Any) -> Any:
    """Cross entropy of padded texts; padding has the label -1."""
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.clamp(min=0), reduction="none")
    there = (labels >= 0).float()
    return (each * there).sum() / there.sum()


def _order(n: int, size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    order = rng.permutation(n).tolist()
    for start in range(0, n - size + 1, size):
        yield order[start : start + size]


def fit_tagger(inputs: Sequence[Floats], labels: Sequence[Floats], seed: int, epochs: int = 8, size: int = 4) -> Tagger:
    """A tagger above readings that stay as they are."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tagger = Tagger(inputs[0].shape[1])
    optimizer = torch.optim.AdamW(tagger.parameters(), 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, epochs * (len(inputs) // size) + 1)
    for _ in range(epochs):
        for members in _order(len(inputs), size, rng):
            x = pad_sequence([torch.tensor(inputs[i]) for i in members], True)
            y = pad_sequence([torch.tensor(labels[i]) for i in members], True, -1)
            loss = _loss(tagger.train()(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return tagger.eval()


def tag(tagger: Tagger, inputs: Sequence[Floats]) -> list[Floats]:
    """The probabilities of each text's sentences."""
    with torch.no_grad():
        return [tagger(torch.tensor(x)[None])[0].sigmoid().numpy() for x in inputs]


def readings(texts: Sequence[Text], sections: bool = False) -> list[Floats]:
    """What the shipped model and the named features say of each sentence, with its place and, if asked, its section."""
    flat = [s for text in texts for s in text.sentences]
    read = ClaimModel(Settings.load()).read(flat)
    signs = np.array([features(s) for s in flat], np.float32)
    signs = (signs - signs.mean(0)) / (signs.std(0) + 1e-6)
    vectors = read.vectors / (read.vectors.std(0) + 1e-6)
    whole = np.hstack([vectors * 0.5, read.parts / 2, signs * 0.5]).astype(np.float32)
    out, start = [], 0
    for text in texts:
        n = len(text.sentences)
        place = np.arange(n)
        extra = [np.stack([place / max(1, n - 1), np.minimum(1, place / 50)], 1) * 2]
        if sections:
            extra.append(_sections(text.sentences) * 2)
        out.append(np.hstack([whole[start : start + n], *extra]).astype(np.float32))
        start += n
    return out


def _sections(sentences: Sequence[str]) -> Floats:
    """For each line: whether it is a heading, and by the last heading the kind of section it stands in."""
    out = np.zeros((len(sentences), len(_SECTIONS) + 2), np.float32)
    now = np.zeros(len(_SECTIONS), np.float32)
    for i, line in enumerate(sentences):
        words = line.split()
        heading = len(words) <= 7 and not line.rstrip().endswith((".", "?", ",", ":", ";"))
        if heading:
            found = np.array([bool(re.search(p, line, re.I)) for p in _SECTIONS], np.float32)
            now = found if found.any() else now
        out[i] = [heading, min(1, len(words) / 40), *now]
    return out


def folds(texts: Sequence[Text], count: int = 5, seeds: int = 3) -> tuple[list[Floats], NDArray[np.bool_]]:
    """Probabilities of every text from taggers that never saw it, and which sentences those call found.

    A fold's threshold is the best one of the other folds' probabilities.
    """
    inputs, labels = readings(texts, sections=True), [text.labels for text in texts]
    fold = np.random.default_rng(3).permutation(len(texts)) % count
    p = [np.zeros(len(y), np.float32) for y in labels]
    for f in range(count):
        train, test = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        for seed in range(seeds):
            tagger = fit_tagger([inputs[i] for i in train], [labels[i] for i in train], seed)
            for i, found in zip(test, tag(tagger, [inputs[i] for i in test]), strict=True):
                p[i] += found / seeds
    thresholds = {}
    for f in range(count):
        others = [i for i in range(len(texts)) if fold[i] != f]
        thresholds[f] = best_threshold(
            np.concatenate([labels[i] for i in others]), np.concatenate([p[i] for i in others])
        )
    called = np.concatenate([p[i] >= thresholds[int(fold[i])] for i in range(len(texts))])
    return p, called


def fine_tuned(
    train: Sequence[Text], test: Sequence[Text], epochs: int = 3, rate: float = 6e-5
) -> tuple[list[Floats], float]:
    """Probabilities of the test texts after the upper layers and an LSTM learnt the train texts, and the threshold.

    One text in eight of the train part chooses the threshold and is not learnt.
    """
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(train)).tolist()
    kept, learnt = [train[i] for i in order[: len(train) // 8]], [train[i] for i in order[len(train) // 8 :]]
    model, tokens = network(), _tokens
    names = set(trained_names(model))
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name in names
    tagger = Tagger(384 + 5)
    slow = [p for name, p in model.named_parameters() if name in names]
    optimizer = torch.optim.AdamW(
        [{"params": slow, "lr": rate}, {"params": tagger.parameters(), "lr": 1e-3}], weight_decay=0.01
    )
    size = 4
    total = epochs * (len(learnt) // size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / (total / 10), 1.0, max(0.0, 1.1 * (1 - s / total)))
    )

    def logits(texts: Sequence[Text]) -> Any:
        ids, mask = tokens([s for text in texts for s in text.sentences])
        with torch.autocast("cpu", torch.bfloat16):
            parts, vectors = model(ids, mask)
        whole = torch.cat([vectors.float() * 2, parts.float() / 2], 1)
        return tagger(pad_sequence(list(whole.split([len(t.sentences) for t in texts])), True))

    for _ in range(epochs):
        model.train()
        tagger.train()
        for members in _order(len(learnt), size, rng):
            some = [learnt[i] for i in members]
            loss = _loss(logits(some), pad_sequence([torch.tensor(t.labels) for t in some], True, -1))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(slow, 1.0)
            optimizer.step()
            schedule.step()
    model.eval()
    tagger.eval()
    with torch.no_grad():
        said = [[logits([text])[0].sigmoid().numpy() for text in texts] for texts in (kept, test)]
    return said[1], best_threshold(np.concatenate([t.labels for t in kept]), np.concatenate(said[0]))


def _tokens(sentences: Sequence[str]) -> tuple[Any, Any]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(embedded_model_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch([" ".join(s.split()) for s in sentences])
    return torch.tensor([e.ids for e in encoded]), torch.tensor([e.attention_mask for e in encoded])
