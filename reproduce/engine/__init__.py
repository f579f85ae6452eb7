"""Carrying out a plan: its request, job states in SQLite, supervised workers, run folders that survive anything."""
