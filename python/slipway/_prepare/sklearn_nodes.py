# SPDX-License-Identifier: Apache-2.0
"""What replaces converters of skl2onnx that answer otherwise than scikit-learn, or not at all."""
from __future__ import annotations

from . import answers, forest, forests


LATER = "slipway.later"
"""Stands for the operators of trees until skl2onnx, which knows no newer ones than version 3, is done."""


def finished(raw):
    """The graph with its trees under their own name."""
    from onnx import helper
    is_later = any(node.domain == LATER for node in raw.graph.node)
    for node in raw.graph.node:
        if node.domain == LATER:
            node.domain = forest.DOMAIN
    versions = {opset.domain: opset.version for opset in raw.opset_import if opset.domain != LATER}
    if is_later:
        versions[forest.DOMAIN] = forest.VERSION
    del raw.opset_import[:]
    raw.opset_import.extend(helper.make_opsetid(*pair) for pair in versions.items())
    return raw


class Scoped:
    """Adds nodes inside a conversion of skl2onnx."""

    def __init__(self, scope, container):
        self.scope, self.container = scope, container

    def node(self, kind: str, *inputs: str, result: str | None = None, domain: str = "", **attributes) -> str:
        result = result or self.scope.get_unique_variable_name(f"slipway_{kind.lower()}")
        version = 1 if domain == forest.DOMAIN else 19
        domain = LATER if domain == forest.DOMAIN else domain
        self.container.add_node(kind, list(inputs), [result], op_domain=domain, op_version=version,
                                name=self.scope.get_unique_operator_name(kind), **attributes)
        return result

    def constant(self, values) -> str:
        import numpy
        from onnx import TensorProto
        array = numpy.asarray(values)
        kinds = {"f": TensorProto.DOUBLE, "i": TensorProto.INT64, "O": TensorProto.STRING, "U": TensorProto.STRING}
        name = self.scope.get_unique_variable_name("slipway_constant")
        content = [str(value) for value in array.ravel()] if array.dtype.kind in "OU" else array.ravel().tolist()
        if array.dtype.kind in "OU":
            content = [text.encode("utf-8") for text in content]
        self.container.add_initializer(name, kinds[array.dtype.kind], list(array.shape), content)
        return name

    def double(self, variable) -> str:
        from onnx import TensorProto
        return self.node("Cast", variable.full_name, to=TensorProto.DOUBLE)

    def give(self, value: str, variable, shape: list[int] | None = None) -> None:
        """`value` as an output of the conversion, of the type that skl2onnx expects there."""
        from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType, StringTensorType
        from onnx import TensorProto
        if shape is not None:
            value = self.node("Reshape", value, self.constant(shape))
        if isinstance(variable.type, StringTensorType):
            self.node("Identity", value, result=variable.full_name)
            return
        to = (TensorProto.DOUBLE if isinstance(variable.type, DoubleTensorType) else
              TensorProto.INT64 if isinstance(variable.type, Int64TensorType) else TensorProto.FLOAT)
        self.node("Cast", value, result=variable.full_name, to=to)


def convert_forest(scope, operator, container) -> None:
    build = Scoped(scope, container)
    values = forests.graph(build, operator.raw_operator, build.double(operator.inputs[0]))
    for value, variable in zip(values, operator.outputs):
        build.give(value, variable)


def convert_imputer(scope, operator, container) -> None:
    """Numbers: NaN, or the number that stands for a missing value, is replaced. Texts: the empty one."""
    import numpy
    imputer = operator.raw_operator
    build = Scoped(scope, container)
    texts = imputer.statistics_.dtype.kind in "OU"
    kept = numpy.array([not _is_missing(value) for value in imputer.statistics_])
    if imputer.add_indicator or (not kept.all() and not imputer.keep_empty_features):
        raise NotImplementedError("SimpleImputer that adds or drops columns")
    if texts:
        value = operator.inputs[0].full_name
        fill = numpy.array([str(v) for v in imputer.statistics_], object).reshape(1, -1)
        is_missing = build.node("Equal", value, build.constant(numpy.array([""], object)))
        build.give(build.node("Where", is_missing, build.constant(fill), value), operator.outputs[0])
        return
    value = build.double(operator.inputs[0])
    mark = imputer.missing_values
    if _is_missing(mark):
        is_missing = build.node("IsNaN", value)
    else:
        is_missing = build.node("Equal", value, build.constant(numpy.array([float(mark)])))
    fill = imputer.statistics_.astype(float).reshape(1, -1)
    build.give(build.node("Where", is_missing, build.constant(fill), value), operator.outputs[0])


def _is_missing(value: object) -> bool:
    return value is None or value != value


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


def convert_soft_vote(scope, operator, container) -> None:
    """The mean of the members' probabilities, with weights where there are some; or of their votes."""
    import numpy
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType
    voting = operator.raw_operator
    build = Scoped(scope, container)
    weights = voting._weights_not_none or [1.0] * len(voting.estimators_)
    width = len(voting.classes_)
    kind = DoubleTensorType if isinstance(operator.inputs[0].type, DoubleTensorType) else FloatTensorType
    votes = []
    for member, weight in zip(voting.estimators_, weights):
        inner = member_of(scope, member, operator.inputs)
        label = scope.declare_local_variable("label", Int64TensorType())
        probabilities = scope.declare_local_variable("probabilities", kind())
        inner.outputs.extend([label, probabilities])
        if voting.voting == "soft":
            vote = build.double(probabilities)
        else:
            same = build.node("Equal", build.node("Reshape", label.full_name, build.constant([-1, 1])),
                              build.constant(numpy.arange(width).reshape(1, -1)))
            from onnx import TensorProto
            vote = build.node("Cast", same, to=TensorProto.DOUBLE)
        votes.append(answers.times(build, vote, float(weight)))
    total = votes[0] if len(votes) == 1 else build.node("Sum", *votes)
    mean = build.node("Div", total, build.constant(numpy.array([float(sum(weights))])))
    build.give(answers.decided(build, mean, voting.classes_), operator.outputs[0])
    if voting.voting == "soft" and len(operator.outputs) > 1:
        build.give(mean, operator.outputs[1])
    elif len(operator.outputs) > 1:
        build.give(mean, operator.outputs[1])


def member_of(scope, member, inputs):
    from skl2onnx._supported_operators import sklearn_operator_name_map
    if type(member) not in sklearn_operator_name_map:
        raise NotImplementedError(f"no converter for {type(member).__name__} inside another model")
    inner = scope.declare_local_operator(sklearn_operator_name_map[type(member)], member)
    inner.inputs.extend(inputs)
    return inner
