# SPDX-License-Identifier: Apache-2.0
"""A model that writes its own report when it is opened: what the program does with the parts that it names.

The program reads what a confined process left behind, and it may do so as root. `test_hostile_packing.py` has the paths
and links of the report itself.
"""

import json
import resource
import subprocess

import pytest
from foreign import ask
from hostile import FORGING, command, packing, stagings, write_pickle
from onnx import TensorProto, helper

SECRET = "hunter2-of-the-test"


@pytest.fixture
def secret(tmp_path):
    """A file of the user alone. It looks like the lock of an environment: whoever reads it as one will say what is in it."""
    path = tmp_path / "secret.json"
    lock = {"schema": "slipway.environment/1", "python": "3.11", "platform": "linux_x86_64", "requirements": [SECRET]}
    path.write_text(json.dumps(lock))
    path.chmod(0o600)
    return path


@pytest.fixture
def forge(server, tmp_path, secret):
    """Deploys a model that runs `code`; what was outside before is as it was."""

    def deploy(code, *options):
        model = write_pickle(tmp_path / "model", FORGING + code.replace("SECRET", repr(str(secret))))
        before = secret.stat()
        said, errors = packing(server, model, "forged", *options).communicate(timeout=60)
        after = secret.stat()
        assert (after.st_mode, after.st_uid, after.st_mtime_ns) == (before.st_mode, before.st_uid, before.st_mtime_ns)
        assert SECRET not in said + errors
        assert stagings(server) == []
        assert server.slipway("status").returncode == 0
        return errors

    return deploy


def is_kept(server, text):
    """Whether it is in a file of the data folder."""
    return any(text.encode() in path.read_bytes() for path in server.data.rglob("*") if path.is_file())


def test_a_report_of_its_own_gives_a_model_no_more_than_a_worker(server, tmp_path):
    """What it writes is a model like any other, held in a sandbox like any other."""
    model = write_pickle(tmp_path, FORGING + "prepare(); end()")
    server.slipway(*command(model, "made-up"))
    status, answer = ask(server, "made-up", {"x": 4})
    assert (status, answer["predictions"][0]["y"]) == (200, 8)


def test_a_lock_that_no_list_names_is_not_read_through_a_link_either(server, forge):
    """The descriptor names it, and the list of files does not: it has to be looked at in the same way."""
    said = forge('WORKER["environment"] = "environment.json"\nlink("environment.json", SECRET)\nprepare()\nend()')
    assert "environment" in said
    assert not is_kept(server, SECRET)


def with_weights_at(location):
    """A form that adds what lies in a file beside it: as an answer it would show the file's first bytes."""
    weights = TensorProto(name="w", data_type=TensorProto.DOUBLE, dims=[1], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, "offset": "0", "length": "8"}.items():
        weights.external_data.add(key=key, value=value)
    values, sums = (helper.make_tensor_value_info(*t) for t in [("x", TensorProto.DOUBLE, ["n", 1]), ("y", TensorProto.DOUBLE, ["n"])])
    nodes = [helper.make_node("Add", ["x", "w"], ["wide"]), helper.make_node("Squeeze", ["wide", "axis"], ["y"])]
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(nodes, "weights", [values], [sums], [weights, axis])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.mark.parametrize("where", ["a link", "above", "absolute"])
def test_weights_of_a_converted_form_come_from_its_folder_alone(forge, secret, where):
    location = {"a link": "w.bin", "above": "../../../../secret.json", "absolute": str(secret)}[where]
    code = f'link("w.bin", SECRET)\nput("model.onnx", {with_weights_at(location)!r})\n'
    code += 'prepare(candidates=[{"file": "model.onnx", "converter": "own 1", "form": "forged"}])\nend()'
    said = forge(code, "--engine", "native")
    assert "PRF-001" in said and "xternal data" in said


def test_a_converted_form_that_is_a_link_is_not_opened(forge):
    code = 'link("model.onnx", SECRET)\nprepare(candidates=[{"file": "model.onnx", "converter": "own 1", "form": "f"}])\nend()'
    assert "PRF-001" in forge(code, "--engine", "native")


@pytest.mark.parametrize(
    "name",
    [
        "report.json",
        "examples.jsonl",
        "worker.json",
        "environment.json",
    ],
)
def test_a_file_that_is_too_large_is_not_read(server, tmp_path, name):
    """Sparse, it costs the model nothing; read, it would cost the program more memory than it is given here."""
    code = FORGING + 'WORKER["environment"] = "environment.json"\nput("environment.json", "x")\n'
    code += 'prepare(worker_files=["worker.json", "predict.py", "environment.json"])\n'
    model = write_pickle(tmp_path, f"{code}os.truncate(place({name!r}), 1 << 30)\nend()")
    process = packing(server, model, "large", stderr=subprocess.STDOUT)
    resource.prlimit(process.pid, resource.RLIMIT_DATA, (512 << 20, 512 << 20))
    said, _ = process.communicate()
    assert process.returncode == 2 and "error:" in said


def test_what_an_error_says_is_cut_and_clean(forge):
    """It comes from the model, and goes to a terminal: it must not clear it, or look like lines of ours."""
    report = {"schema": "slipway.prepared/1", "status": "error", "code": "load_failed", "hint": "none",
              "message": "\x1b[2J\x07one\r\nerror: two" + "x" * 100_000}  # fmt: skip
    said = forge(f'put("report.json", {json.dumps(report)!r})\nend()')
    assert "\x1b" not in said and "\x07" not in said and "\r" not in said
    assert "\nerror: two" not in said
    assert len(said) < 5_000


def test_what_a_model_calls_itself_is_clean(server, tmp_path):
    kind = "\x1b]0;owned\x07" + "x" * 10_000
    model = write_pickle(tmp_path, FORGING + f"prepare(type={kind!r}, notes=[{kind!r}])\nend()")
    done = server.slipway(*command(model, "called"))
    shown = done.stdout + done.stderr + server.slipway("model", "show", "called", "--version", "1").stdout
    assert "\x1b" not in shown and "\x07" not in shown
