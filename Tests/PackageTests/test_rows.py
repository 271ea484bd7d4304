# SPDX-License-Identifier: Apache-2.0
"""Rows in every form that people have them in reach the model as they are, and answers are arrays."""

import datetime
import decimal
import json

import numpy
import pandas
import polars
import pytest
from program import EXAMPLES

from slipway.errors import InputRefused

FORMS = {
    "pandas": lambda rows: rows,
    "pandas, columns in another order": lambda rows: rows[rows.columns[::-1]],
    "pandas, float32": lambda rows: rows.astype("float32"),
    "pandas, nullable": lambda rows: rows.astype("Float64"),
    "pandas, objects": lambda rows: rows.astype(object),
    "pandas, pyarrow": lambda rows: rows.astype("float64[pyarrow]"),
    "numpy": lambda rows: rows.to_numpy(),
    "numpy, float32": lambda rows: rows.to_numpy("float32"),
    "numpy, columns first in memory": lambda rows: numpy.asfortranarray(rows.to_numpy()),
    "numpy, big-endian": lambda rows: rows.to_numpy(">f8"),
    "numpy, every other row of more": lambda rows: numpy.repeat(rows.to_numpy(), 2, axis=0)[::2],
    "polars": polars.from_pandas,
    "polars, lazy": lambda rows: polars.from_pandas(rows).lazy(),
    "list of dictionaries": lambda rows: rows.to_dict("records"),
    "list of lists": lambda rows: rows.to_numpy().tolist(),
    "dictionary of lists": lambda rows: rows.to_dict("list"),
    "dictionary of arrays": lambda rows: {name: rows[name].to_numpy() for name in rows},
    "dictionary of series": lambda rows: {name: rows[name] for name in rows},
}


def only_output(prediction):
    (values,) = prediction.outputs.values()
    return values


