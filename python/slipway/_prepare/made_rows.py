# SPDX-License-Identifier: Apache-2.0
"""Rows made up from what a model knows of itself, for when nobody gave any. They prove nothing about real ones."""
from __future__ import annotations

from typing import TYPE_CHECKING

from . import parts, trees
from .problems import rows_unusable
from .rows import Table
from .said import Said

if TYPE_CHECKING:
    import numpy

COUNT = 100
WORDS = 12


def of(model: object, about: Said, columns: list[dict] | None, seed: int) -> Table:
    """- Raises Problem `rows_unusable`, when the model does not say what it takes."""
    import numpy
    random = numpy.random.default_rng(seed)
    described = {column["name"]: column["dtype"] for column in columns or []}
    names = about.names
    if names is None and about.count is None:
        vocabulary = _vocabulary(model)
        if vocabulary:
            return Table({"text": _texts(random, vocabulary)})
        raise rows_unusable("The model does not say what it takes, so no rows can be made for it.",
                            "Give rows that look like what it will meet, with --examples.")
    categories = _categories(model) | about.categories
    ranges = _ranges(model)
    count = about.count or len(names or [])
    made = {}
    for index in range(count):
        name = names[index] if names else f"x{index}"
        known = categories.get(name, categories.get(index))
        if known:
            made[name] = _picked(random, known)
        else:
            made[name] = _numbers(random, ranges.get(index, (-1.0, 1.0)), described.get(name, "float64"))
    if names is None and all(values.dtype == numpy.float64 for values in made.values()):
        return Table({"input": numpy.stack(list(made.values()), axis=1)}, is_named=False)
    return Table(made, dict(about.categories))


def _numbers(random, limits: tuple[float, float], dtype: str) -> numpy.ndarray:
    low, high = limits
    room = (high - low) / 4 or 1.0
    values = random.uniform(low - room, high + room, COUNT)
    if dtype in ("object", "datetime64[ns]"):
        out = values.astype(object)
        out[:] = "2024-01-01" if dtype != "object" else "text"
        return out
    return values > (low + high) / 2 if dtype == "bool" else values.astype(dtype)


def _picked(random, known: list) -> numpy.ndarray:
    import numpy
    there = [value for value in known if value is not None and value == value]
    out = numpy.array([there[index] for index in random.integers(0, len(there), COUNT)])
    return out.astype(object) if out.dtype.kind in "US" else out


def _texts(random, vocabulary: list[str]) -> numpy.ndarray:
    import numpy
    out = numpy.empty(COUNT, dtype=object)
    out[:] = [" ".join(random.choice(vocabulary, WORDS)) for _ in range(COUNT)]
    return out


def _vocabulary(model: object) -> list[str]:
    for part in parts.walk(model):
        words = getattr(part.estimator, "vocabulary_", None)
        if words:
            return sorted(str(word) for word in words)
    return []


def _categories(model: object) -> dict:
    """The categories of encoders, by the name or the number of the column."""
    found: dict = {}
    for part in parts.walk(model):
        for _, transformer, chosen in getattr(part.estimator, "transformers_", []):
            for inner in parts.walk(transformer):
                kept = getattr(inner.estimator, "categories_", None)
                if kept is not None and isinstance(chosen, list) and len(kept) == len(chosen):
                    found |= {column: list(values) for column, values in zip(chosen, kept)}
        names = getattr(part.estimator, "feature_names_in_", None)
        kept = getattr(part.estimator, "categories_", None)
        if part.is_direct and kept is not None:
            found |= dict(zip(range(len(kept)) if names is None else names, [list(values) for values in kept]))
    return found


def _ranges(model: object) -> dict[int, tuple[float, float]]:
    """Where the values of the columns lie, told from thresholds and from what scalers learned."""
    found = {column: (values[0], values[-1]) for column, values in trees.splits(model).thresholds.items()}
    for part in parts.walk(model):
        mean, scale = getattr(part.estimator, "mean_", None), getattr(part.estimator, "scale_", None)
        if part.is_direct and mean is not None and scale is not None and getattr(mean, "ndim", 0) == 1:
            for index, (middle, width) in enumerate(zip(mean, scale)):
                found.setdefault(index, (float(middle - width), float(middle + width)))
    return found
