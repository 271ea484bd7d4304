# SPDX-License-Identifier: Apache-2.0
"""Calls that are wrong before any message is read: paths, fields of the head, prefixes of messages, compression."""

import gzip
import time
import zlib

import pytest
from grpc_wire import (
    GRPC_FIELDS,
    INTERNAL,
    INVALID_ARGUMENT,
    OK,
    RESOURCE_EXHAUSTED,
    SERVICE,
    UNAUTHENTICATED,
    UNIMPLEMENTED,
    Caller,
    floats_of,
    infer_request,
    message,
    reply_of,
)
from http2_wire import body, data, headers, request_fields, reset
from tritonclient.grpc import service_pb2

# As without `serve --body-limit`.
BODY_LIMIT = 64 << 20
GOOD = message(infer_request())
# What gRPC's page of status codes has for a request that cannot be read, and what says whose mistake it is.
UNREADABLE = {INTERNAL, INVALID_ARGUMENT}


def with_field(name, value):
    return [pair for pair in GRPC_FIELDS if pair[0] != name] + ([] if value is None else [(name, value)])


# Paths


@pytest.mark.parametrize(
    "path",
    [
        f"{SERVICE}/ModelInferr", f"{SERVICE}/", f"{SERVICE}/modelinfer", "/inference.Other/ModelInfer", "/ModelInfer",
        f"{SERVICE}/ModelInfer/", f"{SERVICE}/ModelInfer?x=y", f"{SERVICE}//ModelInfer", f"/{SERVICE}/ModelInfer",
        "/inference.GRPCInferenceService%2FModelInfer", "/grpc.health.v1.Health/Unknown", "/" + "a" * 5000,
        "/package.Service/M%00thod", f"{SERVICE}/../GRPCInferenceService/ModelInfer",
    ],
)  # fmt: skip
def test_a_method_that_is_not_there_is_unimplemented(caller, path):
    reply = caller.call(path, GOOD)
    assert reply.status == UNIMPLEMENTED and reply.message, reply
    caller.assert_serves()


def test_a_name_in_a_reason_is_percent_encoded(caller):
    """reply_of looks at the text as it is sent."""
    request = infer_request(model="100% “näher”\n雪")
    reply = caller.infer(request)
    assert reply.status == 5 and "100% “näher”" in reply.message and "雪" in reply.message, reply


# The head


@pytest.mark.parametrize(
    "value",
    [None, "application/json", "application/grpcx", "text/plain", "application/grpc-web", "application/x-protobuf"],
)
def test_another_content_type_is_not_grpc(server, value):
    """415, as gRPC says; or 404, since REST has nothing at that path."""
    with Caller(server.grpc_port) as caller:
        stream = caller.begin("ModelInfer", fields=with_field("content-type", value))
        caller.connection.send(body(stream, GOOD))
        came = caller.connection.answer(stream)
        assert came.status in (404, 415), str(came)
        caller.assert_serves()


@pytest.mark.parametrize(
    "value", ["application/grpc+proto", "application/grpc;charset=utf-8", "application/grpc+proto; x=y"]
)
def test_the_content_types_of_grpc_are_taken(caller, value):
    assert caller.call("ModelInfer", GOOD, fields=with_field("content-type", value)).status == OK


def test_another_encoding_of_messages_is_refused(caller):
    stream = caller.begin("ModelInfer", fields=with_field("content-type", "application/grpc+json"))
    caller.connection.send(body(stream, message(b"{}")))
    came = caller.connection.answer(stream)
    assert came.status == 415 or reply_of(came).status in UNREADABLE | {UNIMPLEMENTED}, str(came)


@pytest.mark.parametrize("te", [None, "trailers"])
def test_te_is_asked_of_proxies_and_not_insisted_on(caller, te):
    """Without it an answer is right or an explained refusal; what it protects from, a proxy, is not here."""
    reply = caller.call("ModelInfer", GOOD, fields=with_field("te", te))
    assert reply.status == OK or te is None and reply.status in UNREADABLE, reply


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_another_http_method_is_refused(server, method):
    with Caller(server.grpc_port) as caller:
        fields = request_fields(method, f"{SERVICE}/ServerLive", *GRPC_FIELDS)
        caller.connection.send(headers(1, fields, end_stream=False), body(1, message(b"")))
        came = caller.connection.answer(1)
        assert came.status in (405, 415) or came.header("grpc-status") in ("12", "13", "3"), str(came)


# Tokens


