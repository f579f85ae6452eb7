"""Measurements of the claims stage."""
