# SPDX-License-Identifier: Apache-2.0
"""Who may ask what over gRPC: as over REST, for predictions, descriptions, health and changes."""

import base64
import json

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_wire import floats_of, infer_request
from tritonclient.grpc import service_pb2

# Asked from elsewhere, as far as the server can tell.
ELSEWHERE = ("x-forwarded-for", "192.0.2.1")
REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


@pytest.fixture(scope="module")
def tokens(common_server):
    def make(name, *options):
        made = common_server.slipway("token", "create", name, *options, "--format", "json").stdout
        return json.loads(made)["token"]

    return {
        "viewer": make("vic", "--role", "viewer"),
        "predictor": make("pat", "--role", "predictor"),
        "approver": make("app", "--role", "approver"),
        "echo": make("eve", "--role", "approver", "--endpoint", "echo"),
        "other project": make("oda", "--role", "admin", "--project", "other"),
    }


def status_of(call, request, token=None):
    """What came of a call, and its answer."""
    metadata = [ELSEWHERE] + ([("authorization", f"Bearer {token}")] if token else [])
    try:
        return grpc.StatusCode.OK, call(request, metadata=metadata, timeout=120)
    except grpc.RpcError as error:
        return error.code(), error


def test_predictions_need_a_token_that_predicts(stub, tokens):
    outcome = {who: status_of(stub.ModelInfer, infer_request(), token)[0] for who, token in tokens.items()}
    assert outcome == {
        "viewer": grpc.StatusCode.PERMISSION_DENIED,
        "predictor": grpc.StatusCode.OK,
        "approver": grpc.StatusCode.OK,
        "echo": grpc.StatusCode.OK,
        "other project": grpc.StatusCode.PERMISSION_DENIED,
    }
    assert status_of(stub.ModelInfer, infer_request())[0] == grpc.StatusCode.UNAUTHENTICATED
    assert status_of(stub.ModelInfer, infer_request(), "slp_none")[0] == grpc.StatusCode.UNAUTHENTICATED


def test_a_token_for_an_endpoint_asks_no_other(stub, tokens):
    assert status_of(stub.ModelInfer, infer_request(), tokens["echo"])[0] == grpc.StatusCode.OK
    elsewhere, error = status_of(stub.ModelInfer, infer_request(model="scale"), tokens["echo"])
    assert elsewhere == grpc.StatusCode.PERMISSION_DENIED
    assert dict(error.trailing_metadata())["slipway-error-code"] == "ACC-002"
    # Whether there is such an endpoint is not told.
    nowhere, other = status_of(stub.ModelInfer, infer_request(model="nobody"), tokens["echo"])
    assert nowhere == elsewhere and other.details().replace("nobody", "scale") == error.details()


def test_a_stream_is_asked_for_every_message(stub, tokens):
    metadata = [ELSEWHERE, ("authorization", f"Bearer {tokens['echo']}")]
    messages = [infer_request(), infer_request(model="scale"), infer_request()]
    answers = list(stub.ModelStreamInfer(iter(messages), metadata=metadata, timeout=120))
    assert floats_of(answers[0].infer_response) == floats_of(answers[2].infer_response)
    assert "scale" in answers[1].error_message and not answers[1].infer_response.outputs


@pytest.mark.parametrize(
    ("method", "request_of"),
    [
        ("ModelReady", service_pb2.ModelReadyRequest),
        ("ModelMetadata", service_pb2.ModelMetadataRequest),
        ("ModelConfig", service_pb2.ModelConfigRequest),
        ("ModelStatistics", service_pb2.ModelStatisticsRequest),
    ],
)
def test_descriptions_are_for_who_may_ask(stub, tokens, method, request_of):
    call = getattr(stub, method)
    for who in ["viewer", "predictor", "approver", "echo"]:
        assert status_of(call, request_of(name="echo"), tokens[who])[0] == grpc.StatusCode.OK, who
    assert status_of(call, request_of(name="scale"), tokens["echo"])[0] == grpc.StatusCode.PERMISSION_DENIED
    assert status_of(call, request_of(name="echo"), tokens["other project"])[0] == grpc.StatusCode.PERMISSION_DENIED
    assert status_of(call, request_of(name="echo"))[0] == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("method", "request_of"),
    [
        ("ServerLive", service_pb2.ServerLiveRequest),
        ("ServerReady", service_pb2.ServerReadyRequest),
        ("ServerMetadata", service_pb2.ServerMetadataRequest),
    ],
)
def test_what_the_server_is_needs_any_token(stub, tokens, method, request_of):
    for token in tokens.values():
        assert status_of(getattr(stub, method), request_of(), token)[0] == grpc.StatusCode.OK
    assert status_of(getattr(stub, method), request_of())[0] == grpc.StatusCode.UNAUTHENTICATED


def test_lists_show_what_a_token_may_see(stub, tokens):
    def names(who):
        _, index = status_of(stub.RepositoryIndex, service_pb2.RepositoryIndexRequest(), tokens[who])
        _, statistics = status_of(stub.ModelStatistics, service_pb2.ModelStatisticsRequest(), tokens[who])
        listed = {model.name for model in index.models}
        assert listed == {model.name for model in statistics.model_stats}
        return listed

    assert {"echo", "scale", "add"} <= names("viewer")
    assert names("echo") == {"echo"} and names("other project") == set()
    assert status_of(stub.RepositoryIndex, service_pb2.RepositoryIndexRequest())[0] == grpc.StatusCode.UNAUTHENTICATED


def test_health_of_the_server_is_open_and_of_an_endpoint_is_not(channel, tokens):
    check = health_pb2_grpc.HealthStub(channel).Check
    watch = health_pb2_grpc.HealthStub(channel).Watch
    assert status_of(check, health_pb2.HealthCheckRequest())[0] == grpc.StatusCode.OK
    echo = health_pb2.HealthCheckRequest(service="echo")
    assert status_of(check, echo, tokens["echo"])[0] == grpc.StatusCode.OK
    assert status_of(check, echo)[0] == grpc.StatusCode.UNAUTHENTICATED
    assert status_of(check, echo, tokens["other project"])[0] == grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(grpc.RpcError) as caught:
        next(watch(echo, metadata=[ELSEWHERE], timeout=120))
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_changes_need_who_decides_wherever_they_come_from(stub, tokens):
    load = service_pb2.RepositoryModelLoadRequest(model_name="echo")
    for who in ["viewer", "predictor", "other project"]:
        with pytest.raises(grpc.RpcError) as caught:
            stub.RepositoryModelLoad(load, metadata=[("authorization", f"Bearer {tokens[who]}")], timeout=120)
        assert caught.value.code() in REFUSED, who
    for who in ["approver", "echo"]:
        assert status_of(stub.RepositoryModelLoad, load, tokens[who])[0] == grpc.StatusCode.OK
    other = service_pb2.RepositoryModelUnloadRequest(model_name="scale")
    assert status_of(stub.RepositoryModelUnload, other, tokens["echo"])[0] == grpc.StatusCode.PERMISSION_DENIED


def test_basic_is_taken_here_too(stub, tokens):
    basic = base64.b64encode(f"anybody:{tokens['echo']}".encode()).decode()
    stub.ModelInfer(infer_request(), metadata=[ELSEWHERE, ("authorization", f"Basic {basic}")], timeout=120)
