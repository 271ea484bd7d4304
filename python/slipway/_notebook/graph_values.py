# SPDX-License-Identifier: Apache-2.0
"""Values of steps as JSON has them, which YAML reads as they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .references import not_fitting


def written(value: Any, where: str) -> Any:
    """Lists, dictionaries by text, texts, numbers, booleans and None; of NumPy's as well."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {_key(key, where): written(inner, where) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [written(inner, where) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise not_fitting(
            f"{where} holds {value}, which no step takes.", "Leave it out, or write the number that is meant."
        )
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise not_fitting(
        f"{where} holds {type(value).__name__}, which slipway.yaml cannot hold.",
        "Write texts, numbers, booleans, lists and dictionaries; hand a model in with g.model(…).",
    )


def _key(key: Any, where: str) -> str:
    key = written(key, where)
    if isinstance(key, (list, dict)) or key is None:
        raise not_fitting(f"{where} has {key!r} as a key.", "Keys are texts or numbers.")
    return str(key).lower() if isinstance(key, bool) else str(key)
