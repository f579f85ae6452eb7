"""A run at scale lab from the command line: files, an encoder of the user's, caps, and its results found again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from claimcheck.cli import main
from reproduce.data.subwords import Subwords

Capture = pytest.CaptureFixture[str]

REGISTRY = """
schema = "claimcheck/registry/v1"
sources = [{ id = "table", kind = "paper", where = "Table 1" }]

[paper]
id = "own"
title = "A paper"

[[conditions]]
id = "baseline"

[[conditions]]
id = "tags"
tasks = ["ccg"]

[[targets]]
id = "retrieval"
task = "tatoeba"
split = "dev"
probe = { layer = 12 }

[scales.lab]
data = { kind = "files" }
encoder = { kind = "hub", name = "FacebookAI/xlm-roberta-large" }
probed_layers = 24
max_length = 32
seeds = 2
tasks = { ccg = { use = "udpos", why = "no CCGbank" } }
targets = { retrieval = { languages = ["af"], why = "one file" } }

[scales.lab.intermediate.default]
optimisation = { learning_rate = 1e-3, batch_size = 16, epochs = 9 }
selection = { rule = "last" }
max_length = 32

[[claims]]
id = "gain"
text = "Tagging first makes retrieval better."
source = "table"
[claims.test]
kind = "greater"
measure = { conditions = ["tags"], targets = ["retrieval"] }
than = { conditions = ["baseline"], targets = ["retrieval"] }
"""


def sentence(draw: random.Random) -> list[tuple[str, str]]:
    nouns, verbs = "cat dog tree house stone river bird".split(), "sees eats likes finds".split()
    return [("the", "DET"), (draw.choice(nouns), "NOUN"), (draw.choice(verbs), "VERB"), (draw.choice(nouns), "NOUN")]


def write_data(folder: Path) -> list[str]:
    """POS and Tatoeba as XTREME's download has them, and all words of both."""
    draw = random.Random(0)
    (folder / "udpos").mkdir(parents=True)
    (folder / "tatoeba").mkdir()
    tagged = [sentence(draw) for _ in range(120)]
    rows = ["\n".join(f"{word}\t{tag}" for word, tag in one) for one in tagged]
    (folder / "udpos" / "train-en.tsv").write_text("\n\n".join(rows) + "\n\n")
    english = [" ".join(word for word, _ in sentence(draw)) + f" {i}" for i in range(60)]
    other = [line.replace("the", "die").replace("dog", "hond") for line in english]
    (folder / "tatoeba" / "tatoeba.afr-eng.eng").write_text("\n".join(english) + "\n")
    (folder / "tatoeba" / "tatoeba.afr-eng.afr").write_text("\n".join(other) + "\n")
    return [*english, *other, *(" ".join(word for word, _ in one) for one in tagged)]


def write_encoder(folder: Path, lines: list[str]) -> None:
    import torch

    from reproduce.model.encoder import Encoder, save_model
    from reproduce.model.encoderconfig import EncoderConfig

    words = Subwords.train(lines, 300)
    folder.mkdir()
    words.save(folder)
    torch.manual_seed(0)
    config = EncoderConfig(vocab_size=words.size, hidden=16, layers=2, heads=2, feed_forward=32, positions=64)
    save_model(folder, Encoder(config))


def test_a_run_on_files_with_an_encoder_of_one_s_own(tmp_path: Path, capsys: Capture) -> None:
    write_encoder(tmp_path / "encoder", write_data(tmp_path / "data"))
    (tmp_path / "own.toml").write_text(REGISTRY)
    out = tmp_path / "runs"
    folders = ["--data", str(tmp_path / "data"), "--encoder", str(tmp_path / "encoder")]
    call = ["reproduce", "run", str(tmp_path / "own.toml"), "--scale", "lab", *folders, "--out", str(out)]
    # an estimate of hours on an old machine, so that the training is capped
    assert main([*call, "--device", "cpu", "--slots", "2", "--budget", "80m", "--json"]) == 0, capsys.readouterr().err
    one = json.loads(capsys.readouterr().out)
    assert (one["scale"], one["verdict"], one["reason"]) == ("lab", "not_tested", "scale")
    assert len(one["runs"]) == 3  # of the baseline one, since nothing is trained
    said = " | ".join(one["deviations"])
    assert "udpos in place of ccg: no CCGbank" in said
    assert "retrieval: 1 of 36 languages, af: one file" in said
    assert "layer 1 of 2 in place of layer 12 of 24" in said
    assert "the encoder of a folder: 2 layers of 16" in said

    request = json.loads((out / "request.json").read_text())
    assert request["options"]["data"] == str(tmp_path / "data")
    assert request["options"]["encoder"] == str(tmp_path / "encoder")
    assert request["given"]["files"] is True
    assert {record(out, run["id"])["job"]["model"]["kind"] for run in one["runs"]} == {"job", "local"}

    assert main([*call, "--device", "cpu", "--slots", "2", "--budget", "80m", "--json"]) == 0  # nothing is left to do
    assert json.loads(capsys.readouterr().out) == one
    assert main(["reproduce", "results", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == one
    assert main(["reproduce", "status", str(out)]) == 0


def record(out: Path, key: str) -> dict[str, Any]:
    found = json.loads((out / "jobs" / key / "run.json").read_text())
    assert isinstance(found, dict)
    return found
