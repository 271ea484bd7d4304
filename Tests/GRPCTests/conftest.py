# SPDX-License-Identifier: Apache-2.0
"""One real server for these tests, with a port for gRPC beside the one of HTTP, which takes gRPC too."""

import grpc
import pytest
import tritonclient.grpc as triton
from grpc_wire import Caller
from program import MODELS, running
from tritonclient.grpc import service_pb2_grpc

# By the names of their endpoints.
DEPLOYED = {
    "echo": "identity-fp32",
    "texts": "identity-string",
    "counts": "identity-int64",
    "halves": "identity-fp16",
    "add": "add",
    "scale": "scale",
    "slow": "slow",
    "fails": "fails-when-run",
    "every-type": "every-type",
}


@pytest.fixture(scope="session")
def common_server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("grpc"), "--grpc-port", 0) as server:
        for name, model in DEPLOYED.items():
            server.slipway("deploy", MODELS / f"{model}.onnx", "--name", name)
        # Some requests make it far slower than it was measured: those are not to hold an event loop.
        server.slipway("endpoint", "set", "slow", "--run-on", "lane", "--queue", 1000, "--wait", "60s")
        yield server


@pytest.fixture
def server(common_server):
    """The common server. A test after which it is gone has failed."""
    assert common_server.is_running(), "the server died in an earlier test"
    yield common_server
    assert common_server.is_running(), f"the server died:\n{common_server.log.read_text()[-4000:]}"


@pytest.fixture
def address(server):
    return f"127.0.0.1:{server.grpc_port}"


@pytest.fixture(params=["its own port", "the port of HTTP"])
def any_address(request, server):
    """Of the two ports that take gRPC."""
    return f"127.0.0.1:{server.grpc_port if request.param == 'its own port' else server.port}"


@pytest.fixture
def administrator(server):
    return {"authorization": f"Bearer {server.token}"}


@pytest.fixture
def client(address):
    with triton.InferenceServerClient(address) as client:
        yield client


@pytest.fixture
def channel(address):
    with grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)]) as channel:
        yield channel


@pytest.fixture
def stub(channel):
    return service_pb2_grpc.GRPCInferenceServiceStub(channel)


@pytest.fixture
def caller(server):
    """Frame by frame."""
    with Caller(server.grpc_port) as caller:
        yield caller
