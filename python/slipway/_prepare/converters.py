# SPDX-License-Identifier: Apache-2.0
"""What makes ONNX of a model: our own writer of trees, skl2onnx, and CatBoost's."""
from __future__ import annotations

import os

from . import coded, forests, parts
from .graph import Feed, Take, Wrapper

EMPTY = "\x01"
"""Stands for an empty text that is a value; no category is called so."""
WORD = r"[\p{L}\p{N}_]{2,}"
OPSET = {"": 19, "ai.onnx.ml": 5}


def opened(model: bytes) -> None:
    """Opens a candidate once, here, where it ends nothing but this process: a graph can crash the engine."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


# MARK: What the converter's inputs are made of


def _columns(descriptor: dict) -> list[tuple[str, str, int | None]]:
    """The model's columns in order: name, input, and where in the input it stands (`None` for all of it)."""
    inputs = {spec["name"]: spec for spec in descriptor["inputs"]}
    listed = descriptor.get("columns") or []
    if not listed:
        return [(name, name, None) for name in inputs]
    return [(column["name"], column["input"],
             column.get("offset", 0) if inputs[column["input"]]["shape"][1:] not in ([], [1]) else None)
            for column in listed]


def _numbers(descriptor: dict) -> list[tuple[str, int | None]]:
    """Every column as a number, side by side. - Raises NotImplementedError for texts."""
    kinds = {spec["name"]: spec["datatype"] for spec in descriptor["inputs"]}
    if "BYTES" in kinds.values():
        raise NotImplementedError("columns of texts given as they are")
    if any(column["dtype"] == "category" for column in descriptor.get("columns") or []):
        raise NotImplementedError("categories given as they are")
    if len(descriptor["inputs"]) == 1:
        return [(descriptor["inputs"][0]["name"], None)]
    return [(source, offset) for _, source, offset in _columns(descriptor)]


# MARK: The converters


def forest(model: object, descriptor: dict, _: bool):
    """Our own: trees in double precision."""
    from onnx import TensorProto, helper
    build = Wrapper()
    if coded.texts(descriptor):
        values, inputs, feeds = coded.matrix(build, model, descriptor)
    else:
        values, inputs = "values", [helper.make_tensor_value_info("values", TensorProto.DOUBLE, [None, None])]
        feeds = [Feed("values", _numbers(descriptor))]
    results = forests.graph(build, model, values)
    outputs = []
    for index, (result, spec) in enumerate(zip(results, descriptor["outputs"])):
        is_text, is_label = spec["datatype"] == "BYTES", spec["datatype"] in ("INT64", "INT32", "BOOL")
        kind = TensorProto.STRING if is_text else TensorProto.INT64 if is_label else TensorProto.DOUBLE
        build.node("Identity", result, result=f"result{index}")
        outputs.append(helper.make_tensor_value_info(f"result{index}", kind, None))
    graph = helper.make_graph(build.nodes, "forest", inputs, outputs, initializer=build.constants)
    raw = helper.make_model(graph, opset_imports=[helper.make_opsetid(*pair) for pair in OPSET.items()])
    raw.ir_version = 10
    from .. import __version__
    takes = [Take(f"result{index}") for index in range(len(descriptor["outputs"]))]
    return raw, feeds, takes, f"slipway {__version__}"


def sklearn(model: object, descriptor: dict, is_double: bool):
    import skl2onnx
    from skl2onnx import convert_sklearn

    from . import sklearn_forms, sklearn_nodes
    from .forest import DOMAIN
    sklearn_forms.register()
    initial, feeds = _typed(model, descriptor, is_double)
    names = [spec["name"] for spec in descriptor["outputs"]]
    options = _words(model)
    if "scores" in names:
        options[id(model)] = {"raw_scores": True, "zipmap": False}
        options[id(parts.last(model))] = {"raw_scores": True, "zipmap": False}
    elif _is_classifier(model):
        options[id(model)] = {"zipmap": False}
    opset = {**OPSET, DOMAIN: 3}
    raw = sklearn_nodes.finished(
        convert_sklearn(model, initial_types=initial, options=options or None, target_opset=opset))
    _set_locale(raw)
    given = [value.name for value in raw.graph.output]
    if len(given) < len(names):
        raise NotImplementedError(f"the output {names[len(given)]}")
    takes = []
    for spec, name in zip(descriptor["outputs"], given):
        # The decision of two classes is one number there, and may be two here.
        takes.append(Take(name, -1 if spec["name"] == "scores" and len(spec["shape"]) == 1 else None))
    return raw, feeds, takes, f"skl2onnx {skl2onnx.__version__}"


