"""The settings of a call: a flag, else the environment (CLAIMCHECK_*), else claimcheck.toml, else the default.

Secrets (keys of services) are never settings: they are read from the environment where they are used, and written
nowhere.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from claimcheck.foundation.errors import UsageError

__all__ = ["CONFIG_NAME", "ENVIRONMENT_PREFIX", "Settings"]

CONFIG_NAME = "claimcheck.toml"
ENVIRONMENT_PREFIX = "CLAIMCHECK_"


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() would follow links that a user chose to set


def _absolute_or_none(path: Path | None) -> Path | None:
    return None if path is None else _absolute(path)


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("not a web address")
    return url.rstrip("/")


def _mail_address(text: str) -> str:
    if text and (any(c.isspace() or not c.isprintable() for c in text) or "@" not in text):
        raise ValueError("not a mail address")
    return text


def _model_name(name: str) -> str:
    if not all(c.isprintable() for c in name):
        raise ValueError("not a model's name")
    return name.strip()


WebAddress = Annotated[str, AfterValidator(_web_address)]


class Settings(BaseModel):
    """What a call may vary. Frozen; unknown names are refused; every field says what it sets and in which unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=lambda: platformdirs.user_cache_path("claimcheck"),
        description="folder of the cache: fetched papers, metadata, exported models",
    )
    offline: bool = Field(False, description="use the cache and local files only, never the network")
    workers: int = Field(0, ge=0, le=1024, description="papers handled at the same time; 0: as many as there are cores")
    threads: int = Field(1, ge=1, le=1024, description="threads of the sentence encoder in each worker")
    max_claims: int = Field(0, ge=0, description="claims kept of a paper, the most important first; 0: all")
    nli: Annotated[str, AfterValidator(_model_name)] = Field(
        "", description="hub model or folder that judges text against text; empty: the embedded verifier"
    )
    risk: float = Field(
        0,
        ge=0,
        le=0.5,
        allow_inf_nan=False,
        description="share of verdicts that may be wrong; those less sure are marked as abstained; 0: none is",
    )
    others: int | None = Field(
        None,
        ge=0,
        le=50,
        description="hold papers against one another and against so many that their tables cite; unset: each by itself",
    )
    templates: Annotated[Path | None, AfterValidator(_absolute_or_none)] = Field(
        None, description="folder whose files stand in for the shipped report templates of the same name"
    )

    read_seconds: float = Field(50, gt=0, allow_inf_nan=False, description="limit for reading one paper, in seconds")
    read_memory_mb: int = Field(1000, ge=200, description="memory limit of the process that reads a paper, in MB")
    max_pages: int = Field(500, ge=1, description="pages of a PDF that are read at most")
    max_input_mb: int = Field(100, ge=1, description="largest file or download accepted, in MB")
    max_unpacked_mb: int = Field(300, ge=1, description="largest size of an archive or folder once unpacked, in MB")
    max_files: int = Field(5000, ge=1, description="most files accepted in an archive or folder")

    arxiv_api: WebAddress = Field(
        "https://export.arxiv.org/api/query", description="address of the arXiv query service"
    )
    arxiv_site: WebAddress = Field(
        "https://arxiv.org", description="base of arXiv's /e-print, /html and /pdf addresses"
    )
    arxiv_delay: float = Field(
        3.0, ge=0, le=600, allow_inf_nan=False, description="least time between two requests to arXiv, in seconds"
    )
    openalex_api: WebAddress = Field("https://api.openalex.org", description="address of OpenAlex")
    semantic_scholar_api: WebAddress = Field(
        "https://api.semanticscholar.org/graph/v1", description="address of Semantic Scholar's graph service"
    )
    crossref_api: WebAddress = Field("https://api.crossref.org", description="address of Crossref")
    database_delay: float = Field(
        1.0,
        ge=0,
        le=600,
        allow_inf_nan=False,
        description="least time between two requests to OpenAlex, to Semantic Scholar or to Crossref, in seconds",
    )
    metadata_days: float = Field(
        7, ge=0, allow_inf_nan=False, description="age in days after which cached metadata are asked for again"
    )
    timeout: float = Field(
        30,
        gt=0,
        allow_inf_nan=False,
        description="limit for a service to connect or to send the next bytes, in seconds",
    )
    retries: int = Field(4, ge=0, le=20, description="further attempts after a request failed")
    patience_seconds: float = Field(
        40,
        gt=0,
        allow_inf_nan=False,
        description="limit for failed attempts and the waits after them, per paper, in seconds",
    )
    download_seconds: float = Field(
        300, gt=0, allow_inf_nan=False, description="limit for one download that makes progress, in seconds"
    )
    contact: Annotated[str, AfterValidator(_mail_address)] = Field(
        "", description="mail address sent to services in the User-Agent, so that they can write to you"
    )

    @classmethod
    def load(cls, **flags: Any) -> Settings:
        """The settings in force: `flags` that are not None, the environment, claimcheck.toml, the defaults.

        The file is looked for in the current folder and in the user's configuration folder; the nearer one wins.
        Raises UsageError that names the flag, variable or file and what is allowed.
        """
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}

        def take(found: Mapping[str, Any], origin: str) -> None:
            for name, value in found.items():
                values[name] = value
                origins[name] = origin.format(name=name, upper=name.upper(), dashed=name.replace("_", "-"))

        # from the weakest to the strongest: a later one overwrites
        for path in (platformdirs.user_config_path("claimcheck") / CONFIG_NAME, Path(CONFIG_NAME)):
            take(_read_file(path, cls.model_fields), str(path).replace("{", "{{").replace("}", "}}") + ": {name}")
        take(_read_environment(cls.model_fields), ENVIRONMENT_PREFIX + "{upper}")
        take({k: v for k, v in flags.items() if v is not None}, "--{dashed}")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = str(first["loc"][0])
            if first["type"] == "extra_forbidden":
                raise _unknown(name, origins[name].rpartition(":")[0], cls.model_fields) from None
            raise UsageError(
                f"{str(values[name])!r} is not allowed",
                where=origins[name],
                todo=f"give {_allowed(cls.model_fields[name])}: {cls.model_fields[name].description}",
            ) from None


