"""Ledgers made by code for the tests of publishing: every verdict, hostile strings, calibrated and not."""

from __future__ import annotations

from claimcheck.foundation.records import (
    Check,
    CheckedClaim,
    Comparison,
    Completeness,
    Evidence,
    Finding,
    Label,
    Ledger,
    Paper,
    Place,
    Pointer,
    Quantity,
    Reproduction,
    RunInfo,
    RunRecord,
    UnreadPage,
    Verdict,
)

PAPER = Paper(
    id="2105.01234",
    version="v2",
    title="Small Adapters for Cross-lingual Transfer: Ångström-scale Gains at β ≤ 0.1",
    authors=("Zoë Müller", "Łukasz Nowák", "Thị Hồng Đặng", "李明"),
    abstract="THE ABSTRACT IS NOT FOR PUBLIC REPORTS.",
    published="2021-05-04T00:00:00Z",
    source_kind="pdf",
    source_sha256="9f2c41d07e5ab3c8" * 4,
    pages_not_read=(UnreadPage(page=11, reason="no text layer"),),
)
OTHER = Paper(id="1911.99999", version="v1", title="A Baseline for Transfer", authors=("A. Author",))

HOSTILE = (
    "<script>alert(1)</script></style> \\input{/etc/passwd} \\write18{ls} $x^2$ 100% ^^M #1 & {a_b} ~ | `code` "
    '"quoted" [link](javascript:alert(1)) www.example.org https://example.org/x @someone #12 \u202egnp.exe\u202c '
    "\x1b[31mred\x1b[0m \x00 end-- ,, '' ?` 🎉 中文 текст α→β ± ½ x² H₂O \ud7ff"
)
FORMULA = '=HYPERLINK("https://example.org","click")'


def verdict(
    label: Label, share: float, *checks: Check, calibration: str | None = None, abstained: bool = False
) -> Verdict:
    """A verdict whose label has that share and whose other two labels halve the rest."""
    rest = (1 - share) / 2
    supported, refuted = {"supported": (share, rest), "refuted": (rest, share), "not_enough_info": (rest, rest)}[label]
    return Verdict.of(supported, refuted, checks, calibration=calibration, abstained=abstained)


def cell(table: str, row: str, column: str, quote: str, page: int | None = 5) -> Evidence:
    """Evidence that is one cell of the paper's own table."""
    return Evidence(
        quote=quote, pointer=Pointer(paper="2105.01234", page=page, table=table, row=row, column=column, cell=(3, 4))
    )


def place(text: str, section: str, page: int) -> Place:
    """One place of the paper."""
    return Place(
        pointer=Pointer(paper="2105.01234", page=page, section=section), text=text, context="CONTEXT STAYS OUT."
    )


