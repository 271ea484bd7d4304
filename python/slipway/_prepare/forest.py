# SPDX-License-Identifier: Apache-2.0
"""Trees as ONNX's TreeEnsemble, in double precision: thresholds are compared exactly as the original compares them."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

LEQ, LT, MEMBER = 0, 1, 6
DOMAIN, VERSION = "ai.onnx.ml", 5


class Builder(Protocol):
    """What adds nodes to a graph."""

    def node(self, kind: str, *inputs: str, result: str | None = None, **attributes) -> str: ...
    def constant(self, values) -> str: ...


@dataclass
class Tree:
    """Nodes by number, the root first. A leaf has the feature −1, and adds its value to `target`.

    The left child is taken where the comparison holds; `missing_left` says where NaN goes.
    """

    features: list[int]
    thresholds: list[float]
    lefts: list[int]
    rights: list[int]
    values: list[float]
    missing_left: list[bool]
    target: int = 0
    members: dict[int, list[float]] = field(default_factory=dict)
    """The categories that go left, by the number of the node."""


@dataclass
class Forest:
    trees: list[Tree]
    targets: int = 1
    mode: int = LEQ
    rounds_inputs: bool = False
    """Whether the original compares its inputs as float32."""


def emit(build: Builder, forest: Forest, values: str) -> str:
    """- Parameter values: the name of a tensor [rows, columns] of doubles.
    - Returns: the name of the sums, [rows, targets], double.
    """
    import numpy
    from onnx import TensorProto
    if forest.rounds_inputs:
        values = build.node("Cast", build.node("Cast", values, to=TensorProto.FLOAT), to=TensorProto.DOUBLE)
    nodes = _Nodes(forest.mode)
    for tree in forest.trees:
        nodes.add(tree)
    modes = numpy.array(nodes.modes, numpy.uint8)
    members = {"membership_values": _tensor(nodes.members)} if nodes.members else {}
    return build.node(
        "TreeEnsemble", values, domain=DOMAIN, n_targets=forest.targets, aggregate_function=1, post_transform=0,
        tree_roots=nodes.roots, nodes_featureids=nodes.features, nodes_splits=_tensor(nodes.splits),
        nodes_modes=_tensor(modes), nodes_truenodeids=nodes.trues, nodes_trueleafs=nodes.true_leafs,
        nodes_falsenodeids=nodes.falses, nodes_falseleafs=nodes.false_leafs,
        nodes_missing_value_tracks_true=nodes.missing, leaf_targetids=nodes.targets, leaf_weights=_tensor(nodes.weights),
        **members)


def _tensor(values):
    import numpy
    from onnx import numpy_helper
    return numpy_helper.from_array(values if hasattr(values, "dtype") else numpy.array(values, numpy.float64), "values")


class _Nodes:
    """The arrays of the operator: nodes of all trees, and leaves of all trees, each numbered through."""

    def __init__(self, mode: int):
        self.mode = mode
        self.roots: list[int] = []
        self.features: list[int] = []
        self.splits: list[float] = []
        self.modes: list[int] = []
        self.trues: list[int] = []
        self.falses: list[int] = []
        self.true_leafs: list[int] = []
        self.false_leafs: list[int] = []
        self.missing: list[int] = []
        self.members: list[float] = []
        self.targets: list[int] = []
        self.weights: list[float] = []

    def add(self, tree: Tree) -> None:
        inner = [index for index, feature in enumerate(tree.features) if feature >= 0]
        self.roots.append(len(self.features))
        if not inner:
            self._node(0, 0.0, LEQ, False)
            self.trues[-1], self.falses[-1] = self._leaf(tree, 0), self._leaf(tree, 0)
            self.true_leafs[-1] = self.false_leafs[-1] = 1
            return
        numbers = {index: len(self.features) + position for position, index in enumerate(inner)}
        for index in inner:
            if index in tree.members and not tree.members[index]:
                # Only what is missing goes left, if anything does; onnxruntime crashes on a set of nothing.
                self._node(tree.features[index], float("-inf"), LEQ, tree.missing_left[index])
            elif index in tree.members:
                self._node(tree.features[index], 0.0, MEMBER, tree.missing_left[index])
                self.members += [*sorted(tree.members[index]), float("nan")]
            else:
                self._node(tree.features[index], tree.thresholds[index], self.mode, tree.missing_left[index])
            for child, ids, leafs in ((tree.lefts[index], self.trues, self.true_leafs),
                                      (tree.rights[index], self.falses, self.false_leafs)):
                is_leaf = tree.features[child] < 0
                ids[-1], leafs[-1] = self._leaf(tree, child) if is_leaf else numbers[child], int(is_leaf)

    def _node(self, feature: int, split: float, mode: int, missing_left: bool) -> None:
        self.features.append(feature)
        self.splits.append(split)
        self.modes.append(mode)
        self.missing.append(int(missing_left))
        for values in (self.trues, self.falses, self.true_leafs, self.false_leafs):
            values.append(0)

    def _leaf(self, tree: Tree, index: int) -> int:
        self.targets.append(tree.target)
        self.weights.append(tree.values[index])
        return len(self.weights) - 1
