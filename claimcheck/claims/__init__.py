"""Claims: which sentences of a document state something checkable, and what exactly they state."""

from claimcheck.claims.detect import detect
from claimcheck.claims.extract import Found, claim_of, extract_claims, find_claims, most_important
from claimcheck.claims.findings import findings
from claimcheck.claims.quantities import find_quantities
from claimcheck.claims.twice import said_twice

__all__ = [
    "Found",
    "claim_of",
    "detect",
    "extract_claims",
    "find_claims",
    "find_quantities",
    "findings",
    "most_important",
    "said_twice",
]
