"""Contradictions inside one paper: planted ones that are found, and what is found in papers as they are."""
