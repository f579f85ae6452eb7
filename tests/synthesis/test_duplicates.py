"""When two records are one work, and what is kept of both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.foundation.records import Work
from claimcheck.synthesis.duplicates import merge_works

TITLE = "Replay Mixing Reduces Forgetting in Continual Pretraining"


def work(title: str = TITLE, **more: Any) -> Work:
    return Work(title=title, **more)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"doi": "10.5555/a"}, {"title": "Replay mixing", "doi": "10.5555/A"}),
        ({"arxiv_id": "2101.00001", "version": "v1"}, {"title": "x y", "arxiv_id": "2101.00001", "version": "v3"}),
        ({"openalex_id": "W123"}, {"title": "x y", "openalex_id": "W123"}),
        ({"s2_id": "a" * 40}, {"title": "x y", "s2_id": "a" * 40}),
        ({"authors": ("Ada Example",)}, {"title": TITLE.upper() + ".", "authors": ("Example, A.",)}),
        ({"authors": ("Ada Exämple",), "year": 2020}, {"authors": ("A. Example",), "year": 2022}),
        ({"authors": ("Ada Example",), "year": 2020}, {"path": "library/x.pdf"}),
        ({"year": 2020}, {"year": 2021}),
    ],
    ids=["doi", "arxiv", "openalex", "s2", "title and author", "preprint and published", "no authors", "no authors 2"],
)
def test_records_of_one_work_are_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert len(merge_works([work(**one), work(**other)])) == 1
    assert len(merge_works([work(**other), work(**one)])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"authors": ("Ada Example",)}, {"authors": ("Bo Sample",)}),
        ({"authors": ("Ada Example",), "year": 2010}, {"authors": ("Ada Example",), "year": 2020}),
        ({"arxiv_id": "2101.00001"}, {"arxiv_id": "2101.00002"}),
        ({"arxiv_id": "2101.00001", "doi": "10.5555/a"}, {"arxiv_id": "2101.00002", "doi": "10.5555/a"}),
        ({"title": "Introduction"}, {"title": "Introduction"}),
        ({"title": "On the Matter"}, {"title": "On the matter", "path": "x.pdf"}),
        ({"title": "…"}, {"title": "!"}),
        ({"year": 2010}, {"year": 2020}),
    ],
    ids=["authors", "years", "arxiv", "arxiv in spite of a doi", "short title", "short title 2", "no title", "years 2"],
)
def test_records_of_two_works_stay_two(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert len(merge_works([work(**one), work(**other)])) == 2


def test_a_merged_work_keeps_every_name_note_and_database() -> None:
    records = [
        work(
            arxiv_id="2101.00001", version="v2", year=2021, abstract="Short.", databases=("arXiv",), notes=("a",),
            authors=("Ada Example",), venue="arXiv", url="https://arxiv.org/abs/2101.00001v2",
        ),
        work(
            "Replay mixing reduces forgetting in continual pretraining", doi="10.5555/a", year=2022,
            abstract="A long one.", databases=("Crossref",), authors=("Ada Example", "Bo Sample"), notes=("b",),
            venue="Journal of Tests",
            url="https://doi.org/10.5555/a",
        ),
        work(s2_id="b" * 40, arxiv_id="2101.00001", databases=("Semantic Scholar",), retracted=True),
    ]  # fmt: skip
    [merged] = merge_works(records)
    assert (merged.arxiv_id, merged.version, merged.doi, merged.s2_id) == ("2101.00001", "v2", "10.5555/a", "b" * 40)
    assert merged.databases == ("arXiv", "Crossref", "Semantic Scholar")
    assert merged.authors == ("Ada Example", "Bo Sample")
    assert merged.abstract == "A long one."
    assert (merged.year, merged.venue, merged.url) == (2022, "Journal of Tests", "https://doi.org/10.5555/a")
    assert merged.retracted
    assert merged.notes == ("a", "b", "preprint (arXiv 2101.00001v2) and published (DOI 10.5555/a), 2021 to 2022")


def test_a_record_may_tie_two_others_together() -> None:
    records = [
        work("One Name of It", doi="10.5555/a", authors=("A",)),
        work("Another Name of It", s2_id="c" * 40, authors=("A",)),
        work("A Third Name", doi="10.5555/a", s2_id="c" * 40),
        work("A Third Name of Another Work", authors=("B",)),
    ]
    merged = merge_works(records)
    assert [w.title for w in merged] == ["One Name of It", "A Third Name of Another Work"]
    assert (merged[0].doi, merged[0].s2_id) == ("10.5555/a", "c" * 40)


def test_the_strongest_tie_names_the_relation() -> None:
    kinds: list[Any] = ["query", "library", "cited_by_anchor", "cites_anchor", "anchor"]
    for number in range(2, len(kinds) + 1):
        [merged] = merge_works([work(doi="10.5555/a", relation=kind) for kind in kinds[:number]])
        assert merged.relation == kinds[number - 1]


def test_of_two_copies_in_a_library_the_source_is_read() -> None:
    paths = ["lib/2101.00001.pdf", "lib/2101.00001.html", "lib/2101.00001.tar.gz"]
    [merged] = merge_works([work(arxiv_id="2101.00001", path=path) for path in paths])
    assert merged.path == "lib/2101.00001.tar.gz"
    assert merged.notes == ("3 copies in the library, read from 2101.00001.tar.gz",)


RECORDS = st.lists(
    st.builds(
        Work,
        title=st.sampled_from(["A", "A title of four words", "Another title of five words", ""]),
        authors=st.sampled_from([(), ("Ada Example",), ("Bo Sample", "Cy Mock")]),
        year=st.sampled_from([None, 2001, 2002, 2020]),
        doi=st.sampled_from(["", "10.5555/a", "10.5555/b"]),
        arxiv_id=st.sampled_from(["", "2101.00001", "2101.00002"]),
        s2_id=st.sampled_from(["", "a" * 40]),
        databases=st.sampled_from([("arXiv",), ("Crossref",)]),
    ),
    max_size=12,
)


@given(RECORDS)
def test_merging_loses_no_identifier_and_never_joins_two_arxiv_papers(records: list[Work]) -> None:
    merged = merge_works(records)
    for name in ("arxiv_id", "s2_id"):
        assert {getattr(w, name) for w in records} - {""} == {getattr(w, name) for w in merged} - {""}
    for doi in {w.doi for w in records} - {""}:
        assert any(w.doi == doi or doi in " ".join(w.notes) for w in merged)
    arxiv = [w.arxiv_id for w in merged if w.arxiv_id]
    assert len(arxiv) == len(set(arxiv))
    assert len(merged) <= len(records)
    # what was merged once is merged for good
    assert len(merge_works(merged)) == len(merged)
