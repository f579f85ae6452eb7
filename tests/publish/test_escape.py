"""Hostile strings come out of every escaper as text and nothing else."""

from __future__ import annotations

import csv
import io
import json
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from markdown_it import MarkdownIt

from claimcheck.publish import escape
from claimcheck.publish.latex_characters import COMBINING, SYMBOLS

BIDI = [chr(c) for c in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
ESCAPERS: list[Callable[[str], str]] = [
    escape.plain,
    escape.html,
    escape.latex,
    escape.markdown,
    escape.csv_cell,
    escape.json_text,
]


@pytest.mark.parametrize("escaper", ESCAPERS, ids=lambda f: f.__name__)
def test_no_character_that_reorders_text_survives(escaper: Callable[[str], str]) -> None:
    shown = escaper("invoice" + "gnp".join(BIDI) + "exe")
    assert not set(shown) & set(BIDI)
    assert "invoice" in shown
    assert "exe" in shown


@pytest.mark.parametrize("escaper", [f for f in ESCAPERS if f is not escape.json_text], ids=lambda f: f.__name__)
@given(st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF), max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_becomes_one_printable_line(escaper: Callable[[str], str], text: str) -> None:
    shown = escaper(text)
    shown.encode("utf-8")
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]


@pytest.mark.parametrize("escaper", ESCAPERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("unit", ["A", "é<b>", "\u202e", "{\\", "a\u0300\u0301"])
def test_a_megabyte_takes_seconds_and_no_more(escaper: Callable[[str], str], unit: str) -> None:
    started = time.perf_counter()
    escaper(unit * (1_000_000 // len(unit)))
    assert time.perf_counter() - started < 10


def test_json_text_parses_to_the_same_string() -> None:
    text = "a\u202eb\u2028c\U000e0041d\u00ade\x9bf \ufeff é 中"
    document = escape.json_text(json.dumps(text, ensure_ascii=False))
    assert json.loads(document) == text
    assert "\\u202e" in document
    assert "é 中" in document


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "</style><b>", '"><img src=x onerror=alert(1)>', "' onclick='x", "&lt;script&gt;"],
)
def test_html_is_read_back_as_the_text(text: str) -> None:
    node = lxml_html.fromstring(f'<p title="{escape.html(text)}">{escape.html(text)}</p>')
    assert (node.text, len(node), node.get("title")) == (text, 0, text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a | b",
        "`code` and *stars* and _lines_ and ~~gone~~",
        "[link](https://example.org)",
        "![image](https://example.org/x.png)",
        "<https://example.org>",
        "# heading",
        "- item",
        "1. item",
        "---",
        "===",
        "> quote",
        "&amp; &#36; &copy;",
        "\\*",
        "[^1]: note",
    ],
)
def test_markdown_is_read_back_as_the_text(text: str) -> None:
    page = lxml_html.fromstring(MarkdownIt("commonmark").enable("table").render(escape.markdown(text)))
    assert page.tag == "p"
    assert not [x for x in page.iter() if isinstance(x.tag, str) and x is not page]
    assert page.text_content() == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("https://example.org", "://"),
        ("see www.example.org", "www."),
        ("@someone", "@someone"),
        ("fixes #12", "#12"),
        ("GH-12", "GH-12"),
        ("$x^2$", "$"),
        (":smile:", ":smile:"),
    ],
)
def test_what_github_links_or_sets_by_itself_is_broken_up(text: str, gone: str) -> None:
    assert gone in text
    assert gone not in escape.markdown(text)


@pytest.mark.parametrize("text", ["82.2 - 73.5 = 8.7", "-1.2", "0.94", "plain words, with commas"])
def test_markdown_leaves_readable_text_alone(text: str) -> None:
    assert escape.markdown(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("x")',
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        " =1",
        "＝1+1",
        "|calc",
        "-1.2 - 3.4 = -4.6",
        "%1",
        "\u200b=1",
    ],
)
def test_a_csv_cell_is_no_formula(text: str) -> None:
    assert escape.csv_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["-1.2", "+3", "-1,234.5", "-0.5%", "-1e-5", "82.2 - 73.5 = 8.7", "words", ""])
def test_numbers_and_words_stay_as_they_are_in_csv(text: str) -> None:
    assert escape.csv_cell(text) == text


