# SPDX-License-Identifier: Apache-2.0
"""A worker in plain Python that gives `first + 10 * second` and misbehaves for some values of `first`."""
import json
import os
import struct
import sys
import time

ANSWER_FACTOR = float(os.environ.get("FACTOR", "10"))
INPUT = {"name": "values", "datatype": "FP32", "shape": [-1, 2]}
OUTPUT = {"name": "score", "datatype": "FP32", "shape": [-1]}


def read(count):
    data = b""
    while len(data) < count:
        piece = os.read(0, count - len(data))
        if not piece:
            sys.exit(0)
        data += piece
    return data


def write(data):
    while data:
        data = data[os.write(1, data):]


def send(header, body=b""):
    text = json.dumps(header).encode()
    write(struct.pack("<II", 4 + len(text) + len(body), len(text)) + text + body)


def predict(message, body):
    rows = message["inputs"][0]["shape"][0]
    values = struct.unpack(f"<{2 * rows}f", body)
    first = values[0] if values else 0
    shape = [rows]
    if first == 1000:
        os._exit(3)
    if first == 1001:
        time.sleep(600)
    if first == 1002:
        return write(struct.pack("<I", 0xFFFFFFFF))
    if first == 1003:
        shape = [rows, 1]
    if first == 1004:
        return send({"kind": "error", "id": message["id"], "code": "invalid", "message": "ValueError: too large"})
    if first == 1005:
        time.sleep(0.5)
    if first == 1006:
        print("a line of its own", file=sys.stderr, flush=True)
    answers = [values[2 * row] + ANSWER_FACTOR * values[2 * row + 1] for row in range(rows)]
    body = struct.pack(f"<{rows}f", *answers)
    output = {"name": "score", "datatype": "FP32", "shape": shape, "parameters": {"binary_data_size": len(body)}}
    send({"kind": "result", "id": message["id"], "outputs": [output]}, body)


def main():
    while True:
        length, size = struct.unpack("<II", read(8))
        message = json.loads(read(size))
        body = read(length - 4 - size)
        kind = message["kind"]
        if kind == "hello":
            send({"kind": "hello", "protocol": int(os.environ.get("PROTOCOL", "1")), "worker": "small"})
        elif kind == "load":
            if "REFUSE" in os.environ:
                send({"kind": "error", "code": "load_failed", "message": "the file is damaged"})
            else:
                send({"kind": "loaded", "inputs": [INPUT], "outputs": [OUTPUT]})
        elif kind == "predict":
            predict(message, body)
        elif kind == "ping":
            send({"kind": "pong"})


main()
