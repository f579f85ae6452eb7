"""A claim's sentence taken apart once: its names, clauses, what its pronouns stand for, the tables that it points to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from claimcheck.claims.quantities import SHARE
from claimcheck.claims.structure.coreference import OWN_VARIANT, PRONOUN, Referents, referents, thing
from claimcheck.claims.structure.names import Name, NameKind, Vocabulary
from claimcheck.claims.structure.phrases import Clause, clauses, without_citations, without_determiner
from claimcheck.foundation.records import Quantity, Span, Table

# a dataset that something was trained on is not where it was measured
_TRAINED = re.compile(
    r"(?:\b(?:pre-?)?train(?:ed|ing)?\b(?:(?!\b(?:achiev|obtain|reach|outperform|evaluat|test|scor|improv))[^,;.]){0,60}?(?:on|with|from|using|of)"
    r"|\bfine-?tun\w+\s+on|\bpre-?train\w*|\btransfer\w*\s+from"
    r"|\bfrom|\blearn(?:ed|t)\s+(?:on|from)|\bembeddings\s+(?:on|from)|\busing|\bsuch\s+as|\blike|\b(?:versions?|variants?|subsets?|parts?)\s+of|\bthan\s+(?:on|in|for))"
    r"\s+(?:the\s+)?(?:[\w-]+\s+)?$",
    re.I,
)
_JOINED = re.compile(
    r"\s*(?:(?!(?:on|in|for|over|of)\b)[\w%-]{1,30}\s+){0,2}?(?:,\s*and|,|and|/|or|;)\s*(?:an?\s+)?(?:[\w-]{1,20}\s+of\s+)?"
)
_FROM = re.compile(r"\bfrom\s+(?:an?\s+|the\s+|only\s+|about\s+)?(?:[\w-]+\s+){0,3}$", re.I)
_TRAINED_AFTER = re.compile(
    r"\s*-?\s*(?:pre-?)?train|\s+(?:embeddings?|vectors?|features?|model|models|training|annotations?)\b", re.I
)


def is_result(q: Quantity) -> bool:
    """Whether a number states a result: no set-up number, no share of something."""
    if q.role == "other" or q.aggregation == SHARE:
        return False
    return q.role != "value" or q.decimals > 0 or bool(q.unit or q.metric or q.subject)


def is_start(masked: str, q: Quantity) -> bool:
    """Whether a number is where a change starts ("from 88.2")."""
    return _FROM.search(masked[max(0, q.span[0] - 60) : q.span[0]]) is not None


def _joined(masked: str, a: Quantity, b: Quantity) -> bool:
    gap = masked[a.span[1] : b.span[0]]
    if len(gap) > 100:
        return False
    return _JOINED.fullmatch(gap) is not None or (re.fullmatch(r"\s*to\s+", gap) is not None and is_start(masked, a))


@dataclass(frozen=True)
class Pointed:
    """What the tables that a sentence points to say as a whole: the one metric and the one dataset that they name."""

    metric: str = ""
    dataset: str = ""
    columns: tuple[tuple[str, str], ...] = ()  # (dataset as printed, its metric) of headers that name both


@dataclass(frozen=True)
class Reading:
    """One sentence as slots are read from it. `masked` has citations blanked; offsets are those of the text."""

    text: str
    vocabulary: Vocabulary
    referents: Referents
    quantities: tuple[Quantity, ...] = ()
    pointed: Pointed = field(default_factory=Pointed)
    near_dataset: str = ""  # the one dataset that the sentences before name

    @classmethod
    def of(
        cls,
        text: str,
        quantities: Sequence[Quantity],
        vocabulary: Vocabulary,
        before: Sequence[str] = (),
        pointed: Pointed | None = None,
    ) -> Reading:
        """The reading of a sentence after those of `before`."""
        found = referents(text, before, vocabulary)
        return cls(
            text, vocabulary, found, tuple(quantities), pointed or Pointed(), only_dataset(before[-2:], vocabulary)
        )

    @cached_property
    def masked(self) -> str:
        """The text with citations blanked, of the same length."""
        return without_citations(self.text)

    @cached_property
    def names(self) -> list[Name]:
        """The names in the sentence."""
        return self.vocabulary.find(self.masked)

    @cached_property
    def datasets(self) -> list[Name]:
        """The datasets on which something is measured: not those that something was trained on."""
        return [n for n in self.names if n.kind == "dataset" and is_measured_on(self.masked, n)]

    @cached_property
    def results(self) -> tuple[Quantity, ...]:
        """The quantities that state results, in order."""
        return tuple(q for q in self.quantities if is_result(q))

    @cached_property
    def runs(self) -> dict[Span, int]:
        """Which list of numbers ("2.1, 0.8 and 3.4 points", "from 88.2 to 89.0") each result stands in."""
        out: dict[Span, int] = {}
        for i, q in enumerate(self.results):
            earlier = self.results[i - 1] if i else None
            joined = earlier is not None and _joined(self.masked, earlier, q)
            out[q.span] = out[earlier.span] if earlier is not None and joined else i
        return out

    def kind_of(self, subject: str) -> NameKind | None:
        """What an entry of a list is; None where nothing says."""
        if not subject:
            return None
        for n in self.vocabulary.find(subject):
            if n.start <= 1 and n.end >= len(subject) - 1:
                return n.kind
        return "dataset" if any(n.text == subject and n.kind == "dataset" for n in self.names) else None

    def number_between(self, a: int, b: int) -> bool:
        """Whether a number that is no setting stands between two places."""
        return any(a <= q.span[0] < b and q.role != "other" for q in self.quantities)

    def same_run(self, a: Quantity, b: Quantity) -> bool:
        """Whether two results stand in one list of numbers."""
        return self.runs.get(a.span, -1) == self.runs.get(b.span, -2)

    def run_end(self, q: Quantity) -> int:
        """Where the list of numbers that a number stands in ends."""
        return max((r.span[1] for r in self.results if self.same_run(r, q)), default=q.span[1])

    @cached_property
    def clauses(self) -> list[Clause]:
        """The clauses of the sentence."""
        return clauses(self.masked)

    def clause(self, at: int) -> Clause:
        """The clause that a place lies in."""
        return next((c for c in reversed(self.clauses) if c.start <= at), self.clauses[0])

    def inside(self, span: Span, kind: NameKind) -> list[Name]:
        """The names of a kind that lie in a stretch of the sentence."""
        return [n for n in self.names if n.kind == kind and n.start >= span[0] and n.end <= span[1]]

    def is_only(self, span: Span, *kinds: NameKind) -> bool:
        """Whether a phrase is a name of one of these kinds and little else ("the SQuAD dataset", "accuracy")."""
        for n in self.names:
            if n.kind in kinds and n.start >= span[0] and n.end <= span[1]:
                rest = self.masked[span[0] : n.start] + " " + self.masked[n.end : span[1]]
                words = re.findall(r"[\w-]+", rest)
                if all(w.lower() in _FILLING for w in words):
                    return True
        return False

    def agent(self, span: Span) -> str:
        """The system (or what was done to one) that a phrase names or stands for; "" where it names none."""
        phrase = " ".join(self.masked[span[0] : span[1]].split())
        possessed = re.fullmatch(r"(?:(?P<its>its)|(?P<name>.{2,60}?)['’]s)\s+(?P<what>.+)", phrase, re.I)
        if possessed is not None:
            if not is_measure(possessed["what"], self.vocabulary):
                return "" if possessed["its"] else thing(phrase)
            return self.antecedent(span) if possessed["its"] else self._of(possessed["name"])
        inner = re.search(r"\s(?=(?:our|the\s+proposed|this)\s)", phrase)
        if inner is not None and not re.search(
            r"\b(?:of|with|to|in|for|on|from|by|into|and)$", phrase[: inner.start()], re.I
        ):
            return ""  # two phrases in one: what belongs to the verb is not plain
        if re.match(r"(?:this|these|that|those|such)\s", phrase, re.I) and not PRONOUN.fullmatch(phrase):
            return ""
        if PRONOUN.fullmatch(phrase):
            return self.antecedent(span)
        measured = re.fullmatch(
            r"(?P<what>.{2,60}?)\s+(?:of|for|by|obtained\s+by|achieved\s+by|with)\s+(?P<name>.+)", phrase, re.I
        )
        if measured is not None and is_measure(measured["what"], self.vocabulary):
            at = span[0] + self.masked[span[0] : span[1]].find(measured["name"].split()[0])
            if self.is_only((at, span[1]), "dataset", "language", "task", "metric"):
                return ""
            return self._of(measured["name"])
        if self.is_only(span, "dataset", "metric", "task", "language") or is_measure(phrase, self.vocabulary):
            return ""
        return self._of(phrase)

    def antecedent(self, span: Span) -> str:
        """What a pronoun at a place stands for: what its own sentence is about, else the sentence before."""
        if _NOBODY.match(self.masked, span[0]):
            return ""
        before = self.masked[: span[0]]
        earlier = [c for c in self.clauses if c.subject is not None and c.subject[1] <= span[0]]
        if earlier and earlier[0].subject is not None:
            phrase = self.masked[slice(*earlier[0].subject)]
            if phrase.lower() in ("we", "it", "this", "they") or re.search(r"\b(?:we|it|this|they)$", phrase, re.I):
                return ""
            return self.agent(earlier[0].subject)
        if len(before.split()) > 6 or any(n.kind == "system" and n.end <= span[0] for n in self.names):
            return ""
        return self.referents.previous

    def _of(self, phrase: str) -> str:
        phrase = re.sub(r"\s*\([^()]*\)\s*", " ", phrase).strip()
        if OWN_VARIANT.fullmatch(phrase) and not self.referents.of(phrase):
            return ""
        if re.match(r"our\b", phrase, re.I):
            named = self.referents.of(phrase)
            # "our model" without a known name, "our best model": the paper's own words say which
            return named if named and not re.match(r"our\b", named, re.I) else ""
        return self.referents.of(phrase)


# "It is known that ...": the pronoun stands for nothing
_NOBODY = re.compile(
    r"it\s+(?:is|was|can\s+be|has\s+been|should\s+be|seems|appears|turns)\s+(?:\w+ly\s+)?(?:also\s+)?(?:known|clear|seen|shown|observed"
    r"|worth|important|possible|interesting|noted|likely|evident|obvious|believed|argued|easy|hard|difficult|necessary|found|that"
    r"|out|noticed)\b",
    re.I,
)
_FILLING = frozenset(
    """the a an our its this that these those on in of for and or both all dataset datasets data set sets corpus corpora test
    dev development validation benchmark benchmarks task tasks score scores points point average overall treebank english
    section""".split()
)
_MEASURE = re.compile(
    r"^(?:the\s+|our\s+|its\s+|an?\s+)?(?:[\w-]+\s+){0,3}?(?:scores?|performances?|results?|accurac(?:y|ies)|rates?|f1|bleu|rouge(?:-\w)?"
    r"|precision|recall|perplexit(?:y|ies)|errors?|las|uas|map|mrr|em|values?|gaps?|differences?|improvements?|gains?|speed|time"
    r"|correlations?|quality|coverages?|probabilit(?:y|ies)|percentages?|proportions?|ratios?|sizes?|lengths?|thresholds?)$",
    re.I,
)


def is_measure(phrase: str, vocabulary: Vocabulary) -> bool:
    """Whether a phrase names a figure ("the F1 score", "the test accuracy", "performance"), no system."""
    text = without_determiner(phrase)
    if _MEASURE.match(text):
        return True
    found = [n for n in vocabulary.find(text) if n.kind == "metric"]
    return bool(found) and found[-1].end == len(text)


def is_measured_on(masked: str, name: Name) -> bool:
    """Whether a dataset is one that results are on, by the words around it."""
    if _TRAINED.search(masked[max(0, name.start - 100) : name.start]):
        return False
    return _TRAINED_AFTER.match(masked[name.end : name.end + 20]) is None


def only_dataset(texts: Sequence[str], vocabulary: Vocabulary) -> str:
    """The one dataset that some sentences name; "" where they name none or several."""
    found: dict[str, str] = {}
    for text in texts:
        masked = without_citations(text[:2500])
        for n in vocabulary.find(masked):
            if n.kind == "dataset" and is_measured_on(masked, n):
                found.setdefault(n.text.lower(), n.text)
    return next(iter(found.values())) if len(found) == 1 else ""


def pointed_to(tables: Sequence[Table], vocabulary: Vocabulary) -> Pointed:
    """What tables say as a whole. One table is read; of several nothing is known."""
    if len(tables) != 1:
        return Pointed()
    [table] = tables
    caption = without_citations(table.caption[:600])
    sides = list(
        dict.fromkeys(
            cell.text
            for i, row in enumerate(table.grid[:200])
            for cell in row[: 40 if i < table.header_rows else table.stub_columns]
        )
    )
    header_metrics = _distinct([t for t in sides if len(t) < 80], "metric", vocabulary)
    header_sets = _distinct([t for t in sides if len(t) < 80], "dataset", vocabulary)
    caption_metrics, caption_sets = (
        _distinct([caption], "metric", vocabulary),
        _distinct([caption], "dataset", vocabulary),
    )
    metric = _single(header_metrics or caption_metrics) if not (header_metrics and caption_metrics) else ""
    if (
        header_metrics
        and caption_metrics
        and set(map(str.lower, header_metrics)) == set(map(str.lower, caption_metrics))
    ):
        metric = _single(caption_metrics)
    dataset = _single(caption_sets) if not header_sets else _single(header_sets) if not caption_sets else ""
    if not dataset and len(header_sets) == 1 and set(map(str.lower, header_sets)) == set(map(str.lower, caption_sets)):
        dataset = _single(caption_sets)
    if re.search(r"err", metric, re.I):
        metric = ""  # the text beside a table of errors states accuracies as often
    return Pointed(metric, dataset)


def _distinct(texts: Sequence[str], kind: NameKind, vocabulary: Vocabulary) -> list[str]:
    found: dict[str, str] = {}
    for text in texts:
        for n in vocabulary.find(text):
            if (
                n.kind == kind
                and len(n.text) > 1 + (kind == "dataset")
                and (kind != "dataset" or is_measured_on(text, n))
            ):
                found.setdefault(n.text.lower(), n.text)
    return list(found.values())


def _single(found: Sequence[str]) -> str:
    return found[0] if len(found) == 1 else ""
