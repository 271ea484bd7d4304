# SPDX-License-Identifier: Apache-2.0
"""Clients that behave: one over HTTP/1.1, one over gRPC. Each keeps its connection, and fails when an answer is
wrong."""

import http.client
import json

from grpc_wire import GRPC_FIELDS, SERVICE, infer_request, message
from http2_targets import infer_json, is_grpc_answer
from http2_wire import Connection, post


class Rest:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def ask(self, values):
        self.connection.request(
            "POST", "/v2/models/echo/infer", infer_json(values), {"Content-Type": "application/json"}
        )
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, f"{answer.status} {content[:300]}"
        assert json.loads(content)["outputs"][0]["data"] == values


class Grpc:
    def __init__(self, port):
        self.connection, self.stream = Connection(("127.0.0.1", port), timeout=20), -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.socket.close()

    def ask(self, values):
        self.stream += 2
        sent = self.connection.send(
            post(self.stream, f"{SERVICE}/ModelInfer", message(infer_request(values)), *GRPC_FIELDS)
        )
        assert sent, f"closed: {self.connection}"
        came = self.connection.answer(self.stream)
        assert is_grpc_answer(came, values), str(came)
        del self.connection.streams[self.stream]
