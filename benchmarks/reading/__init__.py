"""Benchmarks of reading: each prints a table and writes JSON; see README.md in the folder above."""
