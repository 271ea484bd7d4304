# SPDX-License-Identifier: Apache-2.0
"""MLServer's own codecs and types, unmodified: what they make of NumPy, pandas and text is understood here."""

import numpy
import pandas
import pytest
from mlserver.codecs import Base64Codec, NumpyCodec, NumpyRequestCodec, PandasCodec, StringCodec
from mlserver.types import InferenceErrorResponse, InferenceRequest, InferenceResponse, Parameters, RequestOutput
from program import fetch


@pytest.fixture
def infer(server):
    """Sends a request as MLServer's types write it; gives the answer, or the refusal, as they read it."""

    def infer(model, request, status=200):
        found, text = fetch(f"{server.url}/v2/models/{model}/infer", request.model_dump_json().encode())
        assert found == status, text
        return (InferenceResponse if status == 200 else InferenceErrorResponse).model_validate_json(text)

    return infer


def decoded(response):
    return {output.name: NumpyCodec.decode_output(output) for output in response.outputs}


def assert_same(outputs, expected):
    numpy.testing.assert_array_equal(outputs["label"], expected[0], strict=True)
    numpy.testing.assert_array_equal(outputs["probabilities"], expected[1], strict=True)


# NumPy


@pytest.mark.parametrize("content_type", [None, "np"])
def test_an_array_gets_the_engines_answers(infer, table, expected, content_type):
    parameters = Parameters(content_type=content_type) if content_type else None
    request = InferenceRequest(
        id="order 66", parameters=parameters, inputs=[NumpyCodec.encode_input("features", table[1])]
    )
    response = infer("breast-cancer", request)
    assert (response.id, response.model_name, response.model_version) == ("order 66", "breast-cancer", "1")
    assert_same(decoded(response), expected)


def test_only_the_output_asked_for_comes_back_and_is_the_whole_answer(infer, table, expected):
    request = InferenceRequest(
        inputs=[NumpyCodec.encode_input("features", table[1])],
        outputs=[RequestOutput(name="probabilities", parameters=Parameters(content_type="np"))],
    )
    numpy.testing.assert_array_equal(
        NumpyRequestCodec.decode_response(infer("breast-cancer", request)), expected[1], strict=True
    )


def test_images_get_the_engines_answers(infer, images, expected_of_images):
    response = infer("digits", InferenceRequest(inputs=[NumpyCodec.encode_input("image", images)]))
    assert_same(decoded(response), expected_of_images)


# pandas


@pytest.mark.parametrize("datatype", ["float32", "float64"])
@pytest.mark.parametrize("model", ["breast-cancer", "breast-cancer-columns"])
def test_a_data_frame_gets_the_engines_answers(infer, table, expected, model, datatype):
    """One input for each column: the columns of a table that the model takes whole, or inputs of their own."""
    names, rows = table
    # pandas' own floats are doubles, which hold every float exactly.
    frame = pandas.DataFrame(rows, columns=names).astype(datatype)
    response = infer(model, PandasCodec.encode_request(frame, use_bytes=False))
    assert_same(decoded(response), expected)


def test_columns_are_found_by_their_names_in_any_order(infer, table, expected):
    names, rows = table
    frame = pandas.DataFrame(rows, columns=names)[list(reversed(names))]
    assert_same(decoded(infer("breast-cancer", PandasCodec.encode_request(frame, use_bytes=False))), expected)


def test_an_answer_of_columns_is_a_data_frame(infer, table, expected):
    names, rows = table
    request = PandasCodec.encode_request(pandas.DataFrame(rows, columns=names), use_bytes=False)
    request.outputs = [RequestOutput(name="label")]
    frame = PandasCodec.decode_response(infer("breast-cancer", request))
    assert list(frame.columns) == ["label"]
    numpy.testing.assert_array_equal(frame["label"].to_numpy(), expected[0], strict=True)


def test_a_data_frame_of_text_and_numbers_comes_back_as_it_went(infer, mixed_columns):
    frame = pandas.DataFrame(
        {
            "word": ["", "zwölf", "雪", 'quote " \\ \n'],
            "weight": numpy.array([0.1, -0.0, 1e-45, 3.4e38], numpy.float32),
        }
    )
    answer = PandasCodec.decode_response(infer(mixed_columns, PandasCodec.encode_request(frame, use_bytes=False)))
    assert answer["same_word"].tolist() == frame["word"].tolist()
    assert answer["same_weight"].to_numpy(numpy.float32).tobytes() == frame["weight"].to_numpy().tobytes()


@pytest.mark.parametrize("model", ["breast-cancer", "breast-cancer-columns"])
def test_a_column_that_is_missing_is_named(infer, table, model):
    names, rows = table
    frame = pandas.DataFrame(rows[:2, 1:], columns=names[1:])
    assert names[0] in infer(model, PandasCodec.encode_request(frame, use_bytes=False), status=400).error


# Text and bytes


def mixed(word, count):
    return InferenceRequest(inputs=[word, NumpyCodec.encode_input("weight", numpy.zeros((count, 1), numpy.float32))])


# With use_bytes the codec encodes the text, and MLServer's types write it into the JSON as text again.
@pytest.mark.parametrize("use_bytes", [True, False])
def test_text_comes_back_as_it_went(infer, mixed_columns, use_bytes):
    words = ["", "zwölf Boxkämpfer", "雪\U0001f600", 'quote " \\ \n', "a\x00b"]
    word = StringCodec.encode_input("word", words, use_bytes=use_bytes)
    same_word, _ = infer(mixed_columns, mixed(word, len(words))).outputs
    assert same_word.shape == [len(words), 1]
    assert StringCodec.decode_output(same_word) == words


@pytest.mark.parametrize("use_bytes", [True, False])
def test_base64_reaches_the_model_as_the_bytes_that_it_stands_for(infer, mixed_columns, use_bytes):
    payload = [b"plain", b"", b"\x00\x01", "雪".encode()]
    word = Base64Codec.encode_input("word", payload, use_bytes=use_bytes)
    same_word, _ = infer(mixed_columns, mixed(word, len(payload))).outputs
    assert StringCodec.decode_output(same_word) == [value.decode() for value in payload]


def test_base64_that_is_none_is_refused_and_named(infer, mixed_columns):
    word = StringCodec.encode_input("word", ["no base64!"], use_bytes=False)
    word.parameters = Parameters(content_type="base64")
    error = infer(mixed_columns, mixed(word, 1), status=400).error
    assert "word" in error and "base64" in error


def test_an_answer_in_base64_is_refused_not_sent_as_something_else(infer, mixed_columns):
    request = mixed(Base64Codec.encode_input("word", [b"\xff"], use_bytes=False), 1)
    request.outputs = [RequestOutput(name="same_word", parameters=Parameters(content_type="base64"))]
    assert "base64" in infer(mixed_columns, request, status=400).error