@pytest.mark.parametrize(
    "value", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer " + "a" * 5000, "Bearer \xff", "bearer\tx"]
)
def test_administration_without_the_token(caller, value):
    content = message(b"\x12\x04echo")
    fields = [] if value is None else [("authorization", value)]
    for method in ["RepositoryModelLoad", "RepositoryModelUnload"]:
        assert caller.call(method, content, *fields).status == UNAUTHENTICATED
    caller.assert_serves()


@pytest.mark.parametrize(
    "authority", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost:1"]
)
def test_a_name_that_is_not_of_this_machine_needs_a_token(server, authority):
    """As over REST: a web page cannot reach the server through a name of its own."""
    with Caller(server.grpc_port) as caller:
        fields = request_fields("POST", f"{SERVICE}/ModelInfer", *GRPC_FIELDS, authority=authority)
        caller.connection.send(headers(1, fields, end_stream=False), body(1, GOOD))
        assert reply_of(caller.connection.answer(1)).status == UNAUTHENTICATED
        token = ("authorization", f"Bearer {server.token}")
        caller.connection.send(headers(3, [*fields, token], end_stream=False), body(3, GOOD))
        assert reply_of(caller.connection.answer(3)).status == OK


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
def test_who_was_passed_on_needs_a_token(caller, name):
    assert caller.infer(None, (name, "10.0.0.1")).status == UNAUTHENTICATED


# Prefixes


BAD_BODIES = {
    "nothing": b"",
    "half a prefix": GOOD[:3],
    "a prefix and nothing": GOOD[:5],
    "a message cut short": GOOD[:-1],
    "a length beyond the body": message(infer_request().SerializeToString(), length=1000),
    "a length of 2^31": message(b"", length=1 << 31) + GOOD,
    "a length of 2^32-1": message(b"", length=0xFFFFFFFF),
    "two messages": GOOD + GOOD,
    "a message and half of one": GOOD + GOOD[:7],
    "a message and a byte": GOOD + b"\x00",
    "flag 2": message(infer_request(), compressed=2),
    "flag 255": message(infer_request(), compressed=255),
    "compressed, and nobody said how": message(gzip.compress(infer_request().SerializeToString()), compressed=1),
    "HTTP/1.1": b"POST / HTTP/1.1\r\n\r\n",
    "JSON": b'{"model_name": "echo"}',
}


@pytest.mark.parametrize("wrong", BAD_BODIES)
def test_a_body_that_is_not_one_message_is_refused(caller, wrong):
    reply = caller.call("ModelInfer", BAD_BODIES[wrong])
    assert reply.status in UNREADABLE | {UNIMPLEMENTED, RESOURCE_EXHAUSTED}, reply
    assert reply.message, reply
    caller.assert_serves()


@pytest.mark.parametrize("size", [1, 2, 5, 7])
def test_a_message_may_come_in_any_pieces(caller, size):
    stream = caller.begin("ModelInfer")
    caller.connection.send(body(stream, GOOD, size=size))
    assert reply_of(caller.connection.answer(stream)).status == OK


def test_a_length_beyond_the_limit_is_refused_at_once(caller):
    """Before the message is there."""
    stream = caller.begin("ModelInfer")
    caller.connection.send(data(stream, message(b"", length=BODY_LIMIT + 1)))
    came = caller.connection.answer(stream, timeout=20)
    assert reply_of(came).status == RESOURCE_EXHAUSTED, str(came)
    caller.assert_serves()


def test_a_length_within_the_limit_takes_no_memory_before_the_message_is_there(server):
    """A hundred messages of 60 MiB that were announced."""
    callers = []
    with Caller(server.grpc_port) as caller:
        caller.assert_serves()
        before = server.resident_bytes()
        for _ in range(4):
            callers.append(Caller(server.grpc_port))
            for _ in range(25):
                stream = callers[-1].begin("ModelInfer")
                callers[-1].connection.send(data(stream, message(b"", length=60 << 20) + b"x"))
        caller.assert_serves()
        time.sleep(0.5)
        assert server.resident_bytes() - before < 20 << 20
    for caller in callers:
        caller.connection.socket.close()


def test_a_call_without_an_end_is_none(caller):
    """Neither answered in full nor in anybody's way, and gone with a reset."""
    stream = caller.begin("ModelInfer")
    caller.connection.send(data(stream, GOOD[:20]))
    caller.connection.quiet(0.2)
    assert not caller.connection.streams[stream].is_over
    caller.connection.send(reset(stream))
    caller.assert_serves()


# Compression


def compressed(content, how):
    return gzip.compress(content) if how == "gzip" else zlib.compress(content)


