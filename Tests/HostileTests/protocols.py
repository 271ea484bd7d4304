# SPDX-License-Identifier: Apache-2.0
"""The ways to ask for a prediction. One that is new needs one entry of PROTOCOLS, and every test here runs through it.

The model `echo` gives back what it gets, three floats a row, so that an answer shows which request it belongs to.
"""

import json
import struct
from dataclasses import dataclass
from typing import Callable

from wire import JSON, message

# Of one prediction. Small, so that a body of 100 MB is far beyond it.
BODY_LIMIT = 8 << 20


@dataclass(frozen=True)
class Protocol:
    name: str
    path: str
    # values -> (headers, body)
    encode: Callable
    # answer -> values
    decode: Callable

    def request(self, values=(1.0, 2.0, 3.0), headers=(), version="1.1"):
        own, body = self.encode(list(values))
        return message("POST", self.path, [*own, *headers], body, version)

    def with_body(self, body, headers=None):
        """A request with this body, framed as it must be."""
        own = self.encode([1.0, 2.0, 3.0])[0]
        return message("POST", self.path, own if headers is None else headers, body)

    def __str__(self):
        return self.name


def input_json(values, **members):
    return {"name": "values", "datatype": "FP32", "shape": [1, 3], **({"data": values} if values else {}), **members}


def encode_v2(values):
    return JSON, json.dumps({"inputs": [input_json(values)]}).encode()


def encode_v2_binary(values):
    text = json.dumps({"inputs": [input_json(None, parameters={"binary_data_size": 12})]}).encode()
    return [("Inference-Header-Content-Length", len(text))], text + struct.pack("<3f", *values)


def encode_rows(values):
    return JSON, json.dumps([{"values": values}]).encode()


def encode_csv(values):
    return [("Content-Type", "text/csv")], b"values[0],values[1],values[2]\n" + ",".join(map(str, values)).encode()


def encode_instances(values):
    return JSON, json.dumps({"instances": [{"values": values}]}).encode()


def encode_split(values):
    return JSON, json.dumps({"dataframe_split": {"columns": ["values"], "data": [[values]]}}).encode()


def decode_v2(answer):
    return answer.json()["outputs"][0]["data"]


def decode_rows(answer):
    return answer.json()["predictions"][0]["same"]


def decode_predictions(answer):
    return answer.json()["predictions"][0]


V2 = Protocol("v2 JSON", "/v2/models/echo/infer", encode_v2, decode_v2)
V2_BINARY = Protocol("v2 binary", "/v2/models/echo/infer", encode_v2_binary, decode_v2)
ROWS = Protocol("rows JSON", "/v1/endpoints/echo/predict", encode_rows, decode_rows)
CSV = Protocol("rows CSV", "/v1/endpoints/echo/predict", encode_csv, decode_rows)
INSTANCES = Protocol("v1 predict", "/v1/models/echo:predict", encode_instances, decode_predictions)
SCORING = Protocol("invocations", "/invocations?endpoint=echo", encode_split, decode_predictions)

PROTOCOLS = [V2, V2_BINARY, ROWS, CSV, INSTANCES, SCORING]


def slow(steps):
    """A request that takes the longer, the more steps it is to count."""
    body = '{"inputs":[{"name":"steps","datatype":"INT64","shape":[1],"data":[%d]}]}' % steps
    return message("POST", "/v2/models/slow/infer", JSON, body.encode())


def administration(server, method, target, body=b"", headers=()):
    """A request of whoever may change things."""
    return message(method, target, [("Authorization", f"Bearer {server.token}"), *headers], body)


def alias(server, version=1):
    """A request with a body that the web framework answers, and that may be sent as often as one likes."""
    body = json.dumps({"version": version}).encode()
    return administration(server, "PUT", "/v1/registry/models/echo/aliases/hostile", body, JSON)


def assert_served(connection, protocol=V2, values=(1.5, -2.0, 3.25)):
    """A good request on this connection is answered rightly."""
    assert connection.send(protocol.request(values)), "the connection was closed"
    answer = connection.answer()
    assert answer is not None, "the connection was closed"
    assert answer.status == 200, str(answer)
    assert protocol.decode(answer) == list(values)
