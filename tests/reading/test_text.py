"""Plain text and Markdown: headings, paragraphs, pipe tables, encodings; noise is refused."""

from __future__ import annotations

import pytest

from claimcheck.foundation.errors import NotAPaperError, UnreadableInputError
from claimcheck.foundation.records import Paper
from claimcheck.reading.text import read_text

MARKDOWN = """# A Good Title

## Abstract
We gain **2.1** points. It is `fast`.

## 1. Results
As [shown](http://x.org) in Table 1, the model
wins on hyphen-
ated words.

- one item here
- two items there

**Table 1:** Main results.

| Model | Acc | F1 |
|:------|----:|---:|
| A     | 80.1 | a \\| b |
| B     | **82.0** | $81.0 \\pm 0.2$ |

```
code is not prose.
```

References

Smith, A. A paper. 2019.
"""


def test_markdown() -> None:
    d = read_text(MARKDOWN.encode(), Paper(id="p"))
    assert d.paper.title == "A Good Title"
    assert [(s.number, s.kind, s.title) for s in d.sections] == [
        ("", "abstract", "Abstract"),
        ("1", "body", "Results"),
        ("", "references", "References"),
    ]
    assert [(s.text, s.line) for s in d.sentences if s.kind in ("abstract", "body")] == [
        ("We gain 2.1 points.", 4),
        ("It is fast.", 4),
        ("As shown in Table 1, the model wins on hyphenated words.", 7),
        ("one item here", 11),
        ("two items there", 12),
    ]
    (t,) = d.tables
    assert (t.label, t.caption, t.header_rows, t.line) == ("1", "Main results.", 1, 16)
    assert [[c.text for c in row] for row in t.grid] == [
        ["Model", "Acc", "F1"],
        ["A", "80.1", "a | b"],
        ["B", "82.0", "81.0 ± 0.2"],
    ]
    assert t.grid[2][1].bold


def test_plain_text_with_bare_headings() -> None:
    d = read_text(
        b"The Title of It\n\nIntroduction\n\nWe show things. They hold.\n\n2.1 Deep Work\n\nMore is said.",
        Paper(id="p"),
    )
    assert d.paper.title == "The Title of It"
    assert [(s.number, s.title, s.level) for s in d.sections] == [("", "Introduction", 1), ("2.1", "Deep Work", 2)]


def test_one_sentence_is_enough() -> None:
    d = read_text(b"Our model reaches 85.3 F1 on SQuAD.", Paper(id="p"))
    assert [(s.text, s.kind) for s in d.sentences] == [("Our model reaches 85.3 F1 on SQuAD.", "body")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings(encoding: str) -> None:
    d = read_text("Das Café öffnet um acht.".encode(encoding), Paper(id="p"))
    assert d.sentences[0].text == "Das Café öffnet um acht."


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", UnreadableInputError),
        (b" \n", UnreadableInputError),
        (bytes(range(256)) * 1000, NotAPaperError),
        (b"1 2 3 4 " * 1000, NotAPaperError),
        (b"|" * 100_000, NotAPaperError),
        (b"_" * 100_000, NotAPaperError),
        (b"\x00\x01" * 30_000_000, NotAPaperError),
    ],
    ids=["empty", "blank", "noise", "numbers", "bars", "marks", "huge"],
)
def test_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_text(data, Paper(id="p"))
