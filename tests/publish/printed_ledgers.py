"""Ledgers for the tests of LaTeX and PDF: all that a page can hold, and what tries to break it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ledgers import HOSTILE, OTHER, PAPER, cell, full_ledger, place, verdict

from claimcheck.foundation.records import (
    Check,
    CheckedClaim,
    Decision,
    Evidence,
    Label,
    Ledger,
    LooseReproduction,
    Pointer,
    Reliability,
    ReliabilityBin,
    Reproduction,
    RerunInfo,
    RunInfo,
    RunRecord,
)
from claimcheck.publish.view import Extras

LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
SCRIPTS = "机器阅读理解 ภาษาไทย العربية हिन्दी Ελληνικά Русский 한국어 😀🎉 ∑ₖ xₖ² ≤ ½ 𝔼[X] ﷺ"
BREAKERS = (
    r"\end{document}",
    r"\input{/etc/passwd} \include{x} \openin5=/etc/hosts \read5 to \x",
    r"\immediate\write18{touch pwned} \directlua{os.execute()} |ls",
    r"\def\item{} \catcode`\%=12 \loop\iftrue\repeat \expandafter\csname x",
    "% a comment & a cell \\\\ a row # 1 $ mathematics ^^5c ~ _ { unbalanced",
    r"\end{longtable} \end{tabular} \bottomrule & & & & & \\[9cm]",
    "W" * 400,
    "W" * 1_500,
    "中 文 " * 700,
    "-1.2--3.4---5 ,, '' ``x'' ?`!` <<x>> ]]* [",
    "a\n\n\nb\r\n\tc\x0cd\u2028e",
    "/".join(["a/very/long/path_with_underscores"] * 12),
    SCRIPTS,
    HOSTILE,
    "中" * 500,
    "",
)


def reproduction(registry_id: str, scale: str = "lab", *, text: str = "Adapters gain 8.7 points.") -> Reproduction:
    """A rerun with scores by language, effects, deviations and a cost."""
    scores = {language: 40.0 + 2.5 * i for i, language in enumerate(LANGUAGES)}
    return Reproduction.model_validate(
        {
            "registry_id": registry_id,
            "paper": "2005.13013",
            "paper_version": "v2",
            "claim_text": text,
            "quantity": {"value": 8.7, "unit": "points", "half_width": 0.05, "direction": "increase", "metric": "F1"},
            "claimed_source": "p. 5",
            "scale": scale,
            "values": (2.1, 2.4, 1.9),
            "mean": 2.1333333333,
            "sd": 0.2516611,
            "n": 3,
            "interval": (0.9, 3.4),
            "radius": 1.8,
            "margin": 1.0,
            "verdict": "not_tested" if scale != "paper" else "reproduced_with_deviations",
            "direction": "confirmed",
            "reason": "scale" if scale != "paper" else "",
            "deviations": ("an encoder of 14M parameters in place of XLM-R Large", "3 epochs in place of 10"),
            "cost": {"gpu_hours": 0.4},
            "runs": tuple(
                RunRecord(id=f"run-{i}", optimizer_steps=900, data_sha256="a" * 64, predictions_sha256="b" * 64, exit=0)
                for i in range(14)
            ),
            "details": {
                "by_language": {"tydiqa": {"baseline": scores, "adapters": {k: v + 2 for k, v in scores.items()}}},
            },
        }
    )


def whole_ledger() -> Ledger:
    """Every section that a report can have."""
    base = full_ledger()
    first, *others = base.claims
    other_paper = Evidence(
        quote="The trend holds.", pointer=Pointer(paper=OTHER.id, page=4, table="3", row="BERT", column="MLQA")
    )
    wide = Check(
        kind="cells",
        label="supported",
        score=0.8,
        evidence=[cell("4", "Ours", f"Task {i}", f"{60 + i}.{i}") for i in range(9)] + [other_paper],
        derivation="best on 9 of 9: Table 4, Ours",
    )
    checked = first.verdict.model_copy(update={"checks": [*first.verdict.checks, wide]})
    return base.model_copy(
        update={
            "claims": (
                first.model_copy(update={"verdict": checked, "reproduction": reproduction("avg")}),
                *others,
            ),
            "reproductions": (
                LooseReproduction(reproduction=reproduction("at-scale", "paper"), why="no claim states 8.7 points"),
                LooseReproduction(
                    reproduction=reproduction("smoke_world", "smoke"), why="2 claims fit", candidates=(first.id,)
                ),
            ),
            "reruns": (
                RerunInfo(
                    registry="2005.13013",
                    scale="lab",
                    seeds=3,
                    jobs=40,
                    finished=39,
                    optimizer_steps=12_000,
                    seconds=5_000,
                    versions={"torch": "2.13.0"},
                    hardware=("2 cores",),
                    encoders=("4 layers of 256",),
                    absent=("job 7f3a: exit 1",),
                ),
            ),
            "run": base.run.model_copy(
                update={
                    "reliability": (
                        Reliability(
                            calibration="own-tables-v1, n = 412",
                            n=412,
                            ece=0.031,
                            bins=tuple(
                                ReliabilityBin(confidence=0.1 * i + 0.05, right=0.1 * i + 0.07, n=40) for i in range(10)
                            ),
                        ),
                    )
                }
            ),
        }
    )


def whole_extras() -> Extras:
    """Two reviewers, one of them with a note and an answer of the authors, and a decision on a former verdict."""
    label: Label = "supported"
    ids = [claim.id for claim in full_ledger().claims]
    return Extras(
        decisions=(
            Decision(claim=ids[0], reviewer="Ada", choice="accept", label=label, at="2026-01-02T10:00:00Z"),
            Decision(
                claim=ids[1],
                reviewer="Bo_b & <i>",
                choice="reject",
                label="refuted",
                note="Table A.3 counts 7: \\input{x}",
                reply="We counted NER twice, sorry. 100% & $x$",
                at="2026-01-03T10:00:00Z",
            ),
            Decision(claim=ids[5], reviewer="Bo_b & <i>", choice="accept", label="refuted", at="2026-01-03T10:00:00Z"),
        ),
        notes=("Page 3 could not be drawn.",),
    )


def random_texts(count: int, seed: int = 0) -> tuple[str, ...]:
    """Letters of all of Unicode, assigned or not, and those that TeX reads as its own."""
    random = Random(seed)
    own = "\\{}$&#%_^~<>|`'\"-,[]*@ \n\t"
    letters = [lambda: random.choice(own), lambda: chr(random.randrange(0x250)), lambda: chr(random.randrange(0x3000))]
    letters.append(lambda: chr(random.randrange(0x110000)))
    return tuple("".join(random.choice(letters)() for _ in range(random.randrange(1, 60))) for _ in range(count))


def hostile_extras(breakers: Sequence[str] = BREAKERS) -> Extras:
    """Each breaker as a reviewer's name, note and the authors' reply."""
    claims = hostile_ledger(breakers).claims
    return Extras(
        decisions=tuple(
            Decision(claim=claim.id, reviewer=text, choice=choice, label="refuted", note=text, reply=text, at=text)
            for claim, text in zip(claims, breakers, strict=True)
            for choice in ("accept", "reject")
        ),
        notes=tuple(breakers),
    )


def hostile_ledger(breakers: Sequence[str] = BREAKERS) -> Ledger:
    """Each breaker in every field that a report prints."""
    claims = []
    for i, text in enumerate(breakers):
        check = Check(
            kind="cells",
            label="refuted",
            score=0.9,
            evidence=[
                Evidence(
                    quote=text,
                    pointer=Pointer(paper=PAPER.id, page=1, table=text or None, row=text, column=f"{text} {j}"),
                )
                for j in range(1 + i % 5)
            ],
            derivation=f"{text}: {text}",
            reason=text,
        )
        claims.append(
            CheckedClaim(
                id=f"{i}-{text}"[:300],
                text=text,
                statement=f"{text} read",
                places=(place(text, text, 3), place(f"{text} again", text, 4)),
                verdict=verdict("refuted", 0.8, check, calibration=text or None),
                reproduction=reproduction(text, text=text).model_copy(
                    update={
                        "reason": text,
                        "deviations": (text, text),
                        "claimed_source": text,
                        "quantity": {"value": 8.7, "unit": text},
                        "details": {"by_language": {text: {text: {text: 1.0, "en": 50.0}}}},
                    }
                ),
            )
        )
    everything = " ".join(breakers)
    paper = PAPER.model_copy(
        update={"title": everything, "authors": tuple(breakers), "url": "https://a.example/x_y%20z#f&g~h"}
    )
    return Ledger(
        paper=paper,
        claims=tuple(claims),
        sources=(OTHER, OTHER.model_copy(update={"id": everything, "title": everything})),
        reproductions=tuple(
            LooseReproduction(reproduction=reproduction(text, text=text), why=text) for text in breakers
        ),
        reruns=(RerunInfo(registry=everything, scale="lab", hardware=(everything,), absent=tuple(breakers)),),
        run=RunInfo(versions={"claimcheck": everything}, models={everything: everything}, settings={"x": everything}),
    )
