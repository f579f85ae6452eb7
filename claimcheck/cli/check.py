"""`claimcheck check`: one claim in one's own words against papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from claimcheck.cli.console import Progress, tell_missing_pages
from claimcheck.cli.options import PAPER, Json, Nli, Offline, Risk
from claimcheck.foundation.console import harmless, write_json_line

if TYPE_CHECKING:
    from claimcheck.foundation.records import Verdict

app = typer.Typer(rich_markup_mode=None, add_completion=False)

EPILOG = """\b
Examples:
  claimcheck check "The model reaches 28.4 BLEU on English-to-German" --against 1706.03762
  claimcheck check "BERT beats the baseline by 4 points" --against a.pdf --against b.pdf --json
  claimcheck check "Aspirin lowers the risk" --against trial.pdf --nli lytang/MiniCheck-RoBERTa-Large
"""


@app.command(epilog=EPILOG)
def check(
    claim: Annotated[
        str, typer.Argument(metavar="CLAIM", help="One sentence, in quotation marks.", show_default=False)
    ],
    against: Annotated[list[str], typer.Option(metavar="PAPER", help=PAPER + " Repeat it for several.")],
    json: Json = False,
    offline: Offline = False,
    nli: Nli = None,
    risk: Risk = None,
) -> None:
    """Check one claim against the tables and the text of papers: verdict, confidence, and what it rests on."""
    from claimcheck.checks import check_many, why_abstained
    from claimcheck.claims import claim_of
    from claimcheck.foundation.errors import UsageError
    from claimcheck.foundation.models.nli import require_model
    from claimcheck.foundation.settings import Settings
    from claimcheck.pipeline import read_paper

    if not any(c.isalnum() for c in claim):
        raise UsageError("the claim is empty", where="CLAIM", todo="give a sentence in quotation marks")
    settings = Settings.load(offline=offline or None, nli=nli, risk=risk)
    require_model(settings)  # before papers are fetched and read
    documents = []
    with Progress(1) as progress:
        for number, paper in enumerate(against):
            progress.stage("reading", number, len(against))
            documents.append(read_paper(paper, settings))
        progress.stage("checking", 0, 0)
        [verdict] = check_many([(claim_of(claim, documents), documents)], settings)
    for document in documents:
        tell_missing_pages(document.paper)
    if json:
        write_json_line(verdict)
    else:
        why = why_abstained(verdict, settings.risk)
        typer.echo("\n".join(_lines(verdict, why, several=len(documents) > 1)))


def _lines(verdict: Verdict, why: str, several: bool) -> list[str]:
    from claimcheck.publish.view.places import probability_words

    sure = f"{probability_words(verdict.confidence)} ({verdict.calibration})" if verdict.calibration else "uncalibrated"
    abstained = f", abstained: {why}" if why else ""
    lines = [f"{verdict.label.replace('_', ' ')}, confidence {harmless(sure)}{abstained}"]
    for check in verdict.checks:
        lines.append(
            f"  {check.kind}: {check.label.replace('_', ' ')}"
            + (f" - {harmless(check.reason)}" if check.reason else "")
        )
        if check.derivation:
            lines.append(f"    {harmless(check.derivation)}")
        for evidence in check.evidence:
            paper = f"{evidence.pointer.paper}, " if several else ""
            lines.append(f'    {harmless(f"{paper}{evidence.pointer}")}: "{harmless(evidence.quote)}"')
    return lines
