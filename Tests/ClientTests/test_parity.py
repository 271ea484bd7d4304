# SPDX-License-Identifier: Apache-2.0
"""A thousand rows that were never recorded get the same bits as Python's onnxruntime gives.

The engine's last bits depend on how many rows it is given at once, so each comparison is of the same batch.
"""

import csv
import json

import numpy
import onnxruntime
import pytest
import tritonclient.http as triton
from example_rows import IMAGES, from_engine, tensor
from program import EXAMPLES, fetch

ROWS = 1000
SINGLE_ROWS = 200
SEED = 20


def test_the_engine_to_compare_with_is_the_one_that_serves():
    assert onnxruntime.__version__ == "1.27.0"


def test_table_in_one_batch(client, breast_cancer):
    assert_same_bits(client, breast_cancer, {"features": unseen_table()})


def test_table_row_by_row(client, breast_cancer):
    table = unseen_table()
    for index in range(SINGLE_ROWS):
        assert_same_bits(client, breast_cancer, {"features": table[index : index + 1]})


def test_columns_in_one_batch(client, breast_cancer_columns):
    assert_same_bits(client, breast_cancer_columns, by_column(unseen_table()))


def test_columns_row_by_row(client, breast_cancer_columns):
    columns = by_column(unseen_table())
    for index in range(SINGLE_ROWS):
        row = {name: values[index : index + 1] for name, values in columns.items()}
        assert_same_bits(client, breast_cancer_columns, row)


def test_images_in_one_batch(client, digits):
    assert_same_bits(client, digits, {"image": unseen_images()})


def test_images_one_by_one(client, digits):
    images = unseen_images()
    for index in range(SINGLE_ROWS):
        assert_same_bits(client, digits, {"image": images[index : index + 1]})


@pytest.mark.parametrize("name", ["breast-cancer", "breast-cancer-columns"])
def test_named_rows_are_one_batch(server, breast_cancer, breast_cancer_columns, name):
    table = unseen_table()
    columns = by_column(table)
    rows = [{column: float(values[index, 0]) for column, values in columns.items()} for index in range(ROWS)]
    inputs = {"features": table} if name == breast_cancer else columns
    assert_same_rows(predict(server, name, rows), name, inputs)


def test_image_rows_are_one_batch(server, digits):
    images = unseen_images()
    rows = [{"image": image.tolist()} for image in images]
    assert_same_rows(predict(server, digits, rows), digits, {"image": images})


# Rows


def unseen_table():
    """Rows around the training data: a draw for each column within its range, as float32."""
    trained = numpy.loadtxt(EXAMPLES / "breast-cancer" / "train.csv", delimiter=",", skiprows=1)[:, :30]
    draws = numpy.random.default_rng(SEED).random((ROWS, 30))
    low, high = trained.min(axis=0), trained.max(axis=0)
    return (low + draws * (high - low)).astype(numpy.float32)


def unseen_images():
    """The held-out images under noise, and not rounded to whole pixels again."""
    random = numpy.random.default_rng(SEED)
    chosen = IMAGES[random.integers(len(IMAGES), size=ROWS)]
    return (chosen + random.normal(0, 3, chosen.shape)).clip(0, 16).astype(numpy.float32)


def by_column(table):
    with (EXAMPLES / "breast-cancer" / "train.csv").open(newline="") as file:
        names = next(csv.reader(file))[:30]
    return {name: table[:, [index]] for index, name in enumerate(names)}


# Answers


def assert_same_bits(client, name, inputs):
    expected = from_engine(name, inputs)
    for binary in [True, False]:
        tensors = [tensor(key, values, binary=binary) for key, values in inputs.items()]
        outputs = [triton.InferRequestedOutput(key, binary_data=binary) for key in expected]
        result = client.infer(name, tensors, outputs=outputs)
        for key, values in expected.items():
            assert bits(result.as_numpy(key)) == bits(values), f"{key}, binary: {binary}"


def bits(values):
    return values.dtype, values.shape, values.tobytes()


def predict(server, name, rows):
    status, answer = fetch(f"{server.url}/v1/endpoints/{name}/predict", rows)
    assert status == 200, answer
    return json.loads(answer)["predictions"]


def assert_same_rows(predictions, name, inputs):
    expected = from_engine(name, inputs)
    assert len(predictions) == ROWS
    for key, values in expected.items():
        answers = numpy.array([prediction[key] for prediction in predictions], dtype=values.dtype)
        assert bits(answers) == bits(values), key
