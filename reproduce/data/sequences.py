"""What each kind of row becomes: sequences of tokens, targets and items, written chunk by chunk."""

from __future__ import annotations

import logging
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from itertools import islice
from typing import Any, Generic, TypeVar

from claimcheck.foundation.errors import InputError
from reproduce.data.cache import Writer
from reproduce.data.dataset import IGNORED
from reproduce.data.passages import Passage, windows
from reproduce.data.rows import Choice, Line, Pair, Question, Row, Sentence, Source, Tagged, label_of
from reproduce.data.subwords import Subwords
from reproduce.data.vocabulary import END, PAIR, START, UNKNOWN

__all__ = ["KINDS", "LONGEST_QUESTION", "ROWS", "Sequences", "bad_row", "chunks", "longest_first"]

ROWS = 2000  # read and tokenised at once: memory does not grow with the data
LONGEST_QUESTION = 64  # tokens, as in the scripts of BERT and XTREME
_SINGLE, _BOTH = 2, 4  # special tokens of one text and of two

R = TypeVar("R", bound=Row)
T = TypeVar("T")


def bad_row(source: Source, row: str, what: str, todo: str = "") -> InputError:
    """The error for a row that cannot be encoded, by its id; for the whole source where that is empty."""
    where = f"{source.task}, {source.language}, {source.split}" + (f", row {row}" if row else "")
    return InputError(what, where=where, todo=todo)


def chunks(rows: Iterable[T], size: int = ROWS) -> Iterator[list[T]]:
    """Lists of at most `size` rows, in order."""
    left = iter(rows)
    while found := list(islice(left, size)):
        yield found


def longest_first(first: int, second: int, room: int) -> tuple[int, int]:
    """How many tokens of two texts stay where there is room for `room`: the longer one loses first.

    Of two that are both longer than half, the shorter one keeps the smaller half, as in the tokenizers library.
    """
    if first > second:
        second, first = longest_first(second, first, room)
        return first, second
    if first + second <= room:
        return first, second
    if room - first >= first:
        return first, room - first
    return room // 2, room - room // 2


class Sequences(ABC, Generic[R]):
    """Writes rows of one kind as arrays ("tokens", "tokens.offsets", "targets", "item_of", ...) and lists ("items")."""

    per_example: int = 1

    def __init__(self, source: Source, words: Subwords, max_length: int, writer: Writer) -> None:
        self._source, self._words, self._max_length, self._writer = source, words, max_length, writer
        self._asked = source.split != "train"  # training sets carry no items: nobody scores them
        self._tokens = _Rows(writer, "tokens")
        self._count = 0
        self._notes: Counter[tuple[str, int]] = Counter()
        self._names: set[str] = set()
        self._number = {label: number for number, label in enumerate(source.labels)}

    def add(self, rows: Sequence[R]) -> None:
        """Encode and write some rows. Raises InputError for one that makes no sense."""
        with self._text(rows):
            self._add(rows)
        self._count += len(rows)
        self._tokens.flush()

    def add_pool(self, sentences: Sequence[Sentence]) -> None:
        """Encode and write some of the sentences that are searched. Raises InputError."""
        raise bad_row(self._source, sentences[0].id, "is a sentence to search, and the rows are none to search with")

    def facts(self) -> dict[str, Any]:
        """What the arrays do not say; "notes": [level of the log, what to say]. Raises InputError for no sequence."""
        source = self._source
        if not self._tokens.count:
            raise bad_row(source, "", f"none of the {self._count:,} rows can be used", "take another file")
        where = f"{source.task}, {source.language}, {source.split}, {self._count:,} rows"
        notes = [[level, f"{where}: {what}: {count:,}"] for (what, level), count in self._notes.items() if count]
        return {"per_example": self.per_example, "notes": notes}

    @abstractmethod
    def _add(self, rows: Sequence[R]) -> None: ...

    @contextmanager
    def _text(self, rows: Sequence[Row]) -> Iterator[None]:
        """Name the row that holds half of a character, which JSON's escapes let through and the tokenizer does not."""
        try:
            yield
        except (TypeError, UnicodeEncodeError):
            for row in rows:
                if re.search("[\ud800-\udfff]", "".join(_strings(astuple(row)))):
                    todo = "repair the text: one of its escapes \\ud800 to \\udfff stands alone"
                    raise self._bad(row, "half a character", todo) from None
            raise

    def _ids(self, texts: Iterable[str]) -> Callable[[str], list[int]]:
        """The tokens of each of the texts, each text encoded once."""
        distinct = list(dict.fromkeys(texts))
        found = {text: one.ids for text, one in zip(distinct, self._words.encode(distinct), strict=True)}
        return found.__getitem__

    def _item(self, row: Any, *context: Any) -> None:
        """One more item of a part that is scored."""
        if row.id in self._names:
            raise self._bad(row, "the id stands twice", "give each row an id of its own")
        self._names.add(row.id)
        self._writer.append("items", [row.id, label_of(row), *context])

    def _label(self, row: Any, label: str) -> int:
        if label not in self._number:
            names = ", ".join(self._source.labels[:20])
            raise self._bad(row, f"the label '{label}' is none of the task's", f"expected one of: {names}")
        return self._number[label]

    def _bad(self, row: Any, what: str, todo: str = "") -> InputError:
        return bad_row(self._source, row.id if hasattr(row, "id") else f"{row.text!a:.60}", what, todo)

    def _note(self, what: str, count: int = 1, level: int = logging.INFO) -> None:
        """Count what the user should know of."""
        self._notes[what, level] += count

    def _cut(self, what: str, count: int = 1) -> None:
        self._note(f"{what} cut to fit into {self._max_length} tokens", count)

    def _split(self, what: str, count: int = 1) -> None:
        self._note(f"{what} made into several sequences of at most {self._max_length} tokens", count)


