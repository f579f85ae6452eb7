"""Statements against tables: words linked to rows and columns, programs over the cells, a small model."""

from claimcheck.checks.statements.check import StatementCheck, check_statements, is_prose
from claimcheck.checks.statements.model import calibration

__all__ = ["StatementCheck", "calibration", "check_statements", "is_prose"]