def claims() -> tuple[CheckedClaim, ...]:
    """Six claims: supported, refuted, undecided, said twice, hostile, reproduced."""
    calibration = "own-tables-v1, n = 412"
    gain = "Our adapters improve the average over XLM-R by 8.7 points on the nine tasks."
    wins = (
        "Adapters outperform full fine-tuning on 7 of 9 tasks while they train only 3.6 % of the parameters, which "
        "makes them the cheapest of all the methods that we compare at every size of the training set."
    )
    return (
        CheckedClaim(
            id="0a1b2c3d4e5f",
            text=gain,
            statement="Adapters reach an average 8.7 points above XLM-R.",
            kind="numeric",
            places=(
                place("We improve the XLM-R average by 8.7 points.", "Abstract", 1),
                place(gain, "4.2 Results", 5),
            ),
            quantities=(
                Quantity(
                    text="8.7 points",
                    value=8.7,
                    decimals=1,
                    half_width=0.05,
                    unit="points",
                    role="delta",
                    direction="up",
                    method="adapters",
                    baseline="XLM-R",
                    metric="average",
                    aggregation="mean",
                    span=(47, 57),
                ),
            ),
            importance=0.91,
            probability=0.98,
            verdict=verdict(
                "supported",
                0.936,
                Check(
                    kind="cells",
                    label="supported",
                    score=0.97,
                    evidence=[cell("2", "Multi-task", "Avg", "82.2"), cell("2", "XLM-R", "Avg", "73.5")],
                    derivation="82.2 - 73.5 = 8.7: Table 2, Multi-task - XLM-R, Avg",
                    reason="row and column headers fit the words around the number",
                ),
                Check(
                    kind="consistency",
                    label="supported",
                    score=0.88,
                    reason="the abstract says the same as Section 4.2",
                ),
                calibration=calibration,
            ),
            reproduction=Reproduction(
                registry_id="adapters-avg",
                paper="2105.01234",
                claim_text=gain,
                quantity={"value": 8.7},
                claimed_source="p. 5",
                scale="lab",
                values=(2.1, 2.4, 1.9),
                mean=2.1333333333,
                sd=0.2516611,
                n=3,
                interval=(0.9, 3.4),
                radius=1.8,
                margin=1.0,
                verdict="not_tested",
                direction="confirmed",
                reason="scale",
                deviations=("encoder of 14M parameters",),
                cost={"gpu_hours": 0.4},
                runs=(RunRecord(id="r1", optimizer_steps=900, data_sha256="a", predictions_sha256="b", exit=0),),
            ),
        ),
        CheckedClaim(
            id="1a1b2c3d4e5f",
            text=wins,
            kind="ranking",
            places=(place(wins, "5", 7),),
            quantities=(
                Quantity(text="7 of 9", value=7, total=9, role="count", half_width=0, subject="tasks"),
                Quantity(text="3.6 %", value=3.6, decimals=1, half_width=0.05, unit="percent"),
            ),
            importance=0.74,
            verdict=verdict(
                "refuted",
                0.81,
                Check(
                    kind="cells",
                    label="refuted",
                    score=0.9,
                    evidence=[
                        cell("A.3", "Adapters", "TyDi QA", "61.0", 12),
                        cell("A.3", "Fine-tuning", "TyDi QA", "63.4", 12),
                    ],
                    derivation="best on 6 of 9, claimed 7 of 9: Table A.3, Adapters against Fine-tuning",
                    reason="TyDi QA, MLQA and NER are won by fine-tuning",
                ),
                calibration=calibration,
            ),
        ),
        CheckedClaim(
            id="2a1b2c3d4e5f",
            text="Adapters have been used in computer vision for a long time.",
            kind="background",
            places=(place("", "2", 2),),
            importance=0.12,
            verdict=verdict("not_enough_info", 0.7, abstained=True),
        ),
        CheckedClaim(
            id="3a1b2c3d4e5f",
            text=HOSTILE,
            kind="other",
            places=(place(HOSTILE, "3 <b>Method</b>", 3),),
            importance=0.5,
            verdict=verdict(
                "refuted",
                0.6,
                Check(
                    kind="direction",
                    label="refuted",
                    score=0.55,
                    evidence=[cell("#1", HOSTILE, "=1+1", HOSTILE, None)],
                    derivation="-1.2 - 3.4 = -4.6: " + HOSTILE,
                    reason=HOSTILE,
                ),
            ),
        ),
        CheckedClaim(
            id="../../<x>",
            text=FORMULA,
            kind="other",
            places=(),
            importance=0.5,
            verdict=verdict("not_enough_info", 0.999, calibration=calibration),
        ),
        CheckedClaim(
            id="4a1b2c3d4e5f",
            text="Prior work reports the same trend for sequence labelling.",
            kind="trend",
            places=(place("Prior work reports the same trend for sequence labelling.", "B", 13),),
            comparisons=(
                Comparison(method="adapters", baseline="XLM-R", direction="above", better=True, dataset="WikiAnn"),
                Comparison(direction="same"),
            ),
            importance=0.33,
            verdict=verdict(
                "supported",
                0.58,
                Check(
                    kind="text",
                    label="supported",
                    score=0.71,
                    evidence=[
                        Evidence(
                            quote="The trend holds for sequence labelling as well.",
                            pointer=Pointer(paper="1911.99999", page=4, section="4"),
                        )
                    ],
                    reason="the passage says the same",
                ),
                Check(kind="text", label="not_enough_info", score=0.2),
            ),
        ),
    )


def findings() -> tuple[Finding, ...]:
    """Two contradictions: one of claims in the list and one of hostile words, about a claim that is not listed."""
    quotes = (("We improve the average by 8.7 points.", "Abstract", 1), ("The average rises by 8.5.", "6", 9))
    evidence = tuple(
        Evidence(quote=q, pointer=Pointer(paper="2105.01234", page=page, section=s)) for q, s, page in quotes
    )
    return (
        Finding(
            kind="places_differ",
            text="The improvement of the average is 8.7 points in Abstract and 8.5 points in Section 6.",
            claims=("0a1b2c3d4e5f", "2a1b2c3d4e5f"),
            evidence=evidence,
        ),
        Finding(
            kind="places_differ",
            text=HOSTILE,
            claims=("not-listed",),
            evidence=(Evidence(quote=HOSTILE, pointer=Pointer(paper="2105.01234", section="3 <b>Method</b>")),),
        ),
    )


def full_ledger() -> Ledger:
    """The ledger of the golden files."""
    return Ledger(
        paper=PAPER,
        claims=claims(),
        findings=findings(),
        sources=(OTHER,),
        run=RunInfo(
            versions={"claimcheck": "0.1.0", "python": "3.11.2"},
            models={"encoder": "all-MiniLM-L6-v2"},
            settings={"risk": 0.1, "offline": True, "workers": 2, "false_alarm_rate": 0.013},
            seconds={"read": 0.91234, "extract": 1.5, "decide": 2.25},
            started="2026-01-05T10:00:00Z",
            tables=7,
            sentences=412,
            claims_found=38,
            completeness=Completeness(head=30, patterns=28, both=20, total=41.81, interval=(39.2, 52.6)),
        ),
    )


def empty_ledger() -> Ledger:
    """A text without claims."""
    return Ledger(paper=Paper(id="notes", source_sha256="0" * 64))


def many_claims(count: int) -> Ledger:
    """A long ledger: the claims of the full one again and again."""
    base = claims()
    again = (base[i % len(base)].model_copy(update={"id": f"{i:012x}"}) for i in range(count))
    return full_ledger().model_copy(update={"claims": tuple(again)})
