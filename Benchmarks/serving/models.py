# SPDX-License-Identifier: Apache-2.0
"""ONNX models, made here, of a known cost: next to nothing, a millisecond a row, or half a gigabyte to load."""
import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = [helper.make_opsetid("", 17)]


def save(path, name, nodes, inputs, outputs, weights):
    graph = helper.make_graph(nodes, name, inputs, outputs, [
        numpy_helper.from_array(value, label) for label, value in weights.items()])
    model = helper.make_model(graph, opset_imports=OPSET, producer_name="slipway-benchmarks")
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def tensor(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def image_mean(path):
    """[N, 3, 224, 224] → the mean of each colour, [N, 3, 1, 1]: reads every value once."""
    node = helper.make_node("GlobalAveragePool", ["image"], ["mean"])
    return save(path, "image-mean", [node], [tensor("image", ["N", 3, 224, 224])], [tensor("mean", ["N", 3, 1, 1])], {})


def weighted_sum(path, seed):
    """[N, 30] → [N, 1]; another seed gives other answers."""
    weights = numpy.random.default_rng(seed).standard_normal((30, 1), numpy.float32)
    node = helper.make_node("MatMul", ["features", "weights"], ["score"])
    return save(path, "weighted-sum", [node], [tensor("features", ["N", 30])], [tensor("score", ["N", 1])],
                {"weights": weights})


def heavy(path, layers=32, width=512):
    """[N, 512] → [N, 512] through a chain of products: about a millisecond a row."""
    random, nodes, weights = numpy.random.default_rng(7), [], {}
    for layer in range(layers):
        weights[f"weights{layer}"] = random.standard_normal((width, width), numpy.float32) / numpy.float32(width**0.5)
        source, target = f"x{layer}" if layer else "x", f"x{layer + 1}" if layer + 1 < layers else "y"
        nodes.append(helper.make_node("MatMul", [source, f"weights{layer}"], [target]))
    return save(path, "heavy", nodes, [tensor("x", ["N", width])], [tensor("y", ["N", width])], weights)


def large(path, megabytes=500):
    """[N] → [N, 1000]: rows of tables of random numbers, half a gigabyte of them. Costly to load, cheap to ask."""
    random, nodes, weights, tables = numpy.random.default_rng(11), [], {}, 5
    rows = megabytes * 10**6 // (4 * 1000 * tables)
    for table in range(tables):
        weights[f"table{table}"] = random.standard_normal((rows, 1000), numpy.float32)
        nodes.append(helper.make_node("Gather", [f"table{table}", "index"], [f"row{table}"]))
    nodes.append(helper.make_node("Sum", [f"row{table}" for table in range(tables)], ["sum"]))
    inputs = [tensor("index", ["N"], TensorProto.INT64)]
    return save(path, "large", nodes, inputs, [tensor("sum", ["N", 1000])], weights)
