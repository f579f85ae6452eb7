"""`claimcheck diff`: which claims are the same, what changed in them, what is printed, and the gate."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimcheck.cli import main
from claimcheck.foundation.records import (
    Check,
    CheckedClaim,
    Claim,
    Completeness,
    Evidence,
    Finding,
    Ledger,
    LooseReproduction,
    Paper,
    Place,
    Pointer,
    Quantity,
    Reproduction,
    RunInfo,
    Verdict,
)
from claimcheck.review.diff import ClaimDiff, LedgerDiff, diff_ledgers
from claimcheck.review.pairing import SIMILAR, pair_claims, similarity

Capture = pytest.CaptureFixture[str]
GAIN = "Our adapters improve the average over XLM-R by 8.7 points."
HOSTILE = "[bold]x[/bold] \x1b[31mred\x07 \u202egnp <script>alert(1)</script> `code` [a](javascript:b)"


def claim(
    text: str = GAIN,
    label: str = "supported",
    share: float = 0.9,
    *,
    paper: str = "2105.01234",
    page: int | None = 1,
    section: str = "4 Results",
    numbers: tuple[float, ...] = (),
    checks: tuple[Check, ...] = (),
    calibration: str | None = "set, n = 9",
    reproduction: Reproduction | None = None,
    id: str | None = None,
) -> CheckedClaim:
    rest = (1 - share) / 2
    shares = {"supported": (share, rest), "refuted": (rest, share), "not_enough_info": (rest, rest)}[label]
    return CheckedClaim(
        id=Claim.make_id(paper, text) if id is None else id,
        text=text,
        places=(Place(pointer=Pointer(page=page, section=section), text=text),),
        quantities=tuple(Quantity(text=f"{x:g} points", value=x, unit="points") for x in numbers),
        verdict=Verdict.of(*shares, checks, calibration=calibration),
        reproduction=reproduction,
    )


def ledger(*claims: CheckedClaim, paper: str = "2105.01234", version: str = "v1", **more: Any) -> Ledger:
    return Ledger(paper=Paper(id=paper, version=version, title=more.pop("title", "")), claims=claims, **more)


def cells(label: str, derivation: str, quote: str = "82.2", page: int = 5) -> Check:
    pointer = Pointer(paper="2105.01234", page=page, table="2", row="Ours", column="Avg")
    return Check(
        kind="cells", label=label, score=0.9, derivation=derivation, evidence=[Evidence(quote=quote, pointer=pointer)]
    )  # type: ignore[arg-type]


def rerun(mean: float = 2.1, verdict: str = "not_tested", **more: Any) -> Reproduction:
    return Reproduction(
        registry_id=more.pop("registry_id", "adapters"), paper="2105.01234", claim_text=GAIN, quantity={"value": 8.7},
        claimed_source="p. 5", scale="lab", mean=mean, n=3, interval=(0.9, 3.4), verdict=verdict, **more,
    )  # type: ignore[arg-type]  # fmt: skip


def only(diff: LedgerDiff) -> ClaimDiff:
    [found] = diff.claims
    return found


def test_the_same_ledger_twice() -> None:
    one = ledger(claim(), claim("We train on 40 languages.", "refuted"))
    diff = diff_ledgers(one, one)
    assert not diff.changed
    assert diff.identical
    assert [c.group for c in diff.claims] == ["unchanged", "unchanged"]
    assert {name: count for name, count in diff.counts.items() if count} == {"unchanged": 2}


def test_when_and_how_long_do_not_count() -> None:
    one = ledger(claim(), run=RunInfo(started="2026-01-01", seconds={"read": 1.0}))
    other = ledger(claim(share=0.93), run=RunInfo(started="2026-02-02", seconds={"read": 9.0}))
    diff = diff_ledgers(one, other)
    assert not diff.changed
    assert not diff.identical


def test_a_verdict_changes_and_the_checks_say_why() -> None:
    old = claim(checks=(cells("supported", "82.2 - 73.5 = 8.7"), cells("supported", "same")))
    new = claim(label="refuted", share=0.8, checks=(cells("supported", "same"), cells("refuted", "81.9 - 73.5 = 8.4")))
    found = only(diff_ledgers(ledger(old), ledger(new)))
    assert found.group == "changed"
    assert found.matched == "id"
    assert found.changes == ("verdict", "checks")
    assert found.old is not None
    assert found.new is not None
    assert (found.old.label, found.new.label) == ("supported", "refuted")
    assert [c.derivation for c in found.old.checks] == ["82.2 - 73.5 = 8.7"]
    assert [c.derivation for c in found.new.checks] == ["81.9 - 73.5 = 8.4"]


def test_evidence_that_moved_to_another_page_is_the_same_evidence() -> None:
    one, other = (ledger(claim(checks=(cells("supported", "x", page=page),))) for page in (5, 6))
    assert not diff_ledgers(one, other).changed
    quoted = ledger(claim(checks=(cells("supported", "x", quote="82.3"),)))
    assert only(diff_ledgers(one, quoted)).changes == ("checks",)


def test_confidence_beyond_the_threshold() -> None:
    one, other = ledger(claim(share=0.9)), ledger(claim(share=0.84))
    assert only(diff_ledgers(one, other)).changes == ("confidence",)
    assert not diff_ledgers(one, other, threshold=0.06).changed
    assert only(diff_ledgers(one, ledger(claim(calibration=None)))).changes == ("calibration",)


def test_numbers_places_and_reproductions() -> None:
    old = ledger(claim(numbers=(8.7,), reproduction=rerun()))
    assert only(diff_ledgers(old, ledger(claim(numbers=(87,), reproduction=rerun())))).changes == ("numbers",)
    assert only(diff_ledgers(old, ledger(claim(numbers=(8.7,), reproduction=rerun(2.5))))).changes == ("reproduction",)
    moved = only(diff_ledgers(old, ledger(claim(numbers=(8.7,), reproduction=rerun(), page=3))))
    assert moved.changes == ("places",)
    assert moved.new is not None
    assert moved.new.places == ("Section 4 Results, p. 3",)


def test_pages_count_only_where_both_sources_have_them() -> None:
    assert not diff_ledgers(ledger(claim(page=3)), ledger(claim(page=None))).changed
    assert diff_ledgers(ledger(claim(page=3)), ledger(claim(page=None, section="5"))).changed


def test_reworded_new_and_gone() -> None:
    old = ledger(claim(), claim("We train on 40 languages."))
    new = ledger(
        claim("On average, our adapters improve over XLM-R by 8.2 points."), claim("Pretraining takes two days.")
    )
    diff = diff_ledgers(old, new)
    assert [(c.group, c.matched) for c in diff.claims] == [("reworded", "words"), ("new", None), ("gone", None)]
    assert diff.claims[0].similarity is not None
    assert SIMILAR <= diff.claims[0].similarity < 1


def test_the_same_text_under_another_papers_id_is_the_same_claim() -> None:
    diff = diff_ledgers(ledger(claim(paper="draft"), paper="draft"), ledger(claim(paper="final"), paper="final"))
    assert only(diff).matched == "text"
    assert only(diff).group == "unchanged"
    assert not diff.same_paper


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (Paper(id="2005.13013", version="v1"), Paper(id="2005.13013", version="v2"), True),
        (Paper(id="draft", title="A Study of X"), Paper(id="final", title="A study of X."), True),
        (Paper(id="a", source_sha256="1" * 64), Paper(id="b", source_sha256="1" * 64), True),
        (Paper(id="a", doi="10.1/x"), Paper(id="b", doi="10.1/X"), True),
        (Paper(id="a"), Paper(id="b"), False),
        (Paper(id="a", title="One"), Paper(id="b", title="Two"), False),
    ],
)
def test_which_ledgers_are_of_one_paper(old: Paper, new: Paper, same: bool) -> None:
    assert diff_ledgers(Ledger(paper=old), Ledger(paper=new)).same_paper is same


def test_claims_that_share_an_id_are_paired_in_their_order() -> None:
    old = [claim("a b c", id="x"), claim("d e f", id="x"), claim("g h i", id="x")]
    assert [(p.old, p.new) for p in pair_claims(old, old[:2])] == [(0, 0), (1, 1)]


def test_the_most_similar_are_paired_first() -> None:
    old = [claim("Model A reaches 91.3 F1 on SQuAD with adapters."), claim("Model A reaches 84.0 accuracy on MNLI.")]
    new = [
        claim("Model A reaches 84.1 accuracy on MNLI today."),
        claim("Model A reaches 91.4 F1 on SQuAD with adapters."),
    ]
    assert [(p.old, p.new) for p in pair_claims(old, new)] == [(1, 0), (0, 1)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (GAIN, "Adapters gain 8.7 points over XLM-R on average.", True),
        (GAIN, "Our adapters improve the average over XLM-R by 8.2 points on nine tasks.", True),
        (GAIN, "Adapters are the cheapest method.", False),
        ("The model has 12 layers.", "Training takes 12 hours on 8 GPUs.", False),
        ("", GAIN, False),
        ("the of and", "the of and", True),
    ],
)
def test_similar_words(one: str, other: str, same: bool) -> None:
    assert (similarity(one, other) >= SIMILAR) is same
    assert similarity(one, other) == similarity(other, one)


def test_contradictions_and_what_may_be_missed_are_compared() -> None:
    one = Finding(kind="places_differ", text="8.7 in Abstract, 8.5 in Section 6.", claims=("a",))
    found = Completeness(head=3, patterns=3, both=2, total=4.33, interval=(4.0, 9.0))
    paper = Paper(id="2105.01234")
    old = Ledger(paper=paper, findings=(one,), run=RunInfo(completeness=found))
    diff = diff_ledgers(old, Ledger(paper=paper))
    [gone] = diff.paper
    assert (gone.name, gone.old, gone.new) == ("places_differ.a", one.text, None)
    [estimate] = diff.run
    assert (estimate.name, estimate.old["both"], estimate.new) == ("completeness", 2, None)


def test_contradictions_that_concern_no_claim_are_told_apart_by_their_places() -> None:
    paper = Paper(id="2105.01234")
    places = [Pointer(paper=paper.id, table="1", row=row, column="F1") for row in ("Elm", "Oak")]
    two = tuple(
        Finding(kind="bold_not_best", text=f"{p.row} is bold.", evidence=(Evidence(quote="80.1", pointer=p),))
        for p in places
    )
    diff = diff_ledgers(Ledger(paper=paper, findings=two), Ledger(paper=paper, findings=two[1:]))
    [gone] = diff.paper
    assert (gone.old, gone.new) == ("Elm is bold.", None)


def test_reproductions_of_their_own_paper_and_run() -> None:
    old = ledger(reproductions=(LooseReproduction(reproduction=rerun(), why="none"),), run=RunInfo(tables=3))
    new = ledger(
        reproductions=(
            LooseReproduction(reproduction=rerun(2.5, "inconclusive"), why="none"),
            LooseReproduction(reproduction=rerun(registry_id="other"), why="none"),
        ),
        version="v2",
        run=RunInfo(tables=4, versions={"claimcheck": "0.2.0"}, settings={"max_claims": 5}),
    )
    diff = diff_ledgers(old, new)
    assert [(r.old is None, r.new is None) for r in diff.reproductions] == [(False, False), (True, False)]
    assert {(c.name, c.old, c.new) for c in diff.paper} == {("version", "v1", "v2"), ("tables", 3, 4)}
    assert {c.name for c in diff.run} == {"versions.claimcheck", "settings.max_claims"}
    assert diff.counts["reproductions"] == 2


WORDS = st.sampled_from(["adapters", "improve", "the", "average", "over", "XLM-R", "by", "8.7", "points", "BERT", "F1"])
CLAIMS = st.builds(
    lambda words, label, share, page, paper, id: claim(
        " ".join(words) + ".", label, share, page=page, paper=paper, id=id
    ),
    st.lists(WORDS, min_size=1, max_size=8),
    st.sampled_from(["supported", "refuted", "not_enough_info"]),
    st.sampled_from([0.5, 0.7, 0.9]),
    st.sampled_from([None, 1, 2]),
    st.sampled_from(["a", "b"]),
    st.sampled_from([None, None, None, "same"]),
)
LEDGERS = st.builds(
    lambda claims, paper, version, tables: ledger(*claims, paper=paper, version=version, run=RunInfo(tables=tables)),
    st.lists(CLAIMS, max_size=8),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["v1", "v2"]),
    st.integers(0, 2),
)
quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(LEDGERS)
def test_nothing_differs_from_itself(one: Ledger) -> None:
    diff = diff_ledgers(one, one)
    assert not diff.changed
    assert Counter(c.group for c in diff.claims) == Counter({"unchanged": len(one.claims)} if one.claims else {})


@quick
@given(LEDGERS, LEDGERS)
def test_every_claim_of_both_sides_is_in_one_group(old: Ledger, new: Ledger) -> None:
    diff = diff_ledgers(old, new)
    assert Counter((c.old.id, c.old.text) for c in diff.claims if c.old) == Counter((c.id, c.text) for c in old.claims)
    assert [(c.new.id, c.new.text) for c in diff.claims if c.new] == [(c.id, c.text) for c in new.claims]
    for found in diff.claims:
        assert (found.group == "new") == (found.old is None)
        assert (found.group == "gone") == (found.new is None)
        assert (found.group == "unchanged") == (found.old is not None and found.new is not None and not found.changes)
    groups = ("new", "gone", "reworded", "changed", "unchanged")
    assert sum(diff.counts.get(group, 0) for group in groups) == len(diff.claims)


@quick
@given(LEDGERS, LEDGERS)
def test_the_other_way_round_is_the_mirror(old: Ledger, new: Ledger) -> None:
    there, back = diff_ledgers(old, new), diff_ledgers(new, old)

    def swapped(found: ClaimDiff) -> ClaimDiff:
        group = {"new": "gone", "gone": "new"}.get(found.group, found.group)
        return found.model_copy(update={"group": group, "old": found.new, "new": found.old})

    assert Counter(there.claims) == Counter(map(swapped, back.claims))
    assert (there.old, there.new) == (back.new, back.old)
    for part in ("paper", "run"):
        assert {(c.name, c.old, c.new) for c in getattr(there, part)} == {
            (c.name, c.new, c.old) for c in getattr(back, part)
        }
    assert there.same_paper == back.same_paper


@quick
@given(LEDGERS, LEDGERS)
def test_json_comes_back_unchanged(old: Ledger, new: Ledger) -> None:
    diff = diff_ledgers(old, new)
    assert LedgerDiff.model_validate_json(diff.model_dump_json()) == diff


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    old = ledger(claim(checks=(cells("supported", "82.2 - 73.5 = 8.7"),)), claim("We train on 40 languages."))
    new = ledger(
        claim(label="refuted", share=0.8, checks=(cells("refuted", "81.9 - 73.5 = 8.4"),)),
        claim(HOSTILE, "not_enough_info", 0.7),
        version="v2",
    )
    for name, one in (("old", old), ("new", new)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ledger.json").write_text(one.model_dump_json())
    return str(tmp_path / "old" / "ledger.json"), str(tmp_path / "new")  # a file and a folder


def test_the_terminal(files: tuple[str, str], capsys: Capture) -> None:
    assert main(["diff", *files]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "verdict: supported 0.90 \u2192 refuted 0.80" in shown.out
    assert "- cells check, supported: 82.2 - 73.5 = 8.7" in shown.out
    assert "+ cells check, refuted: 81.9 - 73.5 = 8.4" in shown.out
    assert "1 verdict changed, 1 of them to refuted, 1 claim new, 1 claim gone" in shown.out
    assert "[bold]x[/bold]" in shown.out  # no markup of a paper is obeyed
    assert not set("\x1b\x07\u202e") & set(shown.out)
    assert all(line == line.rstrip() for line in shown.out.splitlines() if len(line) < 100)


def test_identical_ledgers_say_so(files: tuple[str, str], capsys: Capture) -> None:
    assert main(["diff", files[0], files[0], "--fail-on", "change"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "No difference: the ledgers are identical."


def test_json(files: tuple[str, str], capsys: Capture) -> None:
    assert main(["diff", *files, "--json"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    found = json.loads(shown)
    assert found["schema"] == "claimcheck/diff/v1"
    assert found["counts"]["verdict"] == 1
    assert found["old"]["labels"] == {"supported": 2, "refuted": 0, "not_enough_info": 0}
    assert main(["diff", *files, "--format", "json"]) == 0
    assert capsys.readouterr().out == shown


def test_markdown(files: tuple[str, str], capsys: Capture) -> None:
    from markdown_it import MarkdownIt

    assert main(["diff", *files, "--format", "md"]) == 0
    shown = capsys.readouterr().out
    page = MarkdownIt("commonmark", {"html": True}).render(shown)
    assert "<h2>Verdicts that changed (1)</h2>" in page
    assert "verdict: supported 0.90 \u2192 refuted 0.80" in page
    assert not any(bad in page for bad in ("<script", "<code", "href", "\u202e", "\x1b"))


def test_markdown_through_a_template_of_ones_own(files: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "diff.md.j2").write_text("{% for part in diff.parts %}{{ part.heading }}\n{% endfor %}")
    assert main(["diff", *files, "--format", "md", "--templates", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "Verdicts that changed (1)"
    (tmp_path / "diff.md.j2").write_text("\n{{ diff.nothing }}")
    assert main(["diff", *files, "--format", "md", "--templates", str(tmp_path)]) == 2
    assert "diff.md.j2:2: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "code"), [("refuted", 1), ("change", 1), ("not_enough_info", 1), ("supported", 0), (None, 0)]
)
def test_the_gate(what: str | None, code: int, files: tuple[str, str], capsys: Capture) -> None:
    assert main(["diff", *files, *(["--fail-on", what] if what else [])]) == code
    assert capsys.readouterr().err.startswith("claimcheck: gate failed: ") == bool(code)


def test_a_claim_that_was_refuted_before_does_not_fail_the_gate(files: tuple[str, str], capsys: Capture) -> None:
    assert main(["diff", files[1], files[1], "--fail-on", "refuted"]) == 0
    assert main(["diff", files[1], files[0], "--fail-on", "refuted"]) == 0


def test_different_papers_are_compared_with_a_warning(tmp_path: Path, capsys: Capture) -> None:
    for name in "ab":
        (tmp_path / f"{name}.json").write_text(ledger(claim(), paper=name, title=HOSTILE + name).model_dump_json())
    assert main(["diff", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 0
    shown = capsys.readouterr()
    assert shown.err.startswith("claimcheck: warning: the ledgers are of different papers (a")
    assert shown.err.count("\n") == 1
    assert "\x1b" not in shown.err
    assert "id: a \u2192 b" in shown.out


@pytest.mark.parametrize(
    ("contents", "code"),
    [
        (None, 3),
        (b"", 3),
        (b"{", 3),
        (b'{"schema": "claimcheck/ledger/v9", "paper": {"id": "x"}}', 3),
        (b"\xff\xfe", 3),
    ],
)
def test_a_file_that_is_no_ledger(contents: bytes | None, code: int, files: tuple[str, str], capsys: Capture) -> None:
    broken = Path(files[1]).with_name("broken.json")
    if contents is not None:
        broken.write_bytes(contents)
    for arguments in ([files[0], str(broken)], [str(broken), files[0]]):
        assert main(["diff", *arguments]) == code
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.startswith("claimcheck: ")
        assert shown.err.count("\n") == 1
        assert "broken.json" in shown.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fail-on", "wrong"], "--fail-on"),
        (["--threshold", "2"], "--threshold"),
        (["--json", "--format", "md"], "--format md"),
        (["--templates", "."], "--templates"),
        (["--format", "docx"], "--format"),
    ],
)
def test_wrong_usage(arguments: list[str], words: str, files: tuple[str, str], capsys: Capture) -> None:
    assert main(["diff", *files, *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert words in shown.err
    assert shown.err.count("\n") == 1


def test_claims_that_are_all_alike_are_paired_in_seconds() -> None:
    old = [claim(f"Model {i} reaches {i / 7:.2f} F1 on SQuAD.") for i in range(1500)]
    new = [claim(f"Model {i} reaches {i / 9:.2f} F1 on SQuAD today.") for i in range(1500)]
    started = time.perf_counter()
    pairs = pair_claims(old, new)
    assert time.perf_counter() - started < 10
    assert len({p.old for p in pairs}) == len({p.new for p in pairs}) == len(pairs)
    assert sum(p.old == p.new for p in pairs) > 1400  # the number tells them apart
