"""Made-up data sets and a tiny encoder in the layouts that the real ones have on the hub, for the loopback hub.

Repositories, configurations, columns, classes and the quirks of each are those of the hub; the texts are numbers in
words. `fill` puts all of them on a hub.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from datasets import ClassLabel, Features, List, Value
from loopback_hub import CONVERTED, Hub

from reproduce import tasks

ENCODER = "FacebookAI/xlm-roberta-large"
NLI = ["entailment", "neutral", "contradiction"]
_WORDS = ["ba", "de", "fi", "go", "ku", "la", "me", "no", "pe", "ri", "so", "tu"]

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """One split of one configuration."""

    repository: str
    configuration: str
    split: str
    features: Features
    rows: Rows


def words(number: int, count: int = 6) -> str:
    """A text of so many words, another one for each number."""
    return " ".join(_WORDS[(number * 7 + place * (number % 5 + 1)) % len(_WORDS)] for place in range(count))


def parquet(features: Features | None, rows: Rows) -> bytes:
    """A table as `datasets` writes it: its features stand in the schema's metadata. None: a table of someone else's."""
    out = io.BytesIO()
    schema = None if features is None else features.arrow_schema
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out)
    return out.getvalue()


def card(parts: Iterable[Part], folder: str = "{configuration}") -> bytes:
    """README.md with the metadata that `datasets` reads: where the files of each split are, columns and sizes."""
    configs: dict[str, dict[str, Part]] = {}
    for part in parts:
        configs.setdefault(part.configuration, {})[part.split] = part
    content = {
        "license": "other",
        "configs": [
            {
                "config_name": name,
                "data_files": [
                    {"split": split, "path": f"{folder.format(configuration=name)}/{split}-*"} for split in splits
                ],
            }
            for name, splits in configs.items()
        ],
        "dataset_info": [
            {
                "config_name": name,
                "features": next(iter(splits.values())).features._to_yaml_list(),
                "splits": [
                    {"name": split, "num_bytes": 1, "num_examples": len(part.rows)} for split, part in splits.items()
                ],
                "download_size": 1,
                "dataset_size": 1,
            }
            for name, splits in configs.items()
        ],
    }
    return f"---\n{yaml.safe_dump(content, sort_keys=False)}---\n\n# A data set made up for tests\n".encode()


def put(hub: Hub, parts: Iterable[Part]) -> None:
    """One repository's parts with its card."""
    given = list(parts)
    folder = "data" if {part.configuration for part in given} == {"default"} else "{configuration}"
    files = {"README.md": card(given, folder)}
    for part in given:
        name = f"{folder.format(configuration=part.configuration)}/{part.split}-00000-of-00001.parquet"
        files[name] = parquet(part.features, part.rows)
    hub.put("dataset", given[0].repository, files)


def put_script(hub: Hub, parts: Iterable[Part]) -> None:
    """A repository with a loading script, and what the hub made of it at a revision of its own."""
    given = list(parts)
    repository = given[0].repository
    script = f"{repository.rpartition('/')[2]}.py"
    hub.put("dataset", repository, {"README.md": b"---\nlicense: other\n---\n", script: b"raise NotImplementedError\n"})
    tables = {f"{part.configuration}/{part.split}/0000.parquet": parquet(part.features, part.rows) for part in given}
    hub.put("dataset", repository, tables, CONVERTED)


def fill(hub: Hub, rows: int = 8, train: int = 16) -> None:
    """All data sets that the catalogue's tasks are read from, and the encoder."""
    for name, make in REPOSITORIES.items():
        given = list(make(name, rows, train))
        if name in ("allenai/cosmos_qa", "allenai/social_i_qa"):
            put_script(hub, given)
        else:
            put(hub, given)
    hub.put("model", ENCODER, encoder())


# ---------------------------------------------------------------- the data sets

TEXT = Value("string")


