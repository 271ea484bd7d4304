# SPDX-License-Identifier: Apache-2.0
"""Naive Bayes: the logarithm of each class's likelihood, and what is made of it."""
from __future__ import annotations

from typing import Collection

from .native_linear import SOFTMAX, decided
from .native_scalers import above
from .native_sheet import Sheet
from .native_table import Column, NoForm, Table, plain


def counts(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    prior = model.class_log_prior_
    if type(model).__name__ == "ComplementNB" and len(model.classes_) > 1:
        prior = 0.0
    return _answers(sheet, sheet.linear(table, model.feature_log_prob_, prior, "likelihood"), model, wants)


def flags(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    import numpy
    table = sheet.numbers(table, halves=False)
    if model.binarize is not None:
        table = above(sheet, table, model.binarize)
    absent = numpy.log(1 - numpy.exp(model.feature_log_prob_))
    likelihood = sheet.linear(table, model.feature_log_prob_ - absent, model.class_log_prior_ + absent.sum(axis=1),
                              "likelihood")
    return _answers(sheet, likelihood, model, wants)


def normal(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    """For each class the squares of its own distances."""
    import numpy
    table = sheet.numbers(table, "FP64")
    found = []
    for index in range(len(model.classes_)):
        own = table.of(sheet.copied(table.columns))
        sheet.scaled(own, subtract=model.theta_[index])
        sheet.add("apply", own.columns, function="square")
        sheet.scaled(own, divide=model.var_[index])
        shift = numpy.log(model.class_prior_[index]) - 0.5 * numpy.sum(numpy.log(2.0 * numpy.pi * model.var_[index]))
        found.append(sheet.linear(own, numpy.full(table.count, -0.5), shift, "distance"))
    return _answers(sheet, sheet.joined(found, "likelihood", "FP64"), model, wants)


def categories(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    """For each column, the entry of each class at its category."""
    import numpy
    table = sheet.numbers(table, "FP64")
    # What is a fraction counts as the whole number below it.
    sheet.add("apply", table.columns, function="trunc")
    width, found = len(model.classes_), []
    for column, logs in zip(sheet.singles(table), model.feature_log_prob_, strict=True):
        sheet.add("lookup", [column], keys=[list(range(logs.shape[1]))], values=[plain(logs.T)], unseen="error", to="FP64")
        found.append(Column(column.name, "FP64", width))
    likelihood = sheet.linear(Table(tuple(found)), numpy.tile(numpy.eye(width), (1, len(found))), model.class_log_prior_,
                              "likelihood")
    return _answers(sheet, likelihood, model, wants)


def _answers(sheet: Sheet, likelihood: Column, model, wants: Collection[str]) -> dict[str, Column]:
    if len(model.classes_) < 2:
        raise NoForm(f"{type(model).__name__} of one class")
    found: dict[str, Column] = {}
    if "predict" in wants:
        found["predict"] = decided(sheet, sheet.copied([likelihood])[0], model.classes_)
    if "predict_proba" in wants:
        found["predict_proba"] = sheet.copied([likelihood])[0]
        sheet.add(SOFTMAX, [found["predict_proba"]])
    return found


FINALS = {"MultinomialNB": counts, "ComplementNB": counts, "BernoulliNB": flags, "GaussianNB": normal,
          "CategoricalNB": categories}
