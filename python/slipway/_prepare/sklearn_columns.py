# SPDX-License-Identifier: Apache-2.0
"""Categories as columns of zeros and ones, and functions of numpy, for skl2onnx."""
from __future__ import annotations

from .sklearn_nodes import Scoped

FUNCTIONS = {
    "log1p": lambda build, value, one: build.node("Log", build.node("Add", value, one)),
    "expm1": lambda build, value, one: build.node("Sub", build.node("Exp", value), one),
    "square": lambda build, value, one: build.node("Mul", value, value),
    "log": lambda build, value, one: build.node("Log", value),
    "exp": lambda build, value, one: build.node("Exp", value),
    "sqrt": lambda build, value, one: build.node("Sqrt", value),
    "absolute": lambda build, value, one: build.node("Abs", value),
    "sign": lambda build, value, one: build.node("Sign", value),
    "arcsinh": lambda build, value, one: build.node("Asinh", value),
}


def convert_one_hot(scope, operator, container) -> None:
    """Each value becomes the number of its column, which is compared with the numbers of all columns."""
    import numpy
    from onnx import TensorProto
    encoder = operator.raw_operator
    build = Scoped(scope, container)
    found, index = [], 0
    for variable in operator.inputs:
        width = variable.type.shape[1]
        for offset in range(width):
            value = variable.full_name
            if width > 1:
                value = build.node("Gather", value, build.constant(numpy.array([offset])), axis=1)
            numbers, default, count = places(encoder, index)
            place = _looked_up(build, value, variable, encoder.categories_[index], numbers, default)
            every = build.constant(numpy.arange(count, dtype=float).reshape(1, -1))
            found.append(build.node("Cast", build.node("Equal", place, every), to=TensorProto.DOUBLE))
            index += 1
    build.give(found[0] if len(found) == 1 else build.node("Concat", *found, axis=1), operator.outputs[0])


def one_hot_shape(operator) -> None:
    from skl2onnx.common.data_types import FloatTensorType
    encoder = operator.raw_operator
    total = sum(places(encoder, index)[2] for index in range(len(encoder.categories_)))
    operator.outputs[0].type = FloatTensorType([None, total])


def places(encoder, index: int) -> tuple[list[float], float, int]:
    """For a column: the place of each category, of any other, and how many places there are; −1 is none of them."""
    count = len(encoder.categories_[index])
    places = list(range(count))
    rare = getattr(encoder, "_default_to_infrequent_mappings", None)
    default = -1.0
    if rare is not None and rare[index] is not None:
        places = [int(place) for place in rare[index]]
        count = max(places) + 1
        if encoder.handle_unknown in ("infrequent_if_exist", "warn"):
            default = float(count - 1)
    dropped = encoder.drop_idx_[index] if encoder.drop_idx_ is not None else None
    if dropped is not None:
        gone = places[int(dropped)] if rare is not None and rare[index] is not None else int(dropped)
        places = [-1 if place == gone else place - (place > gone) for place in places]
        default, count = default - (default > gone), count - 1
    return [float(place) for place in places], default, count


def _looked_up(build: Scoped, value: str, variable, categories, places: list[float], default: float) -> str:
    import numpy
    from onnx import TensorProto, helper, numpy_helper
    from skl2onnx.common.data_types import StringTensorType
    is_text = isinstance(variable.type, StringTensorType)
    if is_text:
        texts = ["" if category is None or category != category else str(category) for category in categories]
        keys = helper.make_tensor("keys", TensorProto.STRING, [len(texts)], [text.encode("utf-8") for text in texts])
    else:
        numbers = numpy.asarray(categories, float)
        if numpy.isnan(numbers).any():
            raise NotImplementedError("OneHotEncoder with a category for missing numbers")
        keys = numpy_helper.from_array(numbers, "keys")
        value = build.node("Cast", value, to=TensorProto.DOUBLE)
    return build.node("LabelEncoder", value, domain="ai.onnx.ml", keys_tensor=keys,
                      values_tensor=numpy_helper.from_array(numpy.array(places), "values"),
                      default_tensor=numpy_helper.from_array(numpy.array([default]), "default"))


def convert_function(scope, operator, container) -> None:
    """Functions of numpy by their name: any other is Python code, which nothing reads."""
    import numpy
    transformer = operator.raw_operator
    build = Scoped(scope, container)
    values = [build.double(variable) for variable in operator.inputs]
    value = values[0] if len(values) == 1 else build.node("Concat", *values, axis=1)
    function = transformer.func
    if function is not None:
        if not isinstance(function, numpy.ufunc) or function.__name__ not in FUNCTIONS or transformer.kw_args:
            name = getattr(function, "__name__", type(function).__name__)
            raise NotImplementedError(f"FunctionTransformer with the function “{name}”")
        value = FUNCTIONS[function.__name__](build, value, build.constant(numpy.array([1.0])))
    build.give(value, operator.outputs[0])


def function_shape(operator) -> None:
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
    is_double = any(isinstance(variable.type, DoubleTensorType) for variable in operator.inputs)
    widths = [variable.type.shape[1] for variable in operator.inputs]
    width = None if None in widths else sum(widths)
    operator.outputs[0].type = (DoubleTensorType if is_double else FloatTensorType)([None, width])
