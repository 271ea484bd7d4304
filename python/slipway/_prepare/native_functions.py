# SPDX-License-Identifier: Apache-2.0
"""FunctionTransformer, where its function is one that a graph has as well."""
from __future__ import annotations

from dataclasses import replace

from .native_sheet import Sheet
from .native_table import NoForm, Table

# By NumPy's names. The first make fractions, the others keep whole numbers whole.
FRACTIONS = {"log": "log", "log1p": "log1p", "log2": "log2", "log10": "log10", "exp": "exp", "expm1": "expm1",
             "sqrt": "sqrt", "cbrt": "cbrt", "reciprocal": "reciprocal", "sin": "sin", "cos": "cos", "tan": "tan",
             "tanh": "tanh", "rint": "round", "expit": "sigmoid", "fabs": "abs"}
WHOLE = {"absolute": "abs", "square": "square", "negative": "negative", "sign": "sign"}
ROUNDING = {"floor": "floor", "ceil": "ceil", "trunc": "trunc"}
# What NumPy computes in where it is given whole numbers.
BECOMES = {"INT64": "FP64", "UINT64": "FP64", "INT32": "FP64", "UINT32": "FP64", "INT16": "FP32", "UINT16": "FP32"}


def function(sheet: Sheet, table: Table, transformer) -> Table:
    import numpy
    if transformer.func is None:
        return table
    name = getattr(transformer.func, "__name__", type(transformer.func).__name__)
    if transformer.kw_args or name not in (*FRACTIONS, *WHOLE, *ROUNDING) or not isinstance(transformer.func, numpy.ufunc):
        raise NoForm(f"FunctionTransformer with the function “{name}”")
    if transformer.validate or table.names is None:
        table = _array(sheet, table)
    columns = []
    for column in table.columns:
        if column.odd or column.is_text or column.datatype == "BOOL":
            raise NoForm(f"the function “{name}” of {column.odd or ('texts' if column.is_text else 'booleans')}")
        is_fraction = column.datatype.startswith("FP")
        if name in ROUNDING and not is_fraction:
            columns.append(column)
        elif name in FRACTIONS and not is_fraction:
            if column.datatype not in BECOMES or name == "reciprocal":
                raise NoForm(f"the function “{name}” of {column.datatype}")
            columns.append(_applied(sheet, sheet.cast([column], BECOMES[column.datatype])[0], FRACTIONS[name]))
        elif is_fraction:
            columns.append(_applied(sheet, column, (FRACTIONS | WHOLE | ROUNDING)[name]))
        else:
            wide = _applied(sheet, sheet.cast([column], "FP64")[0], WHOLE[name])
            columns += sheet.cast([wide], column.datatype)
    return replace(table, columns=tuple(columns))


def _array(sheet: Sheet, table: Table) -> Table:
    """All in one type, as an array has them."""
    import numpy

    from .native_table import TYPES
    from .signature import DATATYPES
    if table.is_objects or any(column.is_text for column in table.columns):
        raise NoForm("a function of texts and numbers together")
    kind = numpy.result_type(*(numpy.dtype(TYPES[column.datatype]) for column in table.columns))
    return replace(table, columns=tuple(sheet.cast(table.columns, DATATYPES[str(kind)])))


def _applied(sheet: Sheet, column, name: str):
    sheet.add("apply", [column], function=name)
    return column


WRITERS = {"FunctionTransformer": function}
