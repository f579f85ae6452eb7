"""Benchmarks of the search for literature."""
