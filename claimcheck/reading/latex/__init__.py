"""LaTeX sources: read without TeX, by our own expansion of macros and our own reading of tables."""

from claimcheck.reading.latex.reader import read_latex

__all__ = ["read_latex"]
