"""Settings: which of flag, environment, file and default wins, and what a wrong value is answered."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest
from pydantic import ValidationError

from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.settings import Settings


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable, no file: the current folder and the user's configuration folder are empty."""
    for name in [n for n in os.environ if n.startswith("CLAIMCHECK_")]:
        monkeypatch.delenv(name)
    here, user = tmp_path / "here", tmp_path / "user"
    here.mkdir()
    user.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name: user)
    return tmp_path


def test_defaults() -> None:
    settings = Settings.load()
    assert settings == Settings()
    assert settings.home == platformdirs.user_cache_path("claimcheck")
    assert (settings.offline, settings.workers, settings.threads, settings.max_claims) == (False, 0, 1, 0)
    assert settings.arxiv_delay == 3.0


def test_flag_beats_environment_beats_file_beats_default(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "user" / "claimcheck.toml").write_text("workers = 2\nthreads = 2\nretries = 2\nmax_pages = 2\n")
    (bare / "here" / "claimcheck.toml").write_text("workers = 3\nthreads = 3\nretries = 3\n")
    monkeypatch.setenv("CLAIMCHECK_WORKERS", "4")
    monkeypatch.setenv("CLAIMCHECK_THREADS", "4")
    settings = Settings.load(workers=5, offline=None)
    assert (settings.workers, settings.threads, settings.retries, settings.max_pages) == (5, 4, 3, 2)
    assert settings.max_files == 5000


def test_flags_that_are_none_and_empty_variables_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMCHECK_OFFLINE", "")
    monkeypatch.setenv("CLAIMCHECK_TIMEOUT", "7.5")
    settings = Settings.load(timeout=None, offline=None)
    assert settings.timeout == 7.5
    assert not settings.offline


def test_a_false_or_zero_flag_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMCHECK_OFFLINE", "yes")
    monkeypatch.setenv("CLAIMCHECK_WORKERS", "7")
    assert Settings.load().offline
    settings = Settings.load(offline=False, workers=0)
    assert not settings.offline
    assert settings.workers == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WORKERS", "many", "a whole number"),
        ("WORKERS", "-1", "at least 0"),
        ("WORKERS", "2.5", "a whole number"),
        ("ARXIV_DELAY", "nan", "a number"),
        ("TIMEOUT", "0", "above 0"),
        ("OFFLINE", "perhaps", "true or false"),
        ("ARXIV_SITE", "ftp://arxiv.org", "an address such as https://arxiv.org"),
        ("ARXIV_API", "https://user:word@arxiv.org", "an address"),
        ("CONTACT", "me\r\nX-Evil: 1", "a mail address"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_allowed(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CLAIMCHECK_{name}", value)
    with pytest.raises(UsageError) as caught:
        Settings.load()
    message = str(caught.value)
    assert message.startswith(f"CLAIMCHECK_{name}: ")
    assert said in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


def test_a_wrong_flag_is_named_as_typed() -> None:
    with pytest.raises(UsageError, match=r"^--max-claims: '-3' is not allowed"):
        Settings.load(max_claims=-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workers = 'x'", "claimcheck.toml: workers: 'x' is not allowed"),
        ("worker = 2", "did you mean workers?"),
        ("colour = 2", "known are "),
        ("workers = ", "is not TOML"),
    ],
)
def test_a_wrong_file_is_named(bare: Path, text: str, said: str) -> None:
    (bare / "here" / "claimcheck.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        Settings.load()
    assert said in str(caught.value)
    assert "claimcheck.toml" in str(caught.value)


def test_a_file_that_is_not_utf8_is_named(bare: Path) -> None:
    (bare / "here" / "claimcheck.toml").write_bytes(b"contact = '\xff'")
    with pytest.raises(UsageError, match=r"claimcheck\.toml: cannot be read"):
        Settings.load()


def test_home_in_a_file_is_beside_the_file_and_elsewhere_beside_the_caller(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare / "user" / "claimcheck.toml").write_text("home = 'cache'\n")
    assert Settings.load().home == bare / "user" / "cache"
    monkeypatch.setenv("CLAIMCHECK_HOME", "mine")
    assert Settings.load().home == bare / "here" / "mine"
    assert Settings.load(home="~/x").home == Path.home() / "x"


def test_frozen_described_and_closed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.workers = 3  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Settings.model_validate({"api_key": "x"})
    assert all(field.description for field in Settings.model_fields.values())
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
