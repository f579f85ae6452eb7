"""Hub models through the verifier's interface: labels by name, two-label models, downloads, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import RunCommand
from hub_client import point
from loopback_hub import Hub

import claimcheck
from claimcheck import Passage
from claimcheck.foundation.errors import ServiceError, UsageError
from claimcheck.foundation.models.nli import HubModel, label_columns, pair_model, require_model
from claimcheck.foundation.models.verifier import Verifier
from claimcheck.foundation.records import LABELS
from claimcheck.foundation.settings import Settings

SUPPORTED, REFUTED, OPEN = range(3)
PAIRS = [
    ("zinc shortens colds", "the trial found that zinc shortens colds"),
    ("cats sleep", "the trial found that zinc shortens colds " * 40),
    ("", ""),
]
MOOD = {0: "sad", 1: "glad"}
NLI = {0: "contradiction", 1: "neutral", 2: "entailment"}


def save(folder: Path, labels: dict[int, str], *, name: bool = True) -> Path:
    """A tiny BERT classifier with random weights and its tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir(parents=True)
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"the trial found that zinc shortens colds cats sleep".split(),
    ]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    torch.manual_seed(5)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    named = {"id2label": labels, "label2id": {v: k for k, v in labels.items()}} if name else {"num_labels": len(labels)}
    config = BertConfig(vocab_size=len(words), max_position_embeddings=64, initializer_range=2.0, **shape, **named)
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def reach(monkeypatch: pytest.MonkeyPatch, hub: Hub, home: Path) -> None:
    """Let the clients of this process use the hub, also where the caller's environment forbids it."""
    from huggingface_hub import constants

    point(monkeypatch, hub, home)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


def test_three_labels_are_put_in_our_order(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = save(tmp_path / "model", NLI)
    found = HubModel(str(folder), Settings(offline=True)).judge(PAIRS)
    assert found.shape == (3, len(LABELS))
    assert np.exp(found).sum(1) == pytest.approx(np.ones(3), abs=1e-5)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    claim, evidence = PAIRS[0]
    with torch.no_grad():
        theirs = torch.log_softmax(model(**tokenizer(evidence, claim, return_tensors="pt")).logits, 1)[0].numpy()
    assert found[0] == pytest.approx([theirs[2], theirs[0], theirs[1]], abs=1e-4)
    assert HubModel(str(folder), Settings(offline=True)).judge([]).shape == (0, 3)


def test_a_model_of_two_labels_never_refutes(tmp_path: Path) -> None:
    folder = save(tmp_path / "minicheck", {0: "LABEL_0", 1: "LABEL_1"}, name=False)
    found = np.exp(HubModel(str(folder), Settings(offline=True)).judge(PAIRS))
    assert found[:, REFUTED] == pytest.approx(np.zeros(3), abs=1e-6)
    assert found[:, SUPPORTED] + found[:, OPEN] == pytest.approx(np.ones(3), abs=1e-5)


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        (["entailment", "neutral", "contradiction"], [SUPPORTED, OPEN, REFUTED]),
        (["CONTRADICTION", "ENTAILMENT", "NEUTRAL"], [REFUTED, SUPPORTED, OPEN]),
        (["SUPPORTS", "REFUTES", "NOT ENOUGH INFO"], [SUPPORTED, REFUTED, OPEN]),
        (["entailment", "not_entailment"], [SUPPORTED, OPEN]),
        (["not_entailment", "entailment"], [OPEN, SUPPORTED]),
        (["unsupported", "supported"], [OPEN, SUPPORTED]),
        (["LABEL_0", "LABEL_1"], [OPEN, SUPPORTED]),
    ],
)
def test_labels_are_known_by_their_names(labels: list[str], columns: list[int]) -> None:
    assert label_columns(dict(enumerate(labels))) == dict(enumerate(columns))


@pytest.mark.parametrize(
    "labels",
    [["LABEL_0", "LABEL_1", "LABEL_2"], ["positive", "negative"], ["entailment"], ["entailment", "neutral", "x"]],
)
def test_labels_of_another_task_are_refused(labels: list[str]) -> None:
    with pytest.raises(
        UsageError, match=r"^--nli some/model: its labels are .*, not those of entailment; name a model"
    ):
        label_columns(dict(enumerate(labels)), "some/model")


