"""The benchmarks' own arithmetic on small inputs: planted errors, random numbers, the sample, counts, memory."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks is no part of the installed package

from benchmarks import common, corpus, speed  # noqa: E402
from benchmarks.own_tables import __main__ as own_tables  # noqa: E402
from benchmarks.own_tables import chance, judgements, planted, sample, sheet, untouched  # noqa: E402
from claimcheck.foundation.records import Check as CheckRecord  # noqa: E402
from claimcheck.foundation.records import (  # noqa: E402
    CheckedClaim,
    Claim,
    Document,
    Evidence,
    Ledger,
    Paper,
    Pointer,
    Quantity,
    RunInfo,
    Table,
    Verdict,
)

DERIVATION = "91.3 - 89.2 = 2.1: Table 12, FSR - BERT, SQuAD"


def check(label: str = "supported", derivation: str | None = DERIVATION, table: str | None = "12") -> CheckRecord:
    pointer = Pointer(paper="p", page=3, table=table, row="FSR", column="SQuAD", box=(10, 10, 30, 20))
    return CheckRecord(
        kind="cells",
        label=label,  # type: ignore[arg-type]
        score=0.9,
        derivation=derivation,
        evidence=[Evidence(quote="91.3", pointer=pointer)],
    )


def checked_paper(*pairs: tuple[str, Verdict], name: str = "p") -> untouched.CheckedPaper:
    claims = tuple(Claim(id=Claim.make_id(name, text), text=text) for text, _ in pairs)
    document = Document(paper=Paper(id=name))
    return untouched.CheckedPaper(Path(f"{name}.pdf"), document, claims, tuple(v for _, v in pairs))


SUPPORTED = Verdict.of(0.9, 0.0, [check()])
REFUTED = Verdict.of(0.0, 0.9, [check("refuted", "91.3, not 92.3: Table 12, FSR, SQuAD")])
OPEN = Verdict.of(0.2, 0.1, [check("not_enough_info", None)])
BY_TEXT = Verdict.of(0.9, 0.0, [CheckRecord(kind="text", label="supported", score=0.7)])


class TestPlanted:
    def test_only_digits_of_numbers_that_the_derivation_names_change(self) -> None:
        text = "FSR reaches 91.3 F1 and 84.0 accuracy."
        options = list(planted.wrong_numbers(text, DERIVATION))
        assert options
        assert all(o.startswith("FSR reaches ") and o.endswith(" F1 and 84.0 accuracy.") for o in options)

    def test_the_value_moves_by_more_than_three_units(self) -> None:
        values = {float(o.split()[2]) for o in planted.wrong_numbers("FSR reaches 91.3 F1.", DERIVATION)}
        assert values == {
            *(round(x + 1.3, 1) for x in range(10, 90, 10)),  # 11.3 to 81.3: the first digit, never 0
            *(round(90.3 + d, 1) for d in range(10) if d != 1),
            *(round(91 + d / 10, 1) for d in (7, 8, 9)),  # 91.0, 91.1, 91.2, 91.4 to 91.6 are too near
        }

    @pytest.mark.parametrize(
        "text",
        [
            "As Table 91.3 shows, it is good.",  # names a place
            "FSR is over 91.3 on this set.",  # a bound
            "FSR reaches about 91.3 F1.",
            "It was published in 2018.",  # a year
            "FSR reaches 84.0 accuracy.",  # not in the derivation
            "The FSR-91.3 model is large.",  # part of a name
        ],
    )
    def test_numbers_that_stay(self, text: str) -> None:
        derivation = DERIVATION + ", 2018"
        assert list(planted.wrong_numbers(text, derivation)) == []

    def test_the_number_of_the_table_is_not_a_number_of_the_derivation(self) -> None:
        assert list(planted.wrong_numbers("It wins on 12 tasks.", DERIVATION)) == []

    def test_thousands_and_a_leading_zero(self) -> None:
        options = list(planted.wrong_numbers("It has 1,234 rows.", "1,234: Table 1, rows"))
        assert "It has 1,934 rows." in options
        assert not any(" 0,234" in o for o in options)
        assert "It is 0.9 faster." not in planted.wrong_numbers("It is 0.8 faster.", "0.8: Table 1, a")

    def test_the_seed_decides(self) -> None:
        draws = {planted.wrong_number("FSR reaches 91.3 F1.", DERIVATION, random.Random(4)) for _ in range(3)}
        assert len(draws) == 1
        assert planted.wrong_number("no number here", DERIVATION, random.Random(4)) is None

    @pytest.mark.parametrize(
        ("text", "turned"),
        [
            ("FSR outperforms BERT.", "FSR underperforms BERT."),
            ("FSR is better than BERT.", "FSR is worse than BERT."),
            ("FSR surpassed BERT.", "FSR falls below BERT."),
            ("FSR has the highest F1.", "FSR has the lowest F1."),
            ("FSR achieves the best F1.", "FSR achieves the worst F1."),
            ("Dropout improves F1.", "Dropout degrades F1."),
            ("The best of all.", None),
        ],
    )
    def test_directions(self, text: str, turned: str | None) -> None:
        assert planted.wrong_direction(text) == turned

    def test_plant_checks_wrong_and_true_texts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[str] = []

        def check_many(pairs: list[tuple[str, list[Document]]]) -> list[Verdict]:
            seen.extend(text for text, _ in pairs)
            return [SUPPORTED if text == "FSR reaches 91.3 F1, higher than BERT." else REFUTED for text, _ in pairs]

        monkeypatch.setattr("claimcheck.check_many", check_many)
        paper = checked_paper(("FSR reaches 91.3 F1, higher than BERT.", SUPPORTED), ("It has 91.3 F1.", BY_TEXT))
        found = planted.plant(paper, random.Random(1))
        assert [p.mode for p in found] == ["number", "direction", "untouched"]
        assert "FSR reaches 91.3 F1, lower than BERT." in seen
        assert own_tables.planted_figures(found) == {
            "number_planted": 1,
            "number_refuted_by_table": 1.0,
            "number_refuted": 1.0,
            "number_still_supported": 0.0,
            "direction_planted": 1,
            "direction_refuted_by_table": 1.0,
            "direction_refuted": 1.0,
            "direction_still_supported": 0.0,
            "retained": 1.0,
        }


class TestUntouched:
    def test_counts(self) -> None:
        paper = checked_paper(("A is 1.0.", SUPPORTED), ("B is 2.0.", REFUTED), ("C.", OPEN), ("D.", BY_TEXT))
        assert untouched.counts([paper]) == {
            "papers": 1,
            "failed": 0,
            "claims": 4,
            "numeric_claims": 2,
            "numeric_checks": 2,
            "alarms": 1,
            "table_supported": 1,
        }

    def test_a_derivation_without_a_table_is_no_table_check(self) -> None:
        verdict = Verdict.of(0.9, 0.0, [check(table=None)])
        assert untouched.numeric_checks(verdict)
        assert not untouched.decided_by_table(verdict, "supported")

    def test_alarms_carry_the_cause_that_a_person_wrote(self, tmp_path: Path) -> None:
        paper = checked_paper(("B is 92.3.", REFUTED), ("E is 92.3.", REFUTED))
        found = untouched.alarms(paper)
        file = tmp_path / "causes.json"
        file.write_text(json.dumps({"p": {found[0].claim: "error in the paper: table and text differ"}}))
        rows = own_tables.alarm_rows(found, judgements.load_causes(file))
        assert [r["cause"] for r in rows] == ["error in the paper: table and text differ", "not looked at"]
        collected = own_tables.Collected(alarms=found)
        collected.counts.update(untouched.counts([paper]))
        figures = own_tables.summary_of(collected, rows, [], 0)
        assert (figures["alarms"], figures["alarms_genuine"], figures["false_alarm_share"]) == (2, 1, 0.5)

    def test_a_paper_that_cannot_be_read_has_an_error(self, tmp_path: Path) -> None:
        file = tmp_path / "broken.pdf"
        file.write_bytes(b"%PDF-1.4 nothing")
        paper = untouched.check_untouched(file)
        assert paper.error
        assert untouched.counts([paper])["failed"] == 1


class TestChance:
    @pytest.mark.parametrize("printed", ["85.3", "0.853", ".85", "7", "1,234", "100"])
    def test_random_numbers_have_the_same_form(self, printed: str) -> None:
        rng = random.Random(3)
        for _ in range(200):
            drawn = chance.random_number(printed, rng)
            assert drawn != printed
            assert [c if not c.isdigit() else "0" for c in drawn] == [c if not c.isdigit() else "0" for c in printed]
            assert drawn[0] != "0" or printed[0] == "0" or len(printed) == 1

    def test_one_quantity_is_replaced_in_text_and_record(self) -> None:
        text = "FSR reaches 91.3 F1, 2.1 points above BERT."
        first = Quantity(text="91.3 F1", value=91.3, decimals=1, span=(12, 19))
        second = Quantity(text="2.1 points", value=-2.1, decimals=1, span=(21, 31))
        claim = Claim(id="c", text=text, quantities=(first, second))
        changed = chance.with_random(claim, second, random.Random(5))
        assert changed is not None
        new, quantity = changed
        assert new.quantities == (first, quantity)
        assert new.text[:21] == text[:21]
        assert len(new.text) == len(text)
        assert new.text[slice(*quantity.span)] == quantity.text
        assert quantity.value == pytest.approx(-float(quantity.text.split()[0]))

    def test_a_range_keeps_its_order_and_a_scale_stays(self) -> None:
        text = "It gains 2.6 to 14.2 points with 1.5M rows."
        both = Quantity(text="2.6 to 14.2 points", value=2.6, high=14.2, decimals=1, span=(9, 27))
        rows = Quantity(text="1.5M", value=1.5e6, decimals=1, span=(33, 37))
        claim = Claim(id="c", text=text, quantities=(both, rows))
        for seed in range(20):
            ranged, scaled = (chance.with_random(claim, q, random.Random(seed)) for q in (both, rows))
            assert ranged is not None
            assert scaled is not None
            assert ranged[1].high is not None
            assert ranged[1].value <= ranged[1].high
            assert scaled[1].value == pytest.approx(float(scaled[1].text[:3]) * 1e6)

    def test_a_quantity_without_digits_is_left(self) -> None:
        claim = Claim(id="c", text="It is twice as fast.", quantities=(Quantity(text="twice", value=2, span=(6, 11)),))
        assert chance.with_random(claim, claim.quantities[0], random.Random(0)) is None

    def test_draws_on_a_table(self) -> None:
        table = Table.from_rows(["Model", "SQuAD"], [["BERT", "89.2"], ["FSR", "91.3"]], "F1 on SQuAD.", "1")
        quantity = Quantity(text="91.3 F1", value=91.3, decimals=1, half_width=0.05, metric="F1", span=(12, 19))
        claim = Claim(id="c", text="FSR reaches 91.3 F1 on SQuAD.", quantities=(quantity,))
        document = Document(paper=Paper(id="p"), tables=(table,))
        paper = untouched.CheckedPaper(Path("p.pdf"), document, (claim,), (OPEN,))
        draws = chance.draw_paper(paper, random.Random(1), 4)
        assert len(draws) == 4
        assert all(d.was_supported for d in draws)
        assert not any(d.accepted for d in draws)


class TestSample:
    def checks(self, names: str) -> list[sample.SampledCheck]:
        return [
            s
            for n in names
            for s in sample.table_checks(checked_paper((f"{n} is 91.3.", SUPPORTED), name=n), "supported")
        ]

    def test_a_check_that_goes_moves_no_other(self) -> None:
        whole = sample.draw(self.checks("abcdefgh"), 4, 1)
        gone = whole[0].paper
        fewer = sample.draw([c for c in self.checks("abcdefgh") if c.paper != gone], 4, 1)
        assert fewer[:3] == whole[1:]

    def test_the_same_check_is_drawn_once(self) -> None:
        assert len(sample.draw(self.checks("aab"), 5, 1)) == 2

    def test_judgements(self, tmp_path: Path) -> None:
        [one] = self.checks("a")
        file = tmp_path / "judged.json"
        record = {"paper": one.paper, "claim": one.claim, "derivation": one.derivation, "judgement": "wrong: other row"}
        file.write_text(json.dumps([record]))
        assert judgements.load_judged(file)[one.key] == "wrong: other row"
        file.write_text(json.dumps([record | {"judgement": "fine"}]))
        with pytest.raises(ValueError, match=r"judged\.json"):
            judgements.load_judged(file)

    def test_the_kept_judgements_can_be_loaded(self) -> None:
        assert len(judgements.load_judged()) >= 50
        assert isinstance(judgements.load_causes(), dict)

    def test_no_sheet_in_the_repository(self) -> None:
        with pytest.raises(ValueError, match="outside the repository"):
            sheet.write_sheet(ROOT / "out" / "sheet", [], {}, {})


class TestCorpus:
    def test_counts_of_a_ledger(self) -> None:
        claims = [CheckedClaim(id=str(i), text="t", verdict=v) for i, v in enumerate((SUPPORTED, REFUTED, OPEN))]
        run = RunInfo(sentences=40, tables=2, seconds={"read": 0.5, "check": 1.0})
        figures = corpus.ledger_figures(Ledger(paper=Paper(id="p"), claims=tuple(claims), run=run))
        assert (figures["claims"], figures["numeric_claims"], figures["numeric_checks"]) == (3, 2, 2)
        assert (figures["supported"], figures["refuted"], figures["not_enough_info"]) == (1, 1, 1)
        assert figures["seconds"] == {"read": 0.5, "extract": 0.0, "check": 1.0}
        total = corpus.summed([{"paper": "p", "pages": 7, **figures}, {"paper": "q", "error": "unreadable"}])
        assert (total["papers"], total["read"], total["failed"], total["pages"]) == (2, 1, 1, 7)
        assert (total["sentences"], total["claims"]) == (40, 3)


class TestSpeed:
    def test_memory_is_that_of_the_whole_tree(self, tmp_path: Path) -> None:
        child = "x = bytearray(60 << 20); import time; time.sleep(0.4)"
        parent = f"import subprocess, sys; print('a', flush=True); subprocess.run([sys.executable, '-c', {child!r}])"
        watched = speed.watch([sys.executable, "-c", parent + "; print('b')"], tmp_path)
        assert watched.code == 0
        assert watched.lines == ["a\n", "b\n"]
        assert watched.peak() > 60 << 20
        assert watched.peak(0, 1) < 60 << 20 < watched.peak(1, 2)
        assert watched.seconds > 0.4

    def test_a_budget_is_kept_up_to_its_limit(self) -> None:
        assert speed.Budget("start", 3.0, 3.0, "times").kept
        assert not speed.Budget("start", 3.1, 3.0, "times").kept


class TestCommon:
    def test_absent_data_are_told_in_one_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("CLAIMCHECK_DATA", str(tmp_path))
        with pytest.raises(SystemExit) as stopped:
            common.data_folder()
        assert stopped.value.code == common.MISSING
        [line] = capsys.readouterr().err.splitlines()
        assert "CLAIMCHECK_DATA" in line

    def test_a_result_says_where_it_comes_from(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "new" / "x.json"
        common.write_result(file, {"figure": 1}, rows=[2])
        written = json.loads(file.read_text())
        assert (written["summary"], written["rows"]) == ({"figure": 1}, [2])
        assert set(written["provenance"]) == {"date", "commit", "versions", "hardware"}
        assert written["provenance"]["versions"]["claimcheck"]

    def test_the_table_is_aligned(self, capsys: pytest.CaptureFixture[str]) -> None:
        common.print_table(("paper", "s"), [("long name", 1.0), ("b", None)])
        assert capsys.readouterr().out == "paper         s\nlong name  1.00\nb             -\n"

    def test_shares(self) -> None:
        assert common.share(1, 3) == 0.3333
        assert common.share(0, 0) is None
        assert common.percent(0.042) == "4.2 %"
        assert common.percent(None) == "-"
