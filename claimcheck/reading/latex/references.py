"""How \\cref, \\autoref and their kin print: the kind of a thing in the package's words, and its numbers."""

from __future__ import annotations

import re
from itertools import groupby

# cleveref's English: what \cref prints for one and for several, and what \Cref does where that is another word
_NAMES = {
    "Table": ("table", "tables"),
    "Figure": ("fig.", "figs."),
    "Equation": ("eq.", "eqs."),
    "Section": ("section", "sections"),
    "Chapter": ("chapter", "chapters"),
    "Appendix": ("appendix", "appendices"),
    "Algorithm": ("algorithm", "algorithms"),
    "Item": ("item", "items"),
}
_WHOLE = {"fig.": "figure", "figs.": "figures", "eq.": "equation", "eqs.": "equations"}


def cleveref_names(options: str, given: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The words of \\cref and \\Cref by kind ("Table" and "Table!"), from the package's options and \\crefname.

    `given` maps LaTeX's names ("table"; with "!" for \\Crefname) to the words for one and for several.
    """
    capital = re.search(r"capitali[sz]e", options) is not None
    whole = "noabbrev" in options
    out: dict[str, tuple[str, str]] = {}
    for kind, (one, several) in _NAMES.items():
        upper = (_capital(_WHOLE.get(one, one)), _capital(_WHOLE.get(several, several)))
        lower = (_WHOLE.get(one, one), _WHOLE.get(several, several)) if whole else (one, several)
        own = given.get(kind.lower())
        own_upper = given.get(kind.lower() + "!") or (own and (_capital(own[0]), _capital(own[1])))
        out[kind] = own or ((_capital(lower[0]), _capital(lower[1])) if capital else lower)
        out[kind + "!"] = own_upper or upper
    return out


def named(
    labels: list[tuple[str, str]], *, capital: bool, several: bool, names: dict[str, tuple[str, str]] | None
) -> str:
    """ "tables 1 to 3 and section 2" for labels given as (kind, number); without `names` the kind is printed as it is.

    `several` says that the two labels are the ends of a range.
    """
    parts: list[str] = []
    for kind, group in groupby(labels, key=lambda label: label[0]):
        numbers = [f"({number})" if kind == "Equation" and names is not None else number for _, number in group]
        if names is None:
            name = f"{kind}s" if len(numbers) > 1 else kind
        else:
            words = names.get(kind + "!" if capital else kind)
            if words is None:
                words = (kind, kind + "s") if capital else (kind.lower(), kind.lower() + "s")
            name = words[len(numbers) > 1]
        shown = f"{numbers[0]} to {numbers[-1]}" if several else _joined(numbers, compress=names is not None)
        parts.append(f"{name} {shown}" if kind else shown)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _joined(numbers: list[str], *, compress: bool) -> str:
    """ "1", "1 and 3", "1, 2 and 5"; three or more in a row as "1 to 3" where the package compresses."""
    runs: list[list[str]] = []
    for number in sorted(numbers, key=_place) if compress else numbers:
        if compress and runs and _place(number) == _next(_place(runs[-1][-1])):
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [x for run in runs for x in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else run)]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _place(number: str) -> tuple[str, int]:
    m = re.fullmatch(r"(.*?)(\d+)(\)?)", number)
    return (m[1], int(m[2][:9])) if m else (number, -1)


def _next(place: tuple[str, int]) -> tuple[str, int]:
    return (place[0], place[1] + 1) if place[1] >= 0 else ("\0", 0)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
