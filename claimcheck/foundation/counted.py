"""What papers count of their own, and how numbers are spelled: "six treebanks", "14 languages"."""

from __future__ import annotations

NUMBER_WORDS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
        " eighteen nineteen twenty".split(),
        range(2, 21),
        strict=True,
    )
)
# a pattern without groups, of the plural nouns that a paper gives the number of
COUNTED = (
    r"(?:data\s?sets?|tasks|benchmarks|corpora|languages|domains|metrics|baselines|models|systems|components|modules"
    r"|settings|tests|experiments|treebanks|genres|categories|classes|subtasks|sources|features|layers|variants"
    r"|language pairs|methods)"
)
