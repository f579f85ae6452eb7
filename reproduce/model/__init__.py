"""The encoder on packed batches, its heads, and the folders that hold its weights."""
