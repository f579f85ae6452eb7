"""Entailment: what the lines found for a claim say of it, by a pair model over the nearest three of them.

A window never mixes pieces of evidence. The shipped verifier reads the lines alone too, and combining.py makes calibrated
probabilities of all that; another model's are taken as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from claimcheck.checks.text.combining import Look, calibration_set, combined
from claimcheck.checks.text.figures import lacking, said_in
from claimcheck.checks.text.same import compare_in_paper, numbers
from claimcheck.checks.text.search import DOCUMENTS, Line, TextIndex, VectorStore
from claimcheck.foundation.models.verifier import NAME, PairModel
from claimcheck.foundation.records import LABELS, Check, Claim, Evidence, Label

JOINED = 3  # lines of a window
RULE = "words"  # in place of a model's name where a sentence with the claim's own words decided
_BY_RULE = 0.95  # the probability then; no calibration stands behind it
_NOTHING = (0.01, 0.01, 0.98)
_SUPPORTED, _REFUTED, _OPEN = range(len(LABELS))
_REASONS: dict[Label, str] = {
    "supported": "the text says so",
    "refuted": "the text says otherwise",
    "not_enough_info": "the nearest sentences do not settle it",
}

Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class TextCheck:
    """A check of kind "text" and the three probabilities behind it, calibrated where the model is the shipped verifier.

    `model` is the pair model's name, "" where another place of a paper decided, "words" where the claim's own words
    in a passage did; `searched` says whether the piece of evidence was searched for among many, where most say nothing of the claim, or was
    given; `read` is False where a rule set aside the lines, or what the model said of them.
    """

    check: Check
    probabilities: dict[Label, float]
    model: str
    searched: bool = False
    read: bool = True


def check_texts(asked: Sequence[tuple[Claim, TextIndex]], verifier: PairModel) -> list[TextCheck | None]:
    """For each claim what the texts of its index say of it, or None where there is nothing to read.

    A paper that says the same supports a claim. The claim's own paper can do no more; passages and other papers go through the
    verifier, the likeliest pieces of evidence first, and the one that says most decides. Indexes that share their vectors have
    their texts embedded together.
    """
    same = [index.paper_lines(claim) for claim, index in asked]
    _embed((index, [c.text, *(x.text for x in lines)]) for (c, index), lines in zip(asked, same, strict=True) if lines)
    out: list[TextCheck | None] = [
        _said_again(claim, lines, index.vectors) for (claim, index), lines in zip(asked, same, strict=True)
    ]
    # what the paper says again is settled: nothing else needs to be read
    open_ = [i for i, found in enumerate(out) if found is None]
    for i, said in zip(open_, _read([asked[i] for i in open_], verifier, DOCUMENTS), strict=True):
        out[i] = max((check for _, check in said), key=_settled, default=None)
    return out


def check_documents(
    claims: Sequence[Claim], index: TextIndex, verifier: PairModel, count: int = DOCUMENTS
) -> list[list[tuple[int, TextCheck]]]:
    """For each claim at most `count` pieces of evidence from elsewhere, by number, the likeliest first, and what they say."""
    return _read([(claim, index) for claim in claims], verifier, count)


@dataclass(frozen=True)
class _Reading:
    """A piece of evidence that is read for a claim: whose claim it is, and the lines that the model sees."""

    asked: int  # index of the claim
    document: int
    place: int  # of the piece of evidence among those found, from 1
    lines: tuple[Line, ...]  # the nearest first


def look(
    asked: Sequence[tuple[Claim, TextIndex]], verifier: PairModel, count: int
) -> list[list[tuple[int, Look | None]]]:
    """For each claim its pieces of evidence by number, the likeliest first, and what is to be seen there.

    None where the lines are about something else, or have other numbers in a whole paper: the model has no say on them.
    """
    readings = _readings(asked, count)
    out: list[list[tuple[int, Look | None]]] = [[] for _ in asked]
    for reading, found in zip(readings, _looks(asked, readings, verifier, count), strict=True):
        out[reading.asked].append((reading.document, found))
    return out


def _read(
    asked: Sequence[tuple[Claim, TextIndex]], verifier: PairModel, count: int
) -> list[list[tuple[int, TextCheck]]]:
    readings = _readings(asked, count)
    searched = [_is_searched(asked[r.asked][1], count) for r in readings]
    looks = _looks(asked, readings, verifier, count)
    rows = _verdicts(looks, searched, verifier)
    out: list[list[tuple[int, TextCheck]]] = [[] for _ in asked]
    labels = [_label(row) for row in rows]
    deciding = _deciding(asked, readings, looks, labels, verifier)
    for k, reading in enumerate(readings):
        claim, index = asked[reading.asked]
        said = _said(rows[k], labels[k], deciding[k], verifier.name, searched[k], looks[k] is not None)
        if said.read and not index.is_paper(reading.document):
            said = _by_words(claim, index.lines_of(reading.document), said)
        out[reading.asked].append((reading.document, said))
    return out


def _said(row: Probabilities, label: Label, line: Line, model: str, searched: bool, read: bool) -> TextCheck:
    evidence = [Evidence(quote=line.text, pointer=line.pointer)]
    check = Check(kind="text", label=label, score=round(float(row.max()), 4), evidence=evidence, reason=_REASONS[label])
    return TextCheck(check, _as_mapping(float(row[_SUPPORTED]), float(row[_REFUTED])), model, searched, read)


def _by_words(claim: Claim, lines: Sequence[Line], said: TextCheck) -> TextCheck:
    """What the model said of a piece of evidence, or what its words and numbers say where they are the claim's own.

    Where evidence was searched for, the same sentence with another number may be of another study.
    """
    found = said_in(claim, lines)
    if found is not None and not (found.unlike and said.searched):
        label: Label = "refuted" if found.unlike else "supported"
        row = np.full(len(LABELS), (1 - _BY_RULE) / 2)
        row[LABELS.index(label)] = _BY_RULE
        by_rule = _said(row, label, found.line, RULE, said.searched, True)
        reason = found.unlike or "the text says so, word for word"
        return replace(by_rule, check=by_rule.check.model_copy(update={"reason": reason}))
    if said.check.label != "supported":
        return said
    absent = lacking(claim, " ".join(line.text for line in lines))
    if absent is None:
        return said
    refuted = said.probabilities["refuted"]
    changes = {
        "label": "not_enough_info",
        "score": round(1 - refuted, 4),
        "reason": f"the text does not give {absent.text}",
    }
    return replace(
        said, check=said.check.model_copy(update=changes), probabilities=_as_mapping(0.0, refuted), read=False
    )


def _is_searched(index: TextIndex, count: int) -> bool:
    return len(index) > count


def _looks(
    asked: Sequence[tuple[Claim, TextIndex]], readings: Sequence[_Reading], verifier: PairModel, count: int
) -> list[Look | None]:
    """What the model says of each reading's lines, together and, where it is the shipped one, alone."""
    alone = verifier.name == NAME
    texts = [(window(r.lines), *(x.text for x in r.lines if alone)) if _is_read(asked, r) else () for r in readings]
    logs = _log_probabilities(
        [(asked[r.asked][0], t) for r, ts in zip(readings, texts, strict=True) for t in ts], verifier
    )
    out: list[Look | None] = []
    start = 0
    for reading, said in zip(readings, texts, strict=True):
        claim, index = asked[reading.asked]
        if not said:
            out.append(None)
            continue
        cosine = max(index.vectors.similarity(claim.text, x.text) for x in reading.lines)
        place = reading.place if _is_searched(index, count) else 1
        out.append(Look(logs[start], logs[start + 1 : start + len(said)], cosine, place))
        start += len(said)
    return out


