# SPDX-License-Identifier: Apache-2.0
"""The servers that are compared: how each is started with models, in its own environment, and what it speaks.

All of them run on loopback, on free ports, with their defaults where these are not about logs, and with one thread a
call of ONNX Runtime. Each has its files in a folder that goes away.
"""
import contextlib
import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

import servers
import speech
from inputs import JSON, ROOT

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
ENGINE = os.environ.get("SLIPWAY_ONNXRUNTIME", str(TOOLS / "engines/libonnxruntime.so.1.27.0"))
TRITON = "pytriton/tritonserver"
# Versions that only the running servers tell.
asked = {}


@dataclass
class Running:
    """A server with models. `grpc` is the port of its gRPC."""

    server: servers.Server
    grpc: int | None = None

    @property
    def pid(self):
        return self.server.pid


@dataclass(frozen=True)
class Peer:
    name: str
    # What `scripts/setup.sh peers` leaves in .tools where this one was installed.
    needs: str
    speaks: tuple
    start: object  # stack, folder, models → Running
    # One process serves one model.
    is_single: bool = False

    def missing(self):
        """Why it cannot be measured here, or None."""
        if not self.needs or pathlib.Path(TOOLS, self.needs).exists():
            return None
        return f"{self.needs} is not in .tools; `scripts/setup.sh peers` says why it could not be installed"


def python(environment):
    return str(TOOLS / environment / "bin/python")


def program(environment, name):
    return str(TOOLS / environment / "bin" / name)


def a_folder(folder, name):
    """A new folder of its own."""
    made = pathlib.Path(folder, f"{name}-{len(os.listdir(folder))}")
    made.mkdir()
    return made


def paths(models):
    return {"BENCH_MODELS": json.dumps({one.name: str(one.file) for one in models})}


# MARK: Slipway


# The load asks as fast as the answers come: nobody is refused for waiting, as nobody else does.
PATIENT = "--wait", "60s"


def slipway(binary, settings=PATIENT):
    """A first server takes the models in; the one that is measured finds them there, as the others find theirs."""
    def start(stack, folder, models):
        data = a_folder(folder, "slipway")
        with contextlib.ExitStack() as first:
            server = servers.slipway(first, binary, data)
            for one in models:
                servers.command(server, "deploy", with_examples(folder, one))
                if settings:
                    servers.command(server, "endpoint", "set", one.name, *settings)
        return on_data(stack, binary, data)
    return start


def with_examples(folder, model):
    """A project with recorded rows, as one deploys what one means: it is proved by them at each start, and they show whether
    rows may be joined."""
    project = a_folder(folder, f"project-{model.name}")
    shutil.copy(model.file, project / "model.onnx")
    rows = [json.dumps({"inputs": {model.input: one[0].tolist()}}) for one in model.inputs[:64]]
    (project / "examples.jsonl").write_text("\n".join(rows) + "\n")
    (project / "slipway.yaml").write_text(
        f"schema: slipway/1\nmodel: {{name: {model.name}}}\nproof: {{examples: {{data: examples.jsonl, origin: self}}}}\n")
    return project


def slipway_of_many(binary):
    """The same with so many models that a command for each would take long: one call each, as SageMaker makes it."""
    def start(stack, folder, models):
        data, shelf = a_folder(folder, "slipway"), a_folder(folder, "shelf")
        with contextlib.ExitStack() as first:
            server = servers.slipway(first, binary, data, "--host", "127.0.0.1", "--sagemaker", "--sagemaker-root",
                                     str(shelf), SAGEMAKER_MULTI_MODEL="true")
            for one in models:
                (shelf / one.name).mkdir()
                shutil.copy(one.file, shelf / one.name / "model.onnx")
                order = json.dumps({"model_name": one.name, "url": str(shelf / one.name)})
                servers.must_ask(server.url, "/models", order, JSON)
        return on_data(stack, binary, data)
    return start


def on_data(stack, binary, data):
    server = servers.slipway(stack, binary, data, "--grpc-port", "0")
    return Running(server, json.loads((data / "server.json").read_text())["grpcPort"])


# MARK: Triton


# One at a time, as it comes in.
TRITON_SETTINGS = "max_batch_size: 0\ninstance_group [{ kind: KIND_CPU count: 1 }]\n"


def triton(backend, *arguments, settings=TRITON_SETTINGS):
    """Triton's own server; its models in a repository of the folder."""
    def start(stack, folder, models):
        home, port, grpc = a_folder(folder, "triton"), servers.free_port(), servers.free_port()
        for one in models:
            triton_model(home, backend, one, settings=settings)
        site = next(pathlib.Path(TOOLS, "venv-peers-triton/lib").glob("python3.*")) / "site-packages" / TRITON
        command = [
            str(site / "bin/tritonserver"), "--model-repository", str(home), "--backend-directory",
            str(site / "backends"), "--http-address", "127.0.0.1", "--grpc-address", "127.0.0.1", "--http-port",
            str(port), "--grpc-port", str(grpc), "--allow-metrics", "false", "--log-info", "false", *arguments]
        # By the first python3 on the PATH the Python backend finds its packages.
        environment = {"SLIPWAY_ONNXRUNTIME": ENGINE,
                       "PATH": f"{TOOLS / 'venv-peers-triton/bin'}:{os.environ['PATH']}"}
        server = servers.start(stack, f"triton-{backend}", command, folder, "/v2/health/ready", port, environment)
        asked["tritonserver"] = json.loads(servers.must_ask(server.url, "/v2"))["version"]
        return Running(server, grpc)
    return start


