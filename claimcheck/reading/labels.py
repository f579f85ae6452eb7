"""Labels of tables: the printed number, "1a" for a lettered part, "1 (2)" for the second of several under one number.

All readers name tables by these rules, so that a paper's tables are called the same in its PDF, LaTeX and HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Labels:
    """Gives each table of a paper a label of its own."""

    taken: set[str] = field(default_factory=set)
    unnumbered: int = 0

    def take(self, names: Sequence[str]) -> list[str]:
        """Labels of the tables under one caption, in their order.

        `names` are their printed names: the caption's number, with the letter where the part has one ("1", "1a"), ""
        where nothing is printed. Tables of one name are counted ("1 (1)", "1 (2)"); a name that an earlier caption has
        taken goes on counting; a table without a name is "#k", the k-th of the paper.
        """
        out: list[str] = []
        for i, name in enumerate(names):
            if not name:
                self.unnumbered += 1
                out.append(f"#{self.unnumbered}")
                continue
            count = names[: i + 1].count(name)
            label = f"{name} ({count})" if names.count(name) > 1 else name
            while label in self.taken:
                count += 1
                label = f"{name} ({count})"
            self.taken.add(label)
            out.append(label)
        return out
