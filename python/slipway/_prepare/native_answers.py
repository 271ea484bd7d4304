# SPDX-License-Identifier: Apache-2.0
"""What a fitted model answers to a table: its transformers one after the other, and its last step."""
from __future__ import annotations

from typing import Collection

from . import native_bayes, native_clusters, native_columns, native_ensembles, native_linear, native_models, parts
from .native_sheet import Sheet, Source
from .native_table import Column, NoForm, Table

FINALS = {**native_linear.FINALS, **native_bayes.FINALS, **native_clusters.FINALS}
SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV")


def is_known(model: object) -> bool:
    """Whether there is more to a model's graph than the model itself."""
    model = unwrapped(model)
    name = parts.short(model)
    return parts.kind(model).startswith("sklearn.") and (
        name in FINALS or name in native_columns.WRITERS or name in native_ensembles.FINALS)


def unwrapped(model: object) -> object:
    """The model that a search has found, or that was frozen."""
    while parts.kind(model).startswith("sklearn.") and parts.short(model) in (*SEARCHES, "FrozenEstimator"):
        model = model.best_estimator_ if parts.short(model) in SEARCHES else model.estimator
    return model


def answers(sheet: Sheet, table: Table, model: object, wants: Collection[str]) -> tuple[Source, dict[str, Column]]:
    """- Parameter wants: methods of the model. - Returns: a step, and the column that each of them answers with.
    - Raises NoForm."""
    model = unwrapped(model)
    name = parts.short(model)
    if set(wants) == {"transform"}:
        made = native_columns.transformed(sheet, table, model)
        whole = made.columns[0]
        if len(made.columns) > 1:
            whole = sheet.joined(made.columns, "output", _stacked(made))
        return sheet.closed(Table((whole,))), {"transform": whole}
    if name == "Pipeline" and parts.kind(model).startswith("sklearn."):
        for _, step in model.steps[:-1]:
            table = native_columns.transformed(sheet, table, step)
        return answers(sheet, table, model.steps[-1][1], wants)
    known = getattr(model, "n_features_in_", None)
    if known is not None and known != table.count and not name.startswith("Dummy"):
        raise NoForm(f"{name} of {known} columns, where there are {table.count}")
    if parts.kind(model).startswith("sklearn."):
        if name in native_ensembles.FINALS:
            return native_ensembles.FINALS[name](sheet, table, model, wants, answers)
        if name in FINALS:
            columns = FINALS[name](sheet, table, model, wants)
            return sheet.closed(Table(tuple(columns.values()))), columns
    return native_models.modelled(sheet, table, model, wants)


def _stacked(table: Table) -> str:
    """The datatype of an array of all columns."""
    import numpy

    from .native_table import TYPES
    from .signature import DATATYPES
    if all(column.is_text for column in table.columns):
        return "BYTES"
    if table.is_objects or any(column.is_text or column.odd for column in table.columns):
        raise NoForm("rows of texts and numbers")
    return DATATYPES[str(numpy.result_type(*(numpy.dtype(TYPES[column.datatype]) for column in table.columns)))]
