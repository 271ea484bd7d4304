# SPDX-License-Identifier: Apache-2.0
"""A body that cannot be answered is explained, and the connection goes on."""

import json

import pytest
from bad_bodies import BAD_BODIES, texts_bodies
from program import ROOT
from protocols import PROTOCOLS, ROWS, V2, administration, alias, assert_served
from wire import JSON, Connection, ask, message

CASES = [
    pytest.param(name, body, id=f"{name}: {wrong}")
    for name, bodies in BAD_BODIES.items()
    for wrong, body in bodies.items()
]


def assert_explained(answer, path):
    """4xx, with a code that has a page, and a sentence, in the form that callers of this path read."""
    assert 400 <= answer.status < 500, str(answer)
    content = answer.json()
    # Clients of MLflow, and those of the protocols that others have as well, look for a member of their own.
    others = {"/v2": "error", "/v1/models/": "error", "/invocations": "message"}
    member = next((member for start, member in others.items() if path.startswith(start)), "title")
    sentence = content[member]
    assert len(sentence) > 10, str(answer)
    assert (ROOT / "docs" / "errors" / f"{content['code']}.md").exists(), str(answer)
    if member == "title":
        assert content["status"] == answer.status
        assert answer.header("content-type") == "application/problem+json"


@pytest.fixture(scope="module")
def kept_alive(hostile_server):
    """One connection for all bodies: whoever was refused may ask again."""
    with Connection(hostile_server) as connection:
        yield connection


def test_every_protocol_has_bad_bodies(protocol):
    assert len(BAD_BODIES[protocol.name]) > 20


@pytest.mark.parametrize(("name", "body"), CASES)
def test_a_bad_body_is_explained_and_the_connection_goes_on(server, kept_alive, name, body):
    protocol = next(protocol for protocol in PROTOCOLS if protocol.name == name)
    headers, body = body if isinstance(body, tuple) else (None, body)
    kept_alive.send(protocol.with_body(body, headers))
    answer = kept_alive.answer()
    assert answer is not None, "the connection was closed"
    assert_explained(answer, protocol.path)
    assert answer.header("slipway-prediction-id"), "a refusal has an id too"
    assert_served(kept_alive, protocol)


@pytest.mark.parametrize("wrong", texts_bodies())
def test_texts_that_lie_about_their_length_are_explained(server, wrong):
    headers, body = texts_bodies()[wrong]
    with Connection(server) as connection:
        connection.send(message("POST", "/v2/models/texts/infer", headers, body))
        assert_explained(connection.answer(), "/v2")
        assert_served(connection)


@pytest.mark.parametrize("body", [b'["\xff"]', b'["\\ud800"]', b'["\xed\xa0\x80"]', b'["\x01"]', b'["a", "b", "c'])
def test_texts_that_are_no_unicode_are_explained(server, body):
    for path, before, after in [
        ("/v2/models/texts/infer", b'{"inputs":[{"name":"values","datatype":"BYTES","shape":[1,1],"data":', b"}]}"),
        ("/v1/endpoints/texts/predict", b'[{"values":', b"}]"),
    ]:
        with Connection(server) as connection:
            connection.send(message("POST", path, JSON, before + body + after))
            assert_explained(connection.answer(), path)
            assert_served(connection)


# NaN


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_floats_that_are_no_numbers_are_taken_where_floats_are(server, value):
    for text in [value, json.dumps(value)]:
        v2 = '{"inputs":[{"name":"values","datatype":"FP32","shape":[1,3],"data":[%s,1,2]}]}' % text
        answer = ask(server, V2.with_body(v2.encode()))
        assert answer.status == 200, str(answer)
        assert V2.decode(answer) == [value, 1, 2]


