"""A question over a small library of invented papers: answered, contradicted, not addressed; files; bad input."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import claimcheck.publish
from claimcheck.cli import main
from claimcheck.foundation.errors import UsageError
from claimcheck.foundation.records.syntheses import Flow, Synthesis
from claimcheck.foundation.settings import Settings
from claimcheck.publish.synthesis import (
    SYNTHESIS_FORMATS,
    read_synthesis,
    render_synthesis,
    schema_text,
    synthesis_schema,
    write_synthesis,
)
from claimcheck.synthesis.assessment import REVIEWERS, STRENGTH, assess
from claimcheck.synthesis.run import as_public, synthesize

LIBRARY = Path(__file__).parents[1] / "data" / "synthesis" / "library"
ANSWERED = "Does berth masking improve slot filling?"
CONTRADICTED = "Does character noise improve slot filling?"
NOT_ADDRESSED = "Does increasing the scale of the encoder amplify the benefit of berth masking?"

Made = Callable[[str], Synthesis]


@pytest.fixture(scope="module")
def made(home: Path) -> Made:
    kept: dict[str, Synthesis] = {}

    def make(question: str) -> Synthesis:
        if question not in kept:
            settings = Settings(home=home, offline=True, workers=1)
            kept[question] = synthesize(question, settings, library=LIBRARY, paper=LIBRARY / "kestrel.tex")
        return kept[question]

    return make


def key_of(synthesis: Synthesis, paper: str) -> str:
    return next(p.key for p in synthesis.papers if p.paper.id == paper)


def test_an_answered_question(made: Made) -> None:
    s = made(ANSWERED)
    assert (s.answer.outcome, s.answer.direction, s.answer.why) == ("answered", "yes", "agree")
    assert {b.paper for b in s.answer.bearings} == {key_of(s, "kestrel"), key_of(s, "tern")}
    # each paper's own cells support its own claim, so that either is independent support of the other
    assert all(b.evidence == "own_cells" and b.independent for b in s.answer.bearings)
    [on_the_question] = [c for c in s.clusters if c.bears]
    assert on_the_question.support == "independent"
    assert not on_the_question.contradicted


def test_a_contradicted_question(made: Made) -> None:
    s = made(CONTRADICTED)
    assert (s.answer.outcome, s.answer.direction, s.answer.why) == ("contradicted", "mixed", "papers_differ")
    said = {b.paper: b.stance for b in s.answer.bearings}
    assert said == {key_of(s, "dunlin"): "yes", key_of(s, "plover"): "no"}
    # consistent with itself, and no more: the other paper's data says otherwise
    assert not any(b.independent for b in s.answer.bearings)
    [on_the_question] = [c for c in s.clusters if c.bears]
    assert on_the_question.contradicted
    assert on_the_question.support == "self_consistent"


def test_a_question_against_the_evidence(made: Made) -> None:
    s = made("Does berth masking hurt slot filling?")
    assert (s.answer.outcome, s.answer.direction, s.answer.why) == ("contradicted", "no", "against_question")


def test_a_question_that_nothing_addresses(made: Made) -> None:
    s = made(NOT_ADDRESSED)
    assert (s.answer.outcome, s.answer.direction) == ("not_addressed", None)
    assert s.answer.statements[0].text == f"None of the {s.flow.included} papers tests this."
    assert not s.answer.bearings
    # the topic is there, the thing asked about is not
    assert any("berth masking" in s.claim(b.paper, b.claim).text.lower() for b in s.answer.nearest)
    assert any("scale" in b.reason for b in s.answer.nearest)
    rubrics = {r.name: r.score for r in s.assessment.rubrics}
    assert rubrics["evidence strength"] == rubrics["coverage"] == 0


def test_quotes_are_verbatim_and_every_sentence_is_cited_or_derived(made: Made) -> None:
    for question in (ANSWERED, CONTRADICTED):
        s = made(question)
        quotes = [x for x in s.answer.statements if x.kind == "quote"]
        assert quotes
        for quote in quotes:
            [cited] = quote.citations
            assert quote.text == s.claim(cited.paper, cited.claim).text


def test_no_claim_is_held_to_be_of_another_papers_method(made: Made) -> None:
    """Masking and noise are tested on one dataset in nearly the same words; they support each other in nothing."""
    s = made(ANSWERED)
    noise = {key_of(s, "dunlin"), key_of(s, "plover")}
    for cluster in s.clusters:
        papers = {m.paper for m in cluster.members}
        assert papers <= noise or not papers & noise


def test_the_anchor_comes_first_and_its_abstract_is_whole(made: Made) -> None:
    s = made(ANSWERED)
    assert s.anchor == "P1"
    assert s.papers[0].paper.id == "kestrel"
    assert "Berth masking improves slot filling by 1.8 F1 points on HarborSlot." in s.papers[0].paper.abstract
    assert sum(p.paper.id == "kestrel" for p in s.papers) == 1


def test_the_flow_adds_up_or_is_refused(made: Made) -> None:
    flow = made(ANSWERED).flow
    assert flow.identified - flow.duplicates - flow.less_relevant == flow.sought == flow.included
    for name in ("identified", "duplicates", "screened", "sought", "assessed", "included"):
        with pytest.raises(ValidationError, match=r"does not add up|negative"):
            Flow.model_validate({**flow.model_dump(), name: getattr(flow, name) + 1})


def test_the_limit_leaves_papers_out_and_says_so(home: Path) -> None:
    s = synthesize(ANSWERED, Settings(home=home, offline=True, workers=1), library=LIBRARY, limit=2)
    assert s.flow.included == 2
    assert s.flow.less_relevant == 2
    assert any("2 further works" in x for x in s.limitations)


def test_the_assessment_is_computed_again_from_the_file_alone(made: Made, tmp_path: Path) -> None:
    for question in (ANSWERED, CONTRADICTED, NOT_ADDRESSED):
        [path] = write_synthesis(made(question), tmp_path)
        assert assess(read_synthesis(path)) == made(question).assessment
        data = json.loads(path.read_text("utf-8"))
        scores = recomputed(data)
        shown = {r["name"]: r["score"] for r in data["assessment"]["rubrics"]}
        assert shown == pytest.approx(scores, abs=5e-4)
        reviewers = [
            sum(weights[n] * scores[n] for n in scores) / sum(weights[n] for n in scores)
            for weights in REVIEWERS.values()
        ]
        assert data["assessment"]["overall"] == pytest.approx(statistics.fmean(reviewers), abs=2e-3)
        assert data["assessment"]["low"] == pytest.approx(min(reviewers), abs=2e-3)
        assert data["assessment"]["sd"] == pytest.approx(statistics.stdev(reviewers), abs=2e-3)


def recomputed(data: dict[str, Any]) -> dict[str, float]:
    """The scores by the formulas as the report states them, from the JSON, without the package's code."""
    papers = {p["key"]: p for p in data["papers"]}
    claims = {(k, c["id"]): c for k, p in papers.items() for c in p["claims"]}
    bears = [b for b in data["answer"]["bearings"] if not b["second_hand"]]
    kinds = ["independent" if b["independent"] else b["evidence"] for b in bears]
    held = [
        c["verdict"]["label"]
        for c in claims.values()
        if any(
            k["kind"] in ("cells", "direction") and k["label"] == c["verdict"]["label"] for k in c["verdict"]["checks"]
        )
    ]
    relations = [x["relation"] for x in data["numbers"]]
    good = held.count("supported") + relations.count("equal")
    cited = {(b["paper"], b["claim"]) for b in (*data["answer"]["bearings"], *data["answer"]["nearest"])}
    cited |= {(r["paper"], r["claim"]) for x in data["answer"]["statements"] for r in x["citations"] if r["claim"]}
    cited |= {(m["paper"], m["claim"]) for c in data["clusters"] for m in c["members"]}
    placed = sum(
        any(
            p["text"] == claims[key]["text"] and any(p["pointer"][x] for x in ("page", "line", "section"))
            for p in claims[key]["places"]
        )
        for key in cited
    )
    quotes = [x for x in data["answer"]["statements"] if x["kind"] == "quote"]
    verbatim = sum(x["text"] == claims[x["citations"][0]["paper"], x["citations"][0]["claim"]]["text"] for x in quotes)
    kept = [p for p in papers.values() if p["kept"]]
    databases = data["method"]["databases"]
    answered = sum({"ok": 1, "partial": 0.5}.get(d["status"], 0) for d in databases)
    covered = statistics.fmean(
        (len(kept) / len(papers), sum(p["basis"] == "full_text" for p in kept) / len(kept), answered / len(databases))
    )
    decided = [c["verdict"]["calibration"] for c in claims.values() if c["verdict"]["label"] != "not_enough_info"]
    described = statistics.fmean(
        (
            bool(data["run"]["versions"] and data["run"]["models"] and data["run"]["started"]),
            statistics.fmean(bool(p["paper"]["source_sha256"]) for p in kept),
            statistics.fmean(bool(p["ledger_sha256"]) for p in kept),
            statistics.fmean(bool(d["date"] and (d["query"] or d["status"] == "skipped")) for d in databases),
        )
    )
    return {
        "evidence strength": 10 * sum(STRENGTH[k] for k in kinds) / max(1, len(kinds)),
        "numerical consistency": 10 * good / (good + held.count("refuted") + relations.count("conflict")),
        "citation grounding": 10 * (placed + verbatim) / (len(cited) + len(quotes)),
        "coverage": 10 * covered if bears else 0,
        "uncertainty disclosure": 10 * statistics.fmean(x is not None for x in decided),
        "reproducibility": 10 * described,
    }


