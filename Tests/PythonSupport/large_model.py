# SPDX-License-Identifier: Apache-2.0
"""Models of any size, written as protobuf by hand: nothing of that size belongs into a repository."""

import struct

FLOAT = 1
IR_VERSION, OPSET = 8, 17


def varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def field(number, content):
    """A field of a message: a number, or a text, bytes or another message with its length."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor_info(name, *dimensions):
    shape = b"".join(field(1, field(1, size) if isinstance(size, int) else field(2, size)) for size in dimensions)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, shape)))


def node(operator, inputs, output):
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, operator)


def write_chain(path, layers, width):
    """Writes a model that multiplies `values` [batch, width] by `layers` matrices, one after the other, each of them 1 on
    its diagonal: what goes in comes out. It holds 4 × layers × width² bytes, as many pieces as layers."""
    matrix = bytearray(4 * width * width)
    for row in range(width):
        struct.pack_into("<f", matrix, 4 * (row * width + row), 1.0)
    graph, before = bytearray(), "values"
    for layer in range(layers):
        after = "same" if layer == layers - 1 else f"value-{layer}"
        graph += field(1, node("MatMul", [before, f"matrix-{layer}"], after))
        before = after
    graph += field(2, "chain")
    for layer in range(layers):
        # No two alike, so that nothing shares them.
        struct.pack_into("<f", matrix, 4 * (width - 1), layer * 1e-6)
        graph += field(
            5, field(1, width) + field(1, width) + field(2, FLOAT) + field(8, f"matrix-{layer}") + field(9, bytes(matrix)))
    graph += field(11, tensor_info("values", "batch", width)) + field(12, tensor_info("same", "batch", width))
    path.write_bytes(field(1, IR_VERSION) + field(8, field(2, OPSET)) + field(7, bytes(graph)))
    return path
