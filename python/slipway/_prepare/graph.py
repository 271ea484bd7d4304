# SPDX-License-Identifier: Apache-2.0
"""Gives a converted graph exactly the inputs and outputs that the model's signature has."""
from __future__ import annotations

from dataclasses import dataclass

NAMES = {"FP64": "DOUBLE", "FP32": "FLOAT", "FP16": "FLOAT16", "INT64": "INT64", "INT32": "INT32", "INT16": "INT16",
         "INT8": "INT8", "UINT64": "UINT64", "UINT32": "UINT32", "UINT16": "UINT16", "UINT8": "UINT8", "BOOL": "BOOL",
         "BYTES": "STRING"}
IR_VERSION = 10
PREFIX = "model/"


@dataclass(frozen=True)
class Feed:
    """What a converter's input is made of: elements of the signature's inputs, next to each other.

    `parts` are (input, offset), or (input, None) for the whole of it. `empty` replaces empty texts, where they are values
    of their own and the converter would take them for missing ones.
    """

    name: str
    parts: list[tuple[str, int | None]]
    empty: str | None = None


@dataclass(frozen=True)
class Take:
    """What an output is made of: an output of the converter, and perhaps one column of it."""

    name: str
    column: int | None = None


class Wrapper:
    """Builds nodes around a graph."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.constants: list = []
        self._count = 0

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"slipway/{kind}{self._count}"

    def constant(self, values) -> str:
        import numpy
        from onnx import numpy_helper
        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(numpy.asarray(values), name))
        return name

    def filled(self, texts: str, text: str) -> str:
        import numpy
        is_empty = self.node("Equal", texts, self.constant(numpy.array([""], object)))
        return self.node("Where", is_empty, self.constant(numpy.array([text], object)), texts)

    def node(self, kind: str, *inputs: str, result: str | None = None, **attributes) -> str:
        from onnx import helper
        result = result or self._name(kind.lower())
        self.nodes.append(helper.make_node(kind, list(inputs), [result], name=self._name("node"), **attributes))
        return result


def conform(raw, inputs: list[dict], outputs: list[dict], feeds: list[Feed], takes: list[Take]):
    """`raw` with the signature's inputs in front and its outputs behind. - Returns: the model, checked by onnx."""
    import onnx
    from onnx import TensorProto, compose, helper

    raw = compose.add_prefix(raw, PREFIX)
    types = {value.name: value.type.tensor_type.elem_type for value in raw.graph.input}
    kinds = {value.name: value.type.tensor_type.elem_type for value in raw.graph.output}
    given = {spec["name"]: getattr(TensorProto, NAMES[spec["datatype"]]) for spec in inputs}
    build = Wrapper()
    for feed in feeds:
        wanted, parts = types[PREFIX + feed.name], []
        for name, offset in feed.parts:
            part = name if offset is None else build.node("Gather", name, build.constant([offset]), axis=1)
            parts.append(part if given[name] == wanted else build.node("Cast", part, to=wanted))
        if feed.empty is not None:
            parts = [build.filled(part, feed.empty) for part in parts]
        whole = parts[0] if len(parts) == 1 else build.node("Concat", *parts, axis=1)
        build.node("Identity", whole, result=PREFIX + feed.name)
    before, build.nodes = build.nodes, []
    for spec, take in zip(outputs, takes):
        value, wanted = PREFIX + take.name, getattr(TensorProto, NAMES[spec["datatype"]])
        if take.column is not None:
            value = build.node("Gather", value, build.constant([take.column]), axis=1)
        if kinds[PREFIX + take.name] != wanted:
            value = build.node("Cast", value, to=wanted)
        build.node("Reshape", value, build.constant([-1, *spec["shape"][1:]]), result=spec["name"])
    graph = helper.make_graph(
        [*before, *raw.graph.node, *build.nodes], "model",
        [_info(spec) for spec in inputs], [_info(spec) for spec in outputs],
        initializer=[*raw.graph.initializer, *build.constants],
        sparse_initializer=list(raw.graph.sparse_initializer))
    model = helper.make_model(graph, opset_imports=_opsets(raw), functions=list(raw.functions),
                              producer_name="slipway")
    model.ir_version = min(IR_VERSION, max(raw.ir_version, 8))
    onnx.checker.check_model(model)
    return model


def _info(spec: dict):
    from onnx import TensorProto, helper
    shape = ["rows" if index == 0 and size == -1 else f"{spec['name']}_{index}" if size == -1 else size
             for index, size in enumerate(spec["shape"])]
    return helper.make_tensor_value_info(spec["name"], getattr(TensorProto, NAMES[spec["datatype"]]), shape)


def _opsets(raw) -> list:
    """The operator sets of `raw`; the nodes around it need the default one from 13 on."""
    from onnx import helper
    versions = {opset.domain or "": opset.version for opset in raw.opset_import}
    if versions.get("", 0) < 13:
        versions[""] = max(versions.get("", 0), 13)
    return [helper.make_opsetid(domain, version) for domain, version in sorted(versions.items())]
