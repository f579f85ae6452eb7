"""How tests reach the loopback hub: the clients of this process pointed at it, a process of its own, made-up rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hub_data
import pytest
from datasets import ClassLabel, Features
from hub_data import NLI, TEXT, Part, parquet
from loopback_hub import Hub

from claimcheck.foundation.errors import ClaimcheckError
from reproduce.data import hub as reader
from reproduce.data.rows import Source
from reproduce.specs import HubData

NLI_FEATURES = Features({"premise": TEXT, "hypothesis": TEXT, "label": ClassLabel(names=NLI)})


def point(patch: pytest.MonkeyPatch, hub: Hub, home: Path) -> None:
    """Let the clients of this process use a hub and a cache folder: what HF_ENDPOINT and HF_HOME do when they load."""
    from datasets import config
    from huggingface_hub import constants

    patch.setattr(constants, "ENDPOINT", hub.url)
    patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    patch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    patch.setattr(config, "HF_DATASETS_CACHE", home / "datasets")


def source(task: str, split: str, language: str = "en", revision: str = "main") -> Source:
    """A task's rows from the hub that `point` named."""
    return reader.source(task, HubData(revision=revision), language, split)


def fresh(hub: Hub, home: Path, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own, with the hub and the cache in its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    root = Path(__file__).resolve().parents[1]
    own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(home), "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, "-P", "-c", program], env=kept | own | environment, capture_output=True, text=True, timeout=120
    )


def one_line(error: ClaimcheckError, *parts: str) -> None:
    """The error is one line that holds all of these."""
    text = str(error)
    assert "\n" not in text
    assert len(text) < 500
    for part in parts:
        assert part in text


def xnli(hub: Hub, count: int, revision: str = "main", languages: tuple[str, ...] = ("de", "fr")) -> str:
    """Puts a test part of so many rows on the hub; the commit."""

    def rows(language: str) -> list[dict[str, Any]]:
        return [{"premise": f"{language}{i}", "hypothesis": "h", "label": i % 3} for i in range(count)]

    parts = [Part("facebook/xnli", language, "test", NLI_FEATURES, rows(language)) for language in languages]
    files = {f"{part.configuration}/test-00000-of-00001.parquet": parquet(part.features, part.rows) for part in parts}
    repository = hub.put("dataset", "facebook/xnli", {"README.md": hub_data.card(parts), **files}, revision)
    return repository.commit(revision)
