# SPDX-License-Identifier: Apache-2.0
"""Messages that are no protobuf, or say what does not fit together: INVALID_ARGUMENT (or INTERNAL where they cannot be
read at all), with a reason, and the connection goes on."""

import random
import struct

import pytest
from grpc_wire import INTERNAL, INVALID_ARGUMENT, NOT_FOUND, OK, RESOURCE_EXHAUSTED, floats_of, infer_request, message
from large_model import field, varint
from program import SOAK
from tritonclient.grpc import service_pb2

GOOD = infer_request().SerializeToString()
REFUSED = {INVALID_ARGUMENT, INTERNAL}


def fixed(number, kind, content):
    return varint(number << 3 | kind) + content


def deep(levels, number=5):
    """A message in a message in a message."""
    content = b""
    for _ in range(levels):
        content = field(number, content)
    return content


NO_PROTOBUF = {
    "a tag that is cut": GOOD + b"\x80",
    "a varint that does not end": GOOD + b"\x18" + b"\xff" * 20,
    "a varint of eleven bytes": GOOD + b"\x18" + b"\x80" * 10 + b"\x01",
    "a tag of six bytes": GOOD + b"\x80\x80\x80\x80\x80\x01\x00",
    "field 0": GOOD + b"\x00\x00",
    "field 0 with a length": GOOD + b"\x02\x00",
    "wire type 6": GOOD + b"\x1e",
    "wire type 7": GOOD + b"\x1f",
    "a group that does not end": GOOD + varint(15 << 3 | 3) + b"\x08\x01",
    "an end of a group that did not begin": GOOD + varint(15 << 3 | 4),
    "groups in each other, very deep": GOOD + varint(15 << 3 | 3) * 20_000,
    "a length beyond the message": GOOD + b"\x0a\x7fshort",
    "a length of 2^63": GOOD + b"\x0a" + varint(1 << 63),
    "a length of 2^64-1": GOOD + b"\x0a" + b"\xff" * 9 + b"\x01",
    "a length of 2^31": GOOD + b"\x0a" + varint(1 << 31),
    "a fixed64 that is cut": GOOD + varint(15 << 3 | 1) + b"\x01\x02",
    "a fixed32 that is cut": GOOD + varint(15 << 3 | 5) + b"\x01\x02",
    "the name as a number": fixed(1, 0, b"\x01") + GOOD,
    "the inputs as a number": fixed(5, 0, b"\x01") + GOOD,
    "the inputs as a fixed64": fixed(5, 1, bytes(8)) + GOOD,
    "the raw contents as a number": GOOD + fixed(7, 0, b"\x01"),
    "a name that is no text": field(1, b"\xff\xfe") + GOOD[6:],
    "an input that is no message": field(1, b"echo") + field(5, b"\xff\xff\xff"),
    "a shape that is cut": field(1, b"echo") + field(5, field(1, b"values") + field(3, b"\x80")),
    "a shape as a fixed32": field(1, b"echo") + field(5, field(1, b"values") + fixed(3, 5, bytes(4))),
    "a thousand levels": field(1, b"echo") + deep(1000),
    "100,000 levels": field(1, b"echo") + deep(3000, 4) * 30,
    "a parameter that is no entry": GOOD + field(4, b"\xff"),
    "a parameter of two levels cut": GOOD + field(4, field(1, b"x") + b"\x12\x05\x0a"),
    "floats that are cut": field(1, b"echo")
    + field(5, field(1, b"values") + field(2, b"FP32") + field(5, field(6, b"\x00"))),
    "all ones": b"\xff" * 1000,
    "zeros": bytes(1000),
    "text": b"the quick brown fox jumps over the lazy dog",
}


@pytest.mark.parametrize("wrong", NO_PROTOBUF)
def test_what_is_no_protobuf_is_refused(caller, wrong):
    reply = caller.call("ModelInfer", message(NO_PROTOBUF[wrong]))
    assert reply.status in REFUSED and reply.message, reply
    caller.assert_serves()


