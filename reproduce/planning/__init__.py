"""From claims to a plan: the graph of jobs, what it costs, and the request that a run folder keeps."""
