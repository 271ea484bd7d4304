# SPDX-License-Identifier: Apache-2.0
"""Trains the breast-cancer example and records its answers.

A scaler and a logistic regression, fitted on scikit-learn's copy of the Wisconsin diagnostic data, become one ONNX
graph. The recorded answers are those of the fitted scikit-learn pipeline on rows it has not seen, never those of the
graph: `slipway pack` holds the graph against them.

    scripts/setup.sh examples
    .tools/venv/bin/python examples/breast-cancer/train.py
"""

import csv
import json
from pathlib import Path

from onnx.checker import check_model
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

SEED = 7
# Fixed, so that a newer converter writes the same operators.
OPSET = {"": 18, "ai.onnx.ml": 3}
HERE = Path(__file__).resolve().parent


def main():
    data = load_breast_cancer()
    names = [str(name) for name in data.feature_names]
    train, test, train_target, test_target = train_test_split(
        data.data, data.target, test_size=0.25, random_state=SEED, stratify=data.target
    )
    pipeline = Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression(max_iter=1000))])
    pipeline.fit(train, train_target)
    print(f"accuracy on {len(test)} rows held out: {pipeline.score(test, test_target):.4f}")

    labels = pipeline.predict(test)
    probabilities = pipeline.predict_proba(test)
    answers = ["label", "probabilities[0]", "probabilities[1]"]
    recorded = [[*row, label, *pair] for row, label, pair in zip(test, labels, probabilities)]

    write_csv(HERE / "train.csv", names + ["target"], [[*row, y] for row, y in zip(train, train_target)])
    write_model(HERE / "model.onnx", pipeline, [("features", FloatTensorType([None, len(names)]))])
    write_csv(HERE / "examples.csv", names + answers, recorded)
    write_json(HERE / "row.json", [dict(zip(names, test[0].tolist()))])

    # The same fitted steps behind one input for each column.
    write_model(HERE / "columns" / "model.onnx", pipeline, [(name, FloatTensorType([None, 1])) for name in names])
    write_csv(HERE / "columns" / "examples.csv", names + answers, recorded)


def write_model(path, pipeline, inputs):
    """Several inputs are put side by side, in their order, before the first step."""
    model = convert_sklearn(
        pipeline, name="breast-cancer", initial_types=inputs, target_opset=OPSET, options={"zipmap": False}
    )
    # The converter writes "mean_radius" for "mean radius"; the format takes any text as a name.
    renamed = {given.name: name for given, (name, _) in zip(model.graph.input, inputs)}
    for given in model.graph.input:
        given.name = renamed[given.name]
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_csv(path, header, rows):
    """Numbers are written as the shortest text that reads back to the same double."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([[repr(value.item()) for value in row] for row in rows])


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


if __name__ == "__main__":
    main()
