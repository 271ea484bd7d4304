# SPDX-License-Identifier: Apache-2.0
"""The program as a container of SageMaker and of Vertex: started by their variables, asked by their calls."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from large_model import write_chain
from program import BINARY, COMMAND_LIMIT_S, EXAMPLES, STOP_LIMIT_S, clean_environment, fetch, running, slipway

ROW = json.loads((EXAMPLES / "breast-cancer" / "row.json").read_text())[0]


@pytest.fixture(scope="session")
def bundle(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "model"
    server.slipway("pack", EXAMPLES / "breast-cancer", "--output", folder)
    return folder


def container(folder, *options, **variables):
    """A server whose port the platform's variables choose."""
    return running(folder, "--host", "localhost", *options, port=None, **variables)


def test_sagemaker_serves_the_model_that_lies_there(bundle, tmp_path):
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "model").symlink_to(bundle)
    options = ["--sagemaker", "--sagemaker-root", tmp_path / "ml"]
    with container(tmp_path, *options, SAGEMAKER_BIND_TO_PORT="0") as server:
        url = server.url
        assert fetch(f"{url}/ping") == (200, "\n")
        # The platform has let the caller through, under whichever name.
        status, answer = fetch(f"{url}/invocations", {"dataframe_records": [ROW]}, Host="model.example")
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        names = ",".join(ROW).encode()
        csv = names + b"\n" + ",".join(str(value) for value in ROW.values()).encode() + b"\n"
        status, answer = fetch(f"{url}/invocations", csv, **{"Content-Type": "text/csv", "Accept": "text/csv"})
        assert status == 200 and answer.startswith("label,probabilities[0],probabilities[1]\n1,"), answer
        assert fetch(f"{url}/v1/status")[0] == 401
        assert fetch(f"{url}/models")[0] == 404


def test_sagemaker_loads_and_unloads_several_models(bundle, tmp_path):
    root = tmp_path / "ml"
    copy = shutil.copytree(bundle, root / "models" / "first" / "model")
    options = ["--sagemaker", "--sagemaker-root", root]
    with container(tmp_path, *options, SAGEMAKER_BIND_TO_PORT="0", SAGEMAKER_MULTI_MODEL="true") as server:
        url = server.url
        assert fetch(f"{url}/ping")[0] == 200
        assert fetch(f"{url}/models") == (200, '{"models":[]}')
        assert fetch(f"{url}/models", {"model_name": "first", "url": str(copy)})[0] == 200
        assert fetch(f"{url}/models", {"model_name": "first", "url": str(copy)})[0] == 409
        for outside in (bundle, root / "models" / ".." / ".." / "data", "/etc"):
            status, answer = fetch(f"{url}/models", {"model_name": "second", "url": str(outside)})
            assert status == 400 and "PRJ-005" in answer, answer
        assert json.loads(fetch(f"{url}/models")[1]) == {"models": [{"modelName": "first"}]}
        status, answer = fetch(
            f"{url}/models/first/invoke", {"instances": [ROW]}, **{"X-Amzn-SageMaker-Target-Model": "first.tar.gz"}
        )
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        assert fetch(f"{url}/models/first", method="DELETE")[0] == 200
        assert fetch(f"{url}/models/first")[0] == 404
        assert fetch(f"{url}/models/first/invoke", {"instances": [ROW]})[0] == 404


@contextlib.contextmanager
def several_models(folder, wrapper=()):
    """A container of several models, and the order to load a large one that lies there: 192 MiB."""
    models = folder / "ml" / "models"
    (models / "large").mkdir(parents=True)
    write_chain(models / "large" / "large.onnx", layers=3, width=4096)
    small = shutil.copytree(EXAMPLES / "breast-cancer", models / "small")
    options = ["--sagemaker", "--sagemaker-root", folder / "ml"]
    variables = {"SAGEMAKER_BIND_TO_PORT": "0", "SAGEMAKER_MULTI_MODEL": "true"}
    with container(folder, *options, wrapper=wrapper, **variables) as server:
        assert fetch(f"{server.url}/models", {"model_name": "small", "url": str(small)})[0] == 200
        yield server, {"model_name": "large", "url": str(models / "large")}


