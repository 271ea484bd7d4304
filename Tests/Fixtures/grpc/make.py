# SPDX-License-Identifier: Apache-2.0
"""Writes messages.json: requests as the protocol's own Python library serialises them, and what is in them.

    python Tests/Fixtures/grpc/make.py        needs tritonclient[grpc] and numpy
"""

import base64
import json
from pathlib import Path

import numpy as np
from tritonclient.grpc import service_pb2 as pb

NUMBERS = {
    "BOOL": ("bool_contents", np.bool_, [True, False, True]),
    "INT8": ("int_contents", np.int8, [-128, 0, 127]),
    "INT16": ("int_contents", np.int16, [-32768, 0, 32767]),
    "INT32": ("int_contents", np.int32, [-(2**31), -1, 2**31 - 1]),
    "INT64": ("int64_contents", np.int64, [-(2**63), -1, 2**63 - 1]),
    "UINT8": ("uint_contents", np.uint8, [0, 128, 255]),
    "UINT16": ("uint_contents", np.uint16, [0, 300, 65535]),
    "UINT32": ("uint_contents", np.uint32, [0, 300, 2**32 - 1]),
    "UINT64": ("uint64_contents", np.uint64, [0, 300, 2**64 - 1]),
    "FP32": ("fp32_contents", np.float32, [-1.5, 0.1, 3e38]),
    "FP64": ("fp64_contents", np.float64, [-1.5, 0.1, 1e308]),
}


def request():
    return pb.ModelInferRequest(model_name="modèle", model_version="7", id="id-1")


def case(name, message, tensors, **more):
    return {
        "name": name,
        "message": base64.b64encode(message.SerializeToString()).decode(),
        "tensors": [
            {"name": tensor, "datatype": kind, "shape": shape, "bytes": base64.b64encode(data).decode()}
            for tensor, kind, shape, data in tensors
        ],
        **more,
    }


def main():
    cases = []
    raw = request()
    everything = []
    for kind, (field, dtype, values) in NUMBERS.items():
        data = np.array(values, dtype=dtype).tobytes()
        typed = request()
        tensor = typed.inputs.add(name="x", datatype=kind, shape=[1, 3])
        getattr(tensor.contents, field).extend(values)
        cases.append(case(f"typed {kind}", typed, [("x", kind, [1, 3], data)]))
        raw.inputs.add(name=f"x{kind}", datatype=kind, shape=[3])
        raw.raw_input_contents.append(data)
        everything.append((f"x{kind}", kind, [3], data))
    cases.append(case("raw", raw, everything))

    texts = [b"", "größer".encode(), b"\x00\xff"]
    typed = request()
    typed.inputs.add(name="t", datatype="BYTES", shape=[3]).contents.bytes_contents.extend(texts)
    cases.append(case("typed BYTES", typed, [("t", "BYTES", [3], b"".join(texts))]))
    raw = request()
    raw.inputs.add(name="t", datatype="BYTES", shape=[3])
    raw.raw_input_contents.append(b"".join(len(text).to_bytes(4, "little") + text for text in texts))
    cases.append(case("raw BYTES", raw, [("t", "BYTES", [3], b"".join(texts))]))

    full = request()
    full.parameters["flag"].bool_param = True
    full.parameters["count"].int64_param = -5
    full.parameters["text"].string_param = "über"
    full.parameters["share"].double_param = 0.25
    full.parameters["large"].uint64_param = 2**64 - 1
    full.inputs.add(name="x", datatype="FP32", shape=[0, 4]).parameters["content_type"].string_param = "np"
    full.outputs.add(name="a").parameters["classification"].int64_param = 3
    full.outputs.add(name="b")
    full.raw_input_contents.append(b"")
    cases.append(
        case(
            "everything else",
            full,
            [("x", "FP32", [0, 4], b"")],
            parameters={"flag": True, "count": -5, "text": "über", "share": 0.25, "large": 2**64 - 1},
            outputs=["a", "b"],
        )
    )
    Path(__file__).with_name("messages.json").write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
