# SPDX-License-Identifier: Apache-2.0
"""Numbers as other numbers: scikit-learn's scalers, and what else works on each value or row by itself."""
from __future__ import annotations

from dataclasses import replace

from .native_sheet import Sheet
from .native_table import Column, NoForm, Table, plain


def standard(sheet: Sheet, table: Table, scaler) -> Table:
    table = sheet.numbers(table)
    # Single precision stays single: so do the numbers that it was trained with.
    mean, scale = (None if values is None else values.astype(_dtype(table)) for values in (scaler.mean_, scaler.scale_))
    sheet.scaled(table, subtract=mean if scaler.with_mean else None)
    return _divided(sheet, table, scale if scaler.with_std else None)


def _divided(sheet: Sheet, table: Table, scale) -> Table:
    """Rows that are sparse are multiplied instead, which rounds otherwise."""
    if scale is not None and table.is_sparse:
        return sheet.scaled(table, multiply=1.0 / scale)
    return sheet.scaled(table, divide=scale)


def least_most(sheet: Sheet, table: Table, scaler) -> Table:
    table = sheet.scaled(sheet.numbers(table), multiply=scaler.scale_)
    table = sheet.scaled(table, add=scaler.min_)
    if scaler.clip:
        low, high = scaler.feature_range
        sheet.add("clip", table.columns, low=[float(low)] * table.count, high=[float(high)] * table.count)
    return table


def most(sheet: Sheet, table: Table, scaler) -> Table:
    table = _divided(sheet, sheet.numbers(table), scaler.scale_)
    if getattr(scaler, "clip", False):
        sheet.add("clip", table.columns, low=[-1.0] * table.count, high=[1.0] * table.count)
    return table


def robust(sheet: Sheet, table: Table, scaler) -> Table:
    table = sheet.scaled(sheet.numbers(table), subtract=scaler.center_ if scaler.with_centering else None)
    return _divided(sheet, table, scaler.scale_ if scaler.with_scaling else None)


def normaliser(sheet: Sheet, table: Table, scaler) -> Table:
    import numpy
    table = sheet.numbers(table)
    # Of dense rows, what is next to zero counts as that.
    least = 10 * float(numpy.finfo(_dtype(table)).eps) if not table.is_sparse else None
    sheet.add("normalise", table.columns, norm=scaler.norm, least=least)
    return table


def binariser(sheet: Sheet, table: Table, scaler) -> Table:
    return above(sheet, sheet.numbers(table), scaler.threshold)


def above(sheet: Sheet, table: Table, threshold: float) -> Table:
    """1 above the threshold, else 0. A difference has the sign of the comparison, however small it is."""
    table = sheet.scaled(table, subtract=[float(_dtype(table).type(threshold))] * table.count)
    sheet.add("apply", table.columns, function="sign")
    sheet.add("clip", table.columns, low=[0.0] * table.count)
    return table


def _dtype(table: Table):
    import numpy
    return numpy.dtype({"FP64": "float64", "FP32": "float32", "FP16": "float16"}[table.columns[0].datatype])


def bins(sheet: Sheet, table: Table, binner) -> Table:
    import numpy
    wanted = {None: None, numpy.float32: "FP32", numpy.float64: "FP64"}.get(binner.dtype, None)
    table = sheet.numbers(table, wanted, halves=False)
    edges = [numpy.asarray(one)[1:-1] for one in binner.bin_edges_]
    columns, is_one_hot = [], binner.encode != "ordinal"
    for own, column in zip(edges, sheet.singles(table), strict=True):
        sheet.add("bucketise", [column], edges=plain([own]), one_hot=True if is_one_hot else None)
        columns.append(replace(column, width=len(own) + 1) if is_one_hot else column)
    return table.of(columns, is_sparse=binner.encode == "onehot")


def polynomial(sheet: Sheet, table: Table, features) -> Table:
    if table.is_sparse:
        raise NoForm("PolynomialFeatures of sparse rows")
    table = sheet.numbers(table, halves=False)
    made = Column(sheet.graph.fresh("products"), table.columns[0].datatype, len(features.powers_))
    sheet.add("polynomial", table.columns, powers=plain(features.powers_), **{"as": made.name})
    return table.of([made])


def power(sheet: Sheet, table: Table, transformer) -> Table:
    table = sheet.numbers(table)
    sheet.add("power", table.columns, method=transformer.method, lambdas=plain(transformer.lambdas_))
    if transformer.standardize:
        table = standard(sheet, table, transformer._scaler)
    return table


def quantile(sheet: Sheet, table: Table, transformer) -> Table:
    if transformer.output_distribution != "uniform":
        raise NoForm("QuantileTransformer with a normal distribution")
    table = sheet.numbers(table)
    columns = sheet.singles(table)
    sheet.add("quantile", columns, quantiles=plain(transformer.quantiles_.T),
              references=plain(transformer.references_), output=transformer.output_distribution)
    return table.of(columns)


WRITERS = {"StandardScaler": standard, "MinMaxScaler": least_most, "MaxAbsScaler": most, "RobustScaler": robust,
           "Normalizer": normaliser, "Binarizer": binariser, "KBinsDiscretizer": bins,
           "PolynomialFeatures": polynomial, "PowerTransformer": power, "QuantileTransformer": quantile}
