"""Results of several papers held beside each other."""

from claimcheck.checks.across.claims import check_claims, with_check
from claimcheck.checks.across.compare import cited_preprints, compare_papers, quoting_rows

__all__ = ["check_claims", "cited_preprints", "compare_papers", "quoting_rows", "with_check"]