def test_a_csv_cell_with_delimiters_stays_one_cell() -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([escape.csv_cell('a,"b"\n;c\r\nd')])
    assert list(csv.reader(io.StringIO(out.getvalue()))) == [['a,"b" ;c  d']]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("50% & $3 #1 a_b ~", r"50\% \& \$3 \#1 a\_b \textasciitilde{}"),
        ("^^M", r"\textasciicircum{}\textasciicircum{}M"),
        ("a--b", "a-{}-b"),
        ("[2pt]", "{[}2pt{]}"),
        ("café Łukasz", r"caf\'{e} \L{}ukasz"),
        ("naïve ṩ ặ", r"na\"{\i}ve \d{\.{s}} \d{\u{a}}"),
        ("α → β ≤ 1", r"\ensuremath{\alpha} \ensuremath{\rightarrow} \ensuremath{\beta} \ensuremath{\le} 1"),
        ("x² H₂O", r"x\textsuperscript{2} H\textsubscript{2}O"),
        ("10⁻³", r"10\textsuperscript{\ensuremath{-}}\textsuperscript{3}"),
        ("½ ﬁne 𝑥", "1/2 fine x"),
        ("🎉", "{[}party popper{]}"),
        ("中文", "{[}U+4E2D, U+6587{]}"),
        ("a\u202eb", r"a\ensuremath{\boxtimes}b"),
        ("\U0010f000x", r"{[}U+10F000{]}\allowbreak{}x"),
        ("\U0010f002", "{[}U+10F002{]}"),
        ("a中b", r"a\allowbreak{}{[}U+4E2D{]}\allowbreak{}b"),
        ("中" * 7, "{[}" + ", ".join(["U+4E2D"] * 7) + "{]}"),
        ("中" * 1_006, "{[}" + ", ".join(["U+4E2D"] * 6) + " and 1,000 more{]}"),
    ],
)  # fmt: skip
def test_latex(text: str, expected: str) -> None:
    assert escape.latex(text) == expected


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_latex_is_ascii_with_balanced_braces_and_only_known_commands(text: str) -> None:
    out = escape.latex(text)
    assert out.isascii()
    depth, i = 0, 0
    while i < len(out):
        if out[i] == "\\":
            i += 2
            continue
        assert out[i] not in "$&#%_^~" or out[i] == "~"
        depth += {"{": 1, "}": -1}.get(out[i], 0)
        assert depth >= 0
        i += 1
    assert depth == 0


def test_pdflatex_takes_every_character_that_is_mapped(compile_latex: Callable[[bytes], str]) -> None:
    letters = [chr(c) for c in range(0xA0, 0x2600)] + list(SYMBOLS) + list("🎉👩‍🔬𝒳𝟙𝕏ℝ")
    stacked = [base + mark for base in "aiM_$α" for mark in COMBINING] + ["ế", "ặ", "ṩ"]
    ascii_signs = "".join(chr(c) for c in range(0x20, 0x7F))
    lines = [" ".join(letters[i : i + 60]) for i in range(0, len(letters), 60)] + [" ".join(stacked), ascii_signs]
    body = "\n\n".join(escape.latex(line) for line in lines)
    log = compile_latex(
        (
            "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{textcomp,amsmath,amssymb,lmodern}"
            f"\\begin{{document}}\n{body}\n\\end{{document}}\n"
        ).encode("ascii")
    )
    assert "Missing character" not in log


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/2005.13013", "https://arxiv.org/abs/2005.13013"),
        ("http://a.example/x y", "http://a.example/x%20y"),
        ('https://a.example/"><b>(x)', "https://a.example/%22%3E%3Cb%3E%28x%29"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.example", ""),
        ("https://", ""),
        ("https://a\u202e.example", ""),
        ("https://[", ""),
    ],
)
def test_safe_url(url: str, expected: str) -> None:
    assert escape.safe_url(url) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2005.13013", "2005.13013"),
        ("hep-th/9901001", "hep-th_9901001"),
        ("../../etc/passwd", "etc_passwd"),
        ("..", "paper"),
        ("", "paper"),
        (".hidden", "hidden"),
        ("Größe 中\x00", "Groe"),
        ("a" * 500, "a" * 80),
    ],
)
def test_file_stem(text: str, expected: str) -> None:
    assert escape.file_stem(text).removesuffix("_") == expected


def test_short_hash_takes_a_hash_and_nothing_else() -> None:
    assert escape.short_hash("ABCDEF0123", "x") == "abcdef01"
    odd = escape.short_hash("../../..", "x")
    assert len(odd) == 8
    assert set(odd) <= set("0123456789abcdef")
    assert odd == escape.short_hash("", "x") != escape.short_hash("", "y")
