"""Training speed, measured side by side: ours and what people run today, on the same examples in the same order."""