def _numbers(rows: int, train: int, *splits: str) -> Iterator[tuple[str, range]]:
    for split in splits:
        yield split, range(train if split.startswith("train") else rows)


def _glue(name: str, rows: int, train: int) -> Iterator[Part]:
    columns = {
        "cola": (["sentence"], ["unacceptable", "acceptable"]),
        "sst2": (["sentence"], ["negative", "positive"]),
        "mrpc": (["sentence1", "sentence2"], ["not_equivalent", "equivalent"]),
        "qqp": (["question1", "question2"], ["not_duplicate", "duplicate"]),
        "mnli": (["premise", "hypothesis"], NLI),
        "qnli": (["question", "sentence"], ["entailment", "not_entailment"]),
        "rte": (["sentence1", "sentence2"], ["entailment", "not_entailment"]),
        "wnli": (["sentence1", "sentence2"], ["not_entailment", "entailment"]),
        "stsb": (["sentence1", "sentence2"], []),
    }
    matched = ("train", "validation_matched", "validation_mismatched", "test_matched", "test_mismatched")
    for configuration, (texts, names) in columns.items():
        label = ClassLabel(names=names) if names else Value("float32")
        features = Features({**dict.fromkeys(texts, TEXT), "label": label, "idx": Value("int32")})
        for split, numbers in _numbers(
            rows, train, *(matched if configuration == "mnli" else ("train", "validation", "test"))
        ):
            # GLUE withholds the labels of its test parts; MRPC's are Microsoft's and there
            hidden = split.startswith("test") and configuration != "mrpc"
            yield Part(
                name,
                configuration,
                split,
                features,
                [
                    {text: f"{words(i + place)} {split}" for place, text in enumerate(texts)}
                    | {"label": -1 if hidden else i % len(names) if names else i * 0.25, "idx": i}
                    for i in numbers
                ],
            )


def _inference(name: str, configuration: str, split: str, numbers: range, unlabelled: int = 0) -> Part:
    features = Features({"premise": TEXT, "hypothesis": TEXT, "label": ClassLabel(names=NLI)})
    return Part(
        name,
        configuration,
        split,
        features,
        [
            {
                "premise": f"{words(i)} {configuration}",
                "hypothesis": f"{words(i + 3, 3)} {split}",
                "label": -1 if unlabelled and i % unlabelled == 1 else i % 3,
            }
            for i in numbers
        ],
    )


def _snli(name: str, rows: int, train: int) -> Iterator[Part]:
    for split, numbers in _numbers(rows, train, "test", "validation", "train"):
        yield _inference(name, "plain_text", split, numbers, unlabelled=5)  # its annotators did not agree


def _anli(name: str, rows: int, train: int) -> Iterator[Part]:
    splits = [f"{split}_r{number}" for number in (1, 2, 3) for split in ("train", "dev", "test")]
    for split, numbers in _numbers(rows, train, *splits):
        part = _inference(name, "plain_text", split, numbers)
        features = Features({"uid": TEXT, **part.features, "reason": TEXT})
        rows_ = [{"uid": f"{split}-{i}", **row, "reason": ""} for i, row in enumerate(part.rows)]
        yield Part(name, "plain_text", split, features, rows_)


def _xnli(name: str, rows: int, train: int) -> Iterator[Part]:
    for language in tasks.task("xnli").languages:
        for split, numbers in _numbers(rows, train, "train", "test", "validation"):
            yield _inference(name, language, split, numbers)


_ANSWERS = {"text": List(TEXT), "answer_start": List(Value("int32"))}
_SQUAD = Features({"id": TEXT, "title": TEXT, "context": TEXT, "question": TEXT, "answers": _ANSWERS})


