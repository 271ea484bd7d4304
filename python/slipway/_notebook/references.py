# SPDX-License-Identifier: Apache-2.0
"""What steps of a graph read: what it takes, a step, a column of either, one value of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from operator import index
from typing import Any

from ..errors import ModelRefused

INPUT = "input"


@dataclass(frozen=True)
class Reference:
    """`step`, `step["column"]` and `step["column"][1]`. Its text is what `slipway.yaml` says for it."""

    step: str
    column: str | None = None
    position: int | None = None
    # Whose step it is; two graphs may have steps of one name.
    graph: object = field(default=None, repr=False)

    # Without this, what can be indexed counts as a list that never ends.
    __iter__ = None

    def __getitem__(self, key: str | int) -> Reference:
        """A column by its name, or one value by its place, counted from 0."""
        if self.position is not None:
            raise not_fitting(f"“{self}” is one value already, and has no [{key!r}].")
        if isinstance(key, str):
            if self.column is not None or not key:
                raise not_fitting(f"“{self}” has no column {key!r}.")
            return replace(self, column=key)
        try:
            position = index(key)
        except TypeError:
            raise not_fitting(f"“{self}”[{key!r}] is neither a column nor a place in one.") from None
        if position < 0:
            raise not_fitting(f"“{self}”[{position}] counts from the end.", "Places are counted from 0.")
        return replace(self, position=position)

    def __str__(self) -> str:
        column = "" if self.column is None else f".{self.column}"
        return f"{self.step}{column}" + ("" if self.position is None else f"[{self.position}]")


def step_of(text: str) -> str:
    """The step that a text such as `boost.probabilities[1]` is of."""
    return text.partition(".")[0].partition("[")[0]


def nearest(name: str, known: Mapping[str, Any] | list[str]) -> str:
    """A hint that names the nearest of what there is."""
    found = get_close_matches(name, list(known), 1)
    if found:
        return f"Did you mean “{found[0]}”?"
    return f"There are {', '.join(list(known)[:12])}." if known else ""


def not_fitting(message: str, hint: str = "docs/how-to/graphs.md shows how steps are written.") -> ModelRefused:
    """As the program says it of a graph that does not fit together."""
    return ModelRefused(message, hint=hint, code="PRJ-010")
