# SPDX-License-Identifier: Apache-2.0
"""Tensors in binary form, as the binary extension of the Open Inference Protocol has them.

Row-major and little-endian; BOOL one byte an element; BYTES four bytes of length and then the bytes, for each element.
In numpy, BYTES is an array of objects, each of them `bytes`. BF16 has no numpy type and is not spoken here.
"""

from __future__ import annotations

import math

import numpy as np

BYTES = "BYTES"

NUMPY_TYPES: dict[str, np.dtype] = {
    "BOOL": np.dtype("?"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    BYTES: np.dtype("O"),
}

DATATYPES: dict[np.dtype, str] = {numpy_type: datatype for datatype, numpy_type in NUMPY_TYPES.items()}

# More dimensions than this numpy does not have in every version.
MOST_DIMENSIONS = 32


class MalformedTensor(ValueError):
    """The bytes are not the tensor that was announced."""


def decode(datatype: str, shape: list[int], data: memoryview) -> np.ndarray:
    """The tensor that `data` holds, exactly. Shares memory with `data` where its alignment allows it."""
    numpy_type = NUMPY_TYPES.get(datatype)
    if numpy_type is None:
        raise MalformedTensor(f"the datatype {datatype!r} is not one of {', '.join(NUMPY_TYPES)}")
    if len(shape) > MOST_DIMENSIONS or not all([type(size) is int and size >= 0 for size in shape]):
        raise MalformedTensor(f"{shape!r} is no shape")
    count = math.prod(shape)
    if datatype == BYTES:
        return _decode_bytes(count, data).reshape(shape)
    if len(data) != count * numpy_type.itemsize:
        raise MalformedTensor(f"{datatype} {shape} has {count * numpy_type.itemsize} bytes, and {len(data)} came")
    array = np.frombuffer(data, numpy_type, count).reshape(shape) if count else np.empty(shape, numpy_type)
    if datatype == "BOOL":
        # Any other byte than 0 and 1 would be a truth value of its own.
        return array.view(np.uint8) != 0
    return array if array.flags.aligned else array.copy()


def _decode_bytes(count: int, data: memoryview) -> np.ndarray:
    # Each element takes four bytes at least: a count that the data cannot hold is refused before memory is asked for.
    if 4 * count > len(data):
        raise MalformedTensor(f"BYTES of {count} elements came with {len(data)} bytes")
    elements = np.empty(count, object)
    position = 0
    for index in range(count):
        start = position + 4
        end = start + int.from_bytes(data[position:start], "little")
        if start > len(data) or end > len(data):
            raise MalformedTensor(f"element {index} of BYTES ends after its tensor")
        elements[index] = bytes(data[start:end])
        position = end
    if position != len(data):
        raise MalformedTensor(f"{len(data) - position} bytes are left over after the last element of BYTES")
    return elements


def encode(array: np.ndarray) -> bytes | memoryview:
    """The tensor's bytes. The array has one of `NUMPY_TYPES`; elements of an array of objects are `bytes`."""
    if array.dtype == object:
        return b"".join(len(element).to_bytes(4, "little") + element for element in array.ravel())
    if array.nbytes <= 4096:
        return array.tobytes()
    return memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
