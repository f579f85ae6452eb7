"""Where the files of natural language inference lie and what their columns are called: MNLI, XNLI, SNLI, ANLI."""

from __future__ import annotations

from collections.abc import Mapping

from reproduce.data.files.tables import Choice, Columns, Form, JsonLines, Parallel, Part, Table, Width, one_of

__all__ = ["PARTS"]

# ---- how the files hold rows

_XTREME = {2: Width((0, 1), None), 3: Width((0, 1), 2)}  # two columns: XTREME's test files, whose labels are withheld
TWO_TEXTS = {3: Width((0, 1), 2), 5: Width((2, 3), 4)}  # five: XTREME's translations, which stand behind the originals
PLAIN = Columns(("sentence1", "sentence2"), "label")
_GOLD = Columns(("sentence1", "sentence2"), "gold_label")
_XNLI_MT = Columns(("premise", "hypo"), "label")

_pairs = Table((PLAIN, _GOLD), _XTREME, unquote=True)
_translations = Table((PLAIN, _XNLI_MT), TWO_TEXTS, unquote=True, broken=1000)
_mixed = Table((_GOLD,), by="language")  # XNLI-1.0: the rows of all languages in one file
_official = JsonLines(("sentence1", "sentence2"), "gold_label")
_rewritten = JsonLines(("premise", "hypothesis"), "label")

# ---- where they lie

_NO_AGREEMENT = "-"
_XNLI_MT_NAMES = {"contradictory": "contradiction"}
_ANLI_NAMES = {"e": "entailment", "n": "neutral", "c": "contradiction"}


def _mnli(part: str, glue: str) -> tuple[Choice[Form], ...]:
    name = f"multinli_1.0_{part}.jsonl"
    places = ("multinli_1.0/", "mnli/", "MNLI/original/", "glue_data/MNLI/original/", "")
    tables = (f"MNLI/{glue}.tsv", f"glue_data/MNLI/{glue}.tsv", f"glue/MNLI/{glue}.tsv", f"mnli/{glue}.tsv")
    return (*one_of(_official, *(place + name for place in places)), *one_of(Table((_GOLD,)), *tables))


# XNLI's training set is MNLI's: XTREME writes it to xnli/train-en.tsv, XNLI-MT-1.0 holds it in 15 languages
_TRAIN_FILES = (
    *one_of(_pairs, "xnli/train-en.tsv", "mnli/train-en.tsv"),
    *one_of(
        Table((_XNLI_MT,)),
        "XNLI-MT-1.0/multinli/multinli.train.en.tsv",
        "xnli/XNLI-MT-1.0/multinli/multinli.train.en.tsv",
    ),
)
_MNLI_TRAIN = _mnli("train", "train")
_TRANSLATED = Part(
    one_of(
        _translations,
        "xnli/train-{language}.tsv",
        "mnli/train-{language}.tsv",
        "xnli/translate-train/en-{language}-translated.tsv",
        "xnli/XNLI-Translated/en-{language}-translated.tsv",
        "xtreme_translations/XNLI/translate-train/en-{language}-translated.tsv",
        "XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
        "xnli/XNLI-MT-1.0/multinli/multinli.train.{language}.tsv",
    ),
    labels=_XNLI_MT_NAMES,
)


def _xnli(part: str) -> Part:
    files = (f"XNLI-1.0/xnli.{part}.tsv", f"xnli/XNLI-1.0/xnli.{part}.tsv", f"xnli/xnli.{part}.tsv")
    return Part(
        (
            *one_of(_pairs, f"xnli/{part}-{{language}}.labeled.tsv"),
            *(one_of(_pairs, f"xnli/{part}-{{language}}.tsv") if part == "dev" else ()),
            *one_of(_mixed, *files),
            *(one_of(_pairs, f"xnli/{part}-{{language}}.tsv") if part == "test" else ()),
        ),
        labels=_XNLI_MT_NAMES,
    )


def _snli(part: str) -> Part:
    names = (f"snli_1.0/snli_1.0_{part}.jsonl", f"snli/snli_1.0_{part}.jsonl", f"SNLI/original/snli_1.0_{part}.jsonl")
    return Part(one_of(_official, *names), "snli-", unlabelled=_NO_AGREEMENT)


def _anli(round_: int, part: str) -> Part:
    names = (f"anli_v1.0/R{round_}/{part}.jsonl", f"anli/R{round_}/{part}.jsonl")
    form = JsonLines(("context", "hypothesis"), "label")
    return Part(one_of(form, *names), f"anli-r{round_}-", _ANLI_NAMES)


_SMALL = "nli_small/"

PARTS: Mapping[str, Mapping[str, tuple[Part, ...]]] = {
    "mnli": {
        "train": (Part((*_MNLI_TRAIN, *_TRAIN_FILES), "", _XNLI_MT_NAMES, unlabelled=_NO_AGREEMENT),),
        "translated": (_TRANSLATED,),
        "dev": (Part(_mnli("dev_matched", "dev_matched"), unlabelled=_NO_AGREEMENT),),
        "test": (Part(_mnli("test_matched", "test_matched"), unlabelled=_NO_AGREEMENT),),
    },
    "xnli": {
        "train": (Part((*_TRAIN_FILES, *_MNLI_TRAIN), "", _XNLI_MT_NAMES, unlabelled=_NO_AGREEMENT),),
        "translated": (_TRANSLATED,),
        "dev": (_xnli("dev"),),
        "test": (_xnli("test"),),
    },
    # the union, in this order: X-STILTs' ANLI+ (Phang et al. 2020, arXiv 2005.13013)
    "anli-plus": {
        "train": (
            _snli("train"),
            Part((*_MNLI_TRAIN, *_TRAIN_FILES), "mnli-", _XNLI_MT_NAMES, unlabelled=_NO_AGREEMENT),
            *(_anli(n, "train") for n in (1, 2, 3)),
        ),
        "translated": (Part(one_of(_translations, "anli-plus/train-{language}.tsv"), labels=_XNLI_MT_NAMES),),
        "dev": (
            _snli("dev"),
            Part(_mnli("dev_matched", "dev_matched"), "mnli-", unlabelled=_NO_AGREEMENT),
            *(_anli(n, "dev") for n in (1, 2, 3)),
        ),
    },
    # where MNLI's training set is not at hand: dev, test and adversarial sets stand in for it
    "nli-small": {
        "train": (
            Part(one_of(_rewritten, _SMALL + "generative-nli/mnli/dev.jsonl"), "mnli-dev-"),
            Part(
                (Choice(Parallel(), tuple(_SMALL + f"e-SNLI/{name}.test" for name in ("s1", "s2", "labels"))),),
                "snli-test-",
            ),
            Part(
                one_of(
                    Table((Columns(("premise", "hypothesis"), "label"),)), _SMALL + "ConjNLI/adversarial_train_15k.tsv"
                ),
                "conjnli-",
            ),
        ),
        "translated": (Part(one_of(_translations, _SMALL + "train-{language}.tsv"), labels=_XNLI_MT_NAMES),),
        "dev": (Part(one_of(_rewritten, _SMALL + "generative-nli/snli/dev.jsonl"), "snli-dev-"),),
    },
}
