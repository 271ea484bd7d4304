# SPDX-License-Identifier: Apache-2.0
"""What replaces converters of skl2onnx that answer otherwise than scikit-learn, or not at all."""
from __future__ import annotations

from . import forest, forests

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
