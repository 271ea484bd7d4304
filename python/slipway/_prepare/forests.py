# SPDX-License-Identifier: Apache-2.0
"""Which models are forests, and their graphs."""
from __future__ import annotations

from types import ModuleType

from . import forest_catboost, forest_lightgbm, forest_sklearn, forest_xgboost, parts
from .forest import Builder

SKLEARN = (*forest_sklearn.FORESTS, *forest_sklearn.TREES, *forest_sklearn.BOOSTED, *forest_sklearn.HISTOGRAM,
           *forest_sklearn.ISOLATION)
LIBRARIES = {"xgboost": forest_xgboost, "lightgbm": forest_lightgbm, "catboost": forest_catboost}


def writer(model: object) -> ModuleType | None:
    """What writes this model as a forest; `None` when it is none."""
    name = parts.kind(model)
    library = name.split(".")[0]
    if library == "sklearn":
        return forest_sklearn if type(model).__name__ in SKLEARN else None
    return LIBRARIES.get(library.removeprefix("_"))


def graph(build: Builder, model: object, values: str) -> list[str]:
    """The names of the answers: label and probabilities, label and score, or the prediction alone."""
    found = writer(model)
    assert found is not None, "only what has a writer is written"
    return found.graph(build, model, values)