def _questions(name: str, configuration: str, split: str, ids: Iterable[str], shift: int = 0, every: int = 1) -> Part:
    """`shift`: added to the offsets; `every`: one of so many questions has answers."""
    rows = []
    for i, id in enumerate(ids):
        passage, answer = f"{words(i, 5)} answer{i} {words(i + 1, 4)}", f"answer{i}"
        answers = {"text": [answer], "answer_start": [passage.index(answer) + shift]}
        given = answers if i % every == 0 else {"text": [], "answer_start": []}
        rows.append({"id": id, "title": "t", "context": passage, "question": f"{words(i, 3)}?", "answers": given})
    return Part(name, configuration, split, _SQUAD, rows)


def _squad(name: str, rows: int, train: int) -> Iterator[Part]:
    configuration, every = ("squad_v2", 2) if name.endswith("v2") else ("plain_text", 1)
    for split, numbers in _numbers(rows, train, "train", "validation"):
        yield _questions(name, configuration, split, [f"{split}{i}" for i in numbers], every=every)


def _hellaswag(name: str, rows: int, train: int) -> Iterator[Part]:
    texts = ["activity_label", "ctx_a", "ctx_b", "ctx", "source_id", "split", "split_type", "label"]
    features = Features({"ind": Value("int32"), **dict.fromkeys(texts, TEXT), "endings": List(TEXT)})
    for split, numbers in _numbers(rows, train, "train", "test", "validation"):
        yield Part(
            name,
            "default",
            split,
            features,
            [
                {
                    "ind": i,
                    **dict.fromkeys(texts, ""),
                    "activity_label": "Walking",
                    "ctx": f"{words(i)} {split} {i}",
                    "endings": [words(i + place, 3) for place in range(4)],
                    "label": "" if split == "test" else str(i % 4),
                }
                for i in numbers
            ],
        )


def _commonsense(name: str, rows: int, train: int) -> Iterator[Part]:
    choices = {"label": List(TEXT), "text": List(TEXT)}
    features = Features({"id": TEXT, "question": TEXT, "question_concept": TEXT, "choices": choices, "answerKey": TEXT})
    for split, numbers in _numbers(rows, train, "train", "validation", "test"):
        yield Part(
            name,
            "default",
            split,
            features,
            [
                {
                    "id": f"{split}{i}",
                    "question": f"{words(i)}?",
                    "question_concept": "c",
                    "choices": {"label": list("ABCDE"), "text": [words(i + place, 2) for place in range(5)]},
                    "answerKey": "" if split == "test" else "ABCDE"[i % 5],
                }
                for i in numbers
            ],
        )


def _cosmos(name: str, rows: int, train: int) -> Iterator[Part]:
    texts = ["id", "context", "question", "answer0", "answer1", "answer2", "answer3"]
    features = Features({**dict.fromkeys(texts, TEXT), "label": Value("int32")})
    for split, numbers in _numbers(rows, train, "train", "test", "validation"):
        yield Part(
            name,
            "default",
            split,
            features,
            [
                {text: f"{words(i + place, 3)}" for place, text in enumerate(texts)}
                | {"id": f"{split}{i}", "label": -1 if split == "test" else i % 4}
                for i in numbers
            ],
        )


def _social(name: str, rows: int, train: int) -> Iterator[Part]:
    texts = ["context", "question", "answerA", "answerB", "answerC", "label"]
    features = Features(dict.fromkeys(texts, TEXT))
    for split, numbers in _numbers(rows, train, "train", "validation"):
        yield Part(
            name,
            "default",
            split,
            features,
            [
                {text: words(i + place, 3) for place, text in enumerate(texts)} | {"label": str(i % 3 + 1)}
                for i in numbers
            ],
        )


def _xcopa(name: str, rows: int, train: int) -> Iterator[Part]:
    texts = ["premise", "choice1", "choice2", "question"]
    numbers_of = {"label": Value("int32"), "idx": Value("int32"), "changed": Value("bool")}
    features = Features({**dict.fromkeys(texts, TEXT), **numbers_of})
    for language in tasks.task("xcopa").languages:
        for split, numbers in _numbers(rows, train, "validation", "test"):
            yield Part(
                name,
                language,
                split,
                features,
                [
                    {text: words(i + place, 3) for place, text in enumerate(texts)}
                    | {"question": ("cause", "effect")[i % 2], "label": i % 2, "idx": i, "changed": False}
                    for i in numbers
                ],
            )


