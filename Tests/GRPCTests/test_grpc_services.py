# SPDX-License-Identifier: Apache-2.0
"""grpc.health.v1 and reflection, asked by gRPC's own clients; TLS; and calls from many threads over one channel."""

import threading

import grpc
import numpy
import pytest
import tritonclient.grpc as triton
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_wire import floats_of, infer_request, make_certificate
from program import MODELS, running
from test_grpc_triton import ROWS, tensor
from tritonclient.grpc import service_pb2, service_pb2_grpc

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
SERVICES = {
    "inference.GRPCInferenceService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
}


# Health


@pytest.mark.parametrize("service", ["", "inference.GRPCInferenceService"])
def test_health_is_serving(channel, service):
    stub = health_pb2_grpc.HealthStub(channel)
    assert stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=120).status == SERVING


def test_health_of_what_is_not_there(channel):
    stub = health_pb2_grpc.HealthStub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=10)
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    # A watch says it, and waits for the service to come.
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="nobody"), timeout=10)
    assert next(watch).status == SERVICE_UNKNOWN
    watch.cancel()


def test_a_watch_says_how_it_is_and_stays(channel):
    watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=1)
    assert next(watch).status == SERVING
    with pytest.raises(grpc.RpcError) as caught:
        next(watch)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_many_watches_are_no_burden(server, channel):
    """Each is a call that does not end; those that leave are forgotten."""
    stub = health_pb2_grpc.HealthStub(channel)
    before = server.resident_bytes()
    for _ in range(20):
        watches = [stub.Watch(health_pb2.HealthCheckRequest(), timeout=120) for _ in range(50)]
        assert all(next(watch).status == SERVING for watch in watches)
        for watch in watches:
            watch.cancel()
    assert server.resident_bytes() - before < 20 << 20


# Reflection


@pytest.fixture(params=["v1alpha", "v1"])
def ask_reflection(request, channel):
    """Both versions have the same messages."""
    if request.param == "v1alpha":
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
    else:
        call = channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )

    def ask(*questions):
        requests = [reflection_pb2.ServerReflectionRequest(**question) for question in questions]
        return list(call(iter(requests), timeout=120))

    return ask


def test_services_are_listed(ask_reflection):
    (answer,) = ask_reflection({"list_services": ""})
    assert {service.name for service in answer.list_services_response.service} == SERVICES


@pytest.mark.parametrize(
    "question",
    [
        {"file_containing_symbol": "inference.GRPCInferenceService"},
        {"file_containing_symbol": "inference.GRPCInferenceService.ModelInfer"},
        {"file_containing_symbol": "inference.ModelInferRequest.InferInputTensor"},
        {"file_containing_symbol": "grpc.health.v1.Health"},
        {"file_containing_symbol": "grpc.reflection.v1.ServerReflection"},
    ],
    ids=lambda question: next(iter(question.values())),
)
def test_files_are_found_by_symbol_and_by_their_name(ask_reflection, question):
    (answer,) = ask_reflection(question)
    files = [parsed(content) for content in answer.file_descriptor_response.file_descriptor_proto]
    assert files, answer
    (again,) = ask_reflection({"file_by_filename": files[0].name})
    assert again.file_descriptor_response.file_descriptor_proto, again


def parsed(content):
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    return FileDescriptorProto.FromString(content)


@pytest.mark.parametrize(
    "question",
    [
        {"file_containing_symbol": "inference.Nobody"}, {"file_containing_symbol": ""},
        {"file_by_filename": "nobody.proto"},
        {"file_by_filename": "../../etc/passwd"}, {"all_extension_numbers_of_type": "inference.Nobody"},
        {"file_containing_symbol": "a" * 100_000},
    ],
    ids=["symbol", "no symbol", "file", "path", "type", "long"],
)  # fmt: skip
def test_what_is_not_there_is_an_error_in_its_place(ask_reflection, question):
    wrong, right = ask_reflection(question, {"list_services": ""})
    assert wrong.error_response.error_code in (grpc.StatusCode.NOT_FOUND.value[0], 3, 12), wrong
    assert wrong.error_response.error_message
    assert len(right.list_services_response.service) == len(SERVICES)


