"""The rerunning side of claimcheck: from a registered claim to a plan, runs, and a verdict on what they predicted."""
