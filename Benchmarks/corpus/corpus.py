# SPDX-License-Identifier: Apache-2.0
"""Pipelines as people train them, by name: `make(name)` trains one."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import pandas as pd

import data

MADE: dict[str, Callable[[], "Pipeline"]] = {}


@dataclass
class Pipeline:
    """A trained model, and rows for it.

    `save` writes it into a folder and returns the file's name; `answer` gives the original's answers to rows, by output.
    """

    model: object
    sample: object
    unseen: Callable[[int], object]
    save: Callable[[object, str], str]
    answer: Callable[[object], dict] | None = None


def pipeline(make: Callable[[], Pipeline]) -> Callable[[], Pipeline]:
    MADE[make.__name__] = make
    return make


def named(name: str, make: Callable[[], Pipeline]) -> None:
    MADE[name] = make


def names() -> list[str]:
    import boosted, columns, estimators, others  # noqa: E401,F401  each adds its pipelines
    return list(MADE)


def make(name: str) -> Pipeline:
    names()
    return MADE[name]()


def joblib_file(model: object, folder: str) -> str:
    import joblib
    joblib.dump(model, f"{folder}/model.joblib")
    return "model.joblib"


def on_table(model, table: pd.DataFrame, target=None, rows: int = 400, save=joblib_file, fit: dict | None = None
             ) -> Pipeline:
    """Trained on a table; asked with the first rows of it, and with more like them."""
    model = model.fit(table, **(fit or {})) if target is None else model.fit(table, target, **(fit or {}))
    return Pipeline(model, table.head(rows), lambda count: data.more(table, count, 11), save)
