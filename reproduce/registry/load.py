"""Registry files by paper id or path: found and checked, or refused with one line that says where and what to do."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from claimcheck.foundation.errors import MissingInputError, UnreadableInputError, UsageError
from reproduce.registry.schema import Claim, Registry
from reproduce.tasks import task as task_info

__all__ = ["RegistryFile", "available", "choose_claims", "from_content", "load_registry", "read_registry"]

_MAX_BYTES = 4_000_000
_WRITE_ONE = "write a registry file for it (reproduce/registry/1811.01088.toml is one) and give its path"
_MONTH = r"[0-9]{2}(?:0[1-9]|1[0-2])"
# an arXiv id of either style, without version and subject class; claimcheck.sources, which knows more, is out of reach
_ARXIV = re.compile(
    rf"(?:(?P<new>{_MONTH}\.[0-9]{{4,5}})|(?P<archive>[a-z-]+)(?:\.[a-z-]{{2,12}})?/(?P<number>{_MONTH}[0-9]{{3}}))"
    r"(?:v[1-9][0-9]{0,2})?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:https?://)?(?:(?:www\.|export\.)?arxiv\.org|(?:www\.)?ar5iv\.org|ar5iv\.labs\.arxiv\.org)"
    r"/(?:abs|pdf|html|e-print|src|format|ps)/",
    re.IGNORECASE,
)
_DOI = re.compile(r"(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\.", re.IGNORECASE)
_PREFIX = re.compile(r"arxiv\s*[:\s]\s*", re.IGNORECASE)
_STAMP_END = re.compile(r"\s+\[[a-z-]+(?:\.[a-z-]+)?\].*$", re.IGNORECASE)


@dataclass(frozen=True)
class RegistryFile:
    """A registry and the file that it was read from."""

    registry: Registry
    where: str  # the file as a message names it
    sha256: str  # of its bytes
    shipped: bool  # with this package, as against a file that the user named

    @property
    def commands_allowed(self) -> bool:
        """Whether its commands may run at all; what they do is never the package's or a paper's to say."""
        return not self.shipped


def available() -> tuple[str, ...]:
    """The ids of the registries that come with the package, sorted; "smoke" is that of the synthetic world."""
    files = resources.files("reproduce.registry").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_registry(name: str | Path) -> Registry:
    """The registry of a paper (its id in any of arXiv's forms, "smoke") or of a user's file; see `read_registry`."""
    return read_registry(name).registry


def read_registry(name: str | Path) -> RegistryFile:
    """As `load_registry`, with where it was read from.

    An id that is shipped comes before a file of the same name; a path ends in .toml or names a file.
    Raises MissingInputError where there is no such registry or file, UnreadableInputError where the file is no valid
    registry: the message names the file, the key and the remedy.
    """
    shipped = available()
    text = str(name).strip()
    paper = "" if isinstance(name, Path) else _paper(text)
    if not isinstance(name, Path) and (paper or text) in shipped:
        file = resources.files("reproduce.registry").joinpath(f"{paper or text}.toml")
        return _read(file, f"registry {paper or text}", shipped=True)
    path = Path(text)
    if isinstance(name, Path) or path.suffix.lower() == ".toml" or _is_file(path):
        return _read(path, text, shipped=False)
    asked = paper or text
    like = get_close_matches(asked, shipped, n=2, cutoff=0.7)
    known = f"did you mean {' or '.join(like)}? else " if like else f"there are {', '.join(shipped)}; else "
    raise MissingInputError(f"no registry for '{asked[:100]}'", todo=known + _WRITE_ONE)


def choose_claims(registry: Registry, names: Sequence[str] | None = None) -> tuple[Claim, ...]:
    """The claims of those ids and aliases in the registry's order, each once; all of them for None.

    An alias that several claims share names them all. Raises UsageError with near names for one that is unknown.
    """
    if names is None:
        return registry.claims
    known = {name for claim in registry.claims for name in (claim.id, *claim.aliases)}
    for name in names:
        if name not in known:
            like = get_close_matches(name.lower(), sorted(known), n=3, cutoff=0.5)
            todo = f"did you mean {' or '.join(like)}?" if like else f"there are {', '.join(sorted(known)[:20])}"
            raise UsageError(f"the registry of {registry.paper.id} has no claim '{name[:100]}'", todo=todo)
    chosen = set(names)
    return tuple(claim for claim in registry.claims if chosen & {claim.id, *claim.aliases})


def _paper(text: str) -> str:
    """The arXiv id that a text names, without version, as a registry's file is called; "" where it names none."""
    if len(text) > 2000:  # nothing that long is a name; it keeps the patterns cheap
        return ""
    plain = text.strip("<>").strip()
    plain = re.sub(r"\.pdf$", "", re.sub(r"[?#].*$", "", plain), flags=re.IGNORECASE)
    plain = _STAMP_END.sub("", _PREFIX.sub("", plain, count=1) if _PREFIX.match(plain) else plain)
    plain = _DOI.sub("", _ADDRESS.sub("", plain, count=1), count=1).rstrip("/")
    found = _ARXIV.fullmatch(plain)
    if not found:
        return ""
    return found["new"] or f"{found['archive'].lower()}-{found['number']}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, a NUL in it
        return False


def _read(file: Path | Traversable, where: str, *, shipped: bool) -> RegistryFile:
    try:
        if isinstance(file, Path) and file.is_dir():
            raise UnreadableInputError("is a folder", where=where, todo="name the registry file in it")
        with file.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        todo = f"check the path, or name one of {', '.join(available())}"
        raise MissingInputError("there is no such file", where=where, todo=todo) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UnreadableInputError(f"cannot be read ({reason})", where=where, todo="check the file's rights") from None
    if len(data) > _MAX_BYTES:
        todo = "a registry holds claims and recipes; keep data out of it"
        raise UnreadableInputError(f"is larger than {_MAX_BYTES // 1_000_000} MB", where=where, todo=todo)
    registry = _parse(data, where)
    return RegistryFile(registry, where, hashlib.sha256(data).hexdigest(), shipped)


def _parse(data: bytes, where: str) -> Registry:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableInputError(f"line {line} is not UTF-8", where=where, todo="save it as UTF-8") from None
    try:
        content = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number with thousands of digits
        raise UnreadableInputError(f"is not TOML: {_lower_first(error)}", where=where, todo="mend that line") from None
    except RecursionError:
        raise UnreadableInputError("is nested too deeply", where=where, todo="flatten its lists and tables") from None
    return from_content(content, where)


def from_content(content: dict[str, Any], where: str) -> Registry:
    """The registry of a parsed TOML file, checked against the form and against the catalogue of tasks.

    Raises UnreadableInputError whose message starts with `where`.
    """
    try:
        registry = Registry.model_validate(content)
    except ValidationError as error:
        raise _refusal(error, content, where) from None
    except RecursionError:
        raise UnreadableInputError("is nested too deeply", where=where, todo="flatten its lists and tables") from None
    for key, problem, todo in _against_catalogue(registry):
        raise UnreadableInputError(f"{key}: {problem}", where=where, todo=todo)
    return registry


# ------------------------------------------------------------------ what pydantic found, as a sentence


def _refusal(error: ValidationError, content: dict[str, Any], where: str) -> UnreadableInputError:
    """The first of the errors as one line, with the number of the others."""
    found = [e for e in error.errors(include_url=False) if not _is_echo(e)]
    loc, kind = tuple(found[0]["loc"]), found[0]["type"]
    problem, todo = _explain(found[0], loc)
    path = _path(loc[:-1] if kind in ("missing", "extra_forbidden") else loc, content)
    if len(found) > 1:
        problem += f" ({len(found) - 1} more after that)"
    return UnreadableInputError(f"{path}: {problem}" if path else problem, where=where, todo=todo)


def _is_echo(found: Any) -> bool:
    """pydantic counts a list as empty when each of its entries was refused."""
    return bool(found["type"] == "too_short" and len(found["input"]) >= found["ctx"]["min_length"])


def _explain(found: Any, loc: tuple[int | str, ...]) -> tuple[str, str]:
    kind, given, context = found["type"], found.get("input"), found.get("ctx", {})
    key = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        known = _keys_at(loc[:-1])
        like = get_close_matches(key, known, n=1, cutoff=0.5)
        return f"unknown key '{key}'", f"did you mean '{like[0]}'?" if like else f"known here: {', '.join(known)}"
    if kind == "missing":
        remedy = {
            "source": "name one of the file's [[sources]]: where the number was read",
            "sources": "add [[sources]]: where each claim was read",
            "schema": 'add schema = "claimcheck/registry/v1" as the first line',
            "where": "say where it can be read: document and place, or address",
        }
        return f"'{key}' is missing", remedy.get(key, f"add {key} = ...")
    if kind == "value_error":
        return str(context["error"]), ""  # the schema's own sentences say what is needed
    if kind == "literal_error":
        return f"{_shown(given)} is not among {context['expected']}", "choose one of these"
    if key == "value" and loc[:1] == ("claims",):
        if isinstance(given, int | float) and not isinstance(given, bool):
            return f"{given} is not written as printed", f'put it in quotes, with every printed digit: "{given}"'
        return (
            f"{_shown(given)} is no number as printed",
            'write digits with a point, such as "8.70", and put % in unit',
        )
    if kind == "string_pattern_mismatch":
        return f"{_shown(given)} is not allowed here", f"the form is {context['pattern']}"
    return f"{_shown(given)}: {_lower_first(found['msg'])}", "correct it there"


def _path(loc: Sequence[int | str], content: Any) -> str:
    """ "claims 'squad': quantity.value" for ("claims", 3, "quantity", "value"): a list's entry by its id."""
    parts: list[str] = []
    at = content
    for step in loc:
        inside = at[step] if (isinstance(at, dict) and step in at) or _is_index(at, step) else None
        if inside is None and not isinstance(step, int) and parts and parts[-1] in ("data", "encoder"):
            continue  # the tag of a union, which stands nowhere in the file
        if isinstance(step, int) and parts:
            name = inside.get("id") if isinstance(inside, dict) else None
            parts[-1] += f" '{name}'" if isinstance(name, str) and name else f"[{step + 1}]"
        else:
            parts.append(str(step))
        at = inside
    return ".".join(parts)


def _is_index(at: Any, step: int | str) -> bool:
    return isinstance(at, list) and isinstance(step, int) and 0 <= step < len(at)


def _keys_at(loc: Sequence[int | str]) -> list[str]:
    """The keys that the table at that place may have."""
    models: list[type[BaseModel]] = [Registry]
    for step in loc:
        fields = [
            field for model in models for name, field in model.model_fields.items() if (field.alias or name) == step
        ]
        if fields:  # else an index, a name in a table of names, or a union's tag: the same models still
            models = [model for field in fields for model in _models_in(field.annotation)]
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _shown(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)[:80]
    except (ValueError, RecursionError):
        return str(type(value).__name__)


def _lower_first(message: object) -> str:
    text = str(message)
    return text[:1].lower() + text[1:]


# ------------------------------------------------------------------ names that the schema cannot know


def _against_catalogue(registry: Registry) -> Iterator[tuple[str, str, str]]:
    """Key, problem and remedy of each task, metric or language that does not exist."""
    for condition in registry.conditions:
        if not condition.unsupported and condition.command is None:
            for name in condition.tasks:
                yield from _unknown_task(f"conditions '{condition.id}'.tasks", name)
    languages: dict[str, tuple[str, ...]] = {}
    for target in registry.targets:
        key = f"targets '{target.id}'"
        if target.metric is not None:
            yield from _unknown_metric(f"{key}.metric", target.metric)
        languages[target.id] = target.languages
        if target.train is None and target.probe is None:
            continue  # measured by commands only: its task is the user's
        yield from _unknown_task(f"{key}.task", target.task)
        if target.train is not None:
            yield from _unknown_task(f"{key}.train", target.train)
        known = task_info(target.task).languages
        languages[target.id] = target.languages or known
        for code in target.languages:
            if code not in known:
                yield f"{key}.languages", f"task '{target.task}' has no '{code}'", f"it has {', '.join(sorted(known))}"
    for claim in registry.claims:
        for measure in claim.test.measures:
            for name in measure.targets:
                for code in measure.languages:
                    if languages[name] and code not in languages[name]:
                        problem = f"target '{name}' has no language '{code}'"
                        yield f"claims '{claim.id}'.test", problem, f"it has {', '.join(sorted(languages[name]))}"


def _unknown_task(key: str, name: str) -> Iterator[tuple[str, str, str]]:
    try:
        task_info(name)
    except UsageError as error:
        yield key, error.what, error.todo


def _unknown_metric(key: str, name: str) -> Iterator[tuple[str, str, str]]:
    from reproduce.tasks.metrics import METRICS  # here: it brings numpy

    if name not in METRICS:
        like = get_close_matches(name, METRICS, n=1, cutoff=0.5)
        known = f"did you mean '{like[0]}'?" if like else f"there are {', '.join(sorted(METRICS))}"
        yield key, f"there is no metric '{name}'", known
