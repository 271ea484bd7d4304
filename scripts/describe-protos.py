#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what gRPC's reflection answers: the files of proto/, compiled, as a Swift source.

    python scripts/describe-protos.py        needs grpcio-tools
"""

import base64
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "Sources/Interfaces/GRPCInterface/ProtoDescriptors.swift"
HEAD = """\
// SPDX-License-Identifier: Apache-2.0
//
// Made by scripts/describe-protos.py from proto/; do not edit.

/// The compiled files of proto/, in base64, by name.
let protoDescriptors: [(file: String, symbols: [String], base64: String)] = [
"""


def symbols(file):
    """Everything in a file that reflection may be asked for by name."""
    found = []

    def messages(prefix, types):
        for message in types:
            if message.options.map_entry:
                continue
            name = f"{prefix}.{message.name}"
            found.append(name)
            found.extend(f"{name}.{enum.name}" for enum in message.enum_type)
            messages(name, message.nested_type)

    for service in file.service:
        found.append(f"{file.package}.{service.name}")
        found.extend(f"{file.package}.{service.name}.{method.name}" for method in service.method)
    messages(file.package, file.message_type)
    found.extend(f"{file.package}.{enum.name}" for enum in file.enum_type)
    return found


def main():
    names = sorted(path.name for path in (ROOT / "proto").glob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set"
        assert protoc.main(["", f"-I{ROOT / 'proto'}", f"--descriptor_set_out={out}", *names]) == 0
        files = FileDescriptorSet.FromString(out.read_bytes()).file
    lines = [HEAD]
    for file in files:
        text = base64.b64encode(file.SerializeToString()).decode()
        lines.append(f'    (\n        "{file.name}",\n        [\n')
        lines += [f'            "{name}",\n' for name in symbols(file)]
        lines.append('        ],\n        """\n')
        lines += [f"        {text[start:start + 100]}\\\n" for start in range(0, len(text), 100)]
        lines.append('\n        """\n    ),\n')
    TARGET.write_text("".join(lines) + "]\n")


if __name__ == "__main__":
    main()
