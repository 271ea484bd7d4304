# SPDX-License-Identifier: Apache-2.0
"""Pickles that know where they are opened: they forge what the preparation leaves, and lay traps for who reads it.

Whoever runs the command may be root, so nothing may be followed out of the folder that the pickle could write into.
"""

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
import zipfile

import pytest
from foreign import SAMPLE
from program import BINARY, ROOT, clean_environment

SECRET = "hunter2-of-the-test"
# Finds the folder of the preparation, and ends everything before an honest report is written.
BEGIN = """
import glob, json, os, signal, sys
out = max(glob.glob(DATA + '/prepared/*'), key=len)
def leave(name, make):
    path = os.path.join(out, name)
    try:
        if os.path.lexists(path): os.rename(path, path + '.old')
    except OSError: pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    make(path)
"""
END = "\nos.kill(os.getppid(), signal.SIGKILL)\nos._exit(0)\n"
PLATFORM = "linux_aarch64" if os.uname().machine == "aarch64" else "linux_x86_64"
FORGED = {
    "report.json": {
        "schema": "slipway.prepared/1", "status": "prepared", "type": "forged", "task": None,
        "descriptor": "worker.json", "worker_files": ["worker.json", "environment.json", "forged.py"],
        "columns": [{"name": "x", "type": "float64", "nullable": False}], "candidates": [], "not_converted": [], "examples": "examples.jsonl", "edges": None, "edge_kinds": [],
        "origin": "original", "baseline": None, "notes": []},
    "worker.json": {
        "schema": "slipway.worker/1", "language": "python", "loader": "code", "model": "forged.py:Model",
        "environment": "environment.json", "form": "tensors", "calls": [{"method": "predict", "output": "y"}],
        "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 1]}],
        "outputs": [{"name": "y", "datatype": "FP64", "shape": [-1]}]},
    "environment.json": {
        "schema": "slipway.environment/1", "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "platform": PLATFORM, "requirements": []},
    "examples.jsonl": {"inputs": {"x": 2.5}, "outputs": {"y": 2.5}},
}  # fmt: skip
FORGED_CODE = "class Model:\n    def predict(self, inputs):\n        return inputs['x'][:, 0]\n"


class Opened:
    """A pickle that runs code when it is loaded."""

    def __init__(self, code):
        self.code = code

    def __reduce__(self):
        return exec, (self.code, {})


@pytest.fixture
def place(tmp_path):
    """A home with a data folder of its own; packing needs no server."""
    (tmp_path / "home").mkdir()
    (tmp_path / "project").mkdir()
    secret = tmp_path / "home" / "secret"
    secret.mkdir(mode=0o700)
    (secret / "key").write_text(SECRET)
    (secret / "key").chmod(0o600)
    return tmp_path


def environment_of(place):
    return clean_environment(place / "home") | {"SLIPWAY_PYTHON": sys.executable, "MY_SECRET": SECRET}


def write(place, code):
    data = place / "home" / "data"
    code = f"DATA = {str(data)!r}\nSECRET = {str(place / 'home' / 'secret')!r}\n{BEGIN}{code}"
    (place / "project" / "model.pkl").write_bytes(pickle.dumps(Opened(code)))
    (place / "project" / "sample.csv").write_text(SAMPLE)
    return ["pack", place / "project" / "model.pkl", "--examples", place / "project" / "sample.csv", "--output",
            place / "bundle"]  # fmt: skip


def pack(place, code, *options, status=2, **variables):
    """`status` is None where several are right."""
    command = [BINARY, *write(place, code), *options]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env=environment_of(place) | variables, timeout=120,
                          capture_output=True, text=True)  # fmt: skip
    assert status in (None, done.returncode), done.stdout + done.stderr
    assert_untouched(place)
    return done


def assert_untouched(place):
    secret = place / "home" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o700
    assert (secret / "key").stat().st_mode & 0o777 == 0o600
    assert (secret / "key").read_text() == SECRET
    bundled = [path for path in (place / "bundle").rglob("*") if path.is_file()] if (place / "bundle").exists() else []
    assert not any(SECRET.encode() in path.read_bytes() for path in bundled)


def leftovers(place):
    prepared = place / "home" / "data" / "prepared"
    return list(prepared.iterdir()) if prepared.exists() else []


def test_the_pickle_knows_where_it_is_opened(place):
    """Else the tests below would show nothing."""
    done = pack(place, "leave('probe', lambda path: open(path, 'w').close())\nraise ValueError(sorted(os.listdir(out)))")
    assert "probe" in done.stderr and "request.json" in done.stderr


def forge(first="", **changes):
    """Code that leaves a preparation of its own, with changes by the file's name without its ending."""
    lines = [first, f"leave('forged.py', lambda path: open(path, 'w').write({FORGED_CODE!r}))"]
    for name, content in FORGED.items():
        text = json.dumps(content | changes.get(name.partition(".")[0], {}))
        lines.append(f"leave({name!r}, lambda path: open(path, 'w').write({text!r}))")
    return "\n".join(lines) + END


def test_a_forged_preparation_is_taken_for_what_it_says(place):
    """It harms its author alone. Without this one, those below would show nothing."""
    pack(place, forge(), status=0)


@pytest.mark.parametrize("name", ["report.json", "worker.json", "environment.json", "examples.jsonl", "forged.py"])
@pytest.mark.parametrize("target", ["SECRET", "SECRET + '/key'"], ids=["folder", "file"])
def test_a_link_in_the_place_of_a_file_is_not_followed(place, name, target):
    link = f"leave({name!r}, lambda path: os.symlink({target}, path))"
    refused = pack(place, forge().replace(END, f"\n{link}{END}"), status=None)
    assert refused.returncode in (2, 3, 4)
    assert SECRET not in refused.stdout + refused.stderr