def _read_environment(fields: Mapping[str, FieldInfo]) -> dict[str, str]:
    """The CLAIMCHECK_* variables that name a setting; an empty one counts as not set."""
    found = {name: os.environ.get(ENVIRONMENT_PREFIX + name.upper(), "").strip() for name in fields}
    return {name: value for name, value in found.items() if value}


def _read_file(path: Path, fields: Mapping[str, FieldInfo]) -> dict[str, Any]:
    """The settings in a TOML file; {} where there is none."""
    try:
        text = path.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read ({error})", where=str(path), todo="repair or remove the file") from None
    import tomllib

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML ({error})", where=str(path), todo="repair or remove the file") from None
    for name in found:
        if name not in fields:
            raise _unknown(name, str(path), fields)
    # a relative folder in a file means beside that file, wherever the call is made
    for name in ("home", "templates"):
        if isinstance(found.get(name), str):
            found[name] = path.parent / Path(found[name]).expanduser()
    return found


def _unknown(name: str, where: str, fields: Mapping[str, FieldInfo]) -> UsageError:
    near = difflib.get_close_matches(name, fields, n=1)
    todo = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(fields))}"
    return UsageError(f"there is no setting {name!r}", where=where, todo=todo)


def _allowed(field: FieldInfo) -> str:
    """What a field takes, in words: "a whole number of at least 1"."""
    kinds = set(get_args(field.annotation)) or {field.annotation}
    if bool in kinds:
        return "true or false"
    if Path in kinds:
        return "a folder"
    if str in kinds:
        if any(isinstance(m, AfterValidator) and m.func is _mail_address for m in field.metadata):
            return "a mail address"
        validated = any(isinstance(m, AfterValidator) for m in field.metadata)
        return "an address such as https://arxiv.org, without query" if validated else "text"
    words = "a whole number" if int in kinds else "a number"
    limits = {type(m).__name__: m for m in field.metadata}
    bounds = [
        f"{word} {getattr(limits[kind], kind.lower()):g}"
        for kind, word in (("Ge", "of at least"), ("Gt", "above"), ("Le", "at most"))
        if kind in limits
    ]
    return " ".join([words, " and ".join(bounds)]).strip()
