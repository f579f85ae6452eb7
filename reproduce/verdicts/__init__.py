"""From predictions to verdicts: scores, the gate that runs have to pass, Reproductions."""
