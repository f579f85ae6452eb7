"""Carrying out a plan: job states in SQLite, supervised worker processes, run folders that survive anything."""
