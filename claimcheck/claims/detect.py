"""P(a sentence states a checkable claim): logistic heads above the claim model, for a sentence alone and one in its text.

The heads are those of detect_weights.json (card: training/detect_head.md). Each is calibrated for "states a result" on abstracts
of CSAbstruct that the model was not trained on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from claimcheck.claims.features import is_prose
from claimcheck.foundation.models.claim_model import PARTS, ClaimModel
from claimcheck.foundation.records import Document
from claimcheck.foundation.settings import Settings

NOT_PROSE = 0.01  # of what has letters but is no sentence: an equation, a row of a table, 10,000 words
_CONTEXT_CHARACTERS = 600  # of the words before a sentence, the nearest: about three sentences

Floats = NDArray[np.float32]


@cache
def _model(settings: Settings) -> ClaimModel:
    return ClaimModel(settings)


@cache
def _heads() -> dict[str, tuple[float, Floats]]:
    data = json.loads(resources.files(__package__).joinpath("detect_weights.json").read_text("utf-8"))
    return {name: (float(head["bias"]), np.array(head["weights"], np.float32)) for name, head in data.items()}


def detect(
    sentences: Sequence[str], contexts: Sequence[str] | None = None, settings: Settings | None = None
) -> list[float]:
    """One probability a sentence, in order; where its context is not empty, the words before it are weighed too.

    Without contexts each sentence stands alone: its neighbours in the list change nothing. Sentences without letters, of any
    length or script get a probability, never an exception. `contexts` must match in length where given (else ValueError).
    """
    if contexts is not None and len(contexts) != len(sentences):
        raise ValueError(f"{len(sentences)} sentences, but {len(contexts)} contexts")
    before = [" ".join(str(c)[-2 * _CONTEXT_CHARACTERS :].split())[-_CONTEXT_CHARACTERS:] for c in contexts or ()]
    before = [c if is_prose(c) else "" for c in before] or [""] * len(sentences)
    own = [str(s) for s in sentences]
    parts = _parts([*own, *before], settings)
    out = []
    for text, context in zip(own, before, strict=True):
        if text not in parts:
            out.append(_without_model(text))
        elif context:
            out.append(probability("context", context_inputs(parts[text], parts[context])))
        else:
            out.append(probability("alone", alone_inputs(parts[text])))
    return out


def detect_in(document: Document, indices: Sequence[int], settings: Settings | None = None) -> list[float]:
    """One probability for each of these sentences of a document, in order, with the sentences around it in view.

    In the abstract its place there counts too. `indices` count into Document.sentences (IndexError where there is none).
    """
    sentences = document.sentences
    chosen = [sentences[i] for i in indices]
    abstract = [i for i, s in enumerate(sentences) if s.kind == "abstract" and is_prose(s.text)]
    where = {i: k for k, i in enumerate(abstract)}

    def beside(i: int, step: int) -> str:
        """The text of the sentence before or after in the same run of text, "" where there is none."""
        j = i % len(sentences) + step
        if not 0 <= j < len(sentences):
            return ""
        a, b = sentences[i], sentences[j]
        return b.text if (a.section, a.kind) == (b.section, b.kind) and is_prose(b.text) else ""

    around = [(beside(i, -1), beside(i, 1)) for i in indices]
    parts = _parts([s.text for s in chosen] + [text for pair in around for text in pair], settings)
    out = []
    for i, sentence, (before, after) in zip(indices, chosen, around, strict=True):
        i %= len(sentences)
        if sentence.text not in parts:
            out.append(_without_model(sentence.text))
            continue
        own = parts[sentence.text]
        neighbours = parts.get(before), parts.get(after)
        if i in where and len(abstract) > 2:
            x = abstract_inputs(own, *neighbours, where[i], len(abstract))
            out.append(probability("abstract", x))
        elif before or after:
            out.append(probability("neighbours", neighbour_inputs(own, *neighbours)))
        else:
            out.append(probability("alone", alone_inputs(own)))
    return out


def _parts(texts: Sequence[str], settings: Settings | None) -> dict[str, Floats]:
    """The claim model's log-probabilities of every text that is prose, each text read once."""
    unique = list(dict.fromkeys(t for t in texts if is_prose(t)))
    if not unique:
        return {}
    read = _model(settings or Settings.load()).read(unique).parts
    return dict(zip(unique, read, strict=True))


def _without_model(text: str) -> float:
    return NOT_PROSE if any(c.isalpha() for c in text) else 0.0


def probability(head: str, inputs: Floats) -> float:
    """What a head of detect_weights.json makes of its inputs."""
    bias, weights = _heads()[head]
    return float(1.0 / (1.0 + np.exp(-(bias + float(weights @ inputs)))))


_NONE = np.zeros(len(PARTS), np.float32)
_RESULT = PARTS.index("result")


def alone_inputs(own: Floats) -> Floats:
    """What the head of a sentence alone weighs: the log-odds that it states a result (1,)."""
    p = np.clip(np.exp(own[_RESULT]), 1e-6, 1 - 1e-6)
    return np.array([np.log(p) - np.log1p(-p)], np.float32)


def context_inputs(own: Floats, before: Floats) -> Floats:
    """Of a sentence with the words before it (10,)."""
    return np.concatenate([own, before])


def neighbour_inputs(own: Floats, before: Floats | None, after: Floats | None) -> Floats:
    """Of a sentence with those before and after it, either of which may lack (17,)."""
    there = np.array([before is not None, after is not None], np.float32)
    return np.concatenate([own, _NONE if before is None else before, _NONE if after is None else after, there])


def abstract_inputs(own: Floats, before: Floats | None, after: Floats | None, place: int, length: int) -> Floats:
    """Of the sentence at `place` (from 0) of an abstract of `length` sentences (22,)."""
    from_end = length - 1 - place
    position = np.array([place / (length - 1), place == 0, place == 1, from_end == 0, from_end == 1], np.float32)
    return np.concatenate([neighbour_inputs(own, before, after), position])
