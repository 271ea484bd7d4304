# SPDX-License-Identifier: Apache-2.0
"""For which rows a step runs, as `when` and the rules of `select` take it: `{score: slipway.between(0.4, 0.6)}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def between(low: float, high: float) -> dict[str, Any]:
    """From `low` to `high`, both included."""
    return {"between": [low, high]}


def above(least: float) -> dict[str, Any]:
    """More than `least`."""
    return {"above": least}


def below(most: float) -> dict[str, Any]:
    """Less than `most`."""
    return {"below": most}


def equals(value: str | float | bool) -> dict[str, Any]:
    """Exactly this."""
    return {"equals": value}


def one_of(values: Iterable[str | float | bool]) -> dict[str, Any]:
    """Exactly one of these."""
    return {"one_of": list(values)}


def missing(is_missing: bool = True) -> dict[str, Any]:
    """Whether the step gave nothing for the row."""
    return {"missing": is_missing}
