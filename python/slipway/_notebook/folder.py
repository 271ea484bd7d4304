# SPDX-License-Identifier: Apache-2.0
"""A project folder that was written, as a notebook shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .page import table_page


@dataclass(frozen=True)
class ModelFolder:
    """A folder that `slipway deploy` and `slipway pack` take."""

    path: Path
    name: str
    model: str
    kind: str
    task: str
    examples: int
    columns: tuple[str, ...]
    requirements: tuple[str, ...]
    notes: tuple[str, ...]

    def _facts(self) -> dict[str, str]:
        listed = ", ".join(self.columns[:8]) + (
            f" and {len(self.columns) - 8} more" if len(self.columns) > 8 else ""
        )
        return {
            "model": f"{self.model}, {self.kind}",
            "task": self.task,
            "columns": listed,
            "examples": f"{self.examples}, answered by the original in this process",
            "environment": f"{len(self.requirements)} packages: {', '.join(self.requirements[:4])}, …",
            "next": f"slipway deploy {self.path}",
        } | {f"note {number}": note for number, note in enumerate(self.notes, 1)}

    def __repr__(self) -> str:
        lines = [
            f"{self.name} in {self.path}",
            *(f"  {name}: {fact}" for name, fact in self._facts().items()),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return table_page(f"{self.name} in {self.path}", self._facts())
