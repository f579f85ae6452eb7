"""What a text names: arXiv ids in every form, other DOIs, other addresses, nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimcheck.sources.identify import (
    ArxivId,
    Doi,
    WebAddress,
    arxiv_id_in_file_name,
    identify,
    looks_like_arxiv_id,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2005.13013", ArxivId("2005.13013")),
        ("2005.13013v2", ArxivId("2005.13013", "v2")),
        ("0704.0001v1", ArxivId("0704.0001", "v1")),
        ("arXiv:2005.13013v2", ArxivId("2005.13013", "v2")),
        ("  ARXIV: 2005.13013 ", ArxivId("2005.13013")),
        ("arXiv:2005.13013v2 [cs.CL] 30 Sep 2020", ArxivId("2005.13013", "v2")),
        ("hep-th/9901001", ArxivId("hep-th/9901001")),
        ("cs/0601001v3", ArxivId("cs/0601001", "v3")),
        ("math.GT/0309136v1", ArxivId("math/0309136", "v1")),
        ("math-ph/0309136", ArxivId("math-ph/0309136")),
        ("https://arxiv.org/abs/2005.13013", ArxivId("2005.13013")),
        ("http://www.arxiv.org/pdf/2005.13013v2.pdf", ArxivId("2005.13013", "v2")),
        ("https://arxiv.org/pdf/2005.13013V2?download=1", ArxivId("2005.13013", "v2")),
        ("https://arxiv.org/html/2005.13013v2/#S4.T1", ArxivId("2005.13013", "v2")),
        ("https://export.arxiv.org/e-print/hep-th/9901001v1", ArxivId("hep-th/9901001", "v1")),
        ("https://ar5iv.labs.arxiv.org/html/2005.13013", ArxivId("2005.13013")),
        ("ar5iv.org/abs/2005.13013", ArxivId("2005.13013")),
        ("arxiv.org/abs/2005.13013", ArxivId("2005.13013")),
        ("10.48550/arXiv.2005.13013", ArxivId("2005.13013")),
        ("doi:10.48550/ARXIV.2005.13013v2", ArxivId("2005.13013", "v2")),
        ("https://doi.org/10.48550/arXiv.2005.13013", ArxivId("2005.13013")),
        ("https://dx.doi.org/10.48550/arXiv.hep-th/9901001", ArxivId("hep-th/9901001")),
        ("10.18653/v1/2020.acl-main.467", Doi("10.18653/v1/2020.acl-main.467")),
        ("https://doi.org/10.1145/3292500.3330701", Doi("10.1145/3292500.3330701")),
        (
            "https://aclanthology.org/2020.acl-main.467.pdf",
            WebAddress("https://aclanthology.org/2020.acl-main.467.pdf"),
        ),
        ("https://arxiv.org/list/cs.CL/recent", WebAddress("https://arxiv.org/list/cs.CL/recent")),
        ("https://arxiv.org.evil.example/abs/2005.13013", WebAddress("https://arxiv.org.evil.example/abs/2005.13013")),
        ("https://evil.example/arxiv.org/abs/2005.13013", WebAddress("https://evil.example/arxiv.org/abs/2005.13013")),
        ("http://[bad", WebAddress("http://[bad")),
        ("2005.1301", ArxivId("2005.1301")),
    ],
)
def test_forms(text: str, found: object) -> None:
    assert identify(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "paper.pdf", "2013.13013", "2000.13013", "2005.130", "2005.130131", "2005.13013v0", "thesis/0601001", "12.5",
     "hep-th/991301", "10.5", "the paper 2005.13013", "２００５.13013", "x" * 5000],
)  # fmt: skip
def test_names_nothing(text: str) -> None:
    assert identify(text) is None


@pytest.mark.parametrize(
    ("stem", "found"),
    [
        ("2005.13013v2", ArxivId("2005.13013", "v2")),
        ("arXiv-2005.13013v2", ArxivId("2005.13013", "v2")),
        ("hep-th9901001v1", ArxivId("hep-th/9901001", "v1")),
        ("cs_0601001", ArxivId("cs/0601001")),
        ("paper", None),
        ("2005.13013-notes", None),
        ("9901001", None),
    ],
)
def test_file_names(stem: str, found: object) -> None:
    assert arxiv_id_in_file_name(stem) == found


def test_near_misses_are_told_from_paths() -> None:
    assert looks_like_arxiv_id("2013.13013")
    assert looks_like_arxiv_id("arXiv:whatever")
    assert not looks_like_arxiv_id("paper.v2.pdf")


years, months = st.integers(7, 99), st.integers(1, 12)
numbers, versions = st.integers(1, 99999), st.one_of(st.just(""), st.integers(1, 99).map(lambda n: f"v{n}"))
wrappers = st.sampled_from(
    ["{}", "arXiv:{}", "https://arxiv.org/abs/{}", "https://arxiv.org/pdf/{}.pdf", "10.48550/arXiv.{}", "<{}>", " {}\n"]
)


@given(years, months, numbers, versions, wrappers)
def test_every_way_to_write_an_id_is_the_same_id(y: int, m: int, n: int, version: str, wrapper: str) -> None:
    key = f"{y:02}{m:02}.{n:05}"
    assert identify(wrapper.format(key + version)) == ArxivId(key, version)


@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    found = identify(text)
    if isinstance(found, ArxivId):
        # what is found names itself
        assert identify(str(found)) == found
    arxiv_id_in_file_name(text)
    looks_like_arxiv_id(text)


@given(st.text(max_size=40))
def test_addresses_of_other_hosts_never_name_a_paper(path: str) -> None:
    assert not isinstance(identify(f"https://example.org/{path}"), ArxivId)
