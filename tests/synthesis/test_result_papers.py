"""Three questions over the 55 result papers of the development data: answered, contradicted, not addressed."""

from __future__ import annotations

from pathlib import Path

import pytest

from claimcheck.foundation.settings import Settings
from claimcheck.synthesis.run import synthesize


@pytest.mark.slow  # the papers are checked first where the cache has no ledger of them
@pytest.mark.parametrize(
    ("question", "outcome", "direction"),
    [
        ("Does multi-task training improve over single-task training?", "answered", "yes"),
        ("Is Senna better than GloVe for named entity recognition?", "contradicted", "no"),
        (
            "Does increasing the scale of the pretrained model amplify the benefit of English intermediate-task "
            "training on XTREME?",
            "not_addressed",
            None,
        ),
    ],
)
def test_three_questions(home: Path, data: Path, question: str, outcome: str, direction: str | None) -> None:
    library = data / "results" / "nlp-tdms" / "pdf"
    found = synthesize(question, Settings(home=home, offline=True), library=library, limit=100)
    assert (found.answer.outcome, found.answer.direction) == (outcome, direction)
    assert found.flow.identified == len(list(library.glob("*.pdf")))
    assert found.flow.duplicates == 1  # one paper is there in two prints
    if outcome == "not_addressed":
        assert found.answer.statements[0].text == f"None of the {found.flow.included} papers tests this."