class _Rows:
    """Ragged rows on their way to the writer."""

    def __init__(self, writer: Writer, name: str) -> None:
        self._writer, self._name = writer, name
        self.count = 0
        self._flat: list[int] = []
        self._ends = [0]
        self._end = 0

    def add(self, row: Sequence[int]) -> None:
        self.count += 1
        self._flat += row
        self._end += len(row)
        self._ends.append(self._end)

    def flush(self) -> None:
        self._writer.extend(self._name, self._flat, "<i4")
        self._writer.extend(f"{self._name}.offsets", self._ends, "<i8")
        self._flat, self._ends = [], []


class _Pairs(Sequences[Pair]):
    def _add(self, rows: Sequence[Pair]) -> None:
        ids = self._ids(text for row in rows for text in (row.first, row.second) if text is not None)
        targets = []
        for row in rows:
            first = ids(row.first)
            if row.second is None:
                room = self._max_length - _SINGLE
                self._cut("texts", len(first) > room)
                self._tokens.add([START, *first[:room], END])
            else:
                second, room = ids(row.second), self._max_length - _BOTH
                self._cut("pairs of texts", len(first) + len(second) > room)
                a, b = longest_first(len(first), len(second), room)
                self._tokens.add([START, *first[:a], *PAIR, *second[:b], END])
            targets.append(self._label(row, row.label))
            if self._asked:
                self._item(row)
        self._writer.extend("targets", targets, "<i8")


