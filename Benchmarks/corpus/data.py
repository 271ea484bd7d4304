# SPDX-License-Identifier: Apache-2.0
"""The tables that the corpus is trained on, and rows of the same kind that no model has seen."""
from __future__ import annotations

import functools
import pathlib
import re

import numpy as np
import pandas as pd
from sklearn import datasets


def more(table: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Rows like those of `table`: drawn from it, their numbers moved by less than their own resolution allows to tell
    them from real ones, and some values exchanged between rows."""
    rng = np.random.default_rng(seed)
    drawn = table.iloc[rng.integers(0, len(table), count)].reset_index(drop=True)
    for name in drawn.columns:
        column = drawn[name]
        if pd.api.types.is_float_dtype(column) and column.nunique() > 20:
            spread = float(np.nanstd(column)) or 1.0
            digits = max(0, 4 - int(np.floor(np.log10(spread))))
            drawn[name] = (column + rng.normal(0, spread / 10, count)).round(digits)
        elif pd.api.types.is_integer_dtype(column) and column.nunique() > 20:
            drawn[name] = (column + rng.integers(-2, 3, count)).clip(column.min(), column.max())
        swapped = rng.random(count) < 0.1
        drawn.loc[swapped, name] = table[name].iloc[rng.integers(0, len(table), int(swapped.sum()))].to_numpy()
    return drawn


@functools.cache
def bundled(name: str) -> tuple[pd.DataFrame, pd.Series]:
    loaded = getattr(datasets, f"load_{name}")(as_frame=True)
    return loaded.data, loaded.target


@functools.cache
def friedman(count: int = 3000) -> tuple[pd.DataFrame, pd.Series]:
    values, target = datasets.make_friedman1(count, n_features=10, noise=0.5, random_state=0)
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(10)]), pd.Series(target)


@functools.cache
def churn(count: int = 200_000) -> tuple[pd.DataFrame, pd.Series]:
    """Customers: missing values, a category of 500 levels, dates, Unicode, the country "NO", 3 % positives."""
    rng = np.random.default_rng(7)
    age = rng.integers(18, 95, count).astype(float)
    age[rng.random(count) < 0.08] = np.nan
    income = np.round(rng.lognormal(10.2, 0.6, count), 2)
    income[rng.random(count) < 0.12] = np.nan
    plan = rng.choice(["basic", "pro", "größer", "最大"], count, p=[0.5, 0.3, 0.15, 0.05]).astype(object)
    plan[rng.random(count) < 0.03] = None
    table = pd.DataFrame({
        "age": age, "income": income, "calls": rng.poisson(3, count), "plan": plan,
        "country": rng.choice(["NO", "DE", "SE", "ES", "日本"], count), "is_member": rng.random(count) < 0.4,
        "town": np.array([f"town {i:03}" for i in range(500)], object)[rng.zipf(1.3, count) % 500],
        "since": pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3650, count), unit="D")})
    score = 0.4 * table.calls - 0.00002 * table.income.fillna(20_000) + (table.plan == "basic") + rng.normal(0, 1, count)
    return table, (score > np.quantile(score, 0.97)).astype(int)


@functools.cache
def licences() -> tuple[list[str], list[str]]:
    """Paragraphs of Debian's common licences, and which licence each is of."""
    texts, names = [], []
    for path in sorted(pathlib.Path("/usr/share/common-licenses").iterdir()):
        if path.is_symlink():
            continue
        for paragraph in re.split(r"\n\s*\n", path.read_text("utf-8", "replace")):
            words = " ".join(paragraph.split())
            if len(words) > 40:
                texts.append(words)
                names.append(path.name)
    return texts, names


def more_texts(count: int, seed: int) -> list[str]:
    """Sentences of the licences, cut and joined anew."""
    rng, texts = np.random.default_rng(seed), licences()[0]
    found = []
    for _ in range(count):
        first, second = (texts[i].split() for i in rng.integers(0, len(texts), 2))
        found.append(" ".join(first[:rng.integers(3, 20)] + second[-rng.integers(3, 20):]))
    return found
