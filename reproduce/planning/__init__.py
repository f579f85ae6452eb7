"""From claims to a plan: the graph of jobs, what it costs, how long it takes."""
