# SPDX-License-Identifier: Apache-2.0
"""How a server is asked, and how its answers are read: bodies from rows, and arrays by output from what came back."""
import json
import struct
from dataclasses import dataclass

import numpy
from tritonclient.grpc import service_pb2

from inputs import JSON, binary_body, shortest

CALL = "/inference.GRPCInferenceService/ModelInfer"
TYPES = {"FP32": numpy.float32, "FP64": numpy.float64, "INT64": numpy.int64, "INT32": numpy.int32}
CONTENTS = {"FP32": "fp32_contents", "FP64": "fp64_contents", "INT64": "int64_contents", "INT32": "int_contents"}


@dataclass(frozen=True)
class Speech:
    protocol: str
    path: object  # of a model's name
    encode: object  # of a subject and an input → bytes and headers
    decode: object  # of bytes → arrays by output


def numbers(tensor):
    return shortest(tensor.ravel())


# MARK: The Open Inference Protocol


def v2_body(subject, tensor):
    described = {"name": subject.input, "datatype": "FP32", "shape": tensor.shape, "data": numbers(tensor)}
    return json.dumps({"inputs": [described]}).encode(), JSON


def v2_answer(content):
    return {one["name"]: numpy.array(one["data"], TYPES[one["datatype"]]).reshape(one["shape"])
            for one in json.loads(content)["outputs"]}


def frame(message):
    """As gRPC frames it: not compressed, and how long it is."""
    content = message.SerializeToString()
    return b"\0" + struct.pack(">I", len(content)) + content


def grpc_body(subject, tensor):
    request = service_pb2.ModelInferRequest(model_name=subject.name)
    request.inputs.add(name=subject.input, datatype="FP32", shape=tensor.shape)
    request.raw_input_contents.append(tensor.tobytes())
    return frame(request), {}


def grpc_answer(content):
    answer, found = service_pb2.ModelInferResponse.FromString(content[5:]), {}
    for index, output in enumerate(answer.outputs):
        if answer.raw_output_contents:
            value = numpy.frombuffer(answer.raw_output_contents[index], TYPES[output.datatype])
        else:
            value = numpy.array(getattr(output.contents, CONTENTS[output.datatype]), TYPES[output.datatype])
        found[output.name] = value.reshape(output.shape)
    return found


def infer_path(name):
    return f"/v2/models/{name}/infer"


V2 = Speech("JSON", infer_path, v2_body, v2_answer)
BINARY = Speech("binary", infer_path, lambda subject, tensor: binary_body(subject.input, tensor), v2_answer)
GRPC = Speech("gRPC", lambda name: CALL, grpc_body, grpc_answer)


# MARK: JSON of their own


def arrays(found):
    return {name: numpy.array(value) for name, value in found.items()}


def typed_body(subject, tensor):
    return json.dumps({"values": numbers(tensor)}).encode(), JSON


def nested(tensor):
    return numpy.array(numbers(tensor), object).reshape(tensor.shape).tolist()


def bento_body(subject, tensor):
    return json.dumps({"model": subject.name, "tensor": nested(tensor)}).encode(), JSON


def mlflow_body(subject, tensor):
    return json.dumps({"inputs": nested(tensor)}).encode(), JSON


def mlflow_answer(content):
    found = json.loads(content)
    return arrays(found.get("predictions", found))


TYPED = Speech("JSON", lambda name: f"/predict/{name}", typed_body,
               lambda content: arrays(json.loads(content)["outputs"]))
BENTO = Speech("JSON", lambda name: "/predict", bento_body, lambda content: arrays(json.loads(content)))
MLFLOW = Speech("JSON", lambda name: "/invocations", mlflow_body, mlflow_answer)
