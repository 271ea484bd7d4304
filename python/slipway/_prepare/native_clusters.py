# SPDX-License-Identifier: Apache-2.0
"""What lies near: the nearest centre, the likeliest of several bells, and sums over the rows of training."""
from __future__ import annotations

from typing import Collection

from .native_linear import decided
from .native_sheet import Sheet
from .native_table import Column, NoForm, Table


def means(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    """Twice the product with a centre, less the square of the centre: most where the distance is least."""
    centres = model.cluster_centers_
    nearness = sheet.linear(table, 2.0 * centres, -(centres * centres).sum(axis=1), "nearness")
    return {"predict": _largest(sheet, nearness)}


def mixture(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    """For each bell the logarithm of its likelihood: squares of the distance from its middle, turned to its axes."""
    import numpy
    table = sheet.numbers(table, "FP64")
    found = []
    for index, middle in enumerate(model.means_):
        axes = _axes(model, index)
        own = table.of(sheet.copied(table.columns))
        turned = sheet.linear(own, axes.T, -(middle @ axes), "turned")
        sheet.add("apply", [turned], function="square")
        shift = numpy.log(numpy.diag(axes)).sum() - 0.5 * len(axes) * numpy.log(2 * numpy.pi)
        found.append(sheet.linear(Table((turned,)), numpy.full(len(axes), -0.5), shift + numpy.log(model.weights_[index]),
                                  "bell"))
    likelihood = sheet.joined(found, "likelihood", "FP64")
    answers = {}
    if "predict" in wants:
        answers["predict"] = _largest(sheet, sheet.copied([likelihood])[0])
    if "predict_proba" in wants:
        sheet.add("softmax", [likelihood])
        answers["predict_proba"] = likelihood
    return answers


def _axes(model, index: int):
    """The bell's own matrix, whichever way it is kept."""
    import numpy
    kept, width = model.precisions_cholesky_, model.means_.shape[1]
    return {"full": lambda: kept[index], "tied": lambda: kept, "diag": lambda: numpy.diag(kept[index]),
            "spherical": lambda: numpy.eye(width) * kept[index]}[model.covariance_type]()


def _largest(sheet: Sheet, values: Column) -> Column:
    if values.count < 2:
        raise NoForm("a choice of one")
    return decided(sheet, values, list(range(values.count)))


def kernel(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    """Products with the rows of training, or powers of e of the squared distances from them."""
    import numpy
    known, weights = numpy.asarray(model.X_fit_, float), numpy.atleast_2d(model.dual_coef_.T)
    if model.kernel == "linear":
        return {"predict": sheet.linear(table, weights @ known, 0.0, "prediction")}
    if model.kernel != "rbf":
        raise NoForm(f"KernelRidge with the kernel “{model.kernel}”")
    table = sheet.numbers(table, "FP64")
    squares = sheet.copied(table.columns)
    sheet.add("apply", squares, function="square")
    distances = sheet.linear(table.of([*table.columns, *squares]), numpy.hstack([-2.0 * known, numpy.ones_like(known)]),
                             (known * known).sum(axis=1), "distances")
    width = 1.0 / known.shape[1] if model.gamma is None else float(model.gamma)
    sheet.add("clip", [distances], low=[0.0] * distances.count)
    sheet.scaled(Table((distances,)), multiply=[-width] * distances.count)
    sheet.add("apply", [distances], function="exp")
    return {"predict": sheet.linear(Table((distances,)), weights, 0.0, "prediction")}


FINALS = {"KMeans": means, "MiniBatchKMeans": means, "GaussianMixture": mixture, "KernelRidge": kernel}
