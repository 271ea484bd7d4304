# SPDX-License-Identifier: Apache-2.0
"""Which transformer works on which columns: ColumnTransformer, FeatureUnion, pipelines, and selections of features."""
from __future__ import annotations

from dataclasses import replace

from . import native_categories, native_functions, native_missing, native_scalers, native_texts, parts
from .native_sheet import Sheet
from .native_table import NoForm, Table


def transformed(sheet: Sheet, table: Table, transformer) -> Table:
    """What a fitted transformer makes of the table, whose columns it may use up. - Raises NoForm."""
    if transformer is None or isinstance(transformer, str):
        if transformer in (None, "passthrough"):
            return table
        raise NoForm(f"the step “{transformer}”")
    name = parts.short(transformer)
    if not parts.kind(transformer).startswith("sklearn.") or name not in WRITERS:
        raise NoForm(name)
    known = getattr(transformer, "n_features_in_", None)
    if known is not None and name != "ColumnTransformer" and known != table.count:
        raise NoForm(f"{name} of {known} columns, where there are {table.count}")
    return WRITERS[name](sheet, table, transformer)


def pipeline(sheet: Sheet, table: Table, model) -> Table:
    for _, step in model.steps:
        table = transformed(sheet, table, step)
    return table


def by_columns(sheet: Sheet, table: Table, model) -> Table:
    branches = []
    for name, transformer, _ in model.transformers_:
        indices = [_here(table, model, index) for index in model._transformer_to_input_indices[name]]
        if indices and not (isinstance(transformer, str) and transformer == "drop"):
            branches.append((transformer, indices))
    return _side_by_side(sheet, table, branches, [], model.sparse_output_)


def _here(table: Table, model, index: int) -> int:
    """Where a column that it was trained with stands now: a data frame may have it elsewhere."""
    if table.names is None or not hasattr(model, "feature_names_in_"):
        return int(index)
    name = str(model.feature_names_in_[index])
    if name not in table.names:
        raise NoForm(f"the column “{name}”, which is not there")
    return table.names.index(name)


def union(sheet: Sheet, table: Table, model) -> Table:
    branches = [(transformer, list(range(table.count))) for _, transformer in model.transformer_list
                if not (isinstance(transformer, str) and transformer == "drop")]
    weights = [(model.transformer_weights or {}).get(name) for name, transformer in model.transformer_list
               if not (isinstance(transformer, str) and transformer == "drop")]
    return _side_by_side(sheet, table, branches, weights, None)


def _side_by_side(sheet: Sheet, table: Table, branches: list, weights: list, is_sparse: bool | None) -> Table:
    """- Parameter is_sparse: whether the rows are; as those of any branch where it is `None`."""
    made = []
    for number, (transformer, indices) in enumerate(branches):
        later = {index for _, others in branches[number + 1:] for index in others}
        part = transformed(sheet, sheet.picked(table, indices, later), transformer)
        weight = weights[number] if weights else None
        if weight is not None:
            part = sheet.scaled(sheet.numbers(part), multiply=[float(weight)] * part.count)
        made.append(part)
    columns = [column for part in made for column in part.columns]
    if is_sparse is None:
        is_sparse = any(part.is_sparse for part in made)
    is_objects = any(part.is_objects for part in made) or any(column.is_text for column in columns)
    return Table(tuple(columns), is_objects=is_objects, is_sparse=bool(is_sparse))


def selection(sheet: Sheet, table: Table, selector) -> Table:
    import numpy
    chosen = [int(index) for index in numpy.flatnonzero(selector.get_support())]
    if not chosen:
        raise NoForm(f"{parts.short(selector)} that selects nothing")
    return replace(sheet.picked(table, chosen), names=None)


def projection(sheet: Sheet, table: Table, model) -> Table:
    """PCA: the products less those of the mean; whitened, divided by their deviation."""
    import numpy
    mean = getattr(model, "mean_", None)
    components = model.components_
    shift = numpy.zeros(1) if mean is None else -(numpy.reshape(mean, (1, -1)) @ components.T)
    made = table.of([sheet.linear(table, components, shift, "components")], is_sparse=False, is_objects=False)
    if getattr(model, "whiten", False):
        scale = numpy.sqrt(model.explained_variance_)
        made = sheet.scaled(made, divide=numpy.maximum(scale, numpy.finfo(scale.dtype).eps))
    return made


def decomposition(sheet: Sheet, table: Table, model) -> Table:
    return table.of([sheet.linear(table, model.components_, 0.0, "components")], is_sparse=False, is_objects=False)


SELECTORS = ("VarianceThreshold", "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe",
             "GenericUnivariateSelect", "SelectFromModel", "RFE", "RFECV", "SequentialFeatureSelector")
WRITERS = {
    **native_scalers.WRITERS, **native_functions.WRITERS, **native_missing.WRITERS, **native_categories.WRITERS,
    **native_texts.WRITERS, **dict.fromkeys(SELECTORS, selection), "Pipeline": pipeline,
    "ColumnTransformer": by_columns, "FeatureUnion": union, "PCA": projection, "IncrementalPCA": projection,
    "TruncatedSVD": decomposition}