# Those whose requests have fields: what the others are sent is of no interest to anybody.
METHODS = ["ModelReady", "ModelMetadata", "ModelConfig", "ModelStatistics", "RepositoryIndex", "ModelStreamInfer",
           "/grpc.health.v1.Health/Check", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_no_method_takes_what_is_no_protobuf(caller, method):
    for content in [b"\xff" * 100, b"\x0a\x7fshort", b"\x0a" + varint(1 << 63), b"\x00\x00"]:
        reply = caller.call(method, message(content))
        # A stream may say it in a message, and go on.
        assert reply.status in REFUSED or method == "ModelStreamInfer" and b"\x0a" == reply.messages[0][:1], reply
    caller.assert_serves()


def test_unknown_fields_are_passed_over(caller):
    """So that newer clients may say more: in the request, and in an input."""
    more = field(1000, b"new") + fixed(1001, 0, b"\x05") + fixed(1002, 1, bytes(8)) + fixed(1003, 5, bytes(4))
    request = infer_request()
    content = field(1, b"echo") + more + field(5, request.inputs[0].SerializeToString() + more)
    content += field(7, request.raw_input_contents[0]) + more
    reply = caller.call("ModelInfer", message(content))
    assert reply.status == OK, reply
    assert floats_of(reply.response) == [1.5, -2.0, 3.25]


def test_the_last_of_a_field_counts_and_shapes_come_packed_or_not(caller):
    request = infer_request()
    tensor = field(1, b"other") + field(1, b"values") + field(2, b"FP32") + fixed(3, 0, b"\x01") + fixed(3, 0, b"\x03")
    content = field(1, b"nobody") + field(1, b"echo") + field(7, request.raw_input_contents[0]) + field(5, tensor)
    reply = caller.call("ModelInfer", message(content))
    assert reply.status == OK, reply


# What is protobuf, and does not fit


def infer(change, values=(1.5, -2.0, 3.25)):
    request = infer_request(list(values))
    change(request)
    return request


def typed(request, **contents):
    del request.raw_input_contents[:]
    for name, values in contents.items():
        getattr(request.inputs[0].contents, name).extend(values)


def shape(*dimensions):
    def change(request):
        request.inputs[0].shape[:] = dimensions

    return change


def raw(content):
    def change(request):
        request.raw_input_contents[0] = content

    return change


def datatype(name):
    def change(request):
        request.inputs[0].datatype = name

    return change


UNFIT = {
    "raw, a byte short": raw(bytes(11)),
    "raw, a byte more": raw(bytes(13)),
    "raw, a row more": raw(bytes(24)),
    "raw, nothing": raw(b""),
    "raw, of two inputs": lambda r: r.raw_input_contents.append(bytes(12)),
    "raw, of none": lambda r: r.raw_input_contents.pop(),
    "raw and typed": lambda r: r.inputs[0].contents.fp32_contents.extend([1, 2, 3]),
    "typed, one short": lambda r: typed(r, fp32_contents=[1, 2]),
    "typed, one more": lambda r: typed(r, fp32_contents=[1, 2, 3, 4]),
    "typed, of another type": lambda r: typed(r, fp64_contents=[1, 2, 3]),
    "typed, of two types": lambda r: typed(r, fp32_contents=[1, 2, 3], int_contents=[1]),
    "typed, whole numbers for floats": lambda r: typed(r, int_contents=[1, 2, 3]),
    "a negative dimension": shape(-1, 3),
    "two negative dimensions": shape(-1, -3),
    "a dimension of -2^63": shape(-(2**63), 3),
    "a dimension of 2^63-1": shape(2**63 - 1, 3),
    "dimensions whose product is 2^64": shape(2**32, 2**32),
    "dimensions whose product is 2^64 + 3": shape(2**62, 4, 3),
    "dimensions whose product is 1 mod 2^64": shape(3, 0x5555555555555555 + 0x5555555555555556 - 2**63, 1),
    "a thousand dimensions": shape(*[1] * 1000),
    "40 dimensions of 2": shape(*[2] * 40),
    "no dimension": shape(),
    "0 and a number beyond everything": shape(0, 2**62),
    "another shape of the same size": shape(3, 1),
    "FP64 of the same size": datatype("FP64"),
    "INT32 of the same size": datatype("INT32"),
    "an unknown datatype": datatype("FP31"),
    "no datatype": datatype(""),
    "BYTES": datatype("BYTES"),
    "no input": lambda r: r.inputs.pop(),
    "an input twice": lambda r: r.inputs.add().CopyFrom(r.inputs[0]),
    "an input that is not there": lambda r: setattr(r.inputs[0], "name", "other"),
    "an input without a name": lambda r: setattr(r.inputs[0], "name", ""),
    "an output that is not there": lambda r: r.outputs.add(name="other"),
    "an output twice": lambda r: [r.outputs.add(name="same") for _ in range(2)],
    "20,000 inputs": lambda r: [r.inputs.add(name=f"i{index}") for index in range(20_000)],
    "20,000 outputs": lambda r: [r.outputs.add(name=f"o{index}") for index in range(20_000)],
    "classes, as text": lambda r: (
        r.outputs.add(name="same").parameters["classification"].__setattr__("string_param", "x")
    ),
    "classes, negative": lambda r: (
        r.outputs.add(name="same").parameters["classification"].__setattr__("int64_param", -1)
    ),
    "a timeout as text": lambda r: r.parameters["timeout"].__setattr__("string_param", "soon"),
    "a sequence": lambda r: r.parameters["sequence_id"].__setattr__("int64_param", 5),
}


# More than the limits allow.
TOO_MANY = {"a thousand dimensions", "40 dimensions of 2", "20,000 inputs", "20,000 outputs"}


@pytest.mark.parametrize("wrong", UNFIT)
def test_what_does_not_fit_is_refused_with_its_reason(caller, wrong):
    reply = caller.infer(infer(UNFIT[wrong]))
    allowed = {INVALID_ARGUMENT} | ({RESOURCE_EXHAUSTED} if wrong in TOO_MANY else set())
    assert reply.status in allowed and len(reply.message) > 10, reply
    caller.assert_serves()


@pytest.mark.parametrize(
    "raw_texts",
    [
        b"", b"\x01", struct.pack("<I", 5) + b"abc", struct.pack("<I", 0xFFFFFFFF) + b"abc", struct.pack("<I", 1) +
        b"a", (struct.pack("<I", 1) + b"a") * 4, (struct.pack("<I", 1) + b"a") * 3 + b"\x00", struct.pack("<I", 1 <<
        31) * 3,
    ],
)  # fmt: skip
def test_texts_that_lie_about_their_lengths(caller, raw_texts):
    request = service_pb2.ModelInferRequest(model_name="texts")
    request.inputs.add(name="values", datatype="BYTES", shape=[1, 3])
    request.raw_input_contents.append(raw_texts)
    reply = caller.infer(request)
    assert reply.status == INVALID_ARGUMENT, reply
    caller.assert_serves()


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [
        ("nobody", "", {NOT_FOUND}), ("", "", {NOT_FOUND, INVALID_ARGUMENT}), ("ECHO", "", {NOT_FOUND}),
        ("a" * 10_000, "", {NOT_FOUND, INVALID_ARGUMENT}), ("../etc", "", {NOT_FOUND, INVALID_ARGUMENT}),
        ("ec\x00ho", "", {NOT_FOUND, INVALID_ARGUMENT}), ("echo", "2", {NOT_FOUND}),
        ("echo", "-1", {NOT_FOUND, INVALID_ARGUMENT}),
        ("echo", "one", {NOT_FOUND, INVALID_ARGUMENT}), ("echo", "18446744073709551617", {NOT_FOUND, INVALID_ARGUMENT}),
        ("echo", " 1", {NOT_FOUND, INVALID_ARGUMENT}), ("echo", "1.0", {NOT_FOUND, INVALID_ARGUMENT}),
    ],
)  # fmt: skip
def test_a_model_or_version_that_is_not_there(caller, name, version, status):
    reply = caller.infer(infer(lambda r: (setattr(r, "model_name", name), setattr(r, "model_version", version))))
    assert reply.status in status and reply.message, reply
    ready = service_pb2.ModelReadyRequest(name=name, version=version)
    reply = caller.call("ModelReady", message(ready))
    assert reply.status in status or not service_pb2.ModelReadyResponse.FromString(reply.messages[0]).ready
    caller.assert_serves()


