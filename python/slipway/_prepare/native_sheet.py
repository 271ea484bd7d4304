# SPDX-License-Identifier: Apache-2.0
"""A transform step while it is written: operations of docs/formats/graph.md, one after the other."""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Collection, Iterable, Sequence

from .native_table import Column, NoForm, Table, places, plain

if TYPE_CHECKING:
    from .native_graph import Graph


@dataclass(frozen=True)
class Source:
    """A table that a step begins with."""

    references: tuple[str, ...]
    table: Table


class Sheet:
    """Whoever works on a table here owns its columns: what is needed twice is copied first."""

    def __init__(self, graph: Graph, source: Source, name: str):
        self.graph, self.source, self.name = graph, source, name
        self.operations: list[dict] = []

    def add(self, operation: str, columns: Iterable[Column], **keys) -> None:
        names = [column.name for column in columns]
        if not names:
            raise NoForm("a table without columns")
        self.operations.append({"op": operation, "columns": names,
                                **{key: value for key, value in keys.items() if value is not None}})

    def closed(self, table: Table) -> Source:
        """Writes the step, with these columns left."""
        is_step = len(self.source.references) == 1 and "." not in self.source.references[0]
        if is_step and not self.operations and table.columns == self.source.table.columns:
            return self.source
        self.add("select", table.columns)
        name = self.graph.step(self.name)
        self.graph.add({"name": name, "in": list(self.source.references), "transform": self.operations})
        return Source((name,), table)

    # MARK: Columns

    def copied(self, columns: Sequence[Column]) -> list[Column]:
        if not columns:
            return []
        made = [replace(column, name=self.graph.fresh(column.name)) for column in columns]
        self.add("copy", columns, to=[column.name for column in made])
        return made

    def cast(self, columns: Sequence[Column], datatype: str) -> list[Column]:
        others = [column for column in columns if column.datatype != datatype]
        if others:
            self.add("cast", others, to=datatype)
        return [replace(column, datatype=datatype) for column in columns]

    def numbers(self, table: Table, datatype: str | None = None, *, halves: bool = True) -> Table:
        """All in one floating-point datatype, as scikit-learn makes them before it computes. - Raises NoForm."""
        return table.of(self.cast(table.columns, datatype or table.common(halves=halves)), is_objects=False)

    def picked(self, table: Table, indices: Sequence[int], kept: Collection[int] = ()) -> Table:
        """Only the values at `indices`, in this order; the columns of those in `kept` stay as they are besides."""
        at = places(table)
        runs: list[tuple[int, list[int]]] = []
        for index in indices:
            column, offset = at[index]
            if runs and runs[-1][0] == column and len(runs[-1][1]) < table.columns[column].count:
                runs[-1][1].append(offset)
            else:
                runs.append((column, [offset]))
        needed = Counter(number for number, _ in runs)
        for number in {at[index][0] for index in kept}:
            needed[number] += 1
        found = []
        for number, offsets in runs:
            column = table.columns[number]
            needed[number] -= 1
            if needed[number]:
                column = self.copied([column])[0]
            if offsets != list(range(column.count)):
                column = self._part(column, offsets)
            found.append(column)
        names = tuple(table.names[index] for index in indices) if table.names else None
        return replace(table, columns=tuple(found), names=names)

    def _part(self, column: Column, offsets: Sequence[int]) -> Column:
        made = replace(column, name=self.graph.fresh(column.name), width=len(offsets))
        self.add("pick", [column], values=list(offsets), **{"as": made.name})
        return made

    def singles(self, table: Table) -> list[Column]:
        """A column for each value."""
        return [single for column in table.columns for single in self._halved(column)]

    def _halved(self, column: Column) -> list[Column]:
        """Half and half again: each value is copied as often as that, and not once for every other."""
        if column.count == 1:
            return [column]
        middle = column.count // 2
        first = self._part(self.copied([column])[0], range(middle))
        return [*self._halved(first), *self._halved(self._part(column, range(middle, column.count)))]

    # MARK: What several models are made of

    def scaled(self, table: Table, **factors) -> Table:
        """- Parameter factors: of `scale`, those that are given, one for each value or `None`."""
        given = {key: plain(values) for key, values in factors.items() if values is not None}
        if given:
            self.add("scale", table.columns, **given)
        return table

    def linear(self, table: Table, coefficients, intercept, name: str) -> Column:
        """One column of products, in the datatype that NumPy gives numbers of both."""
        import numpy
        coefficients = numpy.atleast_2d(numpy.asarray(coefficients))
        if coefficients.dtype.kind not in "fiu":
            raise NoForm("coefficients that are no matrix")
        if coefficients.shape[1] != table.count:
            raise NoForm(f"{coefficients.shape[1]} coefficients for {table.count} values")
        table = self.numbers(table, halves=False)
        if coefficients.dtype != numpy.float32 and table.columns[0].datatype == "FP32":
            table = self.numbers(table, "FP64")
        intercept = numpy.broadcast_to(numpy.asarray(intercept, float).ravel(), len(coefficients))
        datatype = table.columns[0].datatype
        made = Column(self.graph.fresh(name), "FP64", len(coefficients))
        self.add("linear", table.columns, coefficients=plain(coefficients), intercept=plain(intercept),
                 **{"as": made.name})
        return self.cast([made], datatype)[0]

    def joined(self, columns: Sequence[Column], name: str, datatype: str | None = None) -> Column:
        """One column of all values, [rows, n]."""
        made = Column(self.graph.fresh(name), datatype or Table(tuple(columns)).common(),
                      sum(column.count for column in columns))
        self.add("concatenate", columns, to=made.datatype, **{"as": made.name})
        return made