def triton_model(repository, backend, one, version=1, settings=TRITON_SETTINGS):
    """A model of Triton's: its configuration is what it has to be told, and nothing beside."""
    rows = [-1] if "max_batch_size: 0" in settings else []

    def tensors(values):
        kinds = {"float32": "TYPE_FP32", "int64": "TYPE_INT64"}
        return ", ".join(
            f'{{ name: "{name}" data_type: {kinds[value.dtype.name]} dims: {rows + list(value.shape[1:])} }}'
            for name, value in values.items())
    home = pathlib.Path(repository, one.name)
    (home / str(version)).mkdir(parents=True)
    shutil.copy(one.file, home / str(version) / "model.onnx")
    if backend == "python":
        shutil.copy(HERE / "triton_model.py", home / str(version) / "model.py")
    (home / "config.pbtxt").write_text(
        f'name: "{one.name}"\nbackend: "{backend}"\n{settings}'
        f"input [{tensors({one.input: one.inputs[0]})}]\noutput [{tensors(one.expected[0])}]\n")


# MARK: The Python servers


def fastapi(flavour):
    def start(stack, folder, models):
        port = servers.free_port()
        command = [
            python("venv-peers"), "-m", "uvicorn", f"fastapi_app:{flavour}", "--app-dir", str(HERE), "--host",
            "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log",
            "--log-level", "warning"]
        server = servers.start(stack, f"fastapi-{flavour}", command, folder, "/openapi.json", port, paths(models))
        return Running(server)
    return start


def grpc_aio(stack, folder, models):
    """It has no HTTP: it is up when its port takes a connection."""
    port = servers.free_port()
    command = [python("venv-peers"), str(HERE / "grpc_app.py"), str(port)]
    server = servers.start(stack, "grpc-aio", command, folder, None, port, paths(models))
    return Running(server, port)


def mlserver(workers):
    def start(stack, folder, models):
        home = a_folder(folder, "mlserver")
        server, grpc = servers.mlserver(
            stack, workers, home, {one.name: one.file for one in models}, python=python("venv-bench"))
        return Running(server, grpc)
    return start


def bentoml(stack, folder, models):
    home, port = a_folder(folder, "bentoml"), servers.free_port()
    command = [program("venv-peers-bentoml", "bentoml"), "serve", "bento_service:Models", "--host", "127.0.0.1",
               "--port", str(port)]
    environment = {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True", "PYTHONPATH": str(HERE), **paths(models)}
    return Running(servers.start(stack, "bentoml", command, folder, "/readyz", port, environment))


def mlflow(stack, folder, models):
    """One model; `mlflow models serve` as it comes, in the environment that is there."""
    model, = models
    home, port = a_folder(folder, "mlflow"), servers.free_port()
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [python("venv-peers-mlflow"), str(HERE / "mlflow_save.py"), str(model.file), str(home / "model")],
        capture_output=True, text=True, env=os.environ | quiet)
    if done.returncode:
        raise SystemExit(f"MLflow did not save a model: {done.stderr[-2000:]}")
    # Its launcher looks for uvicorn on the PATH.
    environment = quiet | {"PATH": f"{TOOLS / 'venv-peers-mlflow/bin'}:{os.environ['PATH']}"}
    command = [program("venv-peers-mlflow", "mlflow"), "models", "serve", "--model-uri", str(home / "model"), "--host",
               "127.0.0.1", "--port", str(port), "--env-manager", "local"]
    return Running(servers.start(stack, "mlflow", command, folder, "/ping", port, environment))


def peers(binary):
    """All of them, Slipway first."""
    both, native = (speech.V2, speech.GRPC), (speech.V2, speech.BINARY, speech.GRPC)
    return [
        Peer("Slipway", "", native, slipway(binary)),
        Peer("Triton, ONNX Runtime", "venv-peers-triton/.backend", native, triton("slipwayonnx")),
        Peer("Triton, Python backend", "venv-peers-triton/.backend", native, triton("python")),
        Peer("FastAPI, lean", "venv-peers/.peers", (speech.V2,), fastapi("lean")),
        Peer("FastAPI, pydantic", "venv-peers/.peers", (speech.TYPED,), fastapi("typed")),
        Peer("grpc.aio", "venv-peers/.peers", (speech.GRPC,), grpc_aio),
        Peer("MLServer, no workers", "venv-bench/.bench", both, mlserver(0)),
        Peer("MLServer", "venv-bench/.bench", both, mlserver(1)),
        Peer("BentoML", "venv-peers-bentoml/.peers-bentoml", (speech.BENTO,), bentoml),
        Peer("MLflow", "venv-peers-mlflow/.peers-mlflow", (speech.MLFLOW,), mlflow, is_single=True)]


def versions():
    """What of each was measured, as its environment has it."""
    packages = {"venv-peers": ("onnxruntime", "fastapi", "uvicorn", "grpcio"), "venv-bench": ("mlserver",),
                "venv-peers-bentoml": ("bentoml",), "venv-peers-mlflow": ("mlflow",),
                "venv-peers-triton": ("nvidia-pytriton",)}
    found = {}
    for environment, names in packages.items():
        for site in pathlib.Path(TOOLS, environment, "lib").glob("python3.*/site-packages"):
            for name in names:
                found |= {name: one.version for one in importlib.metadata.distributions(name=name, path=[str(site)])}
    return found | asked
