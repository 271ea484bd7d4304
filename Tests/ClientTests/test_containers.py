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
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from large_model import write_chain
from program import BINARY, COMMAND_LIMIT_S, EXAMPLES, ROOT, START_LIMIT_S, STOP_LIMIT_S

ROW = json.loads((EXAMPLES / "breast-cancer" / "row.json").read_text())[0]


@pytest.fixture(scope="session")
def bundle(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "model"
    server.slipway("pack", EXAMPLES / "breast-cancer", "--output", folder)
    return folder


@contextlib.contextmanager
def container(environment, folder, *arguments, prepare=None, **variables):
    """A server with its own data folder, on loopback; gives its address. Ended by SIGTERM."""
    output = folder / "stdout"
    own = {name: value for name, value in environment.items() if name not in ("SLIPWAY_URL", "SLIPWAY_TOKEN")}
    with output.open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [BINARY, "serve", "--data", folder / "data", "--host", "localhost", *arguments],
            cwd=ROOT,
            env={**own, **variables},
            stdout=out,
            stderr=err,
            preexec_fn=prepare,
        )
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not (line := re.search(r"^listening on (\S+)$", output.read_text(), re.MULTILINE)):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "stderr").read_text()
            time.sleep(0.02)
        yield line.group(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_LIMIT_S) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def ask(url, body=None, method=None, **headers):
    """The status and the body of an answer, whatever the status."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_sagemaker_serves_the_model_that_lies_there(server, bundle, tmp_path):
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "model").symlink_to(bundle)
    with container(
        server.environment,
        tmp_path,
        "--sagemaker",
        "--sagemaker-root",
        tmp_path / "ml",
        SAGEMAKER_BIND_TO_PORT="0",
    ) as url:
        assert ask(f"{url}/ping") == (200, "\n")
        # The platform has let the caller through, under whichever name.
        status, answer = ask(f"{url}/invocations", {"dataframe_records": [ROW]}, Host="model.example")
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        names = ",".join(ROW).encode()
        csv = names + b"\n" + ",".join(str(value) for value in ROW.values()).encode() + b"\n"
        status, answer = ask(f"{url}/invocations", csv, **{"Content-Type": "text/csv", "Accept": "text/csv"})
        assert status == 200 and answer.startswith("label,probabilities[0],probabilities[1]\n1,"), answer
        assert ask(f"{url}/v1/status")[0] == 401
        assert ask(f"{url}/models")[0] == 404


def test_sagemaker_loads_and_unloads_several_models(server, bundle, tmp_path):
    root = tmp_path / "ml"
    (root / "models" / "first").mkdir(parents=True)
    copy = root / "models" / "first" / "model"
    subprocess.run(["cp", "-r", bundle, copy], check=True)
    with container(
        server.environment,
        tmp_path,
        "--sagemaker",
        "--sagemaker-root",
        root,
        SAGEMAKER_BIND_TO_PORT="0",
        SAGEMAKER_MULTI_MODEL="true",
    ) as url:
        assert ask(f"{url}/ping")[0] == 200
        assert ask(f"{url}/models") == (200, '{"models":[]}')
        assert ask(f"{url}/models", {"model_name": "first", "url": str(copy)})[0] == 200
        assert ask(f"{url}/models", {"model_name": "first", "url": str(copy)})[0] == 409
        for outside in (bundle, root / "models" / ".." / ".." / "data", "/etc"):
            status, answer = ask(f"{url}/models", {"model_name": "second", "url": str(outside)})
            assert status == 400 and "PRJ-005" in answer, answer
        assert json.loads(ask(f"{url}/models")[1]) == {"models": [{"modelName": "first"}]}
        status, answer = ask(
            f"{url}/models/first/invoke", {"instances": [ROW]}, **{"X-Amzn-SageMaker-Target-Model": "first.tar.gz"}
        )
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        assert ask(f"{url}/models/first", method="DELETE")[0] == 200
        assert ask(f"{url}/models/first")[0] == 404
        assert ask(f"{url}/models/first/invoke", {"instances": [ROW]})[0] == 404


@contextlib.contextmanager
def several_models(server, folder, prepare=None):
    """A container of several models, with the address of its server and a large model that lies there: 192 MiB."""
    large = folder / "ml" / "models" / "large"
    large.mkdir(parents=True)
    write_chain(large / "large.onnx", layers=3, width=4096)
    with container(
        server.environment, folder, "--sagemaker", "--sagemaker-root", folder / "ml", prepare=prepare,
        SAGEMAKER_BIND_TO_PORT="0", SAGEMAKER_MULTI_MODEL="true",
    ) as url:
        shutil.copytree(EXAMPLES / "breast-cancer", folder / "ml" / "models" / "small")
        assert ask(f"{url}/models", {"model_name": "small", "url": str(folder / "ml" / "models" / "small")})[0] == 200
        yield url, {"model_name": "large", "url": str(large)}


def refuses_for_memory(url, order):
    """Whether the large model is refused as the platform expects it, and disturbs nothing."""
    status, answer = ask(f"{url}/models", order)
    assert status == 507 and "ENG-006" in answer and "memory" in answer, answer
    assert json.loads(ask(f"{url}/models")[1]) == {"models": [{"modelName": "small"}]}
    assert ask(f"{url}/models/small/invoke", {"instances": [ROW]})[0] == 200
    return json.loads(answer)["title"]


def process_of(folder):
    return json.loads((folder / "data" / "server.json").read_text())["processID"]


def test_a_model_that_the_system_has_no_memory_for_is_answered_507(server, tmp_path):
    with several_models(server, tmp_path) as (url, order):
        process = process_of(tmp_path)
        data = int(re.search(r"VmData:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text()).group(1)) << 10
        resource.prlimit(process, resource.RLIMIT_DATA, (data + (100 << 20), resource.RLIM_INFINITY))
        for _ in range(3):
            assert "gave no more" in refuses_for_memory(url, order)
        resource.prlimit(process, resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert ask(f"{url}/models", order)[0] == 200


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


def test_a_model_that_the_container_has_no_memory_for_is_answered_507(server, tmp_path, control_group):
    """Not tried at all: the system ends a container that takes more than it may have."""
    group, limit = control_group

    def join():
        (group / "cgroup.procs").write_text(str(os.getpid()))

    with several_models(server, tmp_path, prepare=join) as (url, order):
        usage = "memory.usage_in_bytes" if limit == "memory.limit_in_bytes" else "memory.current"
        (group / limit).write_text(str(int((group / usage).read_text()) + (100 << 20)))
        assert re.search(r"takes about 240 MiB, and \d+ MiB are left", refuses_for_memory(url, order))
        (group / limit).write_text(str(4 << 30))
        assert ask(f"{url}/models", order)[0] == 200


@pytest.fixture
def namespaces(tmp_path):
    """What a process of its own is run with, so that its port and its /opt/ml are not this machine's."""
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
    return lambda prepare, start: [*command, f"{ready} && {prepare} && exec {start}"]