@pytest.mark.parametrize("endpoint", ["breast-cancer", "breast-cancer-columns"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_rows_gets_the_recorded_answers(client, table, rows, endpoint, form):
    prediction = client.predict(endpoint, FORMS[form](rows))
    assert prediction["label"].dtype == numpy.int64
    assert prediction["label"].tolist() == table["label"].tolist()
    expected = table[["probabilities[0]", "probabilities[1]"]].to_numpy()
    assert prediction["probabilities"].shape == (len(rows), 2)
    numpy.testing.assert_allclose(prediction["probabilities"], expected, atol=1e-5, rtol=1e-4)
    assert prediction.version == 1
    assert len(prediction.id) == 36


def test_the_answer_as_a_frame_keeps_the_index(client, rows):
    asked = rows.iloc[5:9].set_axis(["a", "b", "c", "d"])
    frame = client.predict("breast-cancer", asked).frame()
    assert frame.index.tolist() == ["a", "b", "c", "d"]
    assert frame.columns.tolist() == ["label", "probabilities[0]", "probabilities[1]"]
    joined = asked.join(frame)
    assert joined["label"].notna().all()


def test_one_row_may_be_a_dictionary(client, rows):
    one = client.predict("breast-cancer", rows.iloc[0].to_dict())
    assert one["label"].shape == (1,)
    assert one["label"][0] == client.predict("breast-cancer", rows.iloc[:1])["label"][0]


# What a column of floating-point numbers takes: the values, and what the model must get.
NUMBERS = [
    (numpy.array([1, -2, 3], kind), [1, -2, 3])
    for kind in ["int8", "int16", "int32", "int64", "float16", "float32", "float64"]
] + [
    (numpy.array([1, 2, 3], kind), [1, 2, 3]) for kind in ["uint8", "uint16", "uint32", "uint64"]
] + [
    (pandas.array([1, None, 3], "Int64"), [1, numpy.nan, 3]),
    (pandas.array([0.5, None, 3], "Float32"), [0.5, numpy.nan, 3]),
    (pandas.array([1, None, 3], "int32[pyarrow]"), [1, numpy.nan, 3]),
    ([1.5, None, float("inf")], [1.5, numpy.nan, numpy.inf]),
    ([1, 2.5, float("-inf")], [1, 2.5, -numpy.inf]),
    ([decimal.Decimal("0.25"), None, 3], [0.25, numpy.nan, 3]),
    (pandas.Categorical([1.5, 2.5, 1.5]), [1.5, 2.5, 1.5]),
    (polars.Series([1, None, 3]), [1, numpy.nan, 3]),
    (polars.Series([decimal.Decimal("0.5"), decimal.Decimal("1.5"), None]), [0.5, 1.5, numpy.nan]),
]  # fmt: skip


@pytest.mark.parametrize("values, expected", NUMBERS, ids=lambda value: str(getattr(value, "dtype", "list")))
def test_numbers_of_every_type_arrive_as_the_nearest_of_the_models(client, values, expected):
    prediction = client.predict("mixed-columns", {"word": ["a", "b", "c"], "weight": values})
    assert prediction["same_weight"].dtype == numpy.float32
    numpy.testing.assert_array_equal(prediction["same_weight"].ravel(), numpy.array(expected, "float32"))


TEXTS = [
    ["", "a b", 'quote " and, comma'], ["Zürich", "日本", "👩‍🔬"], ["NO", "null", "NaN"],
    pandas.Categorical(["x", "y", "x"]), pandas.array(["x", "y", "z"], "string"),
    pandas.array(["x", "y", "z"], "string[pyarrow]"), numpy.array(["x", "yy", "z"]),
    polars.Series(["x", "y", "z"]), polars.Series(["x", "y", "x"], dtype=polars.Categorical),
    [b"x", b"y", b"z"],
]  # fmt: skip


@pytest.mark.parametrize("values", TEXTS, ids=repr)
def test_texts_arrive_to_the_letter(client, values):
    prediction = client.predict("mixed-columns", {"word": values, "weight": [1, 2, 3]})
    expected = [value.decode() if isinstance(value, bytes) else value for value in values]
    assert prediction["same_word"].ravel().tolist() == expected


def test_dates_are_texts_as_packing_records_them(client):
    moments = ["2026-01-02", "2026-01-02T03:04:05.000000000", "1969-12-31"]
    forms = [
        pandas.to_datetime(pandas.Series(moments), format="ISO8601"),
        pandas.to_datetime(pandas.Series(moments), format="ISO8601").dt.tz_localize("Europe/Berlin"),
        numpy.array(moments, "datetime64[s]"),
        [datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4, 5), datetime.date(1969, 12, 31)],
        polars.Series(moments)
        .str.to_datetime("%F", strict=False)
        .fill_null(datetime.datetime(2026, 1, 2, 3, 4, 5)),
    ]
    for form in forms:
        prediction = client.predict("mixed-columns", {"word": form, "weight": [1, 2, 3]})
        assert prediction["same_word"].ravel().tolist() == moments


def test_a_missing_text_is_never_sent_as_another(client):
    """This model takes none: the server says so, with row and column, instead of answering about an empty
    text.
    """
    for rows in [
        pandas.DataFrame({"word": ["a", None], "weight": [1.0, 2.0]}),
        pandas.DataFrame({"word": pandas.array(["a", pandas.NA], "string"), "weight": [1.0, 2.0]}),
        polars.DataFrame({"word": ["a", None], "weight": [1.0, 2.0]}),
        [{"word": "a", "weight": 1.0}, {"word": None, "weight": 2.0}],
        [{"word": "a", "weight": numpy.nan}, {"word": numpy.nan, "weight": 2.0}],
        pandas.DataFrame({"word": ["a", None], "weight": [1.0, None]}).to_dict("records"),
    ]:
        with pytest.raises(InputRefused) as refused:
            client.predict("mixed-columns", rows)
        assert refused.value.code == "IN-005"
        assert (refused.value.details["field"], refused.value.details["row"]) == ("word", "1")
        assert refused.value.hint


def test_a_missing_number_is_nan_in_every_form(client):
    for rows in [
        {"word": "a", "weight": float("nan")},
        [{"word": "a", "weight": numpy.float32("nan")}],
        pandas.DataFrame({"word": ["a"], "weight": [None]}, dtype=object).astype({"weight": float}),
        polars.DataFrame(
            {"word": ["a"], "weight": [None]}, schema={"word": polars.String, "weight": polars.Float64}
        ),
    ]:
        assert numpy.isnan(client.predict("mixed-columns", rows)["same_weight"]).all()


def test_integers_keep_every_digit(client):
    values = numpy.array([[2**63 - 1, -(2**63), 2**53 + 1]])
    assert only_output(client.predict("identity-int64", values)).tolist() == values.tolist()


def test_plain_texts_are_rows_of_a_model_of_texts(client):
    texts = ["Zürich", "", "日本"]
    for rows in [texts, numpy.array(texts), pandas.Series(texts), [[text] for text in texts]]:
        assert only_output(client.predict("one-text", rows)).ravel().tolist() == texts


def test_images_go_as_one_array(client):
    lines = [
        json.loads(line) for line in (EXAMPLES / "digits" / "examples.jsonl").read_text().splitlines()[:20]
    ]
    images = numpy.array([line["inputs"]["image"] for line in lines])
    for rows in [images, {"image": images}]:
        labels = client.predict("digits", rows)["label"].tolist()
        assert labels == [line["outputs"]["label"] for line in lines]


@pytest.mark.parametrize(
    "rows, code",
    [
        ({"word": ["a"], "weight": [1, 2]}, "IN-007"),
        ({"word": ["a"]}, "IN-003"),
        ({"word": ["a"], "weight": [1], "more": [2]}, "IN-002"),
        ({"word": ["a"], "weight": ["heavy"]}, "IN-005"),
        ({"word": ["a", 1], "weight": [1, 2]}, "IN-005"),
        ({"word": "ab", "weight": [1, 2]}, "IN-005"),
        ({"word": [1], "weight": [1]}, "IN-005"),
        ({"word": ["a"], "weight": [2**70]}, "IN-006"),
        ({"word": ["a"], "weight": [1j]}, "IN-005"),
        (pandas.DataFrame([["a", 1]], columns=["word", "word"]), "IN-004"),
        (pandas.DataFrame({"word": [], "weight": []}), "IN-007"),
        ([], "IN-007"),
        ([{}], "IN-003"),
        (None, "IN-005"),
        (numpy.zeros((2, 3)), "IN-007"),
    ],
    ids=str,
)
def test_rows_that_are_none_are_refused_with_what_is_wrong(client, rows, code):
    with pytest.raises(InputRefused) as refused:
        client.predict("mixed-columns", rows)
    assert refused.value.code == code
    assert refused.value.hint or refused.value.status == 400


@pytest.mark.parametrize("values", [[1.5, 2, 3], [numpy.nan, 2, 3], [2.0**63, 2, 3]])
def test_an_array_that_is_no_integer_is_not_made_one(client, values):
    with pytest.raises(InputRefused, match="cannot hold") as refused:
        client.predict("identity-int64", numpy.array([values]))
    assert refused.value.code == "IN-006"
    assert only_output(client.predict("identity-int64", numpy.array([[1.0, -2.0, 3.0]]))).tolist() == [
        [1, -2, 3]
    ]


def test_an_array_beyond_the_models_numbers_is_not_made_an_infinity(client, rows):
    with pytest.raises(InputRefused, match="cannot hold"):
        client.predict("breast-cancer", rows.to_numpy() * 1e300)