@pytest.mark.parametrize("text", ['"NaN"', "NaN", '"Infinity"', "1.5", "1e400", "9223372036854775808", "null", '"1"'])
def test_integers_are_whole_and_fit(server, text):
    v2 = '{"inputs":[{"name":"values","datatype":"INT64","shape":[1,3],"data":[%s,1,2]}]}' % text
    rows = '[{"values": [%s,1,2]}]' % text
    for path, body in [("/v2/models/counts/infer", v2), ("/v1/endpoints/counts/predict", rows)]:
        assert_explained(ask(server, message("POST", path, JSON, body.encode())), path)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('{"first": null, "second": 1, "third": 2}', ["NaN", 1, 2]),
        ('{"second": 1, "third": 2}', ["NaN", 1, 2]),
        ('{"first": 0, "second": null, "third": 2}', None),
        ('{"first": 0, "third": 2}', None),
        ('{"first": "", "second": 1, "third": 2}', None),
    ],
)
def test_null_is_nan_where_the_signature_says_so_and_nowhere_else(server, row, expected):
    path = "/v1/endpoints/columns/predict"
    answer = ask(server, message("POST", path, JSON, f"[{row}]".encode()))
    if expected is None:
        assert_explained(answer, path)
    else:
        assert answer.status == 200, str(answer)
        assert ROWS.decode(answer) == expected


# What the head says about the body


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "nonsense", "gzip;q=1"])
def test_an_encoding_that_is_not_undone_is_refused(server, protocol, encoding):
    headers, body = protocol.encode([1, 2, 3])
    request = message("POST", protocol.path, [*headers, ("Content-Encoding", encoding)], body)
    answer = ask(server, request)
    assert answer.status == 415, str(answer)
    assert_explained(answer, protocol.path)


@pytest.mark.parametrize(
    "name", ["nobody", "%00", "..", "%2e%2e%2f", "a" * 300, "%ff", "echo%00", "ECHO", "é".encode().decode("latin-1")]
)
def test_an_endpoint_that_is_not_there_is_not_found(server, protocol, name):
    path = protocol.path.replace("echo", name)
    request = protocol.request().replace(protocol.path.encode(), path.encode("latin-1"))
    answer = ask(server, request)
    assert answer.status in (400, 404), str(answer)
    if answer.status == 404:
        assert_explained(answer, protocol.path)


def test_an_input_short_or_one_too_many_of_two_is_named(server):
    for body, field in [
        ('[{"left": [1,2]}]', "right"),
        ('[{"left": [1,2], "right": [1,2], "middle": 1}]', "middle"),
    ]:
        answer = ask(server, message("POST", "/v1/endpoints/add/predict", JSON, body.encode()))
        assert_explained(answer, "/v1")
        assert field in answer.body.decode()


# The framework's routes


