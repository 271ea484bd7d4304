# SPDX-License-Identifier: Apache-2.0
"""From the sums of trees to what the original answers: probabilities, labels, scores."""
from __future__ import annotations

from .forest import Builder


def one(build: Builder) -> str:
    import numpy
    return build.constant(numpy.array([1.0]))


def sigmoid(build: Builder, raw: str, scale: float = 1.0) -> str:
    """[rows, 1] → [rows, 2]: of the first class and of the second. Exact also far from zero, where Sigmoid is not."""
    import numpy
    scaled = raw if scale == 1.0 else build.node("Mul", raw, build.constant(numpy.array([scale])))
    second = build.node("Div", one(build), build.node("Add", one(build), build.node("Exp", build.node("Neg", scaled))))
    return both(build, second)


def both(build: Builder, second: str) -> str:
    return build.node("Concat", build.node("Sub", one(build), second), second, axis=1)


def softmax(build: Builder, raw: str) -> str:
    return build.node("Softmax", raw, axis=1)


def normalised_sigmoids(build: Builder, raw: str) -> str:
    """One class against the others, for each class."""
    return build.node("Div", one(build), build.node("Add", one(build), build.node("Exp", build.node("Neg", raw))))


def decided(build: Builder, scores: str, classes) -> str:
    """The class of the largest score, of the first when several are as large; [rows]."""
    return named(build, build.node("ArgMax", scores, axis=1, keepdims=0), classes)


def above(build: Builder, scores: str, threshold: float, classes) -> str:
    """The second of two classes where the score [rows, 1] is above the threshold; [rows]."""
    import numpy
    from onnx import TensorProto
    is_above = build.node("Greater", scores, build.constant(numpy.array([threshold])))
    index = build.node("Reshape", build.node("Cast", is_above, to=TensorProto.INT64), build.constant([-1]))
    return named(build, index, classes)


def named(build: Builder, index: str, classes) -> str:
    """Classes by their number: as integers, or as texts."""
    import numpy
    values = numpy.asarray(classes)
    if values.dtype.kind in "iub":
        return build.node("Gather", build.constant(values.astype(numpy.int64)), index, axis=0)
    return build.node("Gather", build.constant(values.astype(str).astype(object)), index, axis=0)


def plus(build: Builder, raw: str, base) -> str:
    import numpy
    base = numpy.asarray(base, numpy.float64).reshape(1, -1)
    return raw if not base.any() else build.node("Add", raw, build.constant(base))


def times(build: Builder, raw: str, factor: float) -> str:
    import numpy
    return raw if factor == 1.0 else build.node("Mul", raw, build.constant(numpy.array([factor])))