# Typed contents


TYPED = {
    "bool": ("BOOL", "bool_contents", [True, False]),
    "uint8": ("UINT8", "uint_contents", [0, 255]),
    "uint16": ("UINT16", "uint_contents", [0, 65535]),
    "uint32": ("UINT32", "uint_contents", [0, 2**32 - 1]),
    "uint64": ("UINT64", "uint64_contents", [0, 2**64 - 1]),
    "int8": ("INT8", "int_contents", [-128, 127]),
    "int16": ("INT16", "int_contents", [-(2**15), 2**15 - 1]),
    "int32": ("INT32", "int_contents", [-(2**31), 2**31 - 1]),
    "int64": ("INT64", "int64_contents", [-(2**63), 2**63 - 1]),
    "fp32": ("FP32", "fp32_contents", [0.5, -1.5]),
    "fp64": ("FP64", "fp64_contents", [0.1, -1e300]),
    "string": ("BYTES", "bytes_contents", [b"\xff\x00", "雪".encode()]),
}


def typed_request(kinds=TYPED, change=None, **values):
    """To `every-type`, whose halves have no typed form: those are left to a model without them where all are typed."""
    request = service_pb2.ModelInferRequest(model_name="every-type")
    for kind in kinds:
        datatype, contents, given = TYPED[kind]
        tensor = request.inputs.add(name=f"in_{kind}", datatype=datatype, shape=[2])
        getattr(tensor.contents, contents).extend(values.get(kind, given))
    return request