def refusal_for_memory(server, order):
    """What is said of the large model, once it is refused as the platform expects it and disturbs nothing."""
    status, answer = fetch(f"{server.url}/models", order)
    assert status == 507 and "ENG-006" in answer and "memory" in answer, answer
    assert json.loads(fetch(f"{server.url}/models")[1]) == {"models": [{"modelName": "small"}]}
    assert fetch(f"{server.url}/models/small/invoke", {"instances": [ROW]})[0] == 200
    return json.loads(answer)["title"]


def test_a_model_that_the_system_has_no_memory_for_is_answered_507(tmp_path):
    with several_models(tmp_path) as (server, order):
        status = Path(f"/proc/{server.pid}/status").read_text()
        data = int(re.search(r"VmData:\s+(\d+) kB", status).group(1)) << 10
        resource.prlimit(server.pid, resource.RLIMIT_DATA, (data + (100 << 20), resource.RLIM_INFINITY))
        for _ in range(3):
            assert "gave no more" in refusal_for_memory(server, order)
        resource.prlimit(server.pid, resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert fetch(f"{server.url}/models", order)[0] == 200


@pytest.fixture
def control_group():
    """A control group of the test's own, with the name of its limit; skips where none can be made."""
    own = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    name = f"slipway-test-{os.getpid()}"
    for folder, limit in [
        (f"/sys/fs/cgroup/memory{own.get('memory', '/')}", "memory.limit_in_bytes"),
        (f"/sys/fs/cgroup{own.get('', '/')}", "memory.max"),
    ]:
        group = Path(folder) / name
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / limit).exists() and os.access(group / "cgroup.procs", os.W_OK):
            yield group, limit
            group.rmdir()
            return
        group.rmdir()
    pytest.skip("no control group with a limit of memory can be made here")


def test_a_model_that_the_container_has_no_memory_for_is_answered_507(tmp_path, control_group):
    """Not tried at all: the system ends a container that takes more than it may have."""
    group, limit = control_group
    wrapper = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', group]
    with several_models(tmp_path, wrapper) as (server, order):
        usage = "memory.usage_in_bytes" if limit == "memory.limit_in_bytes" else "memory.current"
        (group / limit).write_text(str(int((group / usage).read_text()) + (100 << 20)))
        assert re.search(r"takes about 240 MiB, and \d+ MiB are left", refusal_for_memory(server, order))
        (group / limit).write_text(str(4 << 30))
        assert fetch(f"{server.url}/models", order)[0] == 200


@pytest.fixture
def namespaces(tmp_path):
    """What a server is run with, so that its port and its /opt/ml are not this machine's."""
    command = ["unshare", "--net", "--mount", "sh", "-c"]
    opt = tmp_path / "opt"
    opt.mkdir()
    # What else is under /opt stays: a Swift toolchain may be.
    ready = (
        f"ip link set lo up && mount --rbind /opt {opt} && mount -t tmpfs tmpfs /opt && ln -s {opt}/* /opt"
        " && rm -f /opt/ml && mkdir /opt/ml"
    )
    if not shutil.which("nsenter") or subprocess.run([*command, ready], capture_output=True).returncode != 0:
        pytest.skip("no network of one's own can be made here")
    return lambda prepare: [*command, f'{ready} && {prepare} && exec "$@"', "sh"]


