# SPDX-License-Identifier: Apache-2.0
"""What flows through a native graph, as scikit-learn sees it: columns, and the matrix that they are side by side."""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Iterable

from .signature import DATATYPES

if TYPE_CHECKING:
    import numpy

TYPES = {datatype: dtype for dtype, datatype in DATATYPES.items()}
WIDTH_LIMIT = 65_536


class NoForm(Exception):
    """A part of a model that no graph computes; the text is its name."""


@dataclass(frozen=True)
class Column:
    """A column of a step's table. - `width` is `None` for one value a row, of shape [rows]."""

    name: str
    datatype: str
    width: int | None = None
    missing: object = False
    """Of texts, what an empty one stands for: `False` for itself, `True` for NaN, "none" for `None`."""
    odd: str | None = None
    """What its values are, where scikit-learn is given something else than numbers or texts."""

    @property
    def count(self) -> int:
        return 1 if self.width is None else self.width

    @property
    def is_text(self) -> bool:
        return self.datatype == "BYTES"


@dataclass(frozen=True)
class Table:
    columns: tuple[Column, ...]
    names: tuple[str, ...] | None = None
    """Of each value, where they are columns of a data frame."""
    is_objects: bool = False
    """Whether it is an array of objects there: its numbers have forgotten their type."""
    is_sparse: bool = False

    @property
    def count(self) -> int:
        return sum(column.count for column in self.columns)

    def of(self, columns: Iterable[Column], **changes) -> Table:
        """The same with other columns, which have no names."""
        return replace(self, columns=tuple(columns), names=None, **changes)

    def common(self, *, halves: bool = True) -> str:
        """The datatype in which scikit-learn computes with all of these. - Raises NoForm for what is no number."""
        import numpy
        for column in self.columns:
            if column.odd or column.is_text:
                raise NoForm(column.odd or "texts where numbers are computed")
        if self.is_objects or not self.columns:
            return "FP64"
        kind = numpy.result_type(*(numpy.dtype(TYPES[column.datatype]) for column in self.columns))
        found = DATATYPES.get(str(kind), "FP64")
        return found if found in ("FP64", "FP32") or (found == "FP16" and halves) else "FP64"


def places(table: Table) -> list[tuple[int, int]]:
    """Of each value of a row: the number of its column, and where in it it stands."""
    return [(index, offset) for index, column in enumerate(table.columns) for offset in range(column.count)]


def plain(values: numpy.ndarray | Iterable) -> list:
    """Numbers as JSON has them, `None` for what is missing; nested as they are. - Raises NoForm for infinities."""
    import math

    import numpy
    found = []
    for value in values.tolist() if isinstance(values, numpy.ndarray) else values:
        if isinstance(value, (list, tuple, numpy.ndarray)):
            found.append(plain(value))
            continue
        value = value.item() if hasattr(value, "item") else value
        if isinstance(value, float) and math.isinf(value):
            raise NoForm("an infinite parameter")
        found.append(None if value is None or value != value else value)
    return found