@pytest.mark.parametrize("variables", [{}, {"SAGEMAKER_MULTI_MODEL": "true"}], ids=["one model", "several models"])
def test_sagemaker_without_its_port_variable_is_on_8080(server, bundle, tmp_path, namespaces, variables):
    own = {name: value for name, value in server.environment.items() if name not in ("SLIPWAY_URL", "SLIPWAY_TOKEN")}
    own |= {"HOME": str(tmp_path), **variables}
    place = "/opt/ml/models/one" if variables else "/opt/ml/model"
    process = subprocess.Popen(
        namespaces(f"mkdir -p {place} && cp -r {bundle}/. {place}", f"{BINARY} serve"), env=own, cwd=ROOT,
        stdout=subprocess.PIPE, text=True)

    def server_in_namespace():
        return json.loads((tmp_path / ".slipway" / "server.json").read_text())["processID"]

    def inside(path, body=None):
        """Asks by a name that is not this machine's, as the platform does."""
        done = subprocess.run(
            ["nsenter", "--net", "-t", str(server_in_namespace()), sys.executable, "-c",
             "import sys; sys.path.insert(0, sys.argv[1]); import json, test_containers;"
             "print(json.dumps(test_containers.ask(*json.loads(sys.argv[2]), Host='model.example')))",
             os.path.dirname(__file__), json.dumps([f"http://127.0.0.1:8080{path}", body])],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    try:
        assert process.stdout.readline() == "listening on http://127.0.0.1:8080\n"
        # All addresses, as the platform comes from outside.
        tables = Path(f"/proc/{process.pid}/net/tcp").read_text()
        assert re.search(r"^ *\d+: 00000000:1F90 00000000:0000 0A ", tables, re.MULTILINE), tables
        if variables:
            assert inside("/models", {"model_name": "one", "url": place})[0] == 200
            assert inside("/models/one/invoke", {"instances": [ROW]})[0] == 200
        else:
            assert inside("/ping") == [200, "\n"]
        status, answer = inside("/invocations", {"instances": [ROW]})
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        # The process that follows has more on its command line than the word by which SageMaker's containers are known.
        done = subprocess.run(
            ["nsenter", "--net", "--mount", "-t", str(process.pid), BINARY, "restart"],
            env={**server.environment, "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
        assert done.returncode == 0, done.stderr
        assert process.wait(STOP_LIMIT_S) == 0
        assert server_in_namespace() != process.pid
        assert inside("/invocations", {"instances": [ROW]})[0] == 200
        os.kill(server_in_namespace(), signal.SIGTERM)
    finally:
        process.kill()
        process.wait()


def test_vertex_chooses_port_paths_and_folder(server, bundle, tmp_path):
    predict = "/v1/endpoints/12/deployedModels/34:predict"
    with container(
        server.environment,
        tmp_path,
        AIP_HTTP_PORT="0",
        AIP_MODE="PREDICTION",
        AIP_PREDICT_ROUTE=predict,
        AIP_HEALTH_ROUTE="/v1/endpoints/12/deployedModels/34",
        AIP_STORAGE_URI=str(bundle),
    ) as url:
        assert ask(f"{url}/v1/endpoints/12/deployedModels/34")[0] == 200
        status, answer = ask(url + predict, {"instances": [ROW, ROW]}, Host="model.example")
        assert status == 200 and [row["label"] for row in json.loads(answer)["predictions"]] == [1, 1], answer
        assert ask(url + predict, {"instances": [ROW], "parameters": {"top": 1}})[0] == 400


@pytest.mark.parametrize(
    "variables",
    [
        {"AIP_HTTP_PORT": "0", "AIP_STORAGE_URI": "gs://bucket/model"},
        {"AIP_HTTP_PORT": "much"},
        {"AIP_HTTP_PORT": "0", "AIP_PREDICT_ROUTE": "predict"},
        {"AIP_HTTP_PORT": "0", "AIP_STORAGE_URI": "/nowhere/at/all"},
    ],
)
def test_what_a_platform_says_and_cannot_be_followed_stops_the_start(server, tmp_path, variables):
    done = subprocess.run(
        [BINARY, "serve", "--data", tmp_path / "data", "--host", "localhost"],
        env={**server.environment, **variables},
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert done.returncode != 0
    assert "error:" in done.stderr and "docs/errors/" in done.stderr, done.stderr


def test_a_server_in_the_background_is_not_the_platforms(server, tmp_path):
    own = {name: value for name, value in server.environment.items() if name not in ("SLIPWAY_URL", "SLIPWAY_TOKEN")}
    # A port that no server can have: one that followed it would not start.
    own |= {"HOME": str(tmp_path), "SLIPWAY_DATA": str(tmp_path / "data"), "AIP_HTTP_PORT": "much"}

    def slipway(*arguments):
        return subprocess.run(
            [BINARY, *arguments], cwd=ROOT, env=own, capture_output=True, text=True, timeout=COMMAND_LIMIT_S
        )

    try:
        deployed = slipway("deploy", EXAMPLES / "breast-cancer")
        assert deployed.returncode == 0, deployed.stderr
        url = json.loads((tmp_path / "data" / "server.json").read_text())["url"]
        assert ask(f"{url}/v2/health/ready")[0] == 200
        assert ask(f"{url}/v2/health/ready", Host="model.example")[0] == 401
    finally:
        assert slipway("stop").returncode == 0