@pytest.mark.parametrize("path", ["../../../secret/key", "SECRET/key"])
@pytest.mark.parametrize("key", ["descriptor", "worker_files", "examples", "edges", "baseline"])
def test_a_forged_report_names_nothing_outside(place, key, path):
    path = path.replace("SECRET", str(place / "home" / "secret"))
    value = [*FORGED["report.json"]["worker_files"], path] if key == "worker_files" else path
    refused = pack(place, forge(report={key: value}), status=None)
    assert refused.returncode in (2, 3, 4)
    assert SECRET not in refused.stdout + refused.stderr


def test_a_forged_descriptor_opens_nothing_outside(place):
    for change in ({"model": "../../../secret/key"}, {"code": "../../../secret"}, {"environment": "../../../secret/key"}):
        refused = pack(place, forge(worker=change), status=None)
        assert refused.returncode in (2, 3, 4)
        assert SECRET not in refused.stdout + refused.stderr


@pytest.mark.parametrize(
    "requirement", ["--index-url==http", "evil @ http://127.0.0.1==1", "evil==1\n--pre", "-r/etc/shadow==1", "../evil==1"])
def test_a_forged_lock_tells_the_installer_nothing_but_versions(place, requirement):
    refused = pack(place, forge(environment={"requirements": [requirement]}), "--environment", "locked", status=None)
    assert refused.returncode in (2, 3, 4)
    assert "no NAME==VERSION" in refused.stderr


def test_a_package_of_a_forged_lock_runs_nothing_outside(place):
    wheels, escaped = place / "wheels", place / "escaped"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "evil-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("evil.pth", f"import os; open({str(escaped)!r}, 'w').close()\n")
        wheel.writestr("evil-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
        wheel.writestr("evil-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("evil-1.dist-info/RECORD", "")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels)}
    pack(place, forge(environment={"requirements": ["evil==1"]}), "--environment", "locked", status=None, **offline)
    installed = [path.name for path in (place / "home" / "data" / "environments").rglob("evil.pth")]
    assert installed and not escaped.exists()


@pytest.mark.parametrize(
    "make",
    ["os.mkfifo(path)", "os.mkdir(path)", "open(path, 'wb').truncate(1 << 29)", "open(path, 'w').write('[' * 1000000)",
     "open(path, 'wb').write(bytes(range(256)) * 100)", "open(path, 'w').write('{}')",
     "__import__('socket').socket(1).bind(path)"],
    ids=["pipe", "folder", "sparse", "deep", "noise", "empty", "socket"],
)  # fmt: skip
def test_a_report_that_is_none_is_explained(place, make):
    done = pack(place, f"leave('report.json', lambda path: {make}){END}")
    assert "Fatal error" not in done.stderr
    assert leftovers(place) == []


def test_what_is_written_beside_the_model_stays_out_of_the_project(place):
    pack(place, f"""
for folder in ({str(place / "project")!r}, {str(place / "home")!r}, '/tmp', '/var/tmp', '/dev/shm', os.path.expanduser('~')):
    try: open(os.path.join(folder, 'slipway-left-behind'), 'w').close()
    except OSError: pass
raise ValueError""")
    assert sorted(path.name for path in (place / "project").iterdir()) == ["model.pkl", "sample.csv"]
    for folder in (place / "home", "/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~")):
        assert not os.path.exists(os.path.join(folder, "slipway-left-behind"))
    assert leftovers(place) == []


def test_no_kind_of_socket_gets_out(place):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_UNIX) as abstract:
        udp.bind(("127.0.0.1", 0))
        abstract.bind(f"\0slipway-packing-{os.getpid()}")
        abstract.listen()
        pack(place, f"""
import socket
for kind, to in ((socket.AF_INET, ('127.0.0.1', {udp.getsockname()[1]})), (socket.AF_UNIX, '\\0slipway-packing-{os.getpid()}')):
    try:
        s = socket.socket(kind, socket.SOCK_DGRAM if kind == socket.AF_INET else socket.SOCK_STREAM)
        s.connect(to); s.send(b'x')
    except OSError: pass
raise ValueError""")
        for listener in (udp, abstract):
            listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            udp.recv(1)
        with pytest.raises(BlockingIOError):
            abstract.accept()


def test_neither_the_environment_nor_the_home_of_the_caller_is_there(place):
    done = pack(place, "raise ValueError((sorted(os.environ.items()), open('/proc/1/environ').read(), os.listdir(SECRET)))")
    assert SECRET not in done.stderr


def test_megabytes_that_are_printed_are_passed_over(place):
    done = pack(place, "\nfor _ in range(3000): print('x' * 10000)\nfor _ in range(3000): sys.stderr.write('y' * 9999 + chr(10))\nraise ValueError('after all')")
    assert "after all" in done.stderr
    assert len(done.stdout) + len(done.stderr) < 100_000


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(3600)"])
def test_a_command_that_is_ended_leaves_no_process_of_a_model_that_hangs(place, code):
    marker = f"slipway-hangs-{os.getpid()}"
    command = [BINARY, *write(place, f"open(os.path.join(out, {marker!r}), 'w').close()\n{code}")]
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, env=environment_of(place), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    deadline = time.monotonic() + 60
    while not any((folder / marker).exists() for folder in leftovers(place)):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(1)
    assert processes_with(str(place / "home" / "data" / "prepared")) == []


def processes_with(text):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = open(f"/proc/{name}/cmdline").read()
        except OSError:
            continue
        if text in command:
            found.append((name, command))
    return found