def test_a_rubric_without_anything_to_count_has_no_score_and_no_part() -> None:
    question = {"text": "Does tide gating help?", "kind": "polar"}
    method = {"question": "Does tide gating help?"}
    flow = dict.fromkeys(
        ("identified", "duplicates", "screened", "less_relevant", "sought", "not_retrieved", "assessed"), 0
    )
    answer = {"outcome": "not_addressed", "why": "nothing_bears", "statements": []}
    empty = Synthesis.model_validate(
        {"question": question, "method": method, "flow": {**flow, "included": 0}, "answer": answer}
    )
    found = assess(empty)
    scores = {r.name: r.score for r in found.rubrics}
    assert scores["numerical consistency"] is None
    assert scores["uncertainty disclosure"] is None
    assert all(r.reason for r in found.rubrics if r.score is None)
    given = [s for s in scores.values() if s is not None]
    assert found.overall == pytest.approx(0) or min(given) <= found.overall <= max(given)  # type: ignore[operator]


def test_the_record_refuses_references_to_nothing(made: Made) -> None:
    data = json.loads(made(ANSWERED).model_dump_json())
    data["answer"]["bearings"][0]["claim"] = "000000000000"
    with pytest.raises(ValidationError, match="there is no claim 000000000000"):
        Synthesis.model_validate(data)