@pytest.mark.parametrize("how", ["gzip", "deflate"])
def test_a_compressed_message_is_read_and_the_answer_may_be(caller, how):
    content = compressed(infer_request().SerializeToString(), how)
    reply = caller.call("ModelInfer", message(content, 1), ("grpc-encoding", how), ("grpc-accept-encoding", how))
    assert reply.status == OK, reply
    encoding = dict(reply.headers).get("grpc-encoding", "identity")
    assert encoding in (how, "identity")


@pytest.mark.parametrize("how", ["gzip", "deflate"])
def test_a_message_may_stay_as_it_is_where_compression_was_agreed_on(caller, how):
    assert caller.call("ModelInfer", GOOD, ("grpc-encoding", how)).status == OK


@pytest.mark.parametrize("how", ["br", "zstd", "snappy", "nonsense", "gzip, gzip", ""])
def test_another_compression_is_unimplemented(caller, how):
    """compression.md: and the answer says what is taken."""
    reply = caller.call("ModelInfer", message(infer_request(), 1), ("grpc-encoding", how))
    assert reply.status in {UNIMPLEMENTED} | (UNREADABLE if how == "" else set()), reply
    accepted = dict([*reply.headers, *reply.trailers]).get("grpc-accept-encoding", "")
    assert how == "" or "gzip" in accepted, reply


BROKEN = {
    "no gzip": b"this is no gzip",
    "nothing": b"",
    "cut": gzip.compress(b"x" * 1000)[:-9],
    "a wrong checksum": gzip.compress(b"\x0a\x04echo")[:-8] + bytes(8),
    "two": gzip.compress(b"\x0a\x04") + gzip.compress(b"echo"),
    "and more": gzip.compress(b"\x0a\x04echo") + b"more",
    "of other bytes": gzip.compress(b"\xff" * 100),
}


@pytest.mark.parametrize("wrong", BROKEN)
def test_broken_compression_is_refused(caller, wrong):
    reply = caller.call("ModelInfer", message(BROKEN[wrong], 1), ("grpc-encoding", "gzip"))
    assert reply.status in UNREADABLE, reply
    caller.assert_serves()


@pytest.mark.parametrize("how", ["gzip", "deflate"])
@pytest.mark.parametrize("mib", [65, 1024])
def test_a_bomb_is_refused_and_takes_no_memory(server, caller, how, mib):
    """A megabyte of it, or less."""
    packer = zlib.compressobj(9, wbits=31 if how == "gzip" else 15)
    content = b"".join(packer.compress(bytes(1 << 20)) for _ in range(mib)) + packer.flush()
    before = server.resident_bytes()
    reply = caller.call("ModelInfer", message(content, 1), ("grpc-encoding", how), timeout=60)
    assert reply.status == RESOURCE_EXHAUSTED, reply
    assert server.resident_bytes() - before < 100 << 20
    caller.assert_serves()


# Streams of messages


def test_a_stream_of_messages_in_any_pieces(caller):
    stream = caller.begin("ModelStreamInfer")
    requests = b"".join(message(infer_request([float(index), 0, 0])) for index in range(20))
    caller.connection.send(body(stream, requests, size=11))
    reply = reply_of(caller.connection.answer(stream))
    assert reply.status == OK and len(reply.messages) == 20
    for index, content in enumerate(reply.messages):
        # ModelStreamInferResponse: 1 an error, 2 the answer.
        assert content[0] == 0x12
        start = 2 if content[1] < 0x80 else 3
        response = service_pb2.ModelInferResponse.FromString(content[start:])
        assert floats_of(response)[0] == index


def test_a_stream_without_a_message_ends_well(caller):
    stream = caller.begin("ModelStreamInfer", end_stream=True)
    reply = reply_of(caller.connection.answer(stream))
    assert reply.status == OK and not reply.messages


@pytest.mark.parametrize("wrong", ["half a prefix", "a message cut short", "flag 2", "a length of 2^32-1"])
def test_a_stream_that_breaks_is_refused_after_what_was_good(caller, wrong):
    stream = caller.begin("ModelStreamInfer")
    caller.connection.send(body(stream, GOOD + BAD_BODIES[wrong]))
    reply = reply_of(caller.connection.answer(stream))
    assert reply.status in UNREADABLE | {RESOURCE_EXHAUSTED, UNIMPLEMENTED}, reply
    assert len(reply.messages) <= 1
    caller.assert_serves()


def test_a_stream_that_is_reset_in_the_middle_is_gone(caller):
    for _ in range(50):
        stream = caller.begin("ModelStreamInfer")
        caller.connection.send(data(stream, GOOD * 3), reset(stream))
    caller.assert_serves()
