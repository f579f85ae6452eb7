"""How good the verdicts are: text against text, statements against tables, calibration."""