def test_the_schema_is_shipped_and_fits(made: Made) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    path = Path(claimcheck.publish.__file__).with_name("synthesis.schema.json")
    assert path.read_text("utf-8") == schema_text()
    for question in (ANSWERED, NOT_ADDRESSED):
        jsonschema.validate(json.loads(render_synthesis(made(question), "json")), synthesis_schema())


@pytest.mark.parametrize("format", [f for f in SYNTHESIS_FORMATS if f != "pdf"])
def test_the_same_record_gives_the_same_bytes(made: Made, format: str, tmp_path: Path) -> None:
    [path] = write_synthesis(made(CONTRADICTED), tmp_path)
    again = read_synthesis(path)
    assert again == made(CONTRADICTED)
    assert render_synthesis(again, format) == render_synthesis(made(CONTRADICTED), format)


@pytest.mark.parametrize("format", ["html", "tex", "md"])
def test_a_report_says_what_the_record_says(made: Made, format: str) -> None:
    text = render_synthesis(made(CONTRADICTED), format).decode()
    for words in (
        "Contradicted",
        "Character noise hurts slot filling",
        "Limitations",
        "The papers contradict each other.",
    ):
        assert words in text
    assert "None of the 4 papers tests this." in render_synthesis(made(NOT_ADDRESSED), format).decode()


def test_every_link_within_a_page_has_its_place(made: Made) -> None:
    html = pytest.importorskip("lxml.html")
    page = html.fromstring(render_synthesis(made(CONTRADICTED), "html"))
    places = [x.get("id") for x in page.iter() if x.get("id")]
    assert len(places) == len(set(places))
    assert {a.get("href")[1:] for a in page.iter("a") if a.get("href", "").startswith("#")} <= set(places)
    assert not page.xpath("//script | //img | //link")


