"""Tables of a data set repository on the Hugging Face hub: found by its card, read by the `datasets` library."""

from __future__ import annotations

import contextlib
import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from claimcheck.foundation.errors import ClaimcheckError, InputError, MissingInputError, UnreadableInputError
from reproduce.data.hubaccess import FILES, Listing, explained, fetch, first_line, listing, quiet, unwritable
from reproduce.tasks import near

__all__ = ["CONVERTED", "Place", "Table", "find"]

CONVERTED = "refs/convert/parquet"  # the revision where the hub keeps what it made of a loading script
_BATCH = 1000  # rows in memory at once
_SHARD = re.compile(r"-\d+-of-(\d+)(?:-[0-9a-f]+)?\.parquet$")  # with a hash, as older versions wrote them


@dataclass(frozen=True)
class Place:
    """A split as the hub names it; configuration "": the one that the repository has or marks as its default."""

    repository: str
    configuration: str
    split: str

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.repository, self.configuration, self.split)))


@dataclass(frozen=True)
class Table:
    """A split that was found: `configuration` as it is there, the files in order, and what the card says of them."""

    place: Place
    commit: str
    configuration: str
    files: tuple[str, ...]
    announced: int | None = None  # rows
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of the classes, by column, as in the card

    @property
    def identity(self) -> tuple[str, ...]:
        """What stands for the content: repository, commit, configuration, split, files."""
        return (self.place.repository, self.commit, self.configuration, self.place.split, *self.files)

    def read(self, columns: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], Iterator[tuple[Any, ...]]]:
        """The names of the classes by column, and the rows: the values of these columns, in their order.

        Fetches what the cache lacks. Raises MissingInputError, ServiceError, UnreadableInputError for files that are
        damaged or fewer rows than the card announces, InputError for columns that are not there.
        """
        import datasets

        paths = [fetch(self.place.repository, name, self.commit) for name in self.files]
        try:
            with quiet(datasets):
                table = datasets.Dataset.from_parquet([str(path) for path in paths])
        except Exception as error:  # datasets wraps what arrow raises, of no common kind
            full = unwritable(error, str(self.place))
            if full is not None:
                raise full from None
            todo = f"delete {paths[0].parent}, so that it is fetched again"
            raise UnreadableInputError(
                f"no table can be read ({first_line(error)})", where=str(self.place), todo=todo
            ) from None
        lacking = [column for column in columns if column not in table.column_names]
        if lacking:
            what = f"there is no column '{lacking[0]}': the data set was changed"
            todo = f"it has {', '.join(table.column_names)}; {FILES}, or set the revision to an older commit"
            raise InputError(what, where=str(self.place), todo=todo)
        if self.announced is not None and len(table) != self.announced:
            what = f"the files hold {len(table)} rows, and the card of the data set says {self.announced}"
            raise UnreadableInputError(what, where=str(self.place), todo=FILES)
        named = {column: _names(table.features[column]) for column in columns}
        names = {column: found or self.names.get(column, ()) for column, found in named.items()}
        batches = table.select_columns(list(columns)).iter(batch_size=_BATCH)
        rows = (row for batch in batches for row in zip(*(batch[column] for column in columns), strict=True))
        return {column: found for column, found in names.items() if found}, rows


def find(place: Place, revision: str = "main") -> Table:
    """The files of a split at a revision, of which "main" is read wherever the hub keeps tables of it.

    A repository with a loading script ("cosmos_qa.py") has none on main: the hub's own conversion of it is taken, at
    the revision refs/convert/parquet. Where the hub cannot be reached, what its cache holds of the revision counts.
    Raises MissingInputError where repository, revision, configuration or split is not there or not open to all,
    ServiceError where the hub cannot be reached, and the cache holds no copy.
    """
    found = listing(place.repository, revision)
    script = place.repository.rpartition("/")[2] + ".py"
    if revision == "main" and not any(name.endswith(".parquet") for name in found.files):
        if script in found.files:
            found = listing(place.repository, CONVERTED)
        elif found.trouble is not None:  # the script is not what is fetched, so that the cache does not show it
            with contextlib.suppress(ClaimcheckError):
                found = listing(place.repository, CONVERTED)
    configured = _configured(found.card)
    if configured:
        configuration = _configuration(place, list(configured), _default(found.card))
        splits = configured[configuration]
    else:
        laid_out = _laid_out(found.files)
        if not laid_out:
            raise _without_files(place, found)
        configuration = _configuration(place, list(laid_out), "")
        splits = laid_out[configuration]
    if place.split not in splits:
        if found.trouble is not None and not configured:
            raise _without_files(place, found)
        what = f"the data set has no part '{place.split}'"
        where = ", ".join(filter(None, (place.repository, configuration)))
        raise MissingInputError(what, where=where, todo=f"it has {', '.join(splits)}")
    files = tuple(name for name in found.files if _matches(name, splits[place.split]))
    shards = {int(match[1]) for name in files if (match := _SHARD.search(name))}
    if not files:
        raise _without_files(place, found)
    if shards and max(shards) != len(files):
        raise _without_files(place, found, f"{max(shards) - len(files)} of {max(shards)} files are not there")
    if any(not name.endswith(".parquet") for name in files):
        what = f"the files are no parquet tables ({files[0]})"
        raise InputError(what, where=str(place), todo=f"set the revision to {CONVERTED}, or {FILES}")
    announced, names = _described(found.card, configuration, place.split)
    return Table(place, found.commit, configuration, files, announced, names)


