"""The tree's inline parts as readable text: formulas, references, citations, accents, quotes; bold and lines
remembered.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from claimcheck.reading.latex.citations import Citations
from claimcheck.reading.latex.commands import (
    BOLD_COMMANDS,
    BOLD_OFF,
    BOLD_ON,
    CITATIONS,
    COMMANDS,
    MATH_ENVIRONMENTS,
    SILENT,
    UNDERLINE_COMMANDS,
)
from claimcheck.reading.latex.references import named
from claimcheck.reading.latex.siunitx import list_text, number_text, parse_options, quantity_text, unit_text
from claimcheck.reading.latex.symbols import ACCENTS, SPACED, accented, roman, symbol
from claimcheck.reading.latex.tree import Node, raw_text

_MARKS = frozenset("*†‡§¶⋆∗′♣♠♦♥♯‖★ ,")
_QUOTES = re.compile(r"---|--|``|''|`")
_TYPED = {"---": "—", "--": "–", "``": "“", "''": "”", "`": "‘"}
_ORDINALS = frozenset({"st", "nd", "rd", "th", "TM", "®"})
# a raised 2 or 3 after one of these is a power, not a note
_POWERED = re.compile(r"(?:^|[^A-Za-z])(?:m|km|cm|mm|R|r|s|L|N|n|d|k|x|χ|σ|ℓ|L_|10)$")
_REFERENCES = {
    "ref",
    "autoref",
    "nameref",
    "vref",
    "Vref",
    "cref",
    "Cref",
    "eqref",
    "labelcref",
    "subref",
    "thmref",
    "Autoref",
}
_NAMED_REFERENCES = {"cref", "Cref", "autoref", "Autoref"}
_SIUNITX = {
    "num",
    "numlist",
    "numrange",
    "tablenum",
    "SI",
    "qty",
    "SIrange",
    "qtyrange",
    "SIlist",
    "qtylist",
    "si",
    "unit",
    "ang",
}
_MATH_ACCENTS = {
    "tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307", "ddot": "\u0308", "widetilde": "\u0303",
    "widehat": "\u0302", "overline": "\u0304",
}  # fmt: skip
_SPLIT_WORDS = {
    "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr",
    "Biggl", "Biggr", "bigm",
}  # fmt: skip


@dataclass(slots=True)
class Piece:
    """A run of text with one look."""

    text: str
    line: int
    bold: bool = False
    underline: bool = False


@dataclass
class Context:
    """What rendering needs to know of the whole paper."""

    labels: dict[str, tuple[str, str]] = field(default_factory=dict)  # label -> (kind such as "Table", printed number)
    citations: Citations = field(default_factory=Citations)
    numbers: dict[str, str] = field(default_factory=dict)  # siunitx options that hold where we are
    names: dict[str, tuple[str, str]] | None = (
        None  # cleveref's names of kinds, one and several; None: the kind as it is
    )


class Renderer:
    """Turns nodes into text, one paragraph, cell or caption at a time.

    In a `cell` parenthetical citations beside other text and raised note marks are left out: they would stand in
    the row's
    name. Footnotes are collected in `footnotes`.
    """

    def __init__(self, context: Context, *, cell: bool = False) -> None:
        self.context = context
        self.cell = cell
        self.pieces: list[Piece] = []
        self.footnotes: list[Node] = []
        self.dropped: list[str] = []  # citations left out of a cell
        self._bold = False
        self._underline = False
        self._math = 0
        self._script = 0
        self._named = -1  # how many pieces there were after the last name of a function
        self._formula_start = 0  # index into pieces where the current formula began

    # ------------------------------------------------------------------ results
    @property
    def text(self) -> str:
        """What was rendered so far, white space collapsed."""
        return "".join(p.text for p in self.pieces).strip()

    def tail(self, pieces: int = 4) -> str:
        """The last few characters rendered."""
        return "".join(p.text for p in self.pieces[-pieces:])[-12:]

    @property
    def empty(self) -> bool:
        """Whether nothing visible was rendered so far."""
        return not any(p.text.strip() for p in self.pieces)

    @property
    def bold(self) -> bool:
        """Whether at least half of the letters and digits are bold."""
        return self._share("bold")

    @property
    def underlined(self) -> bool:
        """Whether at least half of the letters and digits are underlined."""
        return self._share("underline")

    def _share(self, look: str) -> bool:
        total = marked = 0
        for piece in self.pieces:
            count = sum(c.isalnum() for c in piece.text)
            total += count
            marked += count if getattr(piece, look) else 0
        return total > 0 and marked * 2 >= total

    def lines(self, offsets: list[int]) -> list[int]:
        """The source lines of some characters of `text`, given by offset in rising order."""
        whole = "".join(p.text for p in self.pieces)
        lead = len(whole) - len(whole.lstrip())
        starts: list[int] = []
        position = 0
        for piece in self.pieces:
            starts.append(position)
            position += len(piece.text)
        out: list[int] = []
        for offset in offsets:
            i = max(0, bisect_right(starts, offset + lead) - 1)
            out.append(self.pieces[i].line if self.pieces else 0)
        return out

    # ------------------------------------------------------------------ rendering
    def set_look(self, bold: bool, underline: bool) -> tuple[bool, bool]:
        """Set how text looks from here on; gives the look before."""
        before = (self._bold, self._underline)
        self._bold, self._underline = bold, underline
        return before

    def emit(self, text: str, line: int) -> None:
        """Append text in the current look; white space runs become one space."""
        if not text:
            return
        text = re.sub(r"\s+", " ", text)
        if self._math and self._named == len(self.pieces) and text[0].isalnum():
            text = " " + text
        if text[0] == " " and (not self.pieces or self.pieces[-1].text.endswith(" ")):
            text = text[1:]
            if not text:
                return
        elif text[0] in ".,;:)" and self.pieces and self.pieces[-1].text.endswith(" ") and not text[1:2].isdigit():
            # what stood before the stop was not printed: a footnote, a dropped citation
            last = self.pieces[-1]
            last.text = last.text.rstrip()
        self.pieces.append(Piece(text, line, self._bold, self._underline))

    def render(self, nodes: list[Node] | None) -> Renderer:
        """Append the text of the nodes; a look switched on among them ends with them."""
        bold, underline = self._bold, self._underline
        self.continue_with(nodes)
        self._bold, self._underline = bold, underline
        return self

    def continue_with(self, nodes: list[Node] | None) -> None:
        """Append the text of the nodes; a look switched on among them goes on after them."""
        skip_dot = False
        for node in nodes or ():
            if skip_dot and node.kind == "text" and node.text.startswith("."):
                self.emit(node.text[1:], node.line)
                skip_dot = False
                continue
            skip_dot = node.kind == "cmd" and node.text in ("left", "right")
            self._node(node)

    def _node(self, node: Node) -> None:
        kind = node.kind
        if kind == "text":
            text = node.text
            if self._math:
                for part in re.split(r"([=<>])", text):
                    self._operator(part, node.line) if part in SPACED and part else self.emit(part, node.line)
            else:
                self.emit(_QUOTES.sub(lambda m: _TYPED[m[0]], text), node.line)
        elif kind == "verb":
            self.emit(node.text, node.line)
        elif kind in (" ", "par", "~"):
            if not self._math or kind == "~":
                self.emit(" ", node.line)
        elif kind == "group":
            self.render(node.children)
        elif kind == "math":
            self._formula(node.children)
        elif kind in ("^", "_"):
            self._scripted(kind, node)
        elif kind == "&":
            self.emit(" ", node.line)
        elif kind == "#":
            self.emit("#" + node.text, node.line)
        elif kind == "env":
            if node.text in MATH_ENVIRONMENTS:
                self._formula(node.children)
            elif node.text not in SILENT:
                self.render(node.children)
        elif kind == "cmd":
            self._command(node)

    def _formula(self, nodes: list[Node]) -> None:
        outer = self._formula_start
        if not self._math:
            self._formula_start = len(self.pieces)
        self._math += 1
        self.render(nodes)
        self._math -= 1
        if not self._math and len(self.pieces) > self._formula_start:
            last = self.pieces[-1]
            # "3 $\\times$": a sign that nothing follows is no infix
            last.text = last.text.strip() if last.text.strip() in SPACED else last.text.rstrip() or last.text
        self._formula_start = outer

    def _operator(self, sign: str, line: int) -> None:
        """An infix sign with spaces around it where something stands before it in the formula."""
        if self._script:
            self.emit(sign, line)
        elif len(self.pieces) > self._formula_start and self.pieces[-1].text[-1:] not in "([{,/^_":
            self.emit(f" {sign} ", line)
        else:
            self.emit(sign, line)

    def sub(self, nodes: list[Node] | None, *, math: bool = False, script: bool = False) -> Renderer:
        """A renderer of its own for a part of what is being rendered."""
        inner = Renderer(self.context, cell=self.cell)
        inner._math = self._math if not math else max(1, self._math)
        inner._script = self._script + script
        inner._bold, inner._underline = self._bold, self._underline
        inner.render(nodes)
        self.footnotes += inner.footnotes
        return inner

    def _scripted(self, kind: str, node: Node) -> None:
        """A superscript or subscript, in a way that a number keeps being one."""
        if not node.args:
            self.emit(node.text, node.line)
            return
        content = self.sub(node.args[0], math=True, script=True).text
        before = self.pieces[-1].text if self.pieces else ""
        has_base = len(self.pieces) > self._formula_start and bool(before.strip())
        if not content:
            return
        plain = content.strip("{}")
        if content[0] in "±∓" or content.startswith("+-"):
            self.emit(" " + content.replace("+-", "±"), node.line)
        elif kind == "^" and all(c in _MARKS for c in content):
            self.emit(content.replace("∗", "*").replace("⋆", "*"), node.line)
        elif kind == "^" and content in ("∘", "°", "o"):
            self.emit("°", node.line)
        elif kind == "^" and content in _ORDINALS:
            self.emit(content, node.line)
        elif before[-1:].isdigit() and re.fullmatch(r"\(?\s*[±+-]?\d*\.\d+%?\s*\)?", content):
            # a spread or second value set small beside a number
            self.emit(f" {content}" if content[0] == "(" else f" ({content})", node.line)
        elif kind == "^" and not has_base and self._is_note(content):
            return
        elif kind == "^":
            self.emit("^" + (content if len(content) == 1 else "{" + content + "}"), node.line)
        else:
            simple = re.fullmatch(r"\w+", content) is not None
            self.emit("_" + (plain if simple else "{" + content + "}"), node.line)

    def _is_note(self, content: str) -> bool:
        """Whether what is raised after running text is a mark of a note and no power."""
        if not re.fullmatch(r"[\d,\s]{1,6}|[a-z](?:,\s?[a-z])*|[\d,]*[*†‡§¶]+", content):
            return False
        before = self.tail()
        return not (content in ("2", "3") and _POWERED.search(before)) and not before.endswith("10")

    def _command(self, node: Node) -> None:
        name, line = node.text, node.line
        if name.startswith("the:"):
            return
        if name in BOLD_ON or (name == "fontseries" and raw_text(node.args[0]).startswith("b")):
            self._bold = True
        elif name in BOLD_OFF:
            self._bold = False
        elif name in BOLD_COMMANDS or name in UNDERLINE_COMMANDS:
            bold, underline = self._bold, self._underline
            self._bold = self._bold or name in BOLD_COMMANDS
            self._underline = self._underline or name in UNDERLINE_COMMANDS
            self.render(node.args[0])
            self._bold, self._underline = bold, underline
        elif name in CITATIONS:
            self._cite(node)
        elif name in _REFERENCES or name in ("crefrange", "Crefrange"):
            self._reference(node)
        elif name in ("footnote", "footnotetext", "thanks", "sidenote", "marginpar"):
            if name != "thanks":
                self.footnotes.append(node)
        elif name in ACCENTS and node.args:
            letter = self.sub(node.args[0])
            if name in ("=", ".", "`", "'", "^", '"', "~") or len(letter.text) <= 2 or name in "uvHcrkdbt":
                self.emit(accented(name, letter.text), line)
        elif name in ("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"):
            top, bottom = (self.sub(a, math=True, script=True).text for a in node.args[-2:])
            self.emit(f"{_operand(top)}/{_operand(bottom)}", line)
        elif name == "sqrt":
            self.emit("√" + _operand(self.sub(node.args[1], math=True, script=True).text), line)
        elif name == "ensuremath":
            self._formula(node.args[0] or [])
        elif name in _MATH_ACCENTS and node.args:
            inside = self.sub(node.args[0], math=True).text
            self.emit(inside + _MATH_ACCENTS[name] if len(inside) == 1 and inside.isalpha() else inside, line)
        elif name == "textsuperscript":
            self._scripted("^", Node("^", "^", line, args=[node.args[0]]))
        elif name == "textsubscript":
            self._scripted("_", Node("_", "_", line, args=[node.args[0]]))
        elif name in _SIUNITX:
            self.emit(self._number(node), line)
        elif name == "ion":
            number = raw_text(node.args[1]).strip()
            numeral = roman(int(number)) if number.isdecimal() and len(number) < 3 else number.upper()
            self.emit(self.sub(node.args[0]).text + " " + numeral, line)
        elif name == "ding":
            code = raw_text(node.args[0]).strip()
            self.emit({"51": "✓", "52": "✓", "55": "✗", "56": "✗"}.get(code, ""), line)
        elif name in ("diagbox", "backslashbox", "slashbox"):
            self.emit(" / ".join(t for a in node.args[-2:] if (t := self.sub(a).text)), line)
        elif name in (
            "makecell",
            "thead",
            "shortstack",
            "Centerstack",
            "Longstack",
            "tabincell",
            "specialcell",
            "parbox",
        ):
            self.render(node.args[-1])
        elif name in ("uppercase", "MakeUppercase"):
            self.emit(self.sub(node.args[0]).text.upper(), line)
        elif name == "multirow":
            self.render(node.args[1])
        elif name == "Block":
            bold = self._bold
            self._bold = bold or "\\bf" in raw_text(node.args[1])
            self.render(node.args[2])
            self._bold = bold
        elif name == "item":
            self.emit(" ", line)
        elif name in COMMANDS:
            for index in COMMANDS[name][1]:
                if index < len(node.args):
                    self.render(node.args[index])
        elif name not in _SPLIT_WORDS:
            sign = symbol(name)
            if sign is None:
                return
            if self._math and sign in SPACED:
                self._operator(sign, line)
            elif self._math and len(sign) > 1 and sign.isalpha():
                # "n log n": the name of a function keeps apart from the letters around it
                if len(self.pieces) > self._formula_start and self.pieces[-1].text[-1:].isalnum():
                    self.emit(" ", line)
                self.emit(sign, line)
                self._named = len(self.pieces)
            else:
                self.emit(sign, line)

    def _number(self, node: Node) -> str:
        """What a number, unit, list or range of siunitx prints."""
        name = node.text
        options = {**self.context.numbers, **parse_options(raw_text(node.args[0]))}
        if name in ("si", "unit"):
            return unit_text(node.args[1])
        count = 2 if name.endswith("range") else 1
        texts = [self.sub(a, math=True).text.replace(" ", "") for a in node.args[1 : 1 + count]]
        if name.endswith("list"):
            texts = texts[0].split(";")
        numbers = [number_text(t, options) for t in texts]
        if name == "ang":
            signs = ("°", "′", "″")
            return "".join(f"{n}{s}" for n, s in zip(numbers[0].split(";"), signs, strict=False) if n)
        if len(node.args) > 1 + count:
            shown = unit_text(node.args[-1])
            numbers = [quantity_text(n, shown) for n in numbers]
        return " to ".join(numbers) if count == 2 else list_text(numbers)

    # ------------------------------------------------------------------ references and citations
    def _reference(self, node: Node) -> None:
        kinds: list[str] = []
        numbers: list[str] = []
        keys = [k.strip() for a in node.args[1:] for k in raw_text(a).split(",")]
        for key in keys:
            kind, number = self.context.labels.get(key, ("", "??"))
            kinds.append(kind)
            numbers.append(number)
        name = node.text
        joined = numbers[0] if len(numbers) == 1 else ", ".join(numbers[:-1]) + " and " + numbers[-1]
        if name.endswith("refrange"):
            joined = " to ".join(numbers)
        if name == "eqref":
            joined = f"({joined})"
        elif name == "subref":
            joined = f"({numbers[0][-1:]})"
        elif (name in _NAMED_REFERENCES or name.endswith("refrange")) and any(kinds):
            names = None if name.lower() == "autoref" else self.context.names
            joined = named(
                list(zip(kinds, numbers, strict=True)),
                capital=name[0].isupper(),
                several=name.endswith("refrange"),
                names=names,
            )
        self.emit(joined, node.line)

    def _cite(self, node: Node) -> None:
        style = CITATIONS[node.text]
        keys = [k.strip() for k in raw_text(node.args[3]).split(",") if k.strip()]
        pre, post = node.args[1], node.args[2]
        if post is None and pre is not None:
            pre, post = None, pre
        before = self.sub(pre).text if pre else ""
        after = self.sub(post).text if post else ""
        text = self.context.citations.text(keys, style, before, after)
        if self.cell and style in ("par", "drop", "bare"):
            self.dropped.append(text)
            return
        glued = self.pieces and self.pieces[-1].text[-1:].isalnum() and text[:1] == "("
        self.emit((" " if glued else "") + text, node.line)


def _operand(text: str) -> str:
    """A part of a fraction, bracketed where it needs it."""
    return text if re.fullmatch(r"[\w.^√]+|\(.*\)", text) else f"({text})"