def _is_read(asked: Sequence[tuple[Claim, TextIndex]], reading: _Reading) -> bool:
    """Whether the model has a say on some lines."""
    claim, index = asked[reading.asked]
    # the model was trained on texts that are about one thing: of others it may say anything; and in a whole paper other
    # numbers are there for other models, data and settings: they settle nothing
    other_numbers = index.is_paper(reading.document) and numbers(claim.text) - numbers(window(reading.lines))
    return not (index.is_distant(claim, reading.lines) or other_numbers)


def _verdicts(looks: Sequence[Look | None], searched: Sequence[bool], verifier: PairModel) -> Probabilities:
    """(n, 3) probabilities of what was seen."""
    out = np.tile(np.array(_NOTHING), (len(looks), 1))
    for kind in (False, True):
        members = [k for k, x in enumerate(looks) if x is not None and searched[k] == kind]
        found = [x for k in members if (x := looks[k]) is not None]
        if verifier.name == NAME:
            out[members] = combined(found, kind)
        elif found:
            out[members] = np.exp([x.joined for x in found])
    return out


def _readings(asked: Sequence[tuple[Claim, TextIndex]], count: int) -> list[_Reading]:
    """Which lines of which pieces of evidence the model is to read for each claim."""
    members: dict[int, list[int]] = {}
    for i, (_, index) in enumerate(asked):
        members.setdefault(id(index), []).append(i)
    wanted = []
    for ids in members.values():
        index = asked[ids[0]][1]
        for i, documents in zip(ids, index.documents([asked[i][0] for i in ids], count), strict=True):
            wanted += [(i, n, d, index.candidates(asked[i][0], d)) for n, d in enumerate(documents, 1)]
    _embed((asked[i][1], [asked[i][0].text, *(x.text for x in lines)]) for i, _, _, lines in wanted)
    return [
        _Reading(i, d, n, tuple(asked[i][1].nearest(asked[i][0], lines, JOINED)))
        for i, n, d, lines in sorted(wanted, key=lambda x: x[:2])
    ]


