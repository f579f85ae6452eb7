"""Results of the same system in several papers: what is linked, what agrees, what is flagged."""
