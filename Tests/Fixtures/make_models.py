# SPDX-License-Identifier: Apache-2.0
"""Makes the small models that tests open, in Tests/Fixtures/models.

    scripts/setup.sh examples
    .tools/venv/bin/python Tests/Fixtures/make_models.py

Rows are the first dimension, "batch", wherever a model has one. IR version 8 and opset 17 are old enough for every
ONNX Runtime that Slipway takes.
"""

import struct
from pathlib import Path

from onnx import TensorProto, checker, helper

FOLDER = Path(__file__).resolve().parent / "models"
ML = "ai.onnx.ml"
OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid(ML, 3)]

FLOAT, INT64, STRING, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL
TYPES = {
    "bool": BOOL,
    "uint8": TensorProto.UINT8,
    "uint16": TensorProto.UINT16,
    "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": INT64,
    "fp16": TensorProto.FLOAT16,
    "bf16": TensorProto.BFLOAT16,
    "fp32": FLOAT,
    "fp64": TensorProto.DOUBLE,
    "string": STRING,
}


def tensor(name, datatype, shape):
    return helper.make_tensor_value_info(name, datatype, shape)


def save(name, nodes, inputs, outputs, constants=(), opsets=OPSETS, is_standard=True):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="slipway-fixtures")
    if is_standard:
        checker.check_model(model, full_check=True)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def identities():
    """identity-TYPE: `values` [batch, 3] comes back as `same`."""
    for name, datatype in TYPES.items():
        save(
            f"identity-{name}",
            [helper.make_node("Identity", ["values"], ["same"])],
            [tensor("values", datatype, ["batch", 3])],
            [tensor("same", datatype, ["batch", 3])],
        )


def every_type():
    """every-type: one input `in_TYPE` [batch] and one output `out_TYPE` for each type."""
    save(
        "every-type",
        [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in TYPES],
        [tensor(f"in_{name}", datatype, ["batch"]) for name, datatype in TYPES.items()],
        [tensor(f"out_{name}", datatype, ["batch"]) for name, datatype in TYPES.items()],
    )


def arithmetic():
    """Models of one or two operators, each with one trait that a test asks for."""
    # Two inputs that are added up row by row.
    save(
        "add",
        [helper.make_node("Add", ["left", "right"], ["sum"])],
        [tensor("left", FLOAT, ["batch", 2]), tensor("right", FLOAT, ["batch", 2])],
        [tensor("sum", FLOAT, ["batch", 2])],
    )
    # Two types in, two types out.
    save(
        "two-in-two-out",
        [
            helper.make_node("Cast", ["count"], ["weight"], to=FLOAT),
            helper.make_node("Mul", ["values", "weight"], ["scaled"]),
            helper.make_node("Add", ["count", "one"], ["next"]),
        ],
        [tensor("values", FLOAT, ["batch", 2]), tensor("count", INT64, ["batch", 1])],
        [tensor("scaled", FLOAT, ["batch", 2]), tensor("next", INT64, ["batch", 1])],
        [helper.make_tensor("one", INT64, [1], [1])],
    )
    # A table of two kinds of columns, which come back as they went.
    save(
        "mixed-columns",
        [helper.make_node("Identity", [name], [f"same_{name}"]) for name in ["word", "weight"]],
        [tensor("word", STRING, ["batch", 1]), tensor("weight", FLOAT, ["batch", 1])],
        [tensor("same_word", STRING, ["batch", 1]), tensor("same_weight", FLOAT, ["batch", 1])],
    )
    # Both dimensions are the caller's.
    save(
        "scale",
        [helper.make_node("Mul", ["values", "two"], ["doubled"])],
        [tensor("values", FLOAT, ["batch", "width"])],
        [tensor("doubled", FLOAT, ["batch", "width"])],
        [helper.make_tensor("two", FLOAT, [], [2.0])],
    )
    # One row at a time: the first dimension is fixed.
    save(
        "fixed-batch",
        [helper.make_node("Neg", ["values"], ["negated"])],
        [tensor("values", FLOAT, [1, 3])],
        [tensor("negated", FLOAT, [1, 3])],
    )
    # No dimension at all.
    save(
        "scalar",
        [helper.make_node("Neg", ["value"], ["negated"])],
        [tensor("value", FLOAT, [])],
        [tensor("negated", FLOAT, [])],
    )
    # Three values in a row cannot become four columns: it opens, and fails when it runs.
    save(
        "fails-when-run",
        [helper.make_node("Reshape", ["values", "shape"], ["reshaped"])],
        [tensor("values", FLOAT, ["batch", 3])],
        [tensor("reshaped", FLOAT, ["rows", 4])],
        [helper.make_tensor("shape", INT64, [2], [-1, 4])],
        is_standard=False,
    )


