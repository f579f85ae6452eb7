"""What a claim says exactly: the slots of its quantities, its comparisons, and a form that stands alone."""

from claimcheck.claims.structure.fill import fill, fill_alone

__all__ = ["fill", "fill_alone"]
