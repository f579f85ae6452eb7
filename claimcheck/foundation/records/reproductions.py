"""Claimed numbers beside reproduced ones, and how the reruns behind them were made."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from claimcheck.foundation.records.base import Record
from claimcheck.foundation.records.documents import Paper

REPRODUCTION_SCHEMA = "claimcheck/reproduction/v1"


class RunRecord(Record):
    """One run behind a reproduction."""

    id: str
    optimizer_steps: int
    data_sha256: str
    predictions_sha256: str
    exit: int


class Reproduction(Record):
    """A claimed number beside the reproduced one (`claimcheck/reproduction/v1`, DESIGN.md sections 3 and 4)."""

    schema_: Literal["claimcheck/reproduction/v1"] = Field(default="claimcheck/reproduction/v1", alias="schema")
    registry_id: str
    paper: str
    paper_version: str = ""
    claim_text: str
    quantity: dict[str, Any]
    claimed_source: str
    scale: Literal["paper", "lab", "smoke"]
    values: tuple[float, ...] = ()
    mean: float | None = None
    sd: float | None = None
    n: int = 0
    interval: tuple[float, float] | None = None
    radius: float | None = None
    margin: float | None = None
    verdict: Literal[
        "reproduced",
        "reproduced_small_shift",
        "reproduced_with_deviations",
        "inconclusive",
        "not_reproduced_lower",
        "not_reproduced_higher",
        "not_tested",
        "degenerate",
    ]
    direction: Literal["confirmed", "contradicted", "unclear"] | None = None
    reason: str = ""
    deviations: tuple[str, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    cost: dict[str, float] = Field(default_factory=dict)
    details: dict[str, Any] = Field(default_factory=dict)  # scores by language, evidence ratio, seeds needed, ...


class LooseReproduction(Record):
    """A reproduction in a row of its own: no claim of the ledger is the one that was rerun, or several may be."""

    reproduction: Reproduction
    why: str  # "no claim of the paper states 8.7 points", "2 claims fit"
    candidates: tuple[str, ...] = ()  # ids of the claims that it may be


class RerunInfo(Record):
    """How the reruns behind a ledger's reproductions were made; one of each run folder."""

    registry: str
    scale: Literal["paper", "lab", "smoke"]
    seeds: int = 0
    jobs: int = 0  # planned
    finished: int = 0
    optimizer_steps: int = 0
    seconds: float = 0.0  # of all finished jobs together
    versions: dict[str, str] = Field(default_factory=dict)
    hardware: tuple[str, ...] = ()
    encoders: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()  # what does not count, and why
    recorded: bool = False  # read from files without predictions: nothing was judged again


class Reruns(Record):
    """What a run folder comes to, or a registry alone, of which nothing was run (`info` is None)."""

    paper: Paper
    reproductions: tuple[Reproduction, ...] = ()
    info: RerunInfo | None = None
