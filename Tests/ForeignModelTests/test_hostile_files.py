# SPDX-License-Identifier: Apache-2.0
"""Files that do harm when they are opened, and files that hold no model: refused, and nothing outside is touched."""

import json
import os
import pickle
import socket

import pytest
from foreign import SAMPLE

SECRET = "hunter2-of-the-test"


class Opened:
    """A pickle that runs code when it is loaded."""

    def __init__(self, code):
        self.code = code

    def __reduce__(self):
        return exec, (self.code,)


def deploy(server, folder, code=2, **variables):
    (folder / "sample.csv").write_text(SAMPLE)
    return server.slipway(
        "deploy", folder / "model.pkl", "--examples", folder / "sample.csv", "--name", "hostile", code=code,
        **variables)


@pytest.fixture
def pickled(tmp_path):
    def write(code):
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(Opened(code)))
        return tmp_path

    return write


def test_a_pickle_writes_nothing_outside(server, pickled, tmp_path):
    places = [tmp_path / "written", server.data / "written", "/tmp/slipway-written", "/etc/slipway-written"]
    code = "\n".join(f"try:\n open({str(place)!r}, 'w').write('x')\nexcept OSError: pass" for place in places)
    deploy(server, pickled(code))
    assert not any(os.path.exists(place) for place in places)


def test_a_pickle_reads_nothing_outside(server, pickled, tmp_path):
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "secret").write_text(SECRET)
    tried = [secret / "secret", server.data / "token", "/etc/shadow", f"/proc/{server.pid}/environ"]
    code = "found = []\n" + "\n".join(
        f"try:\n found.append(open({str(path)!r}, 'rb').read(20))\nexcept OSError: pass" for path in tried
    ) + "\nraise SystemExit(repr(found))"
    done = deploy(server, pickled(code))
    assert SECRET not in done.stderr
    assert "[]" in done.stderr


def test_a_pickle_sees_no_secret_of_the_environment(server, pickled):
    code = "import os\nraise ValueError(repr(sorted(os.environ.items())))"
    done = deploy(server, pickled(code), MY_SECRET=SECRET)
    assert SECRET not in done.stderr


def test_a_pickle_reaches_no_network(server, pickled):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1)
        port = listener.getsockname()[1]
        deploy(server, pickled(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)"))
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_link_that_a_pickle_leaves_is_not_followed(server, pickled, tmp_path):
    """As root, following it would read or open to all what is only root's."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    code = f"""
import os, pathlib
for place in pathlib.Path(os.environ.get("HOME", "/")).glob("*"): pass
for folder in [os.getcwd(), os.environ.get("HOME", "."), os.path.dirname(os.getcwd())]:
    for name in ["report.json", "worker.json", "examples.jsonl", "environment.json", "link"]:
        try: os.symlink({str(secret)!r}, os.path.join(folder, name))
        except OSError: pass
os._exit(0)
"""
    done = deploy(server, pickled(code))
    assert SECRET not in done.stderr + done.stdout
    assert secret.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("code", ["import os; os._exit(0)", "import sys; sys.exit(0)", "import ctypes; ctypes.string_at(0)"])
def test_a_pickle_that_ends_the_process_is_explained(server, pickled, code):
    assert "ENG-003" in deploy(server, pickled(code)).stderr


def test_a_pickle_that_takes_all_memory_or_all_processes_is_stopped(server, pickled):
    bombs = ["hoard = []\nwhile True: hoard.append(bytearray(1 << 26))",
             "import os\nfor _ in range(5000):\n    if os.fork() == 0:\n        import time; time.sleep(60); os._exit(0)"]
    for bomb in bombs:
        deploy(server, pickled(bomb))
        assert server.slipway("status").returncode == 0


def test_a_module_that_is_not_there_is_named(server, tmp_path):
    (tmp_path / "churn_features.py").write_text("class Model:\n    def predict(self, rows):\n        return rows['value'] * 2\n")
    (tmp_path / "sample.csv").write_text("value\n1.5\n2\n")
    script = "import sys, pickle; sys.path.insert(0, sys.argv[1]); import churn_features; " \
        "pickle.dump(churn_features.Model(), open(sys.argv[2], 'wb'))"
    import subprocess
    import sys
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "model.pkl"
    subprocess.run([sys.executable, "-c", script, tmp_path, model], check=True)
    asked = ("deploy", model, "--examples", tmp_path / "sample.csv", "--name", "features")
    refused = server.slipway(*asked, code=2)
    assert "churn_features" in refused.stderr and "--code" in refused.stderr
    (tmp_path / "code").mkdir()
    (tmp_path / "churn_features.py").rename(tmp_path / "code" / "churn_features.py")
    server.slipway(*asked, "--code", tmp_path / "code")


def test_a_folder_of_mlflow_that_lacks_files_is_explained(server, tmp_path):
    (tmp_path / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
        "    predict_fn: predict\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\n")
    refused = server.slipway("deploy", tmp_path, "--name", "lacking", code=2)
    assert "model.pkl" in refused.stderr


@pytest.mark.parametrize("name, content", [
    ("model.safetensors", (2).to_bytes(8, "little") + b"{}"), ("model.rds", b"\x1f\x8b\x08\x00"), ("model.pt", b"PK\x03\x04")])
def test_what_holds_no_model_is_refused_with_a_way_out(server, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refused = server.slipway("deploy", tmp_path / name, "--name", "nothing", "--format", "json", code=2)
    problem = json.loads(refused.stderr.strip().splitlines()[-1])
    assert problem["hint"]


def test_a_folder_with_nothing_in_it_is_refused(server, tmp_path):
    assert "PRJ-007" in server.slipway("deploy", tmp_path, code=2).stderr