# ---------------------------------------------------------------- what a card and the names of files say


def _configured(card: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Patterns of file names by configuration and split, as the card gives them."""
    found: dict[str, dict[str, list[str]]] = {}
    for entry in _entries(card, "configs"):
        given = entry.get("data_files")
        if not isinstance(entry.get("config_name"), str) or given is None:
            continue
        splits: dict[str, list[str]] = found.setdefault(entry["config_name"], {})
        if isinstance(given, Mapping):
            given = [{"split": split, "path": path} for split, path in given.items()]
        for part in given if isinstance(given, list) else [given]:
            split, path = (part.get("split"), part.get("path")) if isinstance(part, Mapping) else ("train", part)
            within = entry.get("data_dir") or ""
            for pattern in path if isinstance(path, list) else [path]:
                splits.setdefault(str(split), []).append(f"{within}/{pattern}".removeprefix("/"))
    return found


def _default(card: Mapping[str, Any]) -> str:
    return next((str(entry.get("config_name")) for entry in _entries(card, "configs") if entry.get("default")), "")


def _laid_out(files: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """The same of a repository without such a card: CONFIGURATION/SPLIT/0000.parquet or CONFIGURATION/SPLIT-*."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in files:
        folder, _, rest = name.partition("/")
        split = re.match(r"([^/]+?)(?:/[^/]+|-\d+-of-\d+(?:-[0-9a-f]+)?)\.parquet$", rest)
        if split:
            configuration = "default" if folder == "data" else folder
            found.setdefault(configuration, {}).setdefault(split[1], []).append(name)
    return found


def _configuration(place: Place, there: list[str], default: str) -> str:
    """The name that is meant. Raises MissingInputError with those that are there."""
    if place.configuration in there:
        return place.configuration
    if not place.configuration:
        if len(there) == 1:
            return there[0]
        if (default or "default") in there:
            return default or "default"
    what = f"the data set has no configuration '{place.configuration or 'default'}'"
    raise MissingInputError(what, where=place.repository, todo=near(place.configuration or "default", there))


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _described(
    card: Mapping[str, Any], configuration: str, split: str
) -> tuple[int | None, Mapping[str, tuple[str, ...]]]:
    """How many rows the card says there are, and the names of the classes by column."""
    infos = _entries(card, "dataset_info")
    info = next((entry for entry in infos if entry.get("config_name", "default") == configuration), None)
    if info is None:
        return None, {}
    sizes = {str(entry.get("name")): entry.get("num_examples") for entry in _entries(info, "splits")}
    names: dict[str, tuple[str, ...]] = {}
    for feature in _entries(info, "features"):
        inner = [feature.get(key) for key in ("dtype", "sequence", "list")]
        classes = [kind.get("class_label") for kind in inner if isinstance(kind, Mapping)]
        numbered = next((kind.get("names") for kind in classes if isinstance(kind, Mapping)), None)
        if isinstance(numbered, Mapping):
            names[str(feature.get("name"))] = tuple(str(numbered[key]) for key in sorted(numbered, key=int))
    size = sizes.get(split)
    return size if isinstance(size, int) else None, names


def _entries(content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    given = content.get(key)
    return [entry for entry in (given if isinstance(given, list) else [given]) if isinstance(entry, Mapping)]


def _names(feature: Any) -> tuple[str, ...]:
    """The classes of a column, or of the members of its lists; () where it has none."""
    inner = getattr(feature, "feature", feature)
    return tuple(getattr(inner, "names", None) or ())


def _without_files(
    place: Place, listing: Listing, what: str = "there are no tables that can be read"
) -> ClaimcheckError:
    if listing.trouble is not None:
        return explained(listing.trouble, str(place), listing.revision)
    return MissingInputError(what, where=str(place), todo=f"set the revision to {CONVERTED}, or {FILES}")
