"""siunitx: numbers, units and ranges as the package prints them, under the options of \\sisetup, column or command."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from claimcheck.reading.latex.symbols import unit
from claimcheck.reading.latex.tree import Node

_NUMBER = re.compile(
    r"(?P<comparator>[<>≤≥~≈]*)\s*(?P<sign>[-+]?)\s*(?P<whole>\d*)(?:[.,](?P<part>\d*))?\s*"
    r"(?:\((?P<digits>[\d.]+)\)|(?:\\pm|\+-|±)\s*(?P<spread>\d*\.?\d+))?\s*"
    r"(?:[eEdD]\s*(?P<exponent>[-+]?\d+))?"
)
_SUFFIXES = {"squared": "^2", "cubed": "^3"}
_POWERS = {"square": "^2", "cubic": "^3"}
_LONGEST_OPTIONS = 2000  # characters
_LONGEST = 60  # digits of a number that is still formatted


def parse_options(text: str) -> dict[str, str]:
    """ "round-mode = places, group-separator={,}" as a mapping; a bare key means "true"."""
    out: dict[str, str] = {}
    text = text[:_LONGEST_OPTIONS]
    for m in re.finditer(
        r"([A-Za-z][\w-]*(?:\s+[\w-]+)*)\s*(?:=\s*(\{(?:[^{}]|\{[^{}]*\})*\}|[^,{}]*))?\s*(?:,|$)", text
    ):
        value = m[2].strip() if m[2] is not None else "true"
        out[m[1].strip()] = value[1:-1] if value[:1] == "{" and value[-1:] == "}" else value
    return out


def number_text(text: str, options: dict[str, str]) -> str:
    """A number as siunitx prints it: number_text("1204311", {"group-separator": ","}) is "1,204,311"; text that is no
    number comes back as it is.

    The package's own thin space between groups of digits is left out, so that a number stays one word.
    """
    plain = re.sub(r"(?<=\d)[\s~]+(?=\d)", "", text.replace("−", "-").strip())
    m = _NUMBER.fullmatch(plain)
    if m is None or not (m["whole"] or m["part"] or m["exponent"]) or len(plain) > _LONGEST:
        return text.strip()
    whole, part, spread = m["whole"], m["part"] or "", m["spread"] or ""
    digits = m["digits"] or ""
    separate = options.get("separate-uncertainty") == "true" or options.get("uncertainty-mode") == "separate"
    if digits and separate:
        spread, digits = _spread(digits, len(part)), ""
    if (whole or part) and not spread and not digits:
        whole, part = _rounded(whole, part, options)
    if options.get("add-integer-zero", "true") != "false" and part and not whole:
        whole = "0"
    sign = "-" if m["sign"] == "-" else m["sign"] if options.get("retain-explicit-plus") == "true" else ""
    shown = _grouped(whole, options) + (f".{part}" if part else "")
    if digits:
        shown += f"({digits})"
    if spread:
        shown += f" ± {spread}"
    shown = m["comparator"] + sign + shown
    if m["exponent"]:
        power = m["exponent"].lstrip("+")
        bare = shown in ("", "+") or (shown == "1" and options.get("print-unity-mantissa") == "false")
        shown = f"10^{{{power}}}" if bare else f"{'(' + shown + ')' if spread else shown} × 10^{{{power}}}"
    return shown


def _spread(digits: str, decimals: int) -> str:
    """The digits of "0.74(11)" as a number of their own: "0.11"."""
    if "." in digits or not decimals:
        return digits
    filled = digits.rjust(decimals + 1, "0")
    return f"{filled[:-decimals]}.{filled[-decimals:]}"


def _rounded(whole: str, part: str, options: dict[str, str]) -> tuple[str, str]:
    """The number after the rounding that the options ask for."""
    mode = options.get("round-mode", "none")
    precision = options.get("round-precision", "2").strip()
    if mode not in ("places", "figures") or not re.fullmatch(r"-?\d{1,2}", precision):
        return whole, part
    value = Decimal(f"{whole or '0'}.{part or '0'}")
    places = int(precision)
    if mode == "figures":
        places = places - 1 - value.adjusted() if value else places - 1
    elif options.get("round-pad", "true") == "false" and len(part) < places:
        return whole, part
    half = ROUND_HALF_EVEN if options.get("round-half") == "even" else ROUND_HALF_UP
    shown = f"{value.quantize(Decimal(1).scaleb(-places), rounding=half):f}"
    whole, _, part = shown.partition(".")
    return whole, part


def _grouped(whole: str, options: dict[str, str]) -> str:
    separator = re.sub(r"\\[,;:! ]|\\[A-Za-z]+|[~${}]", "", options.get("group-separator", "")).strip()
    least = options.get("group-minimum-digits", "5").strip()
    if not separator or options.get("group-digits") in ("none", "false", "decimal"):
        return whole
    if len(whole) < (int(least[:4]) if least.isdecimal() else 5):
        return whole
    return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", separator, whole)


def unit_text(nodes: list[Node] | None) -> str:
    """A unit as printed: \\mega\\byte\\per\\second is "MB/s"."""
    out: list[str] = []
    power = ""
    for node in nodes or ():
        if node.kind == "cmd":
            if node.text in _POWERS:
                power = _POWERS[node.text]
                continue
            if node.text in ("of", "tothe", "raiseto"):
                continue
            out.append(_SUFFIXES.get(node.text) or unit(node.text))
            if power and node.text != "per" and not unit(node.text).isspace() and not _is_prefix(node.text):
                out.append(power)
                power = ""
        elif node.kind == "group":
            out.append(unit_text(node.children))
        else:
            out.append(
                node.text.replace("~", " ").replace(".", "·") if node.kind == "text" else " " * (node.kind == "~")
            )
    return "".join(out).strip()


def _is_prefix(name: str) -> bool:
    return name in ("kilo", "mega", "giga", "tera", "milli", "micro", "nano", "centi", "deci", "pico", "femto", "peta")


def quantity_text(number: str, unit_shown: str) -> str:
    """A number and its unit: "0.83 s", and "10 %" as siunitx spaces it; degrees stand close."""
    close = unit_shown[:1] in ("°",) and unit_shown[:2] not in ("°C", "°F")
    return f"{number}{'' if close or not unit_shown else ' '}{unit_shown}"


def list_text(numbers: list[str]) -> str:
    """Numbers as \\numlist prints them: "1, 2 and 3"."""
    return " and ".join([", ".join(numbers[:-1]), numbers[-1]] if len(numbers) > 1 else numbers)
