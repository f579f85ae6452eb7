"""Who and what a paper talks about: its own systems, other systems, datasets, metrics, tasks and languages, as printed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from claimcheck.claims.taxonomy import Dataset, Names, Task, Taxonomy, load_taxonomy
from claimcheck.foundation.own_systems import COMMON_NAMES, cited_names, marked_own, own_names
from claimcheck.foundation.records import Document, Table
from claimcheck.foundation.settings import Settings
from claimcheck.foundation.words import tokens

NameKind = Literal["system", "dataset", "metric", "task", "language"]

LANGUAGES = (
    "afrikaans albanian amharic arabic armenian azerbaijani basque bengali breton bulgarian buryat cantonese catalan chinese "
    "croatian czech danish dutch english estonian faroese finnish french galician german gothic greek hebrew hindi hungarian "
    "icelandic indonesian irish italian japanese kazakh korean kurmanji latin latvian lithuanian malay maltese mandarin "
    "marathi mongolian nepali norwegian persian polish portuguese quechua romanian russian sanskrit serbian sinhala slovak "
    "slovene slovenian somali spanish swahili swedish tagalog tamil telugu thai tibetan turkish ukrainian urdu uyghur uzbek "
    "vietnamese welsh yoruba zulu"
).split()
_LANGUAGE = re.compile(rf"\b(?:{'|'.join(x.capitalize() for x in LANGUAGES)})\b(?!\s+(?:Wikipedia|Gigaword)\b)")
# words of the taxonomy that are ordinary words in prose
_NOT_IN_PROSE = re.compile(
    r"(?:(?:in|out|cross|out-of)[- ]domain|original|matched|exact|request|cloze|character|constituent|coreference|parser|sentiment|err|rec|prec|rg|param|rouge l|params"
    r")$",
    re.I,
)
_ERROR_OF = re.compile(
    r"\s+(?:analys|propagat|reduc|type|categor|correct|message|signal|source|case|detect|pattern)|\s+(?:[\w-]+\s+)?features?\b"
)
# what may stand before a metric and belongs to its name
_METRIC_HEAD = re.compile(
    r"(?:\b(?:(?:macro|micro)(?:[\s-]+(?:averaged?|avg\.?))?|balanced|top-\d+|labell?ed|unlabell?ed|overall|exact|joint|average"
    r"|averaged|mean|POS(?:[\s-]+tagging)?|UPOS|XPOS|tagging|classification|word|character|test|dev|validation)[\s-]+)$",
    re.I,
)
_AVERAGED = re.compile(r"\b(?:average|averaged|mean|overall|test|dev|validation)[\s-]+$", re.I)
_DATASET_NOUN = (
    r"(?:corpus|corpora|data\s?sets?|treebanks?|benchmarks?|test\s+sets?|dev(?:elopment)?\s+sets?|leaderboard)"
)
_NAMED_SET = re.compile(
    rf"\b(?:[Oo]n|[Ii]n|[Ff]or|[Oo]ver|[Oo]f|[Ff]rom|[Aa]cross|[Tt]he|[Oo]ur)\s+(?:[Tt]he\s+|[Oo]ur\s+)?"
    rf"(?P<name>[A-Z][\w.+&/-]{{1,30}}(?:\s(?:[A-Z0-9][\w.+&/-]{{0,30}})){{0,3}})\s+(?P<noun>{_DATASET_NOUN})\b"
)
_NO_SET = re.compile(
    r"(?:Table|Figure|Section|QA|NLP|NLI|RC|MC|NER|POS|SRL|MT|Our|The|This|These|Both|All|In|On|For|Gold|Standard)\b",
    re.I,
)
_ON_NAME = re.compile(
    r"\b(?:[Oo]n|datasets?|corpus)\s+(?:the\s+)?(?P<name>[A-Z][\w.+&/-]{1,30}(?:\s[A-Z0-9][\w.+&/-]{0,30}){0,2})"
)
_YEAR_OF_SET = re.compile(r"\d{1,4}(?!\w|\.\d)")
# the network, not the news
_CNN_NEWS = re.compile(r"\s*(?:/|-|and\s+(?:the\s+)?Daily|data|corpus|test|dev|question)", re.I)
_ON_UNKNOWN = re.compile(
    r"\b(?:on|average\s+over|averaged\s+over|average\s+across)\s+(?:the\s+|both\s+)?"
    r"(?P<name>(?!(?:[GCT]PUs?|NVIDIA|TITAN|GTX|AWS|NLP|LSTMs?|RNNs?|CNNs?|GRUs?|CRFs?|MLPs?|HMMs?|BERT|ELMo|GPT|[IVX]+)\b)"
    r"[A-Za-z]*[A-Z][\w]*(?:-?[A-Z\d][\w]*)+)(?![\w-])(?!\s+(?:models?|systems?|embeddings?|vectors?|parameters?|machines?|layers?|features?))"
)
_INTRODUCED = re.compile(
    r"\b(?:[Ww]e|[Tt]his\s+(?:paper|work))\s+(?:\w+\s+){0,3}?(?:propose|present|introduce|describe|develop)s?\s+(?:the\s+)?"
    r"(?P<name>[A-Z][\w+-]{2,30})\s*(?:[,(:]|$|an?\b|\.\s)"
)
_OURS = re.compile(
    r"^\s*(?P<name>[A-Z][\w .+-]{1,30}?)\s*[(\[]\s*(?:ours?|our\s+\w+|this\s+(?:work|paper))\s*[)\]]\s*$"
)
# spellings that say a task only within other words
_VAGUE_TASK = re.compile(
    r"(?:cloze|dependency|constituent|coref|coreference|sentiment|entailment|commonsense|common[- ]sense|translation|pos|xpos|language\s+model"
    r"|part[- ]of[- ]speech|opinion|amr|duplicate\s+question|character\s+modeling|entity\s+recognition)$|.*\b(?:parsers?|taggers?|model)$",
    re.I,
)
_CITE = re.compile(r"\s*(?:\([^()]{0,80}\)|\[[^\[\]]{0,80}\])")
_GENERIC_ROW = re.compile(
    r"(?:model|models|method|methods|system|systems|baselines?|ours?|all|average|avg\.?|mean|total|overall|results?|single|ensemble"
    r"|dev|development|test|train|training|validation|valid|full|none|yes|no|dataset|data|task|tasks|language|our\s+\w+|single\s+model"
    r"|ensemble\s+model|human|humans|majority|random|params?|type|base|large|small|score|precision|recall|setting|settings|proposed)s?\.?$",
    re.I,
)
_MAX_HEADERS = 1500  # names along the sides of a paper's tables: more than any paper has, few enough for hostile ones


@dataclass(frozen=True, slots=True)
class Name:
    """A place in a sentence that names something: characters, and the name as printed there."""

    kind: NameKind
    text: str
    start: int
    end: int
    dataset: Dataset | None = None  # of the taxonomy


@dataclass(frozen=True)
class Vocabulary:
    """The names that one paper uses, beside those of the taxonomy."""

    taxonomy: Taxonomy
    own: str = ""  # the paper's own system as printed, where one name is clearly meant by "our model"
    own_forms: frozenset[str] = frozenset()
    headed: Names[Task] = field(default_factory=lambda: Names[Task](()))  # systems and datasets of its tables and text
    sets: frozenset[str] = frozenset()  # those of `headed` that are datasets
    tasks: dict[str, str] = field(default_factory=dict)  # task of the taxonomy -> how the paper calls it

    def find(self, text: str) -> list[Name]:
        """The names in a text in order, without overlap; of two at one place the longer."""
        found: list[Name] = []
        for dataset in self.taxonomy.datasets.find(text):
            if text[dataset.start : dataset.end] == "CNN" and not _CNN_NEWS.match(text, dataset.end):
                continue
            entries = {e.name: e for e in dataset.entries}
            only = next(iter(entries.values())) if len(entries) == 1 else None
            more = _YEAR_OF_SET.match(text, dataset.end)  # "IWSLT14"
            end = more.end() if more is not None and not text[dataset.end - 1].isdigit() else dataset.end
            found.append(Name("dataset", text[dataset.start : end], dataset.start, end, only))
        for metric in self.taxonomy.metrics.find(text):
            start, end = metric.start, metric.end
            if re.search(r"[A-Za-z]-$", text[max(0, start - 2) : start]) and not _METRIC_HEAD.search(
                text[max(0, start - 40) : start]
            ):
                continue  # "MRPC-accuracy" is a column, not a metric of the sentence
            if metric.entries[0].companion or _ERROR_OF.match(text[end : end + 20]):
                continue
            head = _METRIC_HEAD.search(text[max(0, start - 40) : start])
            # "average accuracy" says how the accuracy is aggregated, not what is measured
            if head is not None and not _AVERAGED.search(text[max(0, start - 40) : start]):
                start = max(0, start - 40) + head.start()
            found.append(Name("metric", text[start:end], start, end))
        for task in self.taxonomy.tasks.find(text):
            if text[task.end : task.end + 1] == "-" and text[task.end + 1 : task.end + 2].isalnum():
                continue  # "STS-B"
            found.append(Name("task", text[task.start : task.end], task.start, task.end))
        for one in self.headed.find(text) if self.headed.entries else ():
            printed = text[one.start : one.end]
            # a name that a header writes with capitals is not meant by the ordinary word
            if any(c.isupper() or c.isdigit() for c in printed):
                kind: NameKind = "dataset" if one.entries[0].name in self.sets else "system"
                found.append(Name(kind, printed, one.start, one.end))
        found += [Name("language", m[0], m.start(), m.end()) for m in _LANGUAGE.finditer(text)]
        found += [
            Name("dataset", m["name"], m.start("name"), m.end("name"))
            for m in _NAMED_SET.finditer(text)
            if not _LANGUAGE.fullmatch(m["name"]) and not _NO_SET.match(m["name"])
        ]
        known = [(n.start, n.end) for n in found]
        # "on BoolQ": a name that nothing knows, where results stand
        found += [
            Name("dataset", m["name"], m.start("name"), m.end("name"))
            for m in _ON_UNKNOWN.finditer(text)
            if not any(a < m.end("name") and m.start("name") < b for a, b in known)
        ]
        found = [n for n in found if n.kind == "language" or not _unlikely(n.text)]
        return _without_overlap(found)

    @classmethod
    def of(cls, document: Document | None) -> Vocabulary:
        """Read once for a paper; without one only the taxonomy (the user's own names first)."""
        taxonomy = load_taxonomy(Settings.load().home)
        if document is None:
            return cls(taxonomy)
        own = own_names(document) | marked_own(document.tables)
        prose = [s.text for s in document.sentences if s.kind in ("title", "abstract", "body", "caption", "footnote")]
        prose += [t.caption for t in document.tables] + ([document.paper.abstract] if document.paper.abstract else [])
        main, printed = _main_own(document, own, prose)
        systems, sets = _header_names(document.tables, taxonomy, prose, own)
        return cls(
            taxonomy,
            main,
            own | {t.form for name in printed for t in tokens(name)},
            Names([Task(n) for n in dict.fromkeys((*sets, *printed, *systems))]),
            frozenset(sets),
            _task_spellings(taxonomy, prose),
        )


def _unlikely(text: str) -> bool:
    """Whether a name as printed is rather an ordinary word, or runs over a bracket ("TREC (6")."""
    return (
        (len(text) < 3 and text.islower())
        or text.count("(") != text.count(")")
        or _NOT_IN_PROSE.match(text) is not None
    )


def _without_overlap(found: Sequence[Name]) -> list[Name]:
    order = {"metric": 0, "dataset": 1, "language": 2, "system": 3, "task": 4}
    kept: list[Name] = []
    taken = bytearray(max((n.end for n in found), default=0))
    for name in sorted(found, key=lambda n: (n.start - n.end, order[n.kind], n.start)):
        if not any(taken[name.start : name.end]):
            taken[name.start : name.end] = b"\x01" * (name.end - name.start)
            kept.append(name)
    return sorted(kept, key=lambda n: n.start)


def _main_own(document: Document, own: frozenset[str], prose: Iterable[str]) -> tuple[str, list[str]]:
    """(the name that "our model" stands for or "", all own names as printed)."""
    marked = [m["name"] for t in document.tables for cell in _side_texts(t) if (m := _OURS.match(cell))]
    spelled: dict[str, Counter[str]] = {}
    said: list[str] = [*marked]
    texts = list(prose)
    for text in texts:
        said += [m["name"] for m in _INTRODUCED.finditer(text[:2000])]
    listed = dict.fromkeys(n for n in said if tokens(n) and not {t.form for t in tokens(n)} <= COMMON_NAMES)
    names = {tuple(t.form for t in tokens(n)): n for n in listed}
    counts: Counter[str] = Counter()
    cited = cited_names(document, share=0.3)
    wanted = list(own | {f for forms in names for f in forms})
    for text in texts:
        low = text.lower()
        if not any(form in low for form in wanted):
            continue
        for token in tokens(text):
            if token.form in own or (token.form,) in names:
                spelled.setdefault(token.form, Counter())[token.text] += 1
                counts[token.form] += 1
    ranked = [(n, form) for form, n in counts.items() if form not in cited and form not in COMMON_NAMES]
    ranked.sort(key=lambda x: (-x[0], x[1]))
    printed = [spelled[form].most_common(1)[0][0] for _, form in ranked]
    main = ""
    # several names in use at once: which of them is "our model" stays open
    if ranked and (len(ranked) == 1 or ranked[0][0] >= 3 * ranked[1][0]):
        name = printed[0]
        opening = f"{_title(document)} {document.paper.abstract} " + " ".join(
            s.text for s in document.sentences if s.kind == "abstract"
        )
        title = _title(document)
        coined = re.search(
            rf"\b(?:propose|introduce|present|develop)s?\s[^.:;]{{0,100}}\(\s*{re.escape(name)}\b", opening
        )
        shown = name in marked or name in said or name in title or _initials(name, title) or coined is not None
        if shown and not _names_data(name, texts):
            main = name
    return main, list(dict.fromkeys((*listed, *printed)))


def _title(document: Document) -> str:
    return document.paper.title or next((s.text for s in document.sentences if s.kind == "title"), "")


def _initials(name: str, title: str) -> bool:
    """Whether a name is made of the initials of a title's words in a row ("SAN": Stochastic Answer Networks)."""
    letters = "".join(w[0] for w in re.findall(r"[A-Za-z]+", title)).lower()
    return len(name) > 2 and name.lower() in letters


def _names_data(name: str, texts: Sequence[str]) -> bool:
    """Whether a coined name is that of a dataset or a shared task, by what stands behind it."""
    data = re.compile(
        rf"\b{re.escape(name)}(?:[- ]\d+)?\s+(?:task|{_DATASET_NOUN})|\bon\s+(?:the\s+)?{re.escape(name)}\b", re.I
    )
    said = sum(t.count(name) for t in texts)
    return sum(len(data.findall(t)) for t in texts) > 0.15 * said


def _side_texts(table: Table) -> list[str]:
    """The texts along a table's sides."""
    rows = [cell.text for row in table.grid[table.header_rows :] for cell in row[: table.stub_columns]]
    columns = [cell.text for row in table.grid[: table.header_rows] for cell in row]
    return [x for x in (*rows, *columns) if x]


def _header_names(
    tables: Sequence[Table], taxonomy: Taxonomy, prose: Sequence[str], own: frozenset[str]
) -> tuple[list[str], list[str]]:
    """(names of systems, names of datasets) that head rows and columns. A dataset is what a text says results are "on"."""
    on: Counter[str] = Counter()
    called: Counter[str] = Counter()
    for text in prose:
        for m in _ON_NAME.finditer(text):
            words = m["name"].rstrip(".").split()
            on.update({" ".join(words[:n]) for n in range(1, len(words) + 1)})
        called.update(m["name"] for m in _NAMED_SET.finditer(text))
    whole = "\n".join(prose)
    systems: dict[str, None] = {}
    sets: dict[str, None] = {}
    for table in tables:
        for text in _side_texts(table):
            name = " ".join(_CITE.sub("", text).split()).strip(" -–+*†‡:")
            if len(systems) + len(sets) >= _MAX_HEADERS:
                break
            if not 2 <= len(name) <= 60 or not any(c.isalpha() for c in name) or _GENERIC_ROW.match(name):
                continue
            if _whole(taxonomy.metrics, name) or _LANGUAGE.fullmatch(name) or _whole(taxonomy.tasks, name):
                continue
            if _whole(taxonomy.datasets, name):
                continue
            # results are "on" a dataset nearly each time that it is named; on a system now and then
            said = max(1, whole.count(name)) if on[name] or called[name] else 1
            if (
                len(name) > 2
                and not own & {t.form for t in tokens(name)}
                and (on[name] >= 0.4 * said or called[name] + on[name] >= 0.5 * said)
            ):
                sets[name] = None
            elif _is_name(name) and name.lower() not in COMMON_NAMES:
                systems[name] = None
    return [n for n in systems if n not in sets], list(sets)


def _whole(names: Names[Any], text: str) -> bool:
    found = names.find(text, letters=True)
    return len(found) == 1 and found[0].end - found[0].start >= len(text.strip()) - 1


def _is_name(text: str) -> bool:
    """Whether a header is written like a name: a capital or a digit, few words."""
    return len(text.split()) <= 6 and any(c.isupper() for c in text)


def _task_spellings(taxonomy: Taxonomy, prose: Iterable[str]) -> dict[str, str]:
    """How the paper spells each task most often; lower case where it has both."""
    counted: dict[str, Counter[str]] = {}
    for text in prose:
        for m in taxonomy.tasks.find(text):
            if text[m.end : m.end + 1] != "-" and len(m.entries) == 1:
                counted.setdefault(m.entries[0].name, Counter())[" ".join(text[m.start : m.end].split())] += 1
    # a task that the paper hardly speaks of is that of the dataset elsewhere
    most = max((c.total() for c in counted.values()), default=0)
    spelled: dict[str, str] = {}
    for task, c in counted.items():
        full = [s for s in c if not _VAGUE_TASK.match(s)]
        if full and c.total() >= 0.25 * most:
            spelled[task] = min(full, key=lambda s: (-c[s], s[:1].isupper(), s))
    return spelled
