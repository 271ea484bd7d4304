# SPDX-License-Identifier: Apache-2.0
"""What a model is called with in each form, and what becomes of its answers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from contract import texts
from slipway._model.calling import Caller
from slipway._model.descriptor import Call, Column, Descriptor, TensorSpec
from slipway._model.errors import AnswerUnusable, InputRefused

NUMBERS, WORDS, COUNTS = (
    TensorSpec("x", "FP64", (-1, 2)), TensorSpec("t", "BYTES", (-1, 1)), TensorSpec("n", "INT64", (-1, 1)),
)  # fmt: skip
X = np.array([[1.0, 2.0], [3.0, np.nan]])


def caller(model, inputs, form, columns=(), outputs=(("y", "FP64", (-1,)),), each=False, method="__call__"):
    specs = tuple(TensorSpec(*output) for output in outputs)
    return Caller(
        Descriptor(
            inputs=tuple(inputs),
            outputs=specs,
            loader="code",
            model="predict.py",
            form=form,
            columns=tuple(columns),
            calls=tuple(Call(method, spec.name, each) for spec in specs),
        ),
        model,
    )


def seen(inputs, form, tensors, columns=(), each=False):
    """What the model is called with: once, or once for each row."""
    arguments = []
    rows = len(next(iter(tensors.values())))
    model = lambda data: arguments.append(data) or (0.0 if each else [0.0] * rows)  # noqa: E731
    caller(model, inputs, form, columns, each=each).predict(tensors)
    return arguments if each else arguments[0]


def column(dtype, tensor, values=None, **more):
    """The column `c` of a frame as the model sees it."""
    spec = {"x": NUMBERS, "t": WORDS, "n": COUNTS}[tensor]
    array = {"x": X, "t": texts(*[[value] for value in values or []]), "n": np.array([[5], [-5]])}[tensor]
    frame = seen([spec], "frame", {tensor: array}, [Column("c", tensor, dtype, **more)])
    assert list(frame.columns) == ["c"]
    return frame["c"]


@pytest.mark.parametrize("dtype", ["float64", "float32", "Float64"])
def test_a_column_of_numbers_has_its_dtype(dtype):
    expected = pd.Series([1.0, 3.0], name="c", dtype=dtype)
    pd.testing.assert_series_equal(column(dtype, "x"), expected)


def test_nan_is_the_missing_value_of_pandas_integers():
    pd.testing.assert_series_equal(
        column("Int64", "x", offset=1), pd.Series([2, pd.NA], name="c", dtype="Int64")
    )


def test_nan_is_no_integer_of_numpy():
    with pytest.raises(InputRefused, match="“c” takes int64"):
        column("int64", "x", offset=1)


def test_categories_keep_their_order_and_the_unseen_is_missing():
    made = column("category", "t", ["pro", "NO", "new", ""], categories=("NO", "pro"), ordered=True)
    expected = pd.Categorical(["pro", "NO", None, None], categories=["NO", "pro"], ordered=True)
    pd.testing.assert_series_equal(made, pd.Series(expected, name="c"))


def test_categories_may_be_numbers():
    made = column("category", "n", categories=(-5, 7))
    pd.testing.assert_series_equal(made, pd.Series(pd.Categorical([None, -5], categories=[-5, 7]), name="c"))


@pytest.mark.parametrize(("missing", "becomes"), [(False, ""), (True, np.nan), ("none", None)])
def test_an_empty_text_of_an_object_column(missing, becomes):
    made = column("object", "t", ["ä", ""], missing=missing)
    assert made.dtype == object and made[0] == "ä"
    assert made[1] is becomes or made[1] == becomes or (made[1] != made[1] and becomes != becomes)


@pytest.mark.parametrize("dtype", ["string", "str"])
def test_an_empty_text_of_a_string_column(dtype):
    made = column(dtype, "t", ["a", ""], missing=True)
    assert made.dtype == pd.Series([], dtype=dtype).dtype
    assert made[0] == "a" and pd.isna(made[1])
    assert list(column(dtype, "t", ["a", ""])) == ["a", ""]


def test_dates_of_texts_and_of_integers():
    made = column("datetime64[ns]", "t", ["2026-02-28", "2026-02-28T12:30:00.5", ""])
    expected = pd.Series(["2026-02-28", "2026-02-28 12:30:00.5", None], name="c", dtype="datetime64[ns]")
    pd.testing.assert_series_equal(made, expected)
    zoned = column("datetime64[us, Europe/Oslo]", "t", ["2026-02-28T12:00:00+00:00"])
    assert str(zoned[0]) == "2026-02-28 13:00:00+01:00"
    assert column("datetime64[s]", "n")[0] == pd.Timestamp("1970-01-01 00:00:05")


@pytest.mark.parametrize("value", ["yesterday", "2026-02-30"])
def test_what_is_no_date_is_refused(value):
    with pytest.raises(InputRefused, match="“c” takes datetime64"):
        column("datetime64[ns]", "t", [value])


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(InputRefused, match="not UTF-8"):
        seen([WORDS], "texts", {"t": np.array([[b"\xff"]], dtype=object)})


def test_a_frame_of_several_tensors_keeps_labels_and_order():
    columns = [Column("plan", "t", "object"), Column("b", "x", "float64", 1), Column(7, "n", "int64")]
    frame = seen(
        [NUMBERS, WORDS, COUNTS],
        "frame",
        {"x": X, "t": texts(["p"], ["q"]), "n": np.array([[1], [2]])},
        columns,
    )
    assert list(frame.columns) == ["plan", "b", 7]
    assert frame.iloc[0].tolist() == ["p", 2.0, 1]


def test_a_matrix_is_the_tensor_as_it_is():
    assert seen([NUMBERS], "matrix", {"x": X}) is X


def test_a_matrix_of_several_tensors():
    made = seen([NUMBERS, COUNTS], "matrix", {"x": X, "n": np.array([[5], [6]])})
    np.testing.assert_array_equal(made, [[1.0, 2.0, 5.0], [3.0, np.nan, 6.0]])


def test_a_matrix_of_numbers_and_texts_is_of_objects():
    columns = [Column("b", "x", "float64", 0), Column("t", "t", "object")]
    made = seen([NUMBERS, WORDS], "matrix", {"x": X, "t": texts(["a"], ["b"])}, columns)
    assert made.dtype == object and made.tolist() == [[1.0, "a"], [3.0, "b"]]


def test_texts_lists_and_tensors():
    assert seen([WORDS], "texts", {"t": texts(["a"], ["ö"])}) == ["a", "ö"]
    assert seen([COUNTS], "list", {"n": np.array([[1], [2]])}) == [[1], [2]]
    tensors = seen([NUMBERS, WORDS], "tensors", {"t": texts(["a"], ["b"]), "x": X})
    assert list(tensors) == ["x", "t"] and tensors["t"][0, 0] == b"a"


def test_row_by_row():
    assert seen([WORDS], "texts", {"t": texts(["a"], ["b"])}, each=True) == ["a", "b"]
    columns = [Column("b", "x", "float64", 0)]
    assert seen([NUMBERS], "frame", {"x": X}, columns, each=True) == [{"b": 1.0}, {"b": 3.0}]
    assert [row.tolist() for row in seen([COUNTS], "matrix", {"n": np.array([[1], [2]])}, each=True)] == [
        [1],
        [2],
    ]


@pytest.mark.parametrize("tensors", [{}, {"x": X[:, :1]}, {"x": X.astype("float32")}, {"x": X[0]}])
def test_tensors_that_are_not_the_inputs_are_refused(tensors):
    with pytest.raises(InputRefused, match="“x”"):
        caller(len, [NUMBERS], "matrix").predict(tensors)


def answered(answer, *output):
    spec = ("y", *(output or ("FP64", (-1,))))
    return caller(lambda data: answer, [NUMBERS], "matrix", outputs=[spec]).predict({"x": X})[0]


@pytest.mark.parametrize(
    "answer",
    [
        np.array([1.0, 2.0]), np.array([[1.0], [2.0]]), np.array([1, 2]), np.matrix([[1.0], [2.0]]),
        [1, 2.0], (1, 2),
        [np.float32(1), 2], pd.Series([1.0, 2.0], index=[5, 6]), pd.DataFrame({"a": [1, 2]}),
        pd.Index([1, 2]),
        pd.Series([1, 2], dtype="Int64"), pl.Series([1.0, 2.0]), pl.DataFrame({"a": [1, 2]}), {"any": [1, 2]},
        scipy.sparse.csr_matrix([[1.0], [2.0]]), np.array([1, 2], dtype=object),
    ],
    ids=lambda answer: type(answer).__name__,
)  # fmt: skip
def test_answers_of_every_kind_become_the_tensor(answer):
    made = answered(answer)
    assert made.dtype == np.float64 and made.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "answer",
    [
        [None, 2],
        pd.Series([None, 2], dtype="Int64"),
        np.ma.array([1.0, 2.0], mask=[True, False]),
        [np.nan, 2],
    ],
    ids=["None", "NA", "masked", "NaN"],
)
def test_missing_answers_are_nan(answer):
    made = answered(answer)
    assert np.isnan(made[0]) and made[1] == 2.0


def test_integers_texts_and_booleans():
    assert answered([1.0, 2.0], "INT64", (-1,)).dtype == np.int64
    assert answered(pd.Series(["a", "ö"]), "BYTES", (-1,)).tolist() == [b"a", "ö".encode()]
    assert answered(np.array([["a"], ["b"]]), "BYTES", (-1,)).tolist() == [b"a", b"b"]
    assert answered(np.array([True, False]), "BOOL", (-1,)).tolist() == [True, False]
    assert answered([1.0, 2.0], "FP64", (-1, 1)).tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ([300, 1], ("INT8", (-1,))), ([-1, 1], ("UINT64", (-1,))), ([True, 2], ("BOOL", (-1,))),
        ([[1.0, 2.0]], ("FP64", (-1,))), ([[1.0], [2.0]], ("FP64", (-1, 2))),
        ([1.0, 2.0, 3.0], ("FP64", (-1,))),
        (pd.Series(["a", None]), ("BYTES", (-1,))), (np.array(["1", "2"]), ("FP64", (-1,))),
        (pd.to_datetime(["2026-01-01", "2026-01-02"]), ("INT64", (-1,))),
        ({"a": [1, 2], "b": [1, 2]}, ("FP64", (-1,))),
    ],
)  # fmt: skip
def test_anything_else_is_unusable(answer, output):
    with pytest.raises(AnswerUnusable, match="The model answered with "):
        answered(answer, *output)


@pytest.mark.parametrize(
    "answer",
    [
        {"b": [3, 4], "a": [1, 2]},
        ([1, 2], [3, 4]),
        [np.array([1, 2]), [3, 4]],
        pd.DataFrame({"b": [3, 4], "a": [1, 2]}),
    ],
    ids=["dictionary", "tuple", "list", "frame"],
)
def test_one_answer_is_shared_out_to_several_outputs(answer):
    calls = []
    outputs = [("a", "FP64", (-1,)), ("b", "INT64", (-1,))]
    made = caller(lambda data: calls.append(data) or answer, [NUMBERS], "matrix", outputs=outputs).predict(
        {"x": X}
    )
    assert [array.tolist() for array in made] == [[1.0, 2.0], [3, 4]] and len(calls) == 1


def test_one_array_cannot_be_shared_out():
    outputs = [("a", "FP64", (-1,)), ("b", "FP64", (-1,))]
    with pytest.raises(AnswerUnusable, match="2 outputs are promised: a, b"):
        caller(lambda data: data, [NUMBERS], "matrix", outputs=outputs).predict({"x": X})