def test_the_setting_chooses_the_model_for_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path / "model", NLI)
    assert isinstance(pair_model(Settings()), Verifier)
    assert pair_model(Settings(nli=str(folder))).name == str(folder)
    monkeypatch.setenv("CLAIMCHECK_NLI", str(folder))
    claim, passage = "zinc shortens colds", "the trial found that colds are shorter with zinc"
    found = claimcheck.check(claim, [Passage(passage, "trial")])
    theirs = HubModel(str(folder), Settings()).judge([(claim, passage)])[0]
    assert found.checks[0].label == LABELS[int(theirs.argmax())]
    assert found.checks[0].score == pytest.approx(float(np.exp(theirs.max())), abs=1e-3)


def test_a_model_is_fetched_from_the_hub_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path / "model", NLI)
    files = {p.name: p.read_bytes() for p in folder.iterdir()}
    with Hub() as hub:
        hub.put("model", "lab/tiny-nli", files)
        reach(monkeypatch, hub, tmp_path / "hf")
        fetched = HubModel("lab/tiny-nli", Settings()).judge(PAIRS)
        assert hub.asked(r"model\.safetensors")
        asked = len(hub.asked("GET .*model.safetensors"))
        again = HubModel("lab/tiny-nli", Settings(offline=True)).judge(PAIRS)
        assert len(hub.asked("GET .*model.safetensors")) == asked
    assert fetched == pytest.approx(HubModel(str(folder), Settings()).judge(PAIRS), abs=1e-5)
    assert again == pytest.approx(fetched, abs=1e-6)


def test_what_goes_wrong_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hub() as hub:
        reach(monkeypatch, hub, tmp_path / "hf")
        with pytest.raises(UsageError, match=r"^--nli lab/absent: cannot be loaded"):
            HubModel("lab/absent", Settings()).judge(PAIRS)
        with pytest.raises(UsageError, match=r"^--nli lab/absent: cannot be loaded .* give the name of a hub model"):
            require_model(Settings(nli="lab/absent"))
        hub.put("model", "lab/mood", {p.name: p.read_bytes() for p in save(tmp_path / "mood", MOOD).iterdir()})
        with pytest.raises(UsageError, match=r"^--nli lab/mood: its labels are sad, glad, not those of entailment"):
            require_model(Settings(nli="lab/mood"))
        assert not hub.asked(r"lab/mood.*model\.safetensors")
    with pytest.raises(ServiceError, match=r"^--nli lab/absent: the hub cannot be reached"):  # the server is gone
        HubModel("lab/absent", Settings()).judge(PAIRS)


def test_offline_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(UsageError) as told:
        HubModel("lab/never-seen", Settings(offline=True)).judge(PAIRS)
    said = "the model is not in the cache, and the hub is not asked offline; run once without --offline"
    assert str(told.value) == f"--nli lab/never-seen: {said}"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match="run once with HF_HUB_OFFLINE unset"):
        HubModel("lab/never-seen", Settings()).judge(PAIRS)


def test_the_command_line_says_what_to_do_about_an_unknown_model(command: RunCommand, paper: Path) -> None:
    claim = "People who read for two hours remember more."
    for environment in ({"HF_HUB_OFFLINE": "1"}, {"CLAIMCHECK_OFFLINE": "1", "HF_HUB_OFFLINE": "0"}):
        found = command("check", claim, "--against", paper, "--nli", "lab/never-seen", limit=180, **environment)
        assert (found.code, found.out) == (2, "")
        assert found.error_line.startswith("claimcheck: --nli lab/never-seen: the model is not in the cache")
    found = command("table", paper, "--nli", "lab/never-seen", "--offline", limit=180)
    assert (found.code, found.out) == (2, "")
    assert "run once without --offline" in found.error_line


def test_the_command_line_the_interface_and_a_table_use_the_model_that_is_named(
    command: RunCommand, paper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save(tmp_path / "model", NLI)
    claim = "Answering questions is a job that people have done for long."
    monkeypatch.setenv("CLAIMCHECK_NLI", str(folder))
    theirs = claimcheck.check(claim, [claimcheck.read(paper)])
    assert [(c.kind, c.evidence[0].quote) for c in theirs.checks] == [
        ("text", "Question answering is a task with a long history.")
    ]
    monkeypatch.delenv("CLAIMCHECK_NLI")
    assert claimcheck.check(claim, [claimcheck.read(paper)]) != theirs
    found = command("check", claim, "--against", paper, "--nli", folder, "--json", limit=180)
    assert json.loads(found.out)["probabilities"] == pytest.approx(theirs.probabilities, abs=1e-4)
    [ledger] = claimcheck.table(paper, nli=str(folder), workers=1)
    assert ledger.run.models["verifier"] == str(folder)


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    import torch

    folder = save(tmp_path / "model", NLI)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(UsageError, match="safetensors"):
        HubModel(str(folder), Settings(offline=True)).judge(PAIRS)