class _Tagged(Sequences[Tagged]):
    def _add(self, rows: Sequence[Tagged]) -> None:
        tags: list[int] = []
        item_of: list[int] = []
        for row, (ids, numbers) in zip(rows, self._words.encode_words([row.words for row in rows]), strict=True):
            if len(row.words) != len(row.tags):
                raise self._bad(row, f"{len(row.words)} words and {len(row.tags)} tags", "give each word one tag")
            sequences = list(self._sequences(_by_word(ids, numbers, len(row.words)), row))
            self._split("sentences", len(sequences) > 1)
            for tokens, named in sequences:
                self._tokens.add([START, *tokens, END])
                tags += [IGNORED, *named, IGNORED]
            if self._asked:
                item_of += [len(self._names)] * len(sequences)
                self._item(row)
        self._writer.extend("tags", tags, "<i4")
        if self._asked:
            self._writer.extend("item_of", item_of, "<i8")

    def _sequences(self, words: Sequence[list[int]], row: Tagged) -> Iterator[tuple[list[int], list[int]]]:
        """Tokens and tags of whole words, as many as fit; one sequence at least."""
        room = self._max_length - _SINGLE
        tokens: list[int] = []
        tags: list[int] = []
        for whole, tag in zip(words, row.tags, strict=True):
            word = whole[:room]
            if len(word) < len(whole):
                self._cut("words")
            if len(tokens) + len(word) > room:
                yield tokens, tags
                tokens, tags = [], []
            tokens += word
            tags += [self._label(row, tag), *[IGNORED] * (len(word) - 1)]
        yield tokens, tags