def test_typed_contents_of_each_type(caller):
    for kind, model in [("fp32", "echo"), ("int64", "counts"), ("string", "texts")]:
        datatype, contents, given = TYPED[kind]
        request = service_pb2.ModelInferRequest(model_name=model)
        tensor = request.inputs.add(name="values", datatype=datatype, shape=[1, 3])
        getattr(tensor.contents, contents).extend([*given, given[0]])
        reply = caller.infer(request)
        assert reply.status == OK, reply
        content = reply.response.raw_output_contents[0]
        if kind == "string":
            assert content == b"".join(struct.pack("<I", len(text)) + text for text in [*given, given[0]])
        else:
            assert list(struct.unpack("<3f" if kind == "fp32" else "<3q", content)) == [*given, given[0]]


@pytest.mark.parametrize(("kind", "values"), [("int8", [128, 0]), ("int8", [-129, 0]), ("uint8", [256, 0]), ("int16", [2**15, 0]),
                                               ("uint16", [65536, 0])])  # fmt: skip
def test_numbers_beyond_their_type_are_refused_not_wrapped(caller, kind, values):
    reply = caller.infer(typed_request([kind], **{kind: values}))
    assert reply.status == INVALID_ARGUMENT and kind in reply.message, reply


@pytest.mark.parametrize("kind", ["FP16", "BF16"])
def test_halves_have_no_typed_form(caller, kind):
    request = service_pb2.ModelInferRequest(model_name="halves")
    tensor = request.inputs.add(name="values", datatype=kind, shape=[1, 3])
    tensor.contents.fp32_contents.extend([1, 2, 3])
    assert caller.infer(request).status == INVALID_ARGUMENT


def test_many_values_are_bounded(caller):
    """33,554,432 elements are the most, of a byte each too."""
    request = service_pb2.ModelInferRequest(model_name="echo")
    request.inputs.add(name="values", datatype="BOOL", shape=[33_554_433]).contents.bool_contents.extend([True] * 2)
    assert caller.infer(request).status in (INVALID_ARGUMENT, RESOURCE_EXHAUSTED)


# Mutations


def test_mutated_messages_do_no_harm(caller):
    """From a seed; the long run is soak_streams.py."""
    draw = random.Random(11)
    sources = [
        GOOD,
        typed_request().SerializeToString(),
        infer(lambda r: r.outputs.add(name="same")).SerializeToString(),
    ]
    statuses = set()
    for _ in range(20_000 if SOAK else 1500):
        content = bytearray(draw.choice(sources))
        for _ in range(draw.choice([1, 1, 2, 4])):
            position = draw.randrange(len(content))
            kind = draw.randrange(4)
            if kind == 0:
                content[position] ^= 1 << draw.randrange(8)
            elif kind == 1:
                del content[position : position + draw.choice([1, 2, 8])]
            elif kind == 2:
                content[position:position] = bytes(draw.choice([b"\xff", b"\x00", b"\x80\x80", b"\x0a\x7f"]))
            else:
                content += content[position : position + 20]
            content = content or bytearray(b"\x00")
        reply = caller.call("ModelInfer", message(bytes(content)))
        assert reply.status in REFUSED | {OK, NOT_FOUND, RESOURCE_EXHAUSTED}, (reply, content.hex())
        statuses.add(reply.status)
    assert {OK, INVALID_ARGUMENT} <= statuses
    caller.assert_serves()
