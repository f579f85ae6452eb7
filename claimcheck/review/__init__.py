"""People's part: the decisions that reviewers take on verdicts, the page where they take them, and what changed.

decisions.py   decisions.jsonl: written and read           desk.py    who sees and decides what of a ledger
server.py      the page on 127.0.0.1                       diff.py    what changed between two ledgers
pairing.py     which claims of two ledgers are the same    diff_view.py   that in words
"""
