# SPDX-License-Identifier: Apache-2.0
"""Where the answers of a model jump as one number changes: its thresholds, seen from outside.

Trees behind a scaler or an imputer split values that no row has. So two rows that differ in one number and in their
answers are drawn together, by halving, until no number lies between them: that is where the original decides.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    import numpy

    from .edges import Cell
    from .rows import Table

STEPS = 70


def found(table: Table, cells: list[Cell], answers: Callable, random, count: int) -> list[tuple[Cell, float, float]]:
    """- Returns: for some cells two neighbouring numbers, between which the answer to some row jumps."""
    import numpy
    numeric = [cell for cell in cells if cell.values(table).dtype.kind == "f"]
    if not numeric or table.count < 2:
        return []
    picked = [numeric[index] for index in random.integers(0, len(numeric), count)]
    rows = random.integers(0, table.count, count)
    low, high = numpy.empty(count), numpy.empty(count)
    for index, cell in enumerate(picked):
        values = cell.values(table)
        finite = values[numpy.isfinite(values)]
        low[index], high[index] = numpy.sort(random.choice(finite, 2)) if len(finite) else (0.0, 0.0)
    dtypes = [cell.values(table).dtype for cell in picked]

    def ask(values: numpy.ndarray) -> numpy.ndarray:
        changed = table.take(rows)
        for row, cell in enumerate(picked):
            cell.put(changed, row, values[row])
        return numpy.column_stack([_numbers(answer) for answer in answers(changed)])

    below, above = ask(low), ask(high)
    for _ in range(STEPS):
        middle = numpy.array([dtype.type(low[i] + (high[i] - low[i]) / 2) for i, dtype in enumerate(dtypes)], float)
        between = ask(middle)
        is_like_below = (between == below).all(axis=1)
        low = numpy.where(is_like_below, middle, low)
        high, above = numpy.where(is_like_below, high, middle), numpy.where(is_like_below[:, None], above, between)
    ends = [numpy.nextafter(dtype.type(low[i]), dtype.type(numpy.inf)) for i, dtype in enumerate(dtypes)]
    return [(picked[i], float(low[i]), float(high[i])) for i in range(count)
            if high[i] > low[i] and high[i] <= ends[i] and (below[i] != above[i]).any()]


def _numbers(answer: numpy.ndarray) -> numpy.ndarray:
    """An answer as numbers that can be compared, one row for each row."""
    import numpy
    flat = answer.reshape(len(answer), -1)
    if flat.dtype != object:
        return flat.astype(float)
    return numpy.array([[hash(value) for value in row] for row in flat], dtype=float)
