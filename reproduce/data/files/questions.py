"""Readers of question answering in SQuAD's JSON: SQuAD 1.1 and 2.0, XQuAD, MLQA, TyDiQA-GoldP, and translations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from claimcheck.foundation.errors import InputError, MissingInputError
from reproduce.data.files.fields import Ids, Record, document
from reproduce.data.files.layout import Reader, find, fingerprint
from reproduce.data.rows import Question, Source

__all__ = ["READERS", "TYDIQA_LANGUAGES", "located", "tydiqa_language"]

_LOG = logging.getLogger(__name__)

# TyDiQA's ids begin with the English name of their language
TYDIQA_LANGUAGES = {
    "arabic": "ar",
    "bengali": "bn",
    "english": "en",
    "finnish": "fi",
    "indonesian": "id",
    "korean": "ko",
    "russian": "ru",
    "swahili": "sw",
    "telugu": "te",
}

# what XTREME's preparation does to the files of its test parts, and what to do about it
_BLANKED = "XTREME's script blanks the answers: put the file as {} publish it in its place"


def located(passage: str, answer: str, start: int) -> int:
    """Where the answer stands in the passage: at `start`, else its occurrence nearest to there, else -1.

    Files count bytes or UTF-16 units, or were translated, so that an offset can be wrong; of two occurrences that are
    equally near the first is taken.
    """
    if start >= 0 and passage.startswith(answer, start):
        return start
    middle = min(max(start, 0), len(passage))
    before = passage.rfind(answer, 0, max(middle + len(answer) - 1, 0))
    after = passage.find(answer, middle)
    if before < 0 or after < 0:
        return max(before, after)
    return before if middle - before <= after - middle else after


def tydiqa_language(id: str) -> str | None:
    """The language of a TyDiQA question by its id; None where the id says none."""
    return TYDIQA_LANGUAGES.get(id.partition("-")[0])


def _squad(version: str, folder: Path, task: str, language: str, split: str) -> Source:
    """SQuAD `version`. The training set of another language is a machine translation of the English one."""
    if split == "test":
        what = f"{task} has no public test part: its labels are withheld"
        raise MissingInputError(what, where=str(folder), todo="use the dev part")
    if language == "en":
        names = [f"{name}/{split}-v{version}.json" for name in ("squad", f"squad_v{version}", f"squad-v{version}")]
        return _source(folder, names, task, language, split, _original("SQuAD's authors"), version == "2.0")
    if split == "dev":
        what = f"{task} has no dev part in '{language}'"
        raise MissingInputError(what, where=str(folder), todo="its dev part is English; xquad and mlqa have others")
    names = [f"squad/train-{language}-v{version}.json", f"squad_v{version}/train-{language}-v{version}.json"]
    if version == "1.1":
        xtreme = f"squad.translate.train.en-{language}.json"
        names = [f"{name}/{xtreme}" for name in ("squad/translate-train", "SQuAD/translate-train", "squad")] + names
    return _source(folder, names, task, language, split, "translate the answers too", version == "2.0")


def _xquad(folder: Path, task: str, language: str, split: str) -> Source:
    """XQuAD: one part, which is both dev and test."""
    _evaluated(folder, task, split)
    names = [f"xquad/xquad.{language}.json", f"xquad.{language}.json"]
    return _source(folder, names, task, language, split, _original("XQuAD's authors"))


def _mlqa(folder: Path, task: str, language: str, split: str) -> Source:
    """MLQA with passage and question in the same language."""
    _evaluated(folder, task, split)
    name = f"{split}/{split}-context-{language}-question-{language}.json"
    names = [f"mlqa/MLQA_V1/{name}", f"MLQA_V1/{name}", f"mlqa/{name}"]
    return _source(folder, names, task, language, split, _original("MLQA's authors"))


def _tydiqa(folder: Path, task: str, language: str, split: str) -> Source:
    """TyDiQA-GoldP: train, and one other part, which is both dev and test.

    The official training file (and one form of the dev file) mixes all languages: rows of others are passed over by
    their ids. They are in the files of one language too, which some scripts fill with the rows of all; there, an id
    without a language counts as of the file's.
    """
    name = next((name for name, code in TYDIQA_LANGUAGES.items() if code == language), None)
    if name is None:
        todo = f"it has {', '.join(TYDIQA_LANGUAGES.values())}"
        raise MissingInputError(f"{task} has no language '{language}'", where=str(folder), todo=todo)
    if split == "train":
        mixed = "tydiqa-goldp-v1.1-train.json"
        names = [
            f"tydiqa/{mixed}",
            f"tydiqa/tydiqa-goldp-v1.1-train/{mixed}",
            f"tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.{language}.train.json",
            f"tydiqa/tydiqa-goldp-v1.1-train/tydiqa.{language}.train.json",
            f"tydiqa/sagorbrur/{name}_tydiqa_train.json",
        ]
    else:
        mixed = "tydiqa-goldp-v1.1-dev.json"
        names = [  # XTREME's copy stands last: its answers are blanked
            f"tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-{name}.json",
            f"tydiqa/sagorbrur/{name}_tydiqa_dev.json",
            f"tydiqa/{mixed}",
            f"tydiqa/tydiqa-goldp-v1.1-dev/{mixed}",
            f"tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{language}.dev.json",
        ]

    def wanted(question: Record) -> bool:
        code = tydiqa_language(question.text("id"))
        if code is None and question.path.name == mixed:
            raise question.bad("the id says no language", "take TyDiQA-GoldP's own file, whose ids begin with it")
        return code is None or code == language

    return _source(folder, names, task, language, split, _original("TyDiQA's authors"), wanted=wanted)


READERS: dict[str, Reader] = {
    "squad-v1": partial(_squad, "1.1"),
    "squad-v2": partial(_squad, "2.0"),
    "xquad": _xquad,
    "mlqa": _mlqa,
    "tydiqa": _tydiqa,
}


def _original(whom: str) -> str:
    return _BLANKED.format(whom)


def _evaluated(folder: Path, task: str, split: str) -> None:
    if split == "train":
        raise MissingInputError(f"{task} has no training part", where=str(folder), todo="train on squad-v1")


def _source(
    folder: Path,
    names: list[str],
    task: str,
    language: str,
    split: str,
    withheld: str,
    nullable: bool = False,
    wanted: Callable[[Record], bool] | None = None,
) -> Source:
    path = find(folder, names, f"{task}, {split}, '{language}'")

    def rows() -> Iterator[Question]:
        return _questions(path, nullable, withheld, wanted, language)

    return Source(task, language, split, rows, fingerprint(path), nullable=nullable)


def _questions(
    path: Path, nullable: bool, withheld: str, wanted: Callable[[Record], bool] | None, language: str
) -> Iterator[Question]:
    ids, found = Ids(), False
    moved = lost = 0
    passages: dict[str, str] = {}  # some files repeat the passage with every question: one string serves them all
    for article in document(path).records("data"):
        for paragraph in article.records("paragraphs"):
            passage = paragraph.text("context")
            passage = passages.setdefault(passage, passage)
            for question in paragraph.records("qas"):
                if wanted is not None and not wanted(question):
                    continue
                answers = _answers(question, nullable, withheld)
                starts = tuple(located(passage, text, start) for text, start in answers)
                lost += starts.count(-1)
                moved += sum(there not in (-1, said) for there, (_, said) in zip(starts, answers, strict=True))
                found = True
                yield Question(
                    id=ids.unique(_id(question)),
                    question=question.text("question"),
                    passage=passage,
                    answers=tuple(text for text, _ in answers),
                    starts=starts,
                )
    if moved or lost:
        _LOG.warning("%s: %d answers stand elsewhere than it says, %d nowhere in their passage", path, moved, lost)
    if not found:
        raise InputError(f"holds no question in '{language}'", where=str(path), todo="put the right file there")


def _id(question: Record) -> str:
    id = question.text("id")
    if not id.strip():
        raise question.bad("the id is empty")
    return id


def _answers(question: Record, nullable: bool, withheld: str) -> list[tuple[str, int]]:
    """(text, start) of each answer; none where the question cannot be answered.

    `is_impossible` has to be there in SQuAD 2.0: without it a question whose answers are withheld looks like one that
    has none.
    """
    impossible = question.flag("is_impossible") if nullable or "is_impossible" in question else False
    answers = []
    if "answers" in question:
        given = [(answer.text("text"), answer.number("answer_start")) for answer in question.records("answers")]
        answers = [(text, start) for text, start in given if text.strip()]
    if impossible and not nullable:
        raise question.bad("cannot be answered, as in SQuAD 2.0", "read the file as the task squad-v2")
    if impossible and answers:
        raise question.bad("is_impossible is true, and there are answers")
    if not impossible and not answers:
        raise question.bad("the answers are withheld", withheld)
    return answers
