# SPDX-License-Identifier: Apache-2.0
"""Classifiers made of others, and what calibrates them, for skl2onnx."""
from __future__ import annotations

from . import answers, forests, parts
from .sklearn_nodes import Scoped


def convert_isotonic(scope, operator, container) -> None:
    build = Scoped(scope, container)
    value = interpolated(build, operator.raw_operator, build.double(operator.inputs[0]))
    build.give(value, operator.outputs[0], [-1, 1])


def interpolated(build: Scoped, isotonic, value: str) -> str:
    """[rows, 1] → [rows, 1]: a straight line between the thresholds on both sides, and flat beyond them."""
    import numpy
    from onnx import TensorProto
    x, y = (numpy.asarray(values, float) for values in (isotonic.X_thresholds_, isotonic.y_thresholds_))
    if len(x) == 1:
        return build.node("Add", build.node("Mul", value, build.constant(numpy.array([0.0]))), build.constant(y))
    clipped = build.node("Min", build.node("Max", value, build.constant(x[:1])), build.constant(x[-1:]))
    below = build.node("Cast", build.node("Greater", clipped, build.constant(x[1:-1].reshape(1, -1))),
                       to=TensorProto.INT64) if len(x) > 2 else None
    index = (build.node("ReduceSum", below, build.constant([1]), keepdims=1) if below is not None else
             build.node("Cast", build.node("Mul", clipped, build.constant(numpy.array([0.0]))), to=TensorProto.INT64))
    slope = numpy.diff(y) / numpy.diff(x)
    start, rise, height = (build.node("Gather", build.constant(values), index, axis=0) for values in (x[:-1], slope, y[:-1]))
    return build.node("Add", build.node("Mul", build.node("Sub", clipped, start), rise), height)


def convert_vote(scope, operator, container) -> None:
    """The mean of the members' probabilities, with weights where there are some; or of their votes."""
    import numpy
    from onnx import TensorProto
    voting = operator.raw_operator
    build = Scoped(scope, container)
    weights = voting._weights_not_none or [1.0] * len(voting.estimators_)
    width = len(voting.classes_)
    votes = []
    for member, weight in zip(voting.estimators_, weights):
        label, probabilities = member_of(scope, container, member, operator.inputs, False)
        if voting.voting == "soft":
            vote = build.double(probabilities)
        else:
            same = build.node("Equal", build.node("Reshape", label.full_name, build.constant([-1, 1])),
                              build.constant(numpy.arange(width).reshape(1, -1)))
            vote = build.node("Cast", same, to=TensorProto.DOUBLE)
        votes.append(answers.times(build, vote, float(weight)))
    total = votes[0] if len(votes) == 1 else build.node("Sum", *votes)
    mean = build.node("Div", total, build.constant(numpy.array([float(sum(weights))])))
    build.give(answers.decided(build, mean, voting.classes_), operator.outputs[0])
    if len(operator.outputs) > 1:
        build.give(mean, operator.outputs[1])


def member_of(scope, container, member, inputs, scored: bool):
    """Converts a classifier inside another. - Returns: its label, and its probabilities or its scores."""
    from skl2onnx._supported_operators import sklearn_operator_name_map
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType
    if type(member) not in sklearn_operator_name_map:
        raise NotImplementedError(f"no converter for {type(member).__name__} inside another model")
    inner = scope.declare_local_operator(sklearn_operator_name_map[type(member)], member)
    if scored:
        for options in (container, scope):
            options.add_options(id(parts.last(member)), {"raw_scores": True})
    is_double = any(isinstance(variable.type, DoubleTensorType) for variable in inputs)
    label = scope.declare_local_variable("label", Int64TensorType())
    scores = scope.declare_local_variable("scores", (DoubleTensorType if is_double else FloatTensorType)())
    inner.inputs.extend(inputs)
    inner.outputs.extend([label, scores])
    return label, scores


def convert_calibrated(scope, operator, container) -> None:
    """The mean of what the calibrated classifiers answer."""
    import numpy
    build = Scoped(scope, container)
    model = operator.raw_operator
    found = [_calibrated(build, scope, container, one, operator.inputs) for one in model.calibrated_classifiers_]
    total = found[0] if len(found) == 1 else build.node("Sum", *found)
    mean = build.node("Div", total, build.constant(numpy.array([float(len(found))])))
    build.give(answers.decided(build, mean, model.classes_), operator.outputs[0])
    build.give(mean, operator.outputs[1])


def _calibrated(build: Scoped, scope, container, one, inputs) -> str:
    """Each class's score through its calibrator, and then all of them to a sum of one."""
    import numpy
    count = len(one.classes)
    if one.method not in ("sigmoid", "isotonic") or len(one.estimator.classes_) != count:
        raise NotImplementedError(f"a calibration by {one.method}")
    scored = hasattr(one.estimator, "decision_function")
    if scored and forests.writer(parts.last(one.estimator)) is not None:
        raise NotImplementedError(f"a calibration of {parts.short(parts.last(one.estimator))}")
    scores = build.double(member_of(scope, container, one.estimator, inputs, scored)[1])
    columns = [1] if count == 2 else range(count)
    found = []
    for column, calibrator in zip(columns, one.calibrators, strict=True):
        score = build.node("Gather", scores, build.constant(numpy.array([column])), axis=1)
        if one.method == "isotonic":
            found.append(interpolated(build, calibrator, score))
            continue
        line = build.node("Add", build.node("Mul", score, build.constant(numpy.array([float(calibrator.a_)]))),
                          build.constant(numpy.array([float(calibrator.b_)])))
        found.append(build.node("Div", answers.one(build), build.node("Add", answers.one(build), build.node("Exp", line))))
    if count == 2:
        return answers.both(build, found[0])
    every = build.node("Concat", *found, axis=1)
    total = build.node("ReduceSum", every, build.constant(numpy.array([1])), keepdims=1)
    nothing = build.node("Equal", total, build.constant(numpy.array([0.0])))
    safe = build.node("Where", nothing, answers.one(build), total)
    return build.node("Where", nothing, build.constant(numpy.full((1, count), 1.0 / count)),
                      build.node("Div", every, safe))


def convert_discriminant(scope, operator, container) -> None:
    """Linear scores; of two classes the logistic function of one score."""
    import numpy
    build = Scoped(scope, container)
    model = operator.raw_operator
    product = build.node("MatMul", build.double(operator.inputs[0]), build.constant(numpy.asarray(model.coef_.T, float)))
    raw = answers.plus(build, product, model.intercept_)
    if len(model.classes_) == 2:
        label, probabilities = answers.above(build, raw, 0.0, model.classes_), answers.sigmoid(build, raw)
    else:
        label, probabilities = answers.decided(build, raw, model.classes_), answers.softmax(build, raw)
    build.give(label, operator.outputs[0])
    build.give(probabilities, operator.outputs[1])


def classifier_shape(operator) -> None:
    """Of classifiers that take any number of inputs."""
    import numpy
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
    classes = numpy.asarray(operator.raw_operator.classes_)
    is_double = any(isinstance(variable.type, DoubleTensorType) for variable in operator.inputs)
    operator.outputs[0].type = (Int64TensorType if classes.dtype.kind in "iub" else StringTensorType)([None])
    operator.outputs[1].type = (DoubleTensorType if is_double else FloatTensorType)([None, len(classes)])