# ---------------------------------------------------------------- google/xtreme

_TYDIQA = ["arabic", "bengali", "english", "finnish", "indonesian", "korean", "russian", "swahili", "telugu"]
_ONLY_TEST = {"th", "tl", "yo"}


def _xtreme(name: str, rows: int, train: int) -> Iterator[Part]:
    splits = ("test", "train", "validation")
    pair = Features({"sentence1": TEXT, "sentence2": TEXT, "label": TEXT})
    for language in tasks.task("paws-x").languages:
        for split, numbers in _numbers(rows, train, *splits):
            content = [{"sentence1": words(i), "sentence2": words(i + i % 2), "label": str(i % 2)} for i in numbers]
            yield Part(name, f"PAWS-X.{language}", split, pair, content)
    yield from _tagging(name, rows, train)
    for language in tasks.task("xquad").languages:
        # the passages were stripped, the offsets were not
        yield _questions(name, f"XQuAD.{language}", "validation", [f"q{i}" for i in range(rows)], shift=1)
    for language in tasks.task("mlqa").languages:
        for split in ("test", "validation"):
            yield _questions(name, f"MLQA.{language}.{language}", split, [f"{split}{i}" for i in range(rows)])
    for split, numbers in _numbers(rows, train, "train", "validation"):
        ids = [f"{language}-{1000 + i}-{i}" for i in numbers for language in _TYDIQA]
        yield _questions(name, "tydiqa", split, ids)
    sides = Features(dict.fromkeys(["source_sentence", "target_sentence", "source_lang", "target_lang"], TEXT))
    info = tasks.task("tatoeba")
    for language in info.languages:
        content = [
            {
                "source_sentence": f"{words(i)} {language} {i}\n",
                "target_sentence": f"{words(i)} english {i}\n",
                "source_lang": "downloads/4f53cda18c2baa0c",
                "target_lang": "eng",
            }
            for i in range(rows)
        ]
        yield Part(name, info.configuration_of(language), "validation", sides, content)
    for split in ("validation", "test"):
        gold = {"source_sentence": words(1), "target_sentence": words(2), "source_lang": "de-1", "target_lang": "en-1"}
        yield Part(name, "bucc18.de", split, sides, [gold])
    mixed = Features(dict.fromkeys(["language", "sentence1", "sentence2", "gold_label"], TEXT))
    for split in ("validation", "test"):
        content = [
            {"language": language, "sentence1": words(i), "sentence2": words(i + 1), "gold_label": NLI[i % 3]}
            for i in range(rows)
            for language in tasks.task("xnli").languages
        ]
        yield Part(name, "XNLI", split, mixed, content)


def _tagging(name: str, rows: int, train: int) -> Iterator[Part]:
    for task, columns in (("udpos", ("tokens", "pos_tags")), ("panx", ("tokens", "ner_tags", "langs"))):
        info = tasks.task(task)
        kinds = (List(TEXT), List(ClassLabel(names=list(info.labels))), List(TEXT))
        features = Features(dict(zip(columns, kinds, strict=False)))
        for language in info.languages:
            splits = ["test"] if task == "udpos" and language in _ONLY_TEST else ["test", "train"]
            if task == "panx" or language not in {*_ONLY_TEST, "kk"}:
                splits.append("validation")
            for split, numbers in _numbers(rows, train, *splits):
                content: Rows = []
                for i in numbers:
                    tokens = words(i, 3 + i % 4).split()
                    tags = [(i + place) % len(info.labels) for place in range(len(tokens))]
                    row = {"tokens": tokens, columns[1]: tags, "langs": [language] * len(tokens)}
                    content.append({column: row[column] for column in columns})
                yield Part(name, info.configuration_of(language), split, features, content)


