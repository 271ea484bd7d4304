# SPDX-License-Identifier: Apache-2.0
"""Categories as numbers: one for each, its place, or what it means for the target."""
from __future__ import annotations

from typing import Sequence

from .native_sheet import Sheet
from .native_table import Column, NoForm, Table, plain
from .sklearn_columns import places


def one_hot(sheet: Sheet, table: Table, encoder) -> Table:
    datatype = _datatype(encoder.dtype)
    columns = []
    for position, column in enumerate(_singles(sheet, table, encoder)):
        at, default, count = places(encoder, position)
        known = encoder.categories_[position]
        if count == 0:
            continue
        at, default = [int(place) for place in at], int(default)
        keys = _keys(column, known)
        unseen = "error" if encoder.handle_unknown == "error" else "zeros"
        if len(keys) == len(known):
            sheet.add("one_hot", [column], categories=[list(keys.values())], datatype=_small(datatype), unseen=unseen,
                      positions=None if at == list(range(len(known))) else [at],
                      unseen_positions=None if default < 0 else [default])
        else:
            # A category that cannot come has its place all the same.
            sheet.add("lookup", [column], keys=[list(keys.values())], values=[[_unit(at[index], count) for index in keys]],
                      unseen="error" if unseen == "error" else _unit(default, count), to=_small(datatype))
        columns += sheet.cast([Column(column.name, _small(datatype), count)], datatype)
    return table.of(columns, is_objects=False, is_sparse=encoder.sparse_output)


def _unit(place: int, count: int) -> list[int]:
    return [int(index == place) for index in range(count)]


def ordinal(sheet: Sheet, table: Table, encoder) -> Table:
    datatype = _datatype(encoder.dtype)
    rare = getattr(encoder, "_default_to_infrequent_mappings", None)
    unseen = encoder.unknown_value if encoder.handle_unknown == "use_encoded_value" else "error"
    columns = []
    for position, column in enumerate(_singles(sheet, table, encoder)):
        known = encoder.categories_[position]
        values = list(range(len(known))) if rare is None or rare[position] is None else list(rare[position])
        if position in encoder._missing_indices:
            values[encoder._missing_indices[position]] = encoder.encoded_missing_value
        columns.append(_looked_up(sheet, column, known, values, unseen, datatype))
    return table.of(columns, is_objects=False, is_sparse=False)


def target(sheet: Sheet, table: Table, encoder) -> Table:
    """The mean of the target for each category; of several classes one for each."""
    import numpy
    width = len(encoder.classes_) if encoder.target_type_ == "multiclass" else None
    columns = []
    for position, column in enumerate(_singles(sheet, table, encoder)):
        values, unseen = encoder.encodings_[position], encoder.target_mean_
        if width is not None:
            values = numpy.stack(encoder.encodings_[position * width:(position + 1) * width], axis=1)
        columns.append(_looked_up(sheet, column, encoder.categories_[position], values, unseen, "FP64", width))
    return table.of(columns, is_objects=False, is_sparse=False)


def _looked_up(
    sheet: Sheet, column: Column, known: Sequence, values: Sequence, unseen, datatype: str, width: int | None = None
) -> Column:
    keys = _keys(column, known)
    sheet.add("lookup", [column], keys=[list(keys.values())], values=[plain([values[index] for index in keys])],
              unseen=unseen if isinstance(unseen, str) else plain([unseen])[0], to=_small(datatype))
    made = Column(column.name, _small(datatype), width)
    return sheet.cast([made], datatype)[0]


def _small(datatype: str) -> str:
    """What categories become at first: the largest integers are cast afterwards."""
    return "FP64" if datatype in ("INT64", "UINT64") else datatype


def _singles(sheet: Sheet, table: Table, encoder) -> list[Column]:
    """A column for each value. - Raises NoForm."""
    if len(encoder.categories_) != table.count:
        raise NoForm(f"{len(encoder.categories_)} columns of categories for {table.count} values")
    return sheet.singles(table)


def _datatype(dtype) -> str:
    import numpy

    from .signature import DATATYPES
    name = str(numpy.dtype(dtype))
    if name not in DATATYPES:
        raise NoForm(f"categories as {name}")
    return DATATYPES[name]


def _keys(column: Column, known: Sequence) -> dict[int, object]:
    """Categories by their number as graph.json has them, `None` for that of what is missing; without those that cannot
    come: of a column of texts, either the empty one is missing or it is a text. - Raises NoForm."""
    if column.odd:
        raise NoForm(column.odd)
    found: dict[int, object] = {}
    for index, value in enumerate(known.tolist() if hasattr(known, "tolist") else known):
        is_text, is_missing = isinstance(value, str), value is None or value != value
        if is_text != column.is_text and not is_missing:
            raise NoForm("categories of another kind than their column")
        if not column.is_text:
            found[index] = None if is_missing else int(value) if isinstance(value, bool) else value
        elif is_missing and _comes(column, value):
            found[index] = None
        elif is_text and (value or not column.missing):
            found[index] = value
    return found


def _comes(column: Column, missing) -> bool:
    """Whether this is what an empty text stands for."""
    return column.missing == "none" if missing is None else column.missing is True


WRITERS = {"OneHotEncoder": one_hot, "OrdinalEncoder": ordinal, "TargetEncoder": target}