@pytest.mark.parametrize("variables", [{}, {"SAGEMAKER_MULTI_MODEL": "true"}], ids=["one model", "several models"])
def test_sagemaker_without_its_port_variable_is_on_8080(bundle, tmp_path, namespaces, variables):
    place = "/opt/ml/models/one" if variables else "/opt/ml/model"
    wrapper = namespaces(f"mkdir -p {place} && cp -r {bundle}/. {place}")

    def enter(*command, environment=None):
        """Runs a command where the server is."""
        done = subprocess.run(
            ["nsenter", "--net", "--mount", "-t", str(process()), *command],
            env=environment, capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def process():
        return json.loads((tmp_path / "data" / "server.json").read_text())["processID"]

    def ask(path, body=None):
        """Asks by a name that is not this machine's, as the platform does."""
        code = "import json, program, sys; print(json.dumps(program.fetch(*json.loads(sys.argv[1]), Host='model.example')))"
        return json.loads(
            enter(
                sys.executable, "-c", code, json.dumps([f"http://127.0.0.1:8080{path}", body]),
                environment={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}))

    with running(tmp_path, port=None, wrapper=wrapper, **variables) as server:
        assert server.url == "http://127.0.0.1:8080"
        # All addresses, as the platform comes from outside.
        tables = Path(f"/proc/{server.pid}/net/tcp").read_text()
        assert re.search(r"^ *\d+: 00000000:1F90 00000000:0000 0A ", tables, re.MULTILINE), tables
        if variables:
            assert ask("/models", {"model_name": "one", "url": place})[0] == 200
            assert ask("/models/one/invoke", {"instances": [ROW]})[0] == 200
        else:
            assert ask("/ping") == [200, "\n"]
        status, answer = ask("/invocations", {"instances": [ROW]})
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        # The process that follows has more on its command line than the word by which SageMaker's containers are known.
        enter(BINARY, "restart", environment=clean_environment(tmp_path))
        try:
            assert server.process.wait(STOP_LIMIT_S) == 0
            assert process() != server.pid
            assert ask("/invocations", {"instances": [ROW]})[0] == 200
        finally:
            os.kill(process(), signal.SIGTERM)


def test_vertex_chooses_port_paths_and_folder(bundle, tmp_path):
    predict = "/v1/endpoints/12/deployedModels/34:predict"
    with container(
        tmp_path,
        AIP_HTTP_PORT="0",
        AIP_MODE="PREDICTION",
        AIP_PREDICT_ROUTE=predict,
        AIP_HEALTH_ROUTE="/v1/endpoints/12/deployedModels/34",
        AIP_STORAGE_URI=str(bundle),
    ) as server:
        url = server.url
        assert fetch(f"{url}/v1/endpoints/12/deployedModels/34")[0] == 200
        status, answer = fetch(url + predict, {"instances": [ROW, ROW]}, Host="model.example")
        assert status == 200 and [row["label"] for row in json.loads(answer)["predictions"]] == [1, 1], answer
        assert fetch(url + predict, {"instances": [ROW], "parameters": {"top": 1}})[0] == 400


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"AIP_HTTP_PORT": "0", "AIP_STORAGE_URI": "gs://bucket/model"}, 2),
        ({"AIP_HTTP_PORT": "much"}, 2),
        ({"AIP_HTTP_PORT": "0", "AIP_PREDICT_ROUTE": "predict"}, 2),
        ({"AIP_HTTP_PORT": "0", "AIP_STORAGE_URI": "/nowhere/at/all"}, 3),
    ],
)
def test_what_a_platform_says_and_cannot_be_followed_stops_the_start(tmp_path, variables, code):
    environment = clean_environment(tmp_path) | variables
    done = slipway("serve", "--host", "localhost", environment=environment, code=code)
    assert "error:" in done.stderr and "docs/errors/" in done.stderr, done.stderr


def test_a_server_in_the_background_is_not_the_platforms(tmp_path):
    # A port that no server can have: one that followed it would not start.
    environment = clean_environment(tmp_path) | {"AIP_HTTP_PORT": "much"}
    try:
        slipway("deploy", EXAMPLES / "breast-cancer", environment=environment)
        url = json.loads((tmp_path / "data" / "server.json").read_text())["url"]
        assert fetch(f"{url}/v2/health/ready")[0] == 200
        assert fetch(f"{url}/v2/health/ready", Host="model.example")[0] == 401
    finally:
        slipway("stop", environment=environment)