def test_a_hostile_paper_stays_text(made: Made) -> None:
    s = made(ANSWERED)
    bad = "<script>alert(1)</script> \\input{/etc/passwd} [x](javascript:1)"
    first = s.papers[0]
    papers = (first.model_copy(update={"paper": first.paper.model_copy(update={"title": bad})}), *s.papers[1:])
    hostile = s.model_copy(update={"papers": papers})
    assert b"<script>alert" not in render_synthesis(hostile, "html")
    assert rb"\input{/etc" not in render_synthesis(hostile, "tex")
    assert b"[x](javascript" not in render_synthesis(hostile, "md")


def test_a_public_report_links_the_abstract_and_shows_no_path(made: Made) -> None:
    s = as_public(made(ANSWERED))
    local = render_synthesis(made(ANSWERED), "html").decode()
    public = render_synthesis(s, "html").decode()
    sentence = "Slot fillers overfit when few dialogues are labelled."
    assert sentence in local
    assert sentence not in public
    assert sentence not in s.model_dump_json()
    assert str(LIBRARY) not in s.model_dump_json()
    assert "Local report" in local
    assert "Local report" not in public


def test_the_command_writes_and_prints(
    made: Made, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(ANSWERED)
    out = tmp_path / "out"
    call = ["synthesize", ANSWERED, "--library", str(LIBRARY), "--offline", "--workers", "1"]
    assert main([*call, "--out", str(out), "--format", "md,html"]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["synthesis.html", "synthesis.json", "synthesis.md"]
    assert "Answered: yes" in capsys.readouterr().out
    assert main([*call, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["schema"] == "claimcheck/synthesis/v1"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["Is it better?", "--library", str(LIBRARY), "--offline"], 2, "no words that could be searched for"),
        (["Does berth masking help?", "--offline"], 2, "nowhere to search"),
        (["Does berth masking help?", "--library", str(LIBRARY), "--offline", "--limit", "0"], 2, "--limit"),
        (["Does berth masking help?", "--library", str(LIBRARY), "--offline", "--format", "md"], 2, "--out"),
        (["Does berth masking help?", "--library", str(LIBRARY), "--offline", "--format", "doc"], 2, "no format"),
        (["Does berth masking help?", "--library", "/nowhere/at/all", "--offline"], 3, "/nowhere/at/all"),
        (
            ["Does berth masking help?", "--library", str(LIBRARY), "--paper", "/no/such.pdf", "--offline"],
            3,
            "/no/such.pdf",
        ),
    ],
)
def test_bad_calls_end_in_one_line(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    assert main(["synthesize", *arguments]) == code
    error = capsys.readouterr().err.strip()
    assert words in error
    assert len(error.splitlines()) == 1


def test_broken_and_foreign_files_are_listed_and_stop_nothing(home: Path, tmp_path: Path) -> None:
    for file in LIBRARY.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.5\nnothing that could be read")
    german = (
        "Die Hafenmeister sprechen mit den Lotsen, und die Lotsen sprechen mit den Hafenmeistern über das Wetter. " * 20
    )
    (tmp_path / "hafen.html").write_text(
        f"<html><head><title>Sprache im Hafen</title></head><body><h1>Sprache im Hafen und auf den Schiffen</h1>"
        f"<h2>Zusammenfassung</h2><p>{german}</p></body></html>"
    )
    s = synthesize(ANSWERED, Settings(home=home, offline=True, workers=1), library=tmp_path)
    assert s.answer.outcome == "answered"
    assert s.flow.included == 4
    told = " ".join((*s.limitations, *(p.reason for p in s.papers), *(d.message for d in s.method.databases)))
    assert "torn.pdf" in told or "torn" in told
    foreign = [p for p in s.papers if p.paper.id == "hafen"]
    assert all(not p.kept for p in foreign)
    assert not foreign or foreign[0].exclusion in ("other_language", "no_claims")


def test_an_unknown_format_writes_nothing(made: Made, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format 'odt'"):
        write_synthesis(made(ANSWERED), tmp_path / "new", ("odt",))
    assert not (tmp_path / "new").exists()