def rank_unknown():
    """rank-unknown: [batch, 3] where the largest value is positive, else [batch, 3, 1]: no rank can be declared."""
    same = helper.make_graph(
        [helper.make_node("Identity", ["values"], ["flat"])], "same", [], [tensor("flat", FLOAT, ["batch", 3])]
    )
    deeper = helper.make_graph(
        [helper.make_node("Unsqueeze", ["values", "last"], ["deep"])],
        "deeper",
        [],
        [tensor("deep", FLOAT, ["batch", 3, 1])],
        [helper.make_tensor("last", INT64, [1], [2])],
    )
    save(
        "rank-unknown",
        [
            helper.make_node("ReduceMax", ["values"], ["largest"], keepdims=0),
            helper.make_node("Greater", ["largest", "zero"], ["is_positive"]),
            helper.make_node("If", ["is_positive"], ["answer"], then_branch=same, else_branch=deeper),
        ],
        [tensor("values", FLOAT, ["batch", 3])],
        [tensor("answer", FLOAT, None)],
        [helper.make_tensor("zero", FLOAT, [], [0.0])],
        is_standard=False,
    )


def linear_classifier(keys):
    """Nodes of a two-feature, three-class classifier whose scores leave as probabilities."""
    label = {"classlabels_ints": keys} if isinstance(keys[0], int) else {"classlabels_strings": keys}
    return helper.make_node(
        "LinearClassifier",
        ["features"],
        ["label", "scores"],
        domain=ML,
        coefficients=[1.0, 0.0, 0.0, 1.0, -1.0, -1.0],
        intercepts=[0.0, 0.25, 0.5],
        post_transform="SOFTMAX",
        **label,
    )


def zip_maps():
    """zipmap, zipmap-strings: what scikit-learn converters write: a label, and a list of maps from class to score.

    The classes are not in ascending order, so that a reader who relies on the order of the keys is found out.
    """
    for name, keys, datatype in [("zipmap", [10, 2, 30], INT64), ("zipmap-strings", ["pear", "apple", "fig"], STRING)]:
        attribute = "classlabels_int64s" if datatype == INT64 else "classlabels_strings"
        scores = helper.make_sequence_type_proto(
            helper.make_map_type_proto(datatype, helper.make_tensor_type_proto(FLOAT, []))
        )
        save(
            name,
            [
                linear_classifier(keys),
                helper.make_node("ZipMap", ["scores"], ["probabilities"], domain=ML, **{attribute: keys}),
            ],
            [tensor("features", FLOAT, ["batch", 2])],
            [tensor("label", datatype, ["batch"]), helper.make_value_info("probabilities", scores)],
        )


def sequences():
    """sequence: two tensors of one shape. sequence-ragged: two of different shapes, which cannot be stacked."""
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None))
    values = tensor("values", FLOAT, ["batch", 2])
    save(
        "sequence",
        [
            helper.make_node("Neg", ["values"], ["negated"]),
            helper.make_node("SequenceConstruct", ["values", "negated"], ["pair"]),
        ],
        [values],
        [helper.make_value_info("pair", kind)],
    )
    save(
        "sequence-ragged",
        [
            helper.make_node("Concat", ["values", "values"], ["wide"], axis=1),
            helper.make_node("SequenceConstruct", ["values", "wide"], ["pair"]),
        ],
        [values],
        [helper.make_value_info("pair", kind)],
    )


def optional():
    """optional: an output type that has no tensor to stand for it."""
    inner = helper.make_tensor_type_proto(FLOAT, ["batch"])
    save(
        "optional",
        [helper.make_node("Optional", ["values"], ["maybe"])],
        [tensor("values", FLOAT, ["batch"])],
        [helper.make_value_info("maybe", helper.make_optional_type_proto(inner))],
    )


def unknown_operator():
    """unknown-operator: well formed, and nobody knows its operator."""
    save(
        "unknown-operator",
        [helper.make_node("Unheard", ["values"], ["answer"], domain="nobody.knows")],
        [tensor("values", FLOAT, ["batch", 2])],
        [tensor("answer", FLOAT, ["batch", 2])],
        opsets=[*OPSETS, helper.make_opsetid("nobody.knows", 1)],
        is_standard=False,
    )


