"""What a person saw: causes of alarms and judgements on sampled checks, kept in files so that reruns keep them."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent
CAUSES = FOLDER / "causes.json"
JUDGED = FOLDER / "judged.json"
UNKNOWN = "not looked at"
FALSE = "false alarm"  # how the cause of a false alarm begins; any other cause is an error of the paper
RIGHT, WRONG = "right", "wrong"

Key = tuple[str, str, str]  # paper, claim id, derivation


def load_causes(path: Path = CAUSES) -> dict[tuple[str, str], str]:
    """{(paper, claim id): cause} from {"paper": {"claim id": "false alarm: ..."}}; {} where there is no file."""
    if not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {(paper, claim): str(cause) for paper, claims in kept.items() for claim, cause in claims.items()}


def load_judged(path: Path = JUDGED) -> dict[Key, str]:
    """{(paper, claim id, derivation): judgement} from a list of records; {} where there is no file.

    A judgement is "right", or "wrong: " with the reason. Raises ValueError for anything else.
    """
    if not path.exists():
        return {}
    found = {}
    for record in json.loads(path.read_text(encoding="utf-8")):
        key = (record["paper"], record["claim"], record["derivation"])
        judgement = record["judgement"]
        if judgement != RIGHT and not judgement.startswith(WRONG):
            raise ValueError(f"{path.name}: a judgement is 'right' or begins with 'wrong', not {judgement!r}: {key}")
        found[key] = judgement
    return found
