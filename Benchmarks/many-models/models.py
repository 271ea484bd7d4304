# SPDX-License-Identifier: Apache-2.0
"""Small models, each with weights of its own, and the bundles that hold them.

One is packed by the program. The others differ from it in the digests and sizes of two files, so that their manifests are
made from its own: packing a thousand takes a process each, and is not what is measured.
"""
import dataclasses
import hashlib
import json
import pathlib

import numpy
import onnx
from onnx import helper, numpy_helper

COLUMNS, CLASSES = 30, 2


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclasses.dataclass
class Model:
    name: str
    bundle: str
    contents: list
    file: bytes
    row: list
    answer: list


@dataclasses.dataclass
class Pattern:
    provenance: str
    provenance_bytes: bytes


def onnx_file(weights, offsets):
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["features", "weights", "offsets"], ["sums"]),
         helper.make_node("Softmax", ["sums"], ["scores"], axis=1)],
        "linear",
        [helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, ["batch", COLUMNS])],
        [helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["batch", CLASSES])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(offsets, "offsets")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


def examples(weights, offsets, rows):
    sums = rows @ weights + offsets
    powers = numpy.exp(sums - sums.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def lines(rows, answers):
    return "".join(
        json.dumps({"inputs": {"features": [float(v) for v in row]}, "outputs": {"scores": [float(v) for v in answer]}})
        + "\n" for row, answer in zip(rows, answers)).encode()


def make(count, folder, slipway):
    """The models, and what their bundles share."""
    random = numpy.random.default_rng(0)
    rows = random.normal(size=(10, COLUMNS)).astype(numpy.float32)
    made = []
    for number in range(count):
        weights = random.normal(size=(COLUMNS, CLASSES)).astype(numpy.float32)
        offsets = random.normal(size=CLASSES).astype(numpy.float32)
        answers = examples(weights, offsets, rows)
        made.append((f"m{number:04}", onnx_file(weights, offsets), lines(rows, answers), answers[0]))
    return pack(made, rows, folder, slipway)


def pack(made, rows, folder, slipway):
    name, file, recorded, _ = made[0]
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(file)
    (folder / "rows.jsonl").write_bytes(recorded)
    (folder / "slipway.yaml").write_text(
        f"model: {{name: {name}, source: model.onnx}}\nproof: {{examples: {{data: rows.jsonl}}}}\n")
    from program import clean_environment
    slipway("pack", folder, "--output", folder / "bundle", environment=clean_environment(folder))
    bundle = pathlib.Path(folder / "bundle")
    manifest = (bundle / "manifest.json").read_bytes()
    described = {entry["path"]: entry for entry in json.loads(manifest)["files"]}
    (example_path,) = [path for path in described if path.endswith(".jsonl")]
    packed_examples = (bundle / example_path).read_bytes()
    provenance = (bundle / "provenance.json").read_bytes()
    models = []
    for name, file, recorded, answer in made:
        own = manifest
        for path, content in (("model.onnx", file), (example_path, recorded)):
            own = replaced(own, described[path], (bundle / path).read_bytes(), content)
        models.append(Model(
            name, digest(own), [(digest(c), c) for c in (file, recorded, own)], file,
            [{"features": [float(v) for v in rows[0]]}], [float(v) for v in answer]))
    if not packed_examples:
        raise SystemExit("the bundle has no examples")
    return models, Pattern(digest(provenance), provenance)


def replaced(manifest, entry, before, after):
    """The manifest with another file in the place of one."""
    old = json.dumps(entry, separators=(",", ":"), sort_keys=True).encode()
    if manifest.count(old) != 1:
        raise SystemExit(f"the manifest does not spell {old!r}")
    new = {key: value for key, value in entry.items()}
    for key, value in entry.items():
        if isinstance(value, str) and hashlib.sha256(before).hexdigest() in value:
            new[key] = value.replace(hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest())
        elif value == len(before) and not isinstance(value, bool):
            new[key] = len(after)
    return manifest.replace(old, json.dumps(new, separators=(",", ":"), sort_keys=True).encode())