def memory():
    """Models whose outputs could come from memory that the engine does not own, and one whose constant is in a file."""
    # The output is the input itself, without a node between.
    save("passthrough", [], [tensor("values", FLOAT, ["n"])], [tensor("values", FLOAT, ["n"])], is_standard=False)
    # The output is a constant of the model.
    save(
        "constant",
        [],
        [tensor("values", FLOAT, ["n"])],
        [tensor("fixed", FLOAT, [2])],
        [helper.make_tensor("fixed", FLOAT, [2], [1.5, 2.5])],
        is_standard=False,
    )
    # Adds [1, 2, 3, 4], which lie in weights.bin beside the model.
    weights = TensorProto(name="weights", data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in [("location", "weights.bin"), ("offset", "0"), ("length", "16")]:
        weights.external_data.add(key=key, value=value)
    save(
        "external",
        [helper.make_node("Add", ["values", "weights"], ["sum"])],
        [tensor("values", FLOAT, [4])],
        [tensor("sum", FLOAT, [4])],
        [weights],
        is_standard=False,
    )
    (FOLDER / "weights.bin").write_bytes(struct.pack("<4f", 1, 2, 3, 4))


def float8():
    """identity-float8: an element type that the Open Inference Protocol does not have."""
    kind = TensorProto.FLOAT8E4M3FN
    save(
        "identity-float8",
        [helper.make_node("Identity", ["values"], ["same"])],
        [tensor("values", kind, ["batch", 3])],
        [tensor("same", kind, ["batch", 3])],
        opsets=[helper.make_opsetid("", 19)],
    )


def annotated():
    """annotated: a model whose maker wrote something into it."""
    graph = helper.make_graph(
        [helper.make_node("Neg", ["values"], ["negated"])],
        "annotated",
        [tensor("values", FLOAT, ["batch"])],
        [tensor("negated", FLOAT, ["batch"])],
    )
    model = helper.make_model(graph, opset_imports=OPSETS, ir_version=8, producer_name="slipway-fixtures")
    helper.set_model_props(model, {"author": "nobody", "note": "für alle"})
    (FOLDER / "annotated.onnx").write_bytes(model.SerializeToString(deterministic=True))


def slow():
    """slow: counts up to `steps` one by one and gives the count back: as long a run as a test asks for."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["keep_going"], ["still_going"]),
            helper.make_node("Add", ["count", "one"], ["count_next"]),
        ],
        "body",
        [tensor("step", INT64, []), tensor("keep_going", BOOL, []), tensor("count", INT64, [1])],
        [tensor("still_going", BOOL, []), tensor("count_next", INT64, [1])],
        [helper.make_tensor("one", INT64, [1], [1])],
    )
    save(
        "slow",
        [
            helper.make_node("Squeeze", ["steps"], ["limit"]),
            helper.make_node("Loop", ["limit", "go", "zero"], ["count"], body=body),
        ],
        [tensor("steps", INT64, [1])],
        [tensor("count", INT64, [1])],
        [helper.make_tensor("go", BOOL, [], [True]), helper.make_tensor("zero", INT64, [1], [0])],
    )


def ends_the_process():
    """ends-the-process: a tree that asks whether `x` is in a set of no numbers. ONNX Runtime 1.27 reads past its end."""
    tree = helper.make_node(
        "TreeEnsemble",
        ["x"],
        ["y"],
        domain=ML,
        n_targets=1,
        aggregate_function=1,
        post_transform=0,
        tree_roots=[0],
        nodes_modes=helper.make_tensor("modes", TensorProto.UINT8, [1], [6]),
        nodes_featureids=[0],
        nodes_splits=helper.make_tensor("splits", FLOAT, [1], [0]),
        nodes_truenodeids=[0],
        nodes_trueleafs=[1],
        nodes_falsenodeids=[1],
        nodes_falseleafs=[1],
        membership_values=helper.make_tensor("members", FLOAT, [0], []),
        leaf_targetids=[0, 0],
        leaf_weights=helper.make_tensor("weights", FLOAT, [2], [1, 2]),
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(ML, 5)]
    inputs, outputs = [tensor("x", FLOAT, ["batch", 1])], [tensor("y", FLOAT, ["batch", 1])]
    save("ends-the-process", [tree], inputs, outputs, opsets=opsets, is_standard=False)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.onnx"):
        old.unlink()
    for make in (
        identities,
        every_type,
        arithmetic,
        rank_unknown,
        zip_maps,
        sequences,
        optional,
        unknown_operator,
        memory,
        float8,
        annotated,
        slow,
        ends_the_process,
    ):
        make()
