# SPDX-License-Identifier: Apache-2.0
"""The server's side of the worker protocol, for any worker: frames over a socket pair."""

import json
import socket
import struct
import subprocess
import tempfile

import numpy as np
from slipway._model.tensors import DATATYPES, decode, encode

# Starting a language and its libraries on a busy machine takes seconds.
PATIENCE = 60


def tensor(name, array):
    """A tensor as (header, bytes). Texts are an array of objects, each of them bytes."""
    content = bytes(encode(array))
    head = {"name": name, "datatype": DATATYPES[array.dtype], "shape": list(array.shape)}
    return {**head, "parameters": {"binary_data_size": len(content)}}, content


def texts(*rows):
    return np.array([[value.encode() for value in row] for row in rows], dtype=object)


def frame(header, data=b""):
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<II", 4 + len(encoded) + len(data), len(encoded)) + encoded + data


class Connection:
    """A worker process, started the way the server starts it. Use it with `with`: it ends with the block."""

    def __init__(self, command, environment=None, folder=None):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=self.log, env=environment, cwd=folder)
        theirs.close()
        self.last = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.log.close()

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def send(self, header, data=b""):
        self.socket.sendall(frame(header, data))

    def receive(self):
        """The next message and its tensors' bytes; None when the worker has closed the connection."""
        head = self._exactly(8)
        if head is None:
            return None
        length, header_length = struct.unpack("<II", head)
        assert 4 + header_length <= length <= 1 << 30, "a frame that cannot be"
        body = self._exactly(length - 4)
        assert body is not None, "the connection ends within a frame"
        message = json.loads(body[:header_length].decode())
        assert isinstance(message["kind"], str)
        return message, body[header_length:]

    def _exactly(self, count):
        content = bytearray()
        while len(content) < count:
            try:
                piece = self.socket.recv(count - len(content))
            except ConnectionResetError:
                piece = b""
            if not piece:
                assert not content, "the connection ends within a frame"
                return None
            content += piece
        return bytes(content)

    def ask(self, header, data=b""):
        """A message that is answered without tensors."""
        self.send(header, data)
        answer = self.receive()
        assert answer is not None, self.logged()
        assert answer[1] == b""
        return answer[0]

    def hello(self):
        return self.ask({"kind": "hello", "protocol": 1, "server": "slipway test"})

    def load(self, folder):
        assert self.hello()["kind"] == "hello"
        return self.ask({"kind": "load", "folder": str(folder), "descriptor": "worker.json"})

    def loaded(self, folder):
        answer = self.load(folder)
        assert answer["kind"] == "loaded", answer
        return self

    def send_predict(self, **arrays):
        self.last += 1
        tensors = [tensor(name, array) for name, array in arrays.items()]
        header = {"kind": "predict", "id": self.last, "inputs": [head for head, _ in tensors]}
        self.send(header, b"".join(content for _, content in tensors))
        return self.last

    def answered(self):
        """The outputs by name, in their order; or the `error` that came instead."""
        answer = self.receive()
        assert answer is not None, self.logged()
        message, data = answer
        assert message["id"] == self.last
        if message["kind"] == "error":
            assert not data
            assert message["code"] and len(message["message"]) <= 1000 and "\n" not in message["message"]
            return message
        assert message["kind"] == "result"
        outputs, position = {}, 0
        for head in message["outputs"]:
            size = head["parameters"]["binary_data_size"]
            outputs[head["name"]] = decode(
                head["datatype"], head["shape"], memoryview(data)[position : position + size])
            position += size
        assert position == len(data)
        return outputs

    def predict(self, **arrays):
        self.send_predict(**arrays)
        return self.answered()

    def ended(self):
        """The status with which the worker ends, once the connection is closed from its side."""
        assert self.receive() is None
        return self.process.wait(PATIENCE)
