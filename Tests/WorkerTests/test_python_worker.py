# SPDX-License-Identifier: Apache-2.0
"""What the Python worker does beyond the contract: every datatype, large tensors, malformed requests, a bare
process."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from bundles import code_bundle
from contract import Connection, frame, tensor, texts
from slipway._model.tensors import NUMPY_TYPES
from workers import PYTHON, ROOT, bare_environment

ROWS = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return folder


@pytest.fixture
def worker(tmp_path, bundle):
    code_bundle(bundle, "def predict(x):\n    return x.sum(axis=1)\n")
    with Connection(PYTHON, bare_environment(tmp_path)) as connection:
        yield connection.loaded(bundle)


def test_every_datatype_goes_in_and_comes_out(tmp_path, bundle):
    specs = [{"name": datatype, "datatype": datatype, "shape": [-1, 2]} for datatype in NUMPY_TYPES]
    calls = [{"method": "__call__", "output": datatype} for datatype in NUMPY_TYPES]
    (bundle / "predict.py").write_text("def predict(tensors): return tensors")
    descriptor = {
        "schema": "slipway.worker/1",
        "language": "python",
        "loader": "code",
        "model": "predict.py",
        "form": "tensors",
        "calls": calls,
        "inputs": specs,
        "outputs": specs,
    }
    (bundle / "worker.json").write_text(json.dumps(descriptor))
    values = {
        datatype: np.array([[0, 1], [1, 0]], numpy_type) for datatype, numpy_type in NUMPY_TYPES.items()
    }
    values["FP64"] = np.array([[np.nan, np.inf], [-0.0, 5e-324]])
    values["INT64"] = np.array([[2**63 - 1, -(2**63)], [0, -1]])
    values["UINT64"] = np.array([[2**64 - 1, 0], [1, 2]], "<u8")
    values["BYTES"] = texts(["", "ö"], ["\0", "x" * 100_000])
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        worker.loaded(bundle)
        both = [worker.predict(**values), worker.predict(**values)]
    for outputs in both:
        assert list(outputs) == list(NUMPY_TYPES)
        for datatype, array in values.items():
            if datatype == "BYTES":
                assert outputs[datatype].tolist() == array.tolist()
            else:
                assert outputs[datatype].tobytes() == array.tobytes()


def test_large_tensors_go_in_and_come_out(tmp_path, bundle):
    code_bundle(bundle, "def predict(x):\n    return x", output=("FP64", (-1, 2)))
    rows = np.random.default_rng(1).normal(size=(4 << 20, 2))
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        np.testing.assert_array_equal(worker.loaded(bundle).predict(x=rows)["y"], rows)


def test_a_model_may_change_what_it_is_called_with(tmp_path, bundle):
    code_bundle(bundle, "def predict(x):\n    x += 1\n    return x[:, 0]")
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        worker.loaded(bundle)
        for _ in range(2):
            np.testing.assert_array_equal(worker.predict(x=ROWS)["y"], [2.0, 4.0])


@pytest.mark.parametrize(
    "change",
    [
        lambda message, head: head["parameters"].update(binary_data_size=16),
        lambda message, head: head["parameters"].update(binary_data_size=1 << 40),
        lambda message, head: head["parameters"].update(binary_data_size=-32),
        lambda message, head: head.pop("parameters"),
        lambda message, head: head.update(shape=[4, 2]),
        lambda message, head: head.update(shape="4"),
        lambda message, head: head.update(datatype="FP128"),
        lambda message, head: head.update(name=3),
        lambda message, head: message.update(inputs={}),
        lambda message, head: message.update(inputs=[]),
        lambda message, head: message.update(inputs=[head, head]),
        lambda message, head: message.update(id="7"),
        lambda message, head: message.pop("id"),
    ],
)
def test_a_malformed_request_is_an_error_and_the_worker_goes_on(worker, change):
    head, data = tensor("x", ROWS)
    message = {"kind": "predict", "id": 7, "inputs": [head]}
    change(message, head)
    answer = worker.ask(message, data)
    assert (answer["kind"], answer["code"]) == ("error", "protocol"), answer
    np.testing.assert_array_equal(worker.predict(x=ROWS)["y"], [3.0, 7.0])


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["compact", "spaced"])
def test_requests_that_differ_in_their_values_only_are_read_anew_each_time(worker, separators):
    head, data = tensor("x", ROWS)
    others = np.array([[-1.0, 0.5], [0.25, 8.0]])
    for identifier in (1, 23, 456, 23):
        message = {"kind": "predict", "id": identifier, "inputs": [head]}
        header = json.dumps(message, separators=separators).encode()
        worker.last = identifier
        for rows in (ROWS, others):
            worker.socket.sendall(frame(header, rows.tobytes()))
            np.testing.assert_array_equal(worker.answered()["y"], rows.sum(axis=1))
        # The same header with other bytes behind it is malformed, also when it was read before.
        for wrong in (data[:-8], data + data, b""):
            worker.socket.sendall(frame(header, wrong))
            assert worker.answered()["code"] == "protocol"


def test_more_shapes_than_are_kept_in_mind(worker):
    for rows in [*range(1, 100), *range(1, 100)]:
        assert worker.predict(x=np.ones((rows, 2)))["y"].tolist() == [2.0] * rows


def test_predict_and_describe_come_after_load(tmp_path):
    head, data = tensor("x", ROWS)
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        assert worker.ask({"kind": "load", "folder": "/", "descriptor": "x"})["code"] == "protocol"
        worker.hello()
        assert worker.ask({"kind": "describe"})["code"] == "protocol"
        answer = worker.ask({"kind": "predict", "id": 1, "inputs": [head]}, data)
        assert (answer["code"], answer["id"]) == ("protocol", 1)
        assert worker.ask({"kind": "load", "folder": 3, "descriptor": "x"})["code"] == "protocol"


def test_it_starts_as_a_module_as_well(tmp_path, bundle):
    code_bundle(bundle, "def predict(x):\n    return x.sum(axis=1)\n")
    environment = {**bare_environment(tmp_path), "PYTHONPATH": str(ROOT / "python")}
    with Connection([sys.executable, "-B", "-m", "slipway._worker"], environment) as worker:
        np.testing.assert_array_equal(worker.loaded(bundle).predict(x=ROWS)["y"], [3.0, 7.0])


def test_only_the_package_itself_comes_onto_the_module_path(tmp_path, bundle):
    code_bundle(
        bundle, "import sys\nimport slipway\ndef predict(x):\n    raise ValueError(':'.join(sys.path))\n"
    )
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        path = worker.loaded(bundle).predict(x=ROWS)["message"]
    assert str(bundle) in path and str(ROOT / "python") not in path


def test_what_is_set_for_libraries(tmp_path, bundle):
    names = [
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "DO_NOT_TRACK",
        "ORT_DISABLE_TELEMETRY",
        "MLFLOW_DISABLE_TELEMETRY",
    ]
    said = f"' '.join(os.environ[name] for name in {names + ['HOME']})"
    source = f"import os\ndef predict(x):\n    raise ValueError({said})\n"
    code_bundle(bundle, source)
    environment = {**bare_environment(tmp_path), "OMP_NUM_THREADS": "3"}
    with Connection(PYTHON, environment) as worker:
        message = worker.loaded(bundle).predict(x=ROWS)["message"]
    assert message == f"ValueError: 3 1 1 1 true {tmp_path}"


def test_pandas_is_imported_only_for_frames(tmp_path, bundle):
    code_bundle(bundle, "import sys\ndef predict(x):\n    return [float('pandas' in sys.modules)] * len(x)\n")
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        assert worker.loaded(bundle).predict(x=ROWS)["y"].tolist() == [0.0, 0.0]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_it_runs_as_a_user_without_a_name_or_a_home():
    open_to_all = Path(tempfile.mkdtemp(prefix="slipway-worker-"))
    open_to_all.chmod(0o777)
    code_bundle(open_to_all, "def predict(x):\n    return x.sum(axis=1)\n")
    nobody = ["setpriv", "--reuid=64123", "--regid=64123", "--clear-groups"]
    try:
        if subprocess.run([*nobody, sys.executable, "-c", "import numpy"], capture_output=True).returncode:
            pytest.skip("another user cannot run this Python: it lies in a home that is closed")
        with Connection([*nobody, *PYTHON], bare_environment(open_to_all)) as worker:
            np.testing.assert_array_equal(worker.loaded(open_to_all).predict(x=ROWS)["y"], [3.0, 7.0])
    finally:
        shutil.rmtree(open_to_all)


def test_started_by_hand_it_says_what_it_is_for():
    done = subprocess.run(PYTHON, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1 and "slipway serve" in done.stderr and not done.stdout