ALIAS = "/v1/registry/models/echo/aliases/hostile"
BAD_ADMINISTRATION = {
    "no body": ("PUT", ALIAS, b""),
    "broken JSON": ("PUT", ALIAS, b"{"),
    "array": ("PUT", ALIAS, b"[]"),
    "missing member": ("PUT", ALIAS, b"{}"),
    "text for a number": ("PUT", ALIAS, b'{"version": "one"}'),
    "fraction": ("PUT", ALIAS, b'{"version": 1.5}'),
    "negative": ("PUT", ALIAS, b'{"version": -1}'),
    "zero": ("PUT", ALIAS, b'{"version": 0}'),
    "beyond 64 bits": ("PUT", ALIAS, b'{"version": 18446744073709551616}'),
    "huge number": ("PUT", ALIAS, b'{"version": 1e999}'),
    "not there": ("PUT", ALIAS, b'{"version": 9223372036854775807}'),
    "too deep": ("PUT", ALIAS, b"[" * 100_000),
    "objects too deep": ("PUT", ALIAS, b'{"version":' * 50_000),
    "wrong UTF-8": ("PUT", ALIAS, b'{"\xff": 1}'),
    "too large": ("PUT", ALIAS, b" " * (2 << 20)),
    "alias with a slash": ("PUT", "/v1/registry/models/echo/aliases/a%2Fb", b'{"version": 1}'),
    "alias that is no text": ("PUT", "/v1/registry/models/echo/aliases/%ff", b'{"version": 1}'),
    "alias with NUL": ("PUT", "/v1/registry/models/echo/aliases/a%00b", b'{"version": 1}'),
    "alias of 5000 letters": ("PUT", "/v1/registry/models/echo/aliases/" + "a" * 5000, b'{"version": 1}'),
    "alias with half an escape": ("PUT", "/v1/registry/models/echo/aliases/%4", b'{"version": 1}'),
    "model that is not there": ("PUT", "/v1/registry/models/nobody/aliases/x", b'{"version": 1}'),
    "no alias to take away": ("DELETE", "/v1/registry/models/echo/aliases/never", b""),
    "no endpoint to take away": ("DELETE", "/v1/endpoints/nobody", b""),
    "no deployment before": ("POST", "/v1/endpoints/echo/rollback", b""),
    "rollback with an array": ("POST", "/v1/endpoints/echo/rollback", b"[1]"),
    "rollback with a number": ("POST", "/v1/endpoints/echo/rollback", b'{"reason": 1}'),
    "deployment of nothing": ("POST", "/v1/endpoints/echo/deployments", b'{"model": "nobody", "version": "1"}'),
    "deployment of no version": ("POST", "/v1/endpoints/echo/deployments", b'{"model": "echo", "version": "99"}'),
    "version beyond 64 bits": (
        "POST",
        "/v1/endpoints/echo/deployments",
        b'{"model": "echo", "version": "99999999999999999999"}',
    ),
    "short digest": ("POST", "/v1/endpoints/echo/deployments", b'{"model": "echo", "version": "sha256:ab"}'),
    "deployment with a number": ("POST", "/v1/endpoints/echo/deployments", b'{"model": "echo", "version": 1.5}'),
    "endpoint name": ("POST", "/v1/endpoints/..%2Fx/deployments", b'{"model": "echo", "version": "1"}'),
    "version without its contents": (
        "POST",
        "/v1/registry/models/echo/versions",
        b'{"manifest": "sha256:00", "provenance": ""}',
    ),
    "version with a path": (
        "POST",
        "/v1/registry/models/echo/versions",
        b'{"manifest": "../../x", "provenance": "/etc/passwd"}',
    ),
    "blob without a digest": ("PUT", "/v1/blobs/sha256:zz", b"x"),
    "blob with another digest": ("PUT", "/v1/blobs/sha256:" + "ab" * 32, b"x"),
    "blob with a capital digest": ("PUT", "/v1/blobs/SHA256:" + "AB" * 32, b"x"),
    "logs, negative": ("GET", "/v1/logs?lines=-1", b""),
    "logs, zero": ("GET", "/v1/logs?lines=0", b""),
    "logs, a word": ("GET", "/v1/logs?lines=all", b""),
    "logs, beyond 64 bits": ("GET", "/v1/logs?lines=99999999999999999999", b""),
    "logs, too many": ("GET", "/v1/logs?lines=10001", b""),
    "ledger, negative": ("GET", "/v1/ledger?from=-1", b""),
    "ledger, a word": ("GET", "/v1/ledger?limit=x", b""),
    "ledger, beyond 64 bits": ("GET", "/v1/ledger?from=9223372036854775808", b""),
    "ledger, too many": ("GET", "/v1/ledger?limit=1000000000", b""),
    "project name": ("GET", "/v1/registry/models/echo?project=..%2F..", b""),
    "project that is no text": ("GET", "/v1/registry/models/echo?project=%ff%fe", b""),
    "project that is not there": ("GET", "/v1/registry/models/echo?project=nobody", b""),
    "nothing at this path": ("GET", "/v1/nothing", b""),
    "dots in the path": ("GET", "/v1/../../etc/passwd", b""),
    "slashes alone": ("GET", "//////", b""),
    "percent signs alone": ("GET", "/%%%%%", b""),
    "wrong method": ("DELETE", "/v1/status", b""),
}


@pytest.mark.parametrize("wrong", BAD_ADMINISTRATION)
def test_bad_administration_is_explained_and_the_server_goes_on(server, wrong):
    method, path, body = BAD_ADMINISTRATION[wrong]
    with Connection(server, timeout=20) as connection:
        connection.send(administration(server, method, path, body))
        assert_explained(connection.answer(), path)
    with Connection(server) as connection:
        connection.send(alias(server))
        assert connection.answer().status == 200
        assert_served(connection)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        "Bearer " + "a" * 10_000,
        "Bearer \xff\xfe",
        "bearer\t\tx",
        "Bearer a b",
    ],
)
def test_no_token_and_the_wrong_one_are_401(server, token):
    answer = ask(server, message("GET", "/v1/status", [("Authorization", token)]))
    assert answer.status in (401, 400), str(answer)
    assert "version" not in answer.json()
