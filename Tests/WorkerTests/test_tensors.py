# SPDX-License-Identifier: Apache-2.0
"""Tensors in binary form."""

import os
import random

import numpy as np
import pytest
from contract import texts
from slipway._model.tensors import NUMPY_TYPES, MalformedTensor, decode, encode

NUMERIC = [datatype for datatype in NUMPY_TYPES if datatype != "BYTES"]


def both_ways(datatype, array):
    return decode(datatype, list(array.shape), memoryview(bytes(encode(array))))


@pytest.mark.parametrize("datatype", NUMERIC)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 2), (2, 0, 3)])
def test_numbers_come_back_to_the_last_bit(datatype, shape):
    size = NUMPY_TYPES[datatype].itemsize * int(np.prod(shape))
    content = np.random.default_rng(3).integers(0, 2 if datatype == "BOOL" else 256, size, np.uint8).tobytes()
    array = np.frombuffer(content, NUMPY_TYPES[datatype]).reshape(shape)
    back = both_ways(datatype, array)
    assert back.dtype == array.dtype and back.shape == shape and back.tobytes() == content


def test_little_endian_and_row_major_whatever_the_array_is():
    array = np.array([[1, 2], [3, 4]], ">i2", order="F").astype("<i2")
    assert bytes(encode(array)) == b"\1\0\2\0\3\0\4\0"
    assert bytes(encode(np.asfortranarray(array))) == b"\1\0\2\0\3\0\4\0"
    large = np.arange(10_000, dtype="<i4").reshape(100, 100)
    assert bytes(encode(large.T)) == large.T.tobytes()


def test_texts_have_their_lengths_before_them():
    array = texts(["a", ""], ["ö", "x\0y"])
    assert encode(array) == b"\1\0\0\0a" + b"\0\0\0\0" + b"\2\0\0\0\xc3\xb6" + b"\3\0\0\0x\0y"
    assert both_ways("BYTES", array).tolist() == array.tolist()


def test_any_byte_but_0_is_true():
    assert decode("BOOL", [3], memoryview(b"\0\1\xff")).tolist() == [False, True, True]


@pytest.mark.parametrize("offset", range(9))
def test_arrays_are_aligned_wherever_their_bytes_lie(offset):
    array = decode("FP64", [2], memoryview(bytearray(64))[offset : offset + 16])
    assert array.flags.aligned and array.flags.writeable


@pytest.mark.parametrize(
    ("datatype", "shape", "content"),
    [
        ("FP64", [2], b"\0" * 15), ("FP64", [2], b"\0" * 17), ("FP64", [], b""), ("FP64", [1 << 62, 8], b""),
        ("FP64", [-1], b""), ("FP64", [1.0], b"\0" * 8), ("FP64", [True], b"\0" * 8),
        ("FP64", ["1"], b"\0" * 8),
        ("FP64", [1] * 40, b"\0" * 8), ("FP128", [1], b"\0" * 16), ("BF16", [1], b"\0\0"),
        ("BYTES", [1], b""), ("BYTES", [1], b"\1\0\0\0"), ("BYTES", [1], b"\xff\xff\xff\xffa"),
        ("BYTES", [1], b"\1\0\0\0ab"), ("BYTES", [2], b"\4\0\0\0abcd"), ("BYTES", [1 << 40], b"\0" * 8),
        ("BYTES", [0], b"\0\0\0\0"),
    ],
)  # fmt: skip
def test_bytes_that_are_not_the_tensor_are_refused(datatype, shape, content):
    with pytest.raises(MalformedTensor):
        decode(datatype, shape, memoryview(content))


def test_mutated_texts_are_decoded_or_refused_and_nothing_else():
    chance = random.Random(int(os.environ.get("SLIPWAY_SEED", "4")))
    good = bytes(encode(texts(["alpha", "", "β"], ["x" * 40, "y", "z"])))
    refused = 0
    for _ in range(5_000):
        content = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.choice([0, 1, 4, 127, 128, 255])
        del content[len(content) - chance.choice([0, 0, 0, 1, 7]) :]
        try:
            made = decode("BYTES", [2, 3], memoryview(content))
        except MalformedTensor:
            refused += 1
        else:
            assert encode(made) == content
    assert 0 < refused < 5_000
