# SPDX-License-Identifier: Apache-2.0
"""One real server for the cases of the specification, asked on each of its ways; floods start their own."""

import time

import http2_targets
import pytest
from floods import beside, write_wide
from grpc_wire import client_context, make_certificate
from http2_spec import REFERENCE_DIFFERS
from program import MODELS, running
from slow_streams import SlowStreams

# Of one prediction. Small, so that clients in Python get beyond it in a second.
BODY_LIMIT = 8 << 20
WAYS = ["rest", "grpc", "grpc-port", "rest-tls", "grpc-tls"]
# What TLS adds is the same for every case: those that hold a server to the specification run in the clear.
CLEAR_WAYS = [*WAYS[:3], *(["nghttpd"] if http2_targets.REFERENCE else [])]


def pytest_configure(config):
    config.addinivalue_line("markers", "differs(number): nghttpd does something else, see http2_spec.py")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("http2"), "--grpc-port", 0, "--body-limit", BODY_LIMIT) as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
        yield server


@pytest.fixture(scope="session")
def slow_streams(tmp_path_factory):
    """Clients that began with the first test, and a server of their own."""
    folder = tmp_path_factory.mktemp("slow")
    # What is let go goes back to the system at once: else a test would measure how glibc keeps it for the next answers.
    with running(folder, "--grpc-port", 0, MALLOC_MMAP_THRESHOLD_=str(1 << 17)) as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
        server.slipway("deploy", write_wide(folder / "wide.onnx"), "--name", "wide")
        target = http2_targets.grpc("grpc", ("127.0.0.1", server.grpc_port))
        streams = SlowStreams(server, server.grpc_port, target)
        streams.start()
        yield streams
        streams.join()
        for client in streams.clients:
            client.connection.socket.close()


@pytest.fixture(scope="session", autouse=True)
def slow_streams_begin_early(request):
    if any("slow_streams" in item.fixturenames for item in request.session.items):
        request.getfixturevalue("slow_streams")


@pytest.fixture(scope="session")
def flooded(tmp_path_factory):
    """A server for floods, warm -> (server, port of gRPC)"""
    folder = tmp_path_factory.mktemp("flooded")
    # What is let go goes back to the system at once: else a test would measure how glibc keeps it for the next answers.
    with running(folder, "--grpc-port", 0, MALLOC_MMAP_THRESHOLD_=str(1 << 17)) as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
        server.slipway("deploy", write_wide(folder / "wide.onnx"), "--name", "wide")
        with beside(server, server.grpc_port):
            time.sleep(2)
        yield server, server.grpc_port


@pytest.fixture(scope="session")
def secure(tmp_path_factory):
    """A server with a certificate -> (server, context of a client that trusts it and speaks HTTP/2)."""
    folder = tmp_path_factory.mktemp("secure")
    with running(folder, "--body-limit", BODY_LIMIT, *make_certificate(folder)) as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
        yield server, client_context(folder, "h2")


@pytest.fixture(scope="session")
def nghttpd(tmp_path_factory):
    with http2_targets.reference(tmp_path_factory.mktemp("nghttpd")) as target:
        yield target


def target_of(request, way):
    if way == "nghttpd":
        return request.getfixturevalue("nghttpd")
    make = http2_targets.rest if way.startswith("rest") else http2_targets.grpc
    if way.endswith("tls"):
        server, context = request.getfixturevalue("secure")
        return make(way, ("localhost", server.port), context)
    server = request.getfixturevalue("server")
    return make(way, ("127.0.0.1", server.grpc_port if way.endswith("port") else server.port))


@pytest.fixture(params=CLEAR_WAYS)
def target(request):
    if request.param == "nghttpd":
        case = request.node.callspec.params.get("case")
        marker = request.node.get_closest_marker("differs")
        number = case.number if case else marker and marker.args[0]
        if number in REFERENCE_DIFFERS:
            request.applymarker(pytest.mark.xfail(strict=True, reason=REFERENCE_DIFFERS[number]))
    yield target_of(request, request.param)
    if request.param != "nghttpd":
        server = request.getfixturevalue("server")
        assert server.is_running(), f"the server died:\n{server.log.read_text()[-4000:]}"


@pytest.fixture(params=WAYS)
def any_target(request):
    return target_of(request, request.param)
