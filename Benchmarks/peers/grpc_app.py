# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime behind gRPC's own server for Python, asynchronous: `ModelInfer`, raw contents, and nothing else.

    grpc_app.py PORT
"""
import asyncio
import sys

import grpc
import numpy
from tritonclient.grpc import service_pb2, service_pb2_grpc

from sessions import DATATYPES, MODELS

LARGEST = 64 << 20


class Service(service_pb2_grpc.GRPCInferenceServiceServicer):
    async def ServerReady(self, request, context):
        return service_pb2.ServerReadyResponse(ready=True)

    async def ModelInfer(self, request, context):
        tensor = numpy.frombuffer(request.raw_input_contents[0], numpy.float32).reshape(request.inputs[0].shape)
        answer = service_pb2.ModelInferResponse(model_name=request.model_name, model_version="1")
        for name, value in MODELS[request.model_name].run(tensor).items():
            answer.outputs.add(name=name, datatype=DATATYPES[value.dtype.name], shape=value.shape)
            answer.raw_output_contents.append(value.tobytes())
        return answer


async def main():
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", LARGEST)])
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Service(), server)
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    await server.start()
    await server.wait_for_termination()


asyncio.run(main())
