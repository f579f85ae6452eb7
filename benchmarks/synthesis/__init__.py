"""Measurements of syntheses: outcomes of questions over the result papers, and the time over papers in the cache."""
