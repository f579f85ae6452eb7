"""Synthesis: a question -> the literature on it, what its papers claim side by side, and what they answer."""