def _words(model: object) -> dict[int, dict]:
    """Where texts are cut into words as scikit-learn does it by itself, the letters of all scripts make them up."""
    return {id(part.estimator): {"tokenexp": WORD} for part in parts.walk(model)
            if getattr(part.estimator, "token_pattern", None) == r"(?u)\b\w\w+\b" and part.estimator.analyzer == "word"
            and part.estimator.tokenizer is None and parts.short(part.estimator) != "HashingVectorizer"}


def _set_locale(raw) -> None:
    """Texts become lower case by a locale that every system has; the usual one, en_US, many servers lack."""
    from onnx import helper
    for node in raw.graph.node:
        if node.op_type == "StringNormalizer":
            kept = [attribute for attribute in node.attribute if attribute.name != "locale"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("locale", "C.UTF-8")])


def _is_classifier(model: object) -> bool:
    from sklearn.base import is_classifier
    return is_classifier(model)


def _typed(model: object, descriptor: dict, is_double: bool):
    """skl2onnx's inputs, and what they are fed with: one matrix, or a column each where the model tells them apart."""
    from skl2onnx.common.data_types import (BooleanTensorType, DoubleTensorType, FloatTensorType, Int64TensorType,
                                            StringTensorType)
    number = DoubleTensorType if is_double else FloatTensorType
    kinds = {spec["name"]: spec["datatype"] for spec in descriptor["inputs"]}
    dtypes = {column["name"]: column["dtype"] for column in descriptor.get("columns") or []}
    if not _tells_columns_apart(model) and "BYTES" not in kinds.values():
        feed = _numbers(descriptor)
        widths = {spec["name"]: spec["shape"][1] if len(spec["shape"]) > 1 else 1 for spec in descriptor["inputs"]}
        width = sum(widths[name] if offset is None else 1 for name, offset in feed)
        return [("values", number([None, width]))], [Feed("values", feed)]
    if descriptor["form"] == "matrix":
        spec = descriptor["inputs"][0]
        kind = StringTensorType if spec["datatype"] == "BYTES" else number
        return [("values", kind([None, spec["shape"][1]]))], [Feed("values", [(spec["name"], None)])]
    missing = {column["name"] for column in descriptor.get("columns") or [] if column.get("missing")}
    imputes = any(type(part.estimator).__name__ == "SimpleImputer" for part in parts.walk(model))
    initial, feeds = [], []
    for name, source, offset in _columns(descriptor):
        if dtypes.get(name, "").startswith("datetime64"):
            raise NotImplementedError("columns of dates")
        datatype = kinds[source]
        kind = (StringTensorType if datatype == "BYTES" else BooleanTensorType if datatype == "BOOL" else
                Int64TensorType if datatype.startswith(("INT", "UINT")) else number)
        initial.append((name, kind([None, 1])))
        is_value = datatype == "BYTES" and imputes and name not in missing
        feeds.append(Feed(name, [(source, offset)], EMPTY if is_value else None))
    return initial, feeds


def _tells_columns_apart(model: object) -> bool:
    """Whether a ColumnTransformer picks columns by name."""
    for part in parts.walk(model):
        for step in getattr(part.estimator, "transformers_", None) or []:
            chosen = step[2] if len(step) == 3 else []
            chosen = [chosen] if isinstance(chosen, str) else list(chosen) if hasattr(chosen, "__iter__") else []
            if any(isinstance(column, str) for column in chosen):
                return True
    return False


def catboost(model: object, descriptor: dict, _: bool):
    """The library's own writer, which takes numbers only."""
    import tempfile

    import catboost as library
    import onnx
    feed = _numbers(descriptor)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        model.save_model(path, format="onnx")
        raw = onnx.load(path)
    given = [value.name for value in raw.graph.output]
    if len(given) < len(descriptor["outputs"]):
        raise NotImplementedError(f"the output {descriptor['outputs'][-1]['name']}")
    raise_on_maps(raw)
    takes = [Take(name) for name in given[:len(descriptor["outputs"])]]
    return raw, [Feed(raw.graph.input[0].name, feed)], takes, f"catboost {library.__version__}"


def raise_on_maps(raw) -> None:
    for value in raw.graph.output:
        if not value.type.HasField("tensor_type"):
            raise NotImplementedError(f"the output {value.name}, which is no tensor")


CONVERTERS = {"slipway": forest, "skl2onnx": sklearn, "catboost": catboost}