def _embed(wanted: Iterable[tuple[TextIndex, Sequence[str]]]) -> None:
    """Makes the vectors that are lacking, of all indexes with the same vectors in one call."""
    texts: dict[int, tuple[VectorStore, list[str]]] = {}
    for index, more in wanted:
        texts.setdefault(id(index.vectors), (index.vectors, []))[1].extend(more)
    for vectors, several in texts.values():
        vectors.embed(several)


def window(lines: Sequence[Line]) -> str:
    """What the verifier reads: the lines joined in the order of their text."""
    return " ".join(x.text for x in sorted(lines, key=lambda x: x.index))


def _log_probabilities(asked: Sequence[tuple[Claim, str]], verifier: PairModel) -> Probabilities:
    """(pairs, 3), each row a distribution; a pair that comes twice is judged once."""
    pairs = [(claim.statement, text) for claim, text in asked]
    place = {pair: i for i, pair in enumerate(dict.fromkeys(pairs))}
    said = np.exp(verifier.judge(list(place)).astype(np.float64))
    said /= np.maximum(said.sum(1, keepdims=True), 1e-9)
    return np.log(np.maximum(said[[place[pair] for pair in pairs]].reshape(len(pairs), len(LABELS)), 1e-6))


def _deciding(
    asked: Sequence[tuple[Claim, TextIndex]],
    readings: Sequence[_Reading],
    looks: Sequence[Look | None],
    labels: Sequence[Label],
    verifier: PairModel,
) -> list[Line]:
    """Of each reading's lines the one that alone speaks most for the verdict; the nearest where nothing is settled."""
    settled = [k for k, label in enumerate(labels) if label != "not_enough_info" and len(readings[k].lines) > 1]
    alone = {k: found.singles for k in settled if (found := looks[k]) is not None and len(found.singles)}
    lacking = [k for k in settled if k not in alone]
    said = _log_probabilities(
        [(asked[readings[k].asked][0], x.text) for k in lacking for x in readings[k].lines], verifier
    )
    start = 0
    for k in lacking:
        alone[k] = said[start : start + len(readings[k].lines)]
        start += len(readings[k].lines)
    best = {k: int(rows[:, LABELS.index(labels[k])].argmax()) for k, rows in alone.items()}
    return [reading.lines[best.get(k, 0)] for k, reading in enumerate(readings)]


def _label(row: Probabilities) -> Label:
    """The likeliest label; ties assert least."""
    order: tuple[Label, ...] = ("not_enough_info", "supported", "refuted")
    return max(order, key=lambda x: float(row[LABELS.index(x)]))


def _said_again(claim: Claim, lines: Sequence[Line], vectors: VectorStore) -> TextCheck | None:
    """The check of the sentence of a whole paper that is nearest in meaning and says the same."""
    found = sorted(((vectors.similarity(claim.text, x.text), x) for x in lines), key=lambda pair: -pair[0])
    check = next((c for cosine, line in found if (c := compare_in_paper(claim, line, cosine)) is not None), None)
    return None if check is None else TextCheck(check, _as_mapping(check.score, 0.0), "")


def _as_mapping(supported: float, refuted: float) -> dict[Label, float]:
    return {"supported": supported, "refuted": refuted, "not_enough_info": max(0.0, 1.0 - supported - refuted)}


def _settled(found: TextCheck) -> float:
    return max(found.probabilities["supported"], found.probabilities["refuted"])


def calibrated(found: TextCheck) -> tuple[dict[Label, float], str | None]:
    """The probabilities, and the name and size of the calibration set.

    None of another model than the shipped verifier, and where a rule decided that there was nothing to read.
    """
    fitted = found.model == NAME and found.read
    return found.probabilities, calibration_set(found.searched) if fitted else None
