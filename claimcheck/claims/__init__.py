"""Claims: which sentences of a document state something checkable, and what exactly they state."""

from claimcheck.claims.detect import detect
from claimcheck.claims.extract import claim_of, extract_claims
from claimcheck.claims.quantities import find_quantities

__all__ = ["claim_of", "detect", "extract_claims", "find_quantities"]
