# SPDX-License-Identifier: Apache-2.0
"""Trees in ONNX answer as they are written: to the last bit, and where values are missing or no category."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from slipway._prepare.forest import LT, Forest, Tree, emit
from slipway._prepare.graph import Wrapper

NAN = float("nan")


def answers(forest: Forest, rows: list[list[float]]) -> list[list[float]]:
    build = Wrapper()
    build.node("Identity", emit(build, forest, "x"), result="y")
    graph = helper.make_graph(
        build.nodes, "forest", [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, len(rows[0])])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None, forest.targets])], initializer=build.constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.array(rows)})[0].tolist()


def stump(threshold: float, missing_left: bool = False, target: int = 0, members: list[float] | None = None) -> Tree:
    """1 on the left, 2 on the right."""
    return Tree([0, -1, -1], [threshold, 0, 0], [1, 0, 0], [2, 0, 0], [0.0, 1.0, 2.0], [missing_left, False, False], target,
                {} if members is None else {0: members})


def test_a_threshold_is_compared_in_double_precision():
    just_above = float(np.nextafter(0.1, 1))
    assert answers(Forest([stump(0.1)]), [[0.1], [just_above]]) == [[1.0], [2.0]]
    assert answers(Forest([stump(0.1)], mode=LT), [[0.1], [float(np.nextafter(0.1, 0))]]) == [[2.0], [1.0]]


def test_inputs_are_rounded_where_the_original_rounds_them():
    above_in_double = float(np.nextafter(np.float64(np.float32(0.1)), 1))
    assert answers(Forest([stump(float(np.float32(0.1)))], rounds_inputs=True), [[above_in_double]]) == [[1.0]]


@pytest.mark.parametrize("missing_left", [True, False])
def test_a_missing_value_goes_where_the_tree_says(missing_left):
    expected = [[1.0]] if missing_left else [[2.0]]
    assert answers(Forest([stump(0.0, missing_left)]), [[NAN]]) == expected
    assert answers(Forest([stump(0.0, missing_left, members=[3.0, 7.0])]), [[NAN]]) == expected


def test_categories_go_left_and_everything_else_right():
    forest = Forest([stump(0.0, members=[1.0, 3.0, 70.0])])
    assert answers(forest, [[1.0], [3.0], [70.0], [0.0], [2.0], [-1.0], [71.0]]) == [[1.0]] * 3 + [[2.0]] * 4


@pytest.mark.parametrize("missing_left", [True, False])
def test_a_set_of_no_category_takes_what_is_missing_alone(missing_left):
    found = answers(Forest([stump(0.0, missing_left, members=[])]), [[0.0], [5.0], [NAN]])
    assert found == [[2.0], [2.0], [1.0 if missing_left else 2.0]]


def test_trees_of_a_single_leaf_stand_among_others():
    leaf = Tree([-1], [0.0], [0], [0], [10.0], [False])
    for trees in ([leaf, stump(0.5)], [stump(0.5), leaf], [stump(0.5), leaf, stump(0.5)]):
        count = sum(tree is not leaf for tree in trees)
        assert answers(Forest(trees), [[0.0], [1.0]]) == [[10.0 + count], [10.0 + 2 * count]]


def test_each_target_sums_its_own_trees():
    assert answers(Forest([stump(0.0), stump(0.0, target=1), stump(5.0, target=1)], targets=2), [[1.0]]) == [[2.0, 3.0]]