def _strings(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from _strings(value)


def _by_word(ids: Sequence[int], numbers: Sequence[int | None], words: int) -> list[list[int]]:
    """The tokens of each word; <unk> for a word that has none."""
    found: list[list[int]] = [[] for _ in range(words)]
    for token, number in zip(ids, numbers, strict=True):
        if number is not None:
            found[number].append(token)
    return [tokens or [UNKNOWN] for tokens in found]


class _Questions(Sequences[Question]):
    def __init__(self, source: Source, words: Subwords, max_length: int, writer: Writer) -> None:
        super().__init__(source, words, max_length, writer)
        self._last: Passage | None = None  # questions on one passage follow one another
        self._places: dict[str, int] = {}  # of each passage among those written

    def _add(self, rows: Sequence[Question]) -> None:
        ids = self._ids(row.question for row in rows)
        passages = self._passages(rows)
        targets: list[int] = []
        item_of: list[int] = []
        offsets: list[int] = []
        most = min(LONGEST_QUESTION, (self._max_length - _BOTH) // 2)
        for row in rows:
            passage = passages[row.passage]
            question = ids(row.question)[:most]
            self._note(f"questions cut to {most} tokens", len(ids(row.question)) > most)
            answer = self._answer(row, passage)
            if not self._asked and answer is None and (any(row.answers) or not len(passage)):
                self._note("questions not trained on: no answer has a known place in the passage", 1, logging.WARNING)
                continue
            before = 1 + len(question) + len(PAIR)  # tokens in front of the passage's
            places = windows(len(passage), self._max_length - _BOTH - len(question))
            whole = 0
            for begin, end in places:
                self._tokens.add([START, *question, *PAIR, *passage.ids[begin:end], END])
                if answer is not None and begin <= answer[0] and answer[1] < end:
                    targets += (answer[0] - begin + before, answer[1] - begin + before)
                    whole += 1
                else:
                    targets += (0, 0)
                if self._asked:
                    offsets += [-1] * (2 * before)
                    offsets += passage.characters(begin, end)
                    offsets += (-1, -1)
            self._note("questions whose answer is longer than a window", answer is not None and not whole)
            if self._asked:
                item_of += [len(self._names)] * len(places)
                self._item(row, self._place(row.passage))
        self._writer.extend("targets", targets, "<i8")
        if self._asked:
            self._writer.extend("item_of", item_of, "<i8")
            self._writer.extend("characters", offsets, "<i4")

    def _passages(self, rows: Sequence[Question]) -> Mapping[str, Passage]:
        known = {} if self._last is None else {self._last.text: self._last}
        new = [text for text in dict.fromkeys(row.passage for row in rows) if text not in known]
        known |= {text: Passage.of(text, one) for text, one in zip(new, self._words.encode(new), strict=True)}
        self._last = known[rows[-1].passage]
        return known

    def _answer(self, row: Question, passage: Passage) -> tuple[int, int] | None:
        """The tokens of the first answer that has a place; None where there is no answer, or none with a place."""
        if len(row.answers) != len(row.starts):
            raise self._bad(row, f"{len(row.answers)} answers and {len(row.starts)} places")
        if not any(row.answers) and not self._source.nullable:
            raise self._bad(row, "has no answer, and the task has one to every question")
        for text, start in zip(row.answers, row.starts, strict=True):
            if not text or start < 0:
                continue
            if not row.passage.startswith(text, start):
                raise self._bad(row, f"the answer '{text[:40]}' does not stand at character {start} of its passage")
            found = passage.tokens_of(start, start + len(text))
            if found is not None:
                return found
        return None

    def _place(self, passage: str) -> int:
        if passage not in self._places:
            self._places[passage] = len(self._places)
            self._writer.append("passages", passage)
        return self._places[passage]


class _Choices(Sequences[Choice]):
    per_example = 0

    def _add(self, rows: Sequence[Choice]) -> None:
        ids = self._ids(text for row in rows for pair in row.pairs for text in pair)
        room = self._max_length - _BOTH
        self.per_example = self.per_example or len(rows[0].pairs)
        for row in rows:
            if len(row.pairs) != self.per_example or len(row.pairs) < 2:
                raise self._bad(row, f"{len(row.pairs)} choices, and {self.per_example} in the rows before")
            if not 0 <= row.label < self.per_example:
                raise self._bad(row, f"the label {row.label} is none of the {self.per_example} choices")
            cut = False
            for one, other in row.pairs:
                first, second = ids(one), ids(other)[:room]
                left = room - len(second)
                cut |= len(first) > left or len(ids(other)) > room
                self._tokens.add([START, *first[:left], *PAIR, *second, END])
            self._cut("examples", cut)
            if self._asked:
                self._item(row)
        self._writer.extend("targets", [row.label for row in rows], "<i8")


class _Sentences(Sequences[Sentence]):
    def __init__(self, source: Source, words: Subwords, max_length: int, writer: Writer) -> None:
        super().__init__(source, words, max_length, writer)
        self._asked = True  # nothing here is trained on
        self._wanted: dict[str, str] = {}  # the id of a translation: that of the first sentence that it translates
        self._searched: set[str] = set()
        self._pool = _Rows(writer, "pool")
        if source.pool is None:
            raise bad_row(source, "", "there are no sentences to search")
        self._pool.flush()

    def _add(self, rows: Sequence[Sentence]) -> None:
        self._cut_into(self._tokens, rows, "sentences")
        for row in rows:
            self._item(row)
            if row.gold is not None:
                self._wanted.setdefault(row.gold, row.id)

    def add_pool(self, sentences: Sequence[Sentence]) -> None:
        with self._text(sentences):
            self._cut_into(self._pool, sentences, "sentences that are searched")
            for sentence in sentences:
                if sentence.id in self._searched:
                    raise self._bad(sentence, "the id stands twice among the sentences that are searched")
                self._searched.add(sentence.id)
                self._writer.append("pool_ids", sentence.id)
        self._pool.flush()

    def facts(self) -> dict[str, Any]:
        for translation, row in self._wanted.items():
            if translation not in self._searched:
                what = f"its translation '{translation}' is not among the sentences that are searched"
                raise bad_row(self._source, row, what)
        return super().facts()

    def _cut_into(self, tokens: _Rows, sentences: Sequence[Sentence], what: str) -> None:
        ids, room = self._ids(sentence.text for sentence in sentences), self._max_length - _SINGLE
        for sentence in sentences:
            found = ids(sentence.text)
            self._cut(what, len(found) > room)
            tokens.add([START, *found[:room], END])


class _Lines(Sequences[Line]):
    def _add(self, rows: Sequence[Line]) -> None:
        ids, room = self._ids(row.text for row in rows), self._max_length - _SINGLE
        for row in rows:
            found = ids(row.text)
            self._note("lines left out: no token is in them", not found)
            self._split("lines", len(found) > room)
            for begin in range(0, len(found), room):
                self._tokens.add([START, *found[begin : begin + room], END])


KINDS: Mapping[type[Row], type[Sequences[Any]]] = {
    Pair: _Pairs,
    Tagged: _Tagged,
    Question: _Questions,
    Choice: _Choices,
    Sentence: _Sentences,
    Line: _Lines,
}
