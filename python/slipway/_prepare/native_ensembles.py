# SPDX-License-Identifier: Apache-2.0
"""Several models that answer together: VotingClassifier, VotingRegressor, StackingClassifier, StackingRegressor."""
from __future__ import annotations

from dataclasses import replace
from typing import Callable, Collection

from .native_linear import decided
from .native_sheet import Sheet, Source
from .native_table import Column, NoForm, Table

Answer = Callable[[Sheet, Table, object, Collection[str]], "tuple[Source, dict[str, Column]]"]


def vote(sheet: Sheet, table: Table, model, wants: Collection[str], answer: Answer) -> tuple[Source, dict[str, Column]]:
    """The mean of the members' probabilities, or of their votes."""
    import numpy
    members = _members(sheet, table, model.estimators_, "predict_proba" if model.voting == "soft" else "predict", answer)
    if model.voting == "hard":
        # Members answer with the numbers of classes, which are in their order.
        width = len(model.classes_)
        raise_on_texts(members)
        joined, columns = _joined(sheet, members, "vote")
        votes = []
        for column in joined.singles(Table(tuple(joined.cast(columns, "FP64")))):
            joined.add("one_hot", [column], categories=[list(range(width))], unseen="error", datatype="FP64")
            votes.append(replace(column, datatype="FP64", width=width))
    else:
        joined, votes = _joined(sheet, members, "vote")
    weights = model._weights_not_none or [1.0] * len(members)
    shares = numpy.concatenate([numpy.eye(len(model.classes_)) * weight for weight in weights], axis=1)
    mean = joined.linear(Table(tuple(joined.cast(votes, "FP64"))), shares, 0.0, "probabilities")
    joined.scaled(Table((mean,)), divide=[float(sum(weights))] * mean.count)
    return _answered(joined, mean, model.classes_, wants)


def raise_on_texts(members: list) -> None:
    if any(column.is_text for _, column in members):
        raise NoForm("votes of texts")


def mean(sheet: Sheet, table: Table, model, wants: Collection[str], answer: Answer) -> tuple[Source, dict[str, Column]]:
    import numpy
    members = _members(sheet, table, model.estimators_, "predict", answer)
    joined, columns = _joined(sheet, members, "vote")
    weights = model._weights_not_none or [1.0] * len(members)
    found = joined.linear(Table(tuple(joined.cast(columns, "FP64"))), numpy.asarray(weights, float), 0.0, "prediction")
    joined.scaled(Table((found,)), divide=[float(sum(weights))])
    return joined.closed(Table((found,))), {"predict": found}


def stack(sheet: Sheet, table: Table, model, wants: Collection[str], answer: Answer) -> tuple[Source, dict[str, Column]]:
    """What the members answer is what the last model is given."""
    source = sheet.closed(table)
    found, columns = [], []
    for estimator, method in zip(model.estimators_, model.stack_method_, strict=True):
        own = Sheet(sheet.graph, source, "member")
        step, answered = answer(own, table, estimator, {method})
        column = answered[method]
        found.append((step, column))
    joined, columns = _joined(sheet, found, "stack", source if model.passthrough else None)
    given = []
    for column, method in zip(columns, model.stack_method_):
        # Of two classes one probability says everything.
        halves = method == "predict_proba" and column.count == 2
        given += joined.picked(Table((column,)), [1]).columns if halves else [column]
    given += columns[len(found):]
    step, answered = answer(joined, Table(tuple(given)), model.final_estimator_, wants)
    if "predict" in wants and hasattr(model, "classes_"):
        return _renamed(sheet.graph, step, answered, model.classes_)
    return step, answered


def _renamed(graph, source: Source, answered: dict[str, Column], classes) -> tuple[Source, dict[str, Column]]:
    """The last model was trained with the numbers of classes: their names instead."""
    import numpy
    own = Sheet(graph, source, "answer")
    number = answered["predict"]
    own.add("one_hot", [number], categories=[list(range(len(classes)))], unseen="error", datatype="FP64")
    votes = replace(number, datatype="FP64", width=len(classes))
    answered = answered | {"predict": decided(own, votes, numpy.asarray(classes))}
    return own.closed(Table(tuple(answered.values()))), answered


def _members(sheet: Sheet, table: Table, estimators, method: str, answer: Answer) -> list[tuple[Source, Column]]:
    source = sheet.closed(table)
    found = []
    for estimator in estimators:
        own = Sheet(sheet.graph, source, "member")
        step, answered = answer(own, table, estimator, {method})
        found.append((step, answered[method]))
    return found


def _joined(
    sheet: Sheet, members: list[tuple[Source, Column]], name: str, besides: Source | None = None
) -> tuple[Sheet, list[Column]]:
    """A step that begins with one column of each member."""
    references = [f"{source.references[0]}.{column.name}" for source, column in members]
    columns = [column for _, column in members]
    if besides is not None:
        references += besides.references
        columns += besides.table.columns
    return Sheet(sheet.graph, Source(tuple(references), Table(tuple(columns))), name), columns


def _answered(sheet: Sheet, probabilities: Column, classes, wants: Collection[str]) -> tuple[Source, dict[str, Column]]:
    found: dict[str, Column] = {}
    if "predict" in wants:
        found["predict"] = decided(sheet, sheet.copied([probabilities])[0], classes)
    if "predict_proba" in wants:
        found["predict_proba"] = probabilities
    return sheet.closed(Table(tuple(found.values()))), found


FINALS = {"VotingClassifier": vote, "VotingRegressor": mean, "StackingClassifier": stack, "StackingRegressor": stack}