REPOSITORIES = {
    "nyu-mll/glue": _glue,
    "stanfordnlp/snli": _snli,
    "facebook/anli": _anli,
    "facebook/xnli": _xnli,
    "rajpurkar/squad": _squad,
    "rajpurkar/squad_v2": _squad,
    "Rowan/hellaswag": _hellaswag,
    "tau/commonsense_qa": _commonsense,
    "allenai/cosmos_qa": _cosmos,
    "allenai/social_i_qa": _social,
    "cambridgeltl/xcopa": _xcopa,
    "google/xtreme": _xtreme,
}


# ---------------------------------------------------------------- the encoder


def tokenizer() -> str:
    """tokenizer.json in XLM-R's layout: <s>, <pad>, </s>, <unk>, pieces, <mask> last."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    characters = [*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789?.,:-_/'"]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *(f"▁{word}" for word in _WORDS), *characters]
    scores = [0.0] * 4 + [-2.0] * (1 + len(_WORDS)) + [-5.0] * len(characters)
    made = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=3))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    made.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return str(made.to_str())


def encoder(layers: int = 24, hidden: int = 16) -> Mapping[str, bytes]:
    """XLM-R Large's files with as many layers, but narrow: config.json, model.safetensors, tokenizer.json.

    The weights are those of the masked language model, as the hub has them: the encoder's under "roberta.", its pooler
    and the head of the language model.
    """
    from safetensors.numpy import save
    from tokenizers import Tokenizer

    random = np.random.default_rng(0)
    vocabulary, inner, positions = Tokenizer.from_str(tokenizer()).get_vocab_size(), 2 * hidden, 514
    dense = {"pooler.dense": (hidden, hidden)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        at = f"encoder.layer.{layer}"
        dense |= {f"{at}.attention.self.{name}": (hidden, hidden) for name in ("query", "key", "value")}
        dense |= {f"{at}.attention.output.dense": (hidden, hidden)}
        dense |= {f"{at}.intermediate.dense": (inner, hidden), f"{at}.output.dense": (hidden, inner)}
        norms += [f"{at}.attention.output.LayerNorm", f"{at}.output.LayerNorm"]
    rows = {"word": vocabulary, "position": positions, "token_type": 1}
    state = {f"roberta.embeddings.{name}_embeddings.weight": (count, hidden) for name, count in rows.items()}
    state |= {f"roberta.{name}.weight": shape for name, shape in dense.items()} | {
        "lm_head.dense.weight": (hidden, hidden)
    }
    weights = {name: random.normal(0, 0.02, shape).astype(np.float32) for name, shape in state.items()}
    weights |= {f"roberta.{name}.bias": np.zeros(shape[0], np.float32) for name, shape in dense.items()}
    weights |= {"lm_head.dense.bias": np.zeros(hidden, np.float32), "lm_head.bias": np.zeros(vocabulary, np.float32)}
    for name in (*(f"roberta.{norm}" for norm in norms), "lm_head.layer_norm"):
        weights |= {f"{name}.weight": np.ones(hidden, np.float32), f"{name}.bias": np.zeros(hidden, np.float32)}
    config = {
        "architectures": ["XLMRobertaForMaskedLM"],
        "attention_probs_dropout_prob": 0.1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": hidden,
        "initializer_range": 0.02,
        "intermediate_size": inner,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": positions,
        "model_type": "xlm-roberta",
        "num_attention_heads": 2,
        "num_hidden_layers": layers,
        "output_past": True,
        "pad_token_id": 1,
        "position_embedding_type": "absolute",
        "type_vocab_size": 1,
        "vocab_size": vocabulary,
    }
    return {
        "config.json": json.dumps(config, indent=2).encode(),
        "model.safetensors": save(weights, metadata={"format": "pt"}),
        "tokenizer.json": tokenizer().encode(),
        "README.md": b"---\nlicense: mit\n---\n",
    }
