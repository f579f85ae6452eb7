"""How far the checks against a paper's own tables can be trusted, measured on real papers.

    python -m benchmarks.own_tables [--sheet DIR] [--limit N] [--out FILE]

(a) false alarms on untouched papers, (b) planted errors, (c) a sample of supported checks for an eye, (d) chance
control, (e) how many numeric checks there are. What a person saw is kept in causes.json and
judged.json beside this file.
"""
