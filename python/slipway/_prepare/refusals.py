# SPDX-License-Identifier: Apache-2.0
"""Files that hold no model, or none that can be opened, and what to save instead."""
from __future__ import annotations

from pathlib import Path

from .problems import Problem, refused

WHOLE_KERAS = "Save the whole model, architecture and all: model.save('model.keras')."
BY_SUFFIX = {
    ".safetensors": ("weights without the code that uses them",
                     "Save the model itself: torch.jit.script(model).save('model.pt'), or export it to ONNX with "
                     "torch.onnx.export."),
    ".rds": ("a model of R, which Python cannot open",
             "Serve it with a worker in R (examples/workers has one), or export it: xgboost::xgb.save, "
             "lightgbm::lgb.save, or ONNX."),
    ".rda": ("an R workspace, which Python cannot open",
             "Serve the model with a worker in R (examples/workers has one), or export it to ONNX."),
    ".rdata": ("an R workspace, which Python cannot open",
               "Serve the model with a worker in R (examples/workers has one), or export it to ONNX."),
    ".mat": ("a MATLAB file, which holds arrays and no model Python can call",
             "Export the model with exportONNXNetwork, or rebuild it in Python."),
    ".npz": ("arrays without the code that uses them", "Write a folder with predict.py that loads them."),
    ".npy": ("an array without the code that uses it", "Write a folder with predict.py that loads it."),
    ".gguf": ("a language model for llama.cpp", "Slipway does not serve language models."),
    ".tar": ("a packed folder", "Unpack it, and give the folder."),
    ".tgz": ("a packed folder", "Unpack it, and give the folder."),
    ".pmml": ("PMML, for which there is no engine", "Save the model it came from with joblib.dump."),
    ".mlmodel": ("a Core ML model, which runs on Apple's systems only", "Save the model it came from."),
    ".tflite": ("a TensorFlow Lite model", "Save the model it came from: model.save('model.keras')."),
    ".ckpt": ("a checkpoint: weights and the state of training",
              "Save the model itself: torch.jit.script(model).save('model.pt')."),
    ".csv": ("a table of rows", "Give the model first, and the rows with --examples."),
    ".parquet": ("a table of rows", "Give the model first, and the rows with --examples."),
    ".ipynb": ("a notebook", "Call slipway.deploy(model) in it, or save the model with joblib.dump."),
    ".py": ("code", "Give its folder, with a class Predictor or a function predict in predict.py; or module:Name."),
}
PACKED = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
R_HEADS = (b"X\n\x00\x00\x00", b"A\n2\n", b"A\n3\n", b"RDX2", b"RDX3", b"RDA2", b"RDA3")


def refusal_of(path: Path) -> Problem | None:
    name, suffix = path.name.lower(), path.suffix.lower()
    if name.endswith(PACKED):
        suffix = ".tar"
    if suffix in BY_SUFFIX:
        what, instead = BY_SUFFIX[suffix]
        return refused(f"“{path.name}” is {what}.", instead)
    with path.open("rb") as stream:
        head = stream.read(512)
    if _unpacked(head, path).startswith(R_HEADS):
        return refused(f"“{path.name}” is {BY_SUFFIX['.rds'][0]}.", BY_SUFFIX[".rds"][1])
    if head[257:262] == b"ustar":
        return refused(f"“{path.name}” is {BY_SUFFIX['.tar'][0]}.", BY_SUFFIX[".tar"][1])
    if head.startswith(b"MATLAB 5.0"):
        return refused(f"“{path.name}” is {BY_SUFFIX['.mat'][0]}.", BY_SUFFIX[".mat"][1])
    if head.startswith(b"version https://git-lfs"):
        return refused(f"“{path.name}” is a pointer of Git LFS, not the file it points to.", "Run git lfs pull.")
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        if not _holds(path, b"model_config"):
            return refused(f"“{path.name}” holds weights of Keras without the architecture.", WHOLE_KERAS)
    if len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size and (
            b'"dtype"' in head or b'"__metadata__"' in head):
        what, instead = BY_SUFFIX[".safetensors"]
        return refused(f"“{path.name}” is a safetensors file: {what}.", instead)
    return None


def _unpacked(head: bytes, path: Path) -> bytes:
    """The first bytes, with gzip undone: R packs what it saves."""
    if not head.startswith(b"\x1f\x8b"):
        return head
    import gzip
    import zlib
    try:
        with gzip.open(path) as stream:
            return stream.read(16)
    except (OSError, EOFError, zlib.error):
        return head


def _holds(path: Path, mark: bytes) -> bool:
    tail = b""
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            if mark in tail + block:
                return True
            tail = block[-len(mark):]
    return False