def test_the_descriptors_are_those_that_clients_were_built_from(channel):
    """A pool filled by reflection alone makes the same messages, so that tools can build requests of it."""
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    service = pool.FindServiceByName("inference.GRPCInferenceService")
    ours = {method.name: (method.input_type.full_name, method.output_type.full_name) for method in service.methods}
    theirs = service_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    known = {method.name: (method.input_type.full_name, method.output_type.full_name) for method in theirs.methods}
    assert set(ours.items()) <= set(known.items())
    assert {"ServerLive", "ModelInfer", "ModelStreamInfer", "RepositoryIndex", "ModelStatistics"} <= set(ours)
    for name in ["ModelInferRequest", "ModelInferResponse", "ModelMetadataResponse", "InferTensorContents",
                 "ModelReadyRequest", "RepositoryIndexResponse", "ServerMetadataResponse"]:  # fmt: skip
        assert fields_of(pool.FindMessageTypeByName(f"inference.{name}")) == fields_of(
            service_pb2.DESCRIPTOR.message_types_by_name[name]
        ), name


def fields_of(message):
    return {(field.name, field.number, field.type, field.message_type and field.message_type.full_name)
            for field in message.fields}  # fmt: skip


# Threads


def test_one_channel_serves_twenty_threads(stub):
    errors = []

    def work(number):
        try:
            for index in range(50):
                values = [float(number), float(index), 0.5]
                assert floats_of(stub.ModelInfer(infer_request(values), timeout=60)) == values
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert not errors, errors[0]


# TLS


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    with running(folder, *make_certificate(folder)) as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
        yield server, folder / "chain.pem"


def test_tritonclient_goes_over_tls_on_the_port_of_http(secure):
    server, chain = secure
    with triton.InferenceServerClient(f"localhost:{server.port}", ssl=True, root_certificates=str(chain)) as client:
        assert client.is_server_live() and client.is_model_ready("echo")
        numpy.testing.assert_array_equal(client.infer("echo", [tensor("values", ROWS)]).as_numpy("same"), ROWS)
        rows = numpy.arange(3 << 20, dtype=numpy.float32).reshape(-1, 3)
        numpy.testing.assert_array_equal(client.infer("echo", [tensor("values", rows)]).as_numpy("same"), rows)


def test_grpcs_own_client_goes_over_tls(secure):
    server, chain = secure
    credentials = grpc.ssl_channel_credentials(chain.read_bytes())
    with grpc.secure_channel(f"localhost:{server.port}", credentials) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        assert floats_of(stub.ModelInfer(infer_request(), timeout=120)) == [1.5, -2.0, 3.25]
        health = health_pb2_grpc.HealthStub(channel)
        assert health.Check(health_pb2.HealthCheckRequest(), timeout=120).status == SERVING


def test_a_token_goes_along_as_credentials_of_the_call(secure):
    server, chain = secure
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(chain.read_bytes()), grpc.access_token_call_credentials(server.token)
    )
    with grpc.secure_channel(f"localhost:{server.port}", credentials) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        stub.RepositoryModelLoad(service_pb2.RepositoryModelLoadRequest(model_name="echo"), timeout=60)


def test_a_client_that_does_not_trust_the_certificate_gets_nothing(secure):
    server, _ = secure
    with grpc.secure_channel(f"localhost:{server.port}", grpc.ssl_channel_credentials()) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
        assert caught.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


# The end of the server


def test_a_server_that_stops_answers_what_it_has_taken(tmp_path):
    """Calls one after the other while it is told to stop: each is answered, or refused before it was taken."""
    outcomes = []
    with running(tmp_path, "--grpc-port", 0) as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
            assert floats_of(stub.ModelInfer(infer_request())) == [1.5, -2.0, 3.25]
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert next(watch).status == SERVING
            server.process.terminate()
            for _ in range(2000):
                try:
                    assert floats_of(stub.ModelInfer(infer_request(), timeout=120)) == [1.5, -2.0, 3.25]
                    outcomes.append("right")
                except grpc.RpcError as error:
                    outcomes.append(error.code())
                    break
            last = None
            try:
                last = next(watch).status
            except grpc.RpcError as error:
                assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.OK)
            except StopIteration:
                pass
            assert last in (None, NOT_SERVING)
        # Told to stop twice it would cut what it still has.
        server.process.wait(timeout=120)
    assert set(outcomes) <= {"right", grpc.StatusCode.UNAVAILABLE}, outcomes
