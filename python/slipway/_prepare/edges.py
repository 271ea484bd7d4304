# SPDX-License-Identifier: Apache-2.0
"""Rows at the edges, each a real row with one value changed: where a conversion is most likely to differ."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterator

from . import jumps, trees
from .rows import Table
from .signature import Call

if TYPE_CHECKING:
    import numpy

TEXTS = (("empty", ""), ("unseen", "an unseen category"), ("non_ascii", "Ünïcødé Ærø 漢字 ﬁ 🚢"), ("long", "x" * 5000))
PROSE = (("blank", "  \t "), ("punctuation", "can't—won't; e.g. a.b_c@d.ef #1,000.50"), ("upper", "ÉCOLE STRASSE ẞ İ"),
         ("long", "word " * 1000), ("digits", "0 1 22 333"))
EXTREMES = (0.0, -0.0, 1e9, -1e9, 1e30, -1e30, 1e-30)
INTEGER_EXTREMES = (0, -1, 2**24 + 1, -(2**24) - 1, 2**31 - 1)


@dataclass(frozen=True)
class Cell:
    """A column, or one element of the rows of an array."""

    name: str
    offset: int | None = None

    def values(self, table: Table) -> numpy.ndarray:
        column = table.columns[self.name]
        return column if self.offset is None else column.reshape(len(column), -1)[:, self.offset]

    def put(self, table: Table, row: int, value) -> None:
        column = table.columns[self.name]
        if self.offset is None:
            column[row] = value
        else:
            column.reshape(len(column), -1)[row, self.offset] = value


@dataclass(frozen=True)
class Edge:
    kind: str
    cell: Cell
    value: object


def cells(table: Table) -> list[Cell]:
    found = []
    for name, column in table.columns.items():
        width = math.prod(column.shape[1:])
        found += [Cell(name)] if column.ndim == 1 else [Cell(name, offset) for offset in range(width)]
    return found


def made(
    model: object, call: Call, answers: Callable | None, limit: int, seed: int
) -> tuple[Table, list[str]]:
    """- Parameter answers: what asks the original, for jumps that no tree of its own shows; none to ask nothing.
    - Returns: at most `limit` rows, and of each what it is.
    """
    import numpy
    random = numpy.random.default_rng(seed)
    places = cells(call.table)
    splits = trees.splits(model)
    thresholds = list(at_splits(splits.thresholds, places, call.table, random, limit))
    if splits.are_hidden and answers is not None:
        thresholds += list(at_jumps(jumps.found(call.table, places, answers, random, 40), call.table))
    kinds: dict[str, list[Edge]] = {"threshold": thresholds}
    for edge in others(places, call.table):
        kinds.setdefault(edge.kind, []).append(edge)
    chosen = _shared_out(kinds, limit, random)
    bases = random.integers(0, call.table.count, len(chosen))
    table = call.table.take(bases)
    for row, edge in enumerate(chosen):
        edge.cell.put(table, row, edge.value)
    return table, [edge.kind for edge in chosen]


def _shared_out(kinds: dict[str, list[Edge]], limit: int, random) -> list[Edge]:
    """Half of the rows are for thresholds, if there are as many; the other kinds take turns."""
    thresholds = kinds["threshold"]
    rest = [[edges[index] for index in random.permutation(len(edges))] for kind, edges in kinds.items()
            if kind != "threshold"]
    turns = [edges[turn] for turn in range(max(map(len, rest), default=0)) for edges in rest if turn < len(edges)]
    count = min(len(thresholds), max(limit - limit // 2, limit - len(turns)))
    return thresholds[:count] + turns[:limit - count]


def at_splits(
    thresholds: dict[int, list[float]], places: list[Cell], table: Table, random, limit: int
) -> Iterator[Edge]:
    pairs = [(column, index) for column, values in thresholds.items() for index in range(len(values))
             if column < len(places)]
    for pick in random.permutation(len(pairs))[:limit]:
        column, index = pairs[pick]
        value, cell = thresholds[column][index], places[column]
        yield from around(cell, value, cell.values(table).dtype)
        if index + 1 < len(thresholds[column]):
            yield from _cast(cell, [(value + thresholds[column][index + 1]) / 2], cell.values(table).dtype)


def at_jumps(found: list[tuple[Cell, float, float]], table: Table) -> Iterator[Edge]:
    for cell, low, high in found:
        yield from _cast(cell, [low, high], cell.values(table).dtype)


def around(cell: Cell, value: float, dtype) -> Iterator[Edge]:
    """The value, and its neighbours in both precisions on both sides."""
    import numpy
    near = numpy.float32(value)
    values = [value, numpy.nextafter(value, -numpy.inf), numpy.nextafter(value, numpy.inf), float(near),
              float(numpy.nextafter(near, numpy.float32(-numpy.inf))),
              float(numpy.nextafter(near, numpy.float32(numpy.inf)))]
    yield from _cast(cell, [float(v) for v in values], dtype)


def _cast(cell: Cell, values: list[float], dtype) -> Iterator[Edge]:
    import numpy
    if dtype.kind == "f":
        kept = [dtype.type(value) for value in values if abs(value) <= numpy.finfo(dtype).max]
    elif dtype.kind in "iu":
        bounds = numpy.iinfo(dtype)
        kept = [dtype.type(v) for value in values if abs(value) < 2**53 for v in (math.floor(value), math.ceil(value))
                if bounds.min <= v <= bounds.max]
    else:
        return
    for value in dict.fromkeys(kept):
        yield Edge("threshold", cell, value)


def others(places: list[Cell], table: Table) -> Iterator[Edge]:
    """Everything but thresholds."""
    import numpy
    is_prose = len(places) == 1 and not table.is_named
    for cell in places:
        values = cell.values(table)
        kind = values.dtype.kind
        if kind == "O":
            for name, text in (*TEXTS, *(PROSE if is_prose else ())):
                if cell.name not in table.categories or name != "long":
                    yield Edge(name, cell, text)
            if any(value is None for value in values):
                yield Edge("missing", cell, None)
        elif kind == "M":
            there = values[~numpy.isnat(values)]
            if len(there):
                yield from (Edge("minimum", cell, there.min()), Edge("maximum", cell, there.max()))
            if len(there) < len(values):
                yield Edge("missing", cell, numpy.datetime64("NaT"))
        elif kind in "fiu":
            yield from _numbers(cell, values)


def _numbers(cell: Cell, values: numpy.ndarray) -> Iterator[Edge]:
    import numpy
    finite = values[numpy.isfinite(values)]
    if len(finite):
        low, high = finite.min(), finite.max()
        yield from (Edge("minimum", cell, low), Edge("maximum", cell, high))
        if values.dtype.kind == "f":
            yield from (Edge("extreme", cell, low - 10 * (high - low)), Edge("extreme", cell, high + 10 * (high - low)))
    if values.dtype.kind == "f":
        yield Edge("missing", cell, values.dtype.type("nan"))
        yield from (Edge("extreme", cell, values.dtype.type(value)) for value in EXTREMES)
    else:
        bounds = numpy.iinfo(values.dtype)
        for value in INTEGER_EXTREMES:
            if bounds.min <= value <= bounds.max:
                yield Edge("large_integer" if abs(value) > 2**24 else "extreme", cell, values.dtype.type(value))
