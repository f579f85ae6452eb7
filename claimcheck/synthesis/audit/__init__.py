"""The audit of a machine-written synthesis report: what it claims, and what of that its own sources bear out."""

from __future__ import annotations

from claimcheck.synthesis.audit.run import ReadReport, audit_reports, read_report

__all__ = ["ReadReport", "audit_reports", "read_report"]
