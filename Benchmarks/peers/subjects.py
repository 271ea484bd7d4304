# SPDX-License-Identifier: Apache-2.0
"""The models that every server serves, the rows that it is asked, and the engine's own answers to them.

All of them are made here, from scikit-learn's own data or from numbers with a seed: nothing is fetched.
"""
import pathlib
import shutil
from dataclasses import dataclass

import numpy
import onnx
from onnx import helper, numpy_helper
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skl2onnx import to_onnx

from inputs import EXAMPLE, rows, session
from models import OPSET, tensor

# Rows of a batch that a server made may differ from rows alone in their last bits.
RELATIVE, ABSOLUTE = 1e-4, 1e-6


@dataclass
class Subject:
    """A model, and what it is asked: `inputs[i]` gives `expected[i]`, which are arrays by output."""

    name: str
    says: str
    file: pathlib.Path
    input: str
    inputs: list
    expected: list
    # Tens of milliseconds of work: to leave what is out at the end of a slice would leave out what it cost.
    is_long: bool = False

    @property
    def shape(self):
        return self.inputs[0].shape[1:]

    def agrees(self, index, answer):
        """Whether what a server answered, arrays by output, is what the engine answers."""
        wanted = self.expected[index]
        return answer.keys() == wanted.keys() and all(
            numpy.allclose(numpy.reshape(answer[name], value.shape).astype(value.dtype), value,
                           rtol=RELATIVE, atol=ABSOLUTE) for name, value in wanted.items())


def subject(name, says, file, input, inputs):
    engine = session(file)
    names = [output.name for output in engine.get_outputs()]
    expected = [dict(zip(names, engine.run(None, {input: one}))) for one in inputs]
    return Subject(name, says, file, input, inputs, expected)


def all_of(folder, wanted):
    """The models by name, their files in the folder."""
    folder, recorded = pathlib.Path(folder), [row[None, :].copy() for row in rows()[1]]
    makers = {"linear": linear, "forest": forest, "net": net, "convolutions": convolutions}
    return {name: makers[name](folder / f"{name}.onnx", recorded) for name in wanted}


def linear(file, recorded):
    shutil.copy(EXAMPLE / "model.onnx", file)
    return subject("linear", "a scaler and a logistic regression, 30 features", file, "features", recorded)


def of_sklearn(file, model):
    """Trained where the recorded rows are not."""
    data = load_breast_cancer()
    features, _, target, _ = train_test_split(data.data, data.target, test_size=0.25, random_state=0)
    model.fit(features.astype(numpy.float32), target)
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    made = to_onnx(model, features[:1].astype(numpy.float32), options=options, target_opset=17)
    onnx.save(renamed(made, {"X": "features", "variable": "probability"}), str(file))


def renamed(model, names):
    """The model with other names of inputs and outputs."""
    for value in [*model.graph.input, *model.graph.output]:
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    return model


def forest(file, recorded):
    """Of the probability, since ONNX Runtime 1.27 gives a forest of two classes the first probability negated."""
    of_sklearn(file, RandomForestRegressor(n_estimators=100, random_state=0))
    return subject("forest", "a random forest of 100 trees, 30 features", file, "features", recorded)


def net(file, recorded):
    layers = MLPClassifier((128, 64), max_iter=300, random_state=0)
    of_sklearn(file, make_pipeline(StandardScaler(), layers))
    return subject("net", "a net of two hidden layers (128, 64), 30 features", file, "features", recorded)


# MARK: Convolutions

IMAGES = 8


def convolutions(file, recorded):
    """ResNet-18's shape at three quarters of its width: [N, 3, 224, 224] → [N, 1000], random weights."""
    graph = Layers()
    value = graph.convolution("image", 3, 48, 7, 2)
    value = graph.node("MaxPool", [value], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    width = 48
    for stage, wider in enumerate([48, 96, 192, 384]):
        for block in range(2):
            value = graph.block(value, width, wider, 2 if stage and not block else 1)
            width = wider
    value = graph.node("Flatten", [graph.node("GlobalAveragePool", [value])])
    graph.node("Gemm", [value, graph.weights((width, 1000), width), graph.weights((1000,), 1000)], gives="scores")
    made = helper.make_graph(
        graph.nodes, "convolutions", [tensor("image", ["N", 3, 224, 224])], [tensor("scores", ["N", 1000])],
        [numpy_helper.from_array(value, name) for name, value in graph.values.items()])
    model = helper.make_model(made, opset_imports=OPSET, producer_name="slipway-benchmarks")
    model.ir_version = 8
    onnx.save(model, str(file))
    random = numpy.random.default_rng(5)
    images = [random.random((1, 3, 224, 224), numpy.float32) for _ in range(IMAGES)]
    found = subject("convolutions", "a net of ResNet-18's shape, ¾ as wide, images of 224 × 224 × 3", file, "image",
                    images)
    found.is_long = True
    return found


class Layers:
    def __init__(self):
        self.random, self.nodes, self.values = numpy.random.default_rng(7), [], {}

    def node(self, operator, inputs, gives=None, **attributes):
        gives = gives or f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [gives], **attributes))
        return gives

    def weights(self, shape, fan_in):
        name = f"weights{len(self.values)}"
        self.values[name] = self.random.standard_normal(shape, numpy.float32) * numpy.float32((2 / fan_in) ** 0.5)
        return name

    def convolution(self, value, width, wider, size, stride, activate=True):
        """As a net has it whose normalization was folded into the convolution: with a bias."""
        fan_in = width * size * size
        weights, bias = self.weights((wider, width, size, size), fan_in), self.weights((wider,), 100 * fan_in)
        value = self.node("Conv", [value, weights, bias], kernel_shape=[size, size], strides=[stride, stride],
                          pads=[size // 2] * 4)
        return self.node("Relu", [value]) if activate else value

    def block(self, value, width, wider, stride):
        inner = self.convolution(value, width, wider, 3, stride)
        inner = self.convolution(inner, wider, wider, 3, 1, activate=False)
        beside = value if (width, stride) == (wider, 1) else self.convolution(value, width, wider, 1, stride, False)
        return self.node("Relu", [self.node("Add", [inner, beside])])
