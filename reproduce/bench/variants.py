"""The variants that are measured beside each other, and what a reader should know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from claimcheck.foundation.errors import UsageError

__all__ = ["MORE", "OURS", "REPLICAS", "VARIANTS", "WHOLE", "Variant", "variant"]


@dataclass(frozen=True)
class Variant:
    """How a batch of an optimizer step goes through the model; the recipe and the examples are the same in all."""

    name: str
    title: str
    runner: Literal["packed", "trainer"]
    padding: Literal["none", "batch", "fixed", "longest"] = "none"
    fixed: int = 0  # tokens, where padding is "fixed"
    micro: int | None = None  # examples at once; None: the whole batch
    note: str = ""
    replicas: bool = False  # as many processes at once as are asked for, each with a seed of its own
    whole: bool = False  # the whole word table is trained, whatever the data reach of it


OURS = "packed"
REPLICAS = "packed-replicas"
WHOLE = "packed-whole"

VARIANTS = (
    Variant(
        OURS,
        "claimcheck, packed",
        "packed",
        note="the code that `reproduce run` trains with; of a large vocabulary it trains the rows in use, here "
        "60,000, which is assumed",
    ),
    Variant(
        REPLICAS,
        "claimcheck, several seeds at once",
        "packed",
        replicas=True,
        note="processes that share the device, as `reproduce run --slots` starts them; their rates are added",
    ),
    Variant(
        "trainer",
        "HF Trainer, dynamic padding",
        "trainer",
        padding="batch",
        note="sdpa, fused AdamW, each batch padded to its longest example: the strongest common set-up",
    ),
    Variant(
        "trainer-example",
        "HF Trainer, as its example",
        "trainer",
        padding="fixed",
        fixed=128,
        note="run_xnli.py's default: every example padded to max_seq_length 128",
    ),
    Variant(
        "jiant",
        "jiant's settings, emulated",
        "trainer",
        padding="longest",
        micro=4,
        note="emulated through the Trainer: micro-batches of 4, padded to the data's longest example; not jiant's code",
    ),
)

# measured where they are asked for: they say what a part of ours is worth
MORE = (
    Variant(
        WHOLE,
        "claimcheck, whole word table",
        "packed",
        whole=True,
        note="without cutting the word table down to the rows that the data reach, where ours does",
    ),
)


def variant(name: str) -> Variant:
    """The variant of that name; UsageError with the names that there are."""
    for one in (*VARIANTS, *MORE):
        if one.name == name:
            return one
    raise UsageError(f"no variant {name!r}", todo=f"one of {', '.join(v.name for v in (*VARIANTS, *MORE))}")
