# SPDX-License-Identifier: Apache-2.0
"""What the wheel holds, and what it does on a machine without Swift."""

import base64
import csv
import hashlib
import io
import re
import subprocess
import sys
import zipfile

from program import EXAMPLES, ROOT

DATA = "slipway-0.1.0.data"


def test_the_wheel_holds_program_package_and_example(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.getinfo(f"{DATA}/scripts/slipway").external_attr >> 16 == 0o100755
        example = archive.read(f"{DATA}/data/share/slipway/examples/breast-cancer/model.onnx")
        assert example == (EXAMPLES / "breast-cancer" / "model.onnx").read_bytes()
    assert f"{DATA}/data/lib/slipway/libsqlite3.so.0" in names
    package = ROOT / "python"
    sources = {path.relative_to(package).as_posix() for path in (package / "slipway").rglob("*.py")}
    assert sources <= names
    assert {"slipway/py.typed", "slipway-0.1.0.dist-info/licenses/LICENSE"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("/")]


def test_the_record_is_true(wheel):
    with zipfile.ZipFile(wheel) as archive:
        record = csv.reader(io.StringIO(archive.read("slipway-0.1.0.dist-info/RECORD").decode()))
        listed = {name: (said, size) for name, said, size in record}
        assert set(listed) == set(archive.namelist())
        for name, (said, size) in listed.items():
            if name.endswith("/RECORD"):
                continue
            content = archive.read(name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (said, size) == (f"sha256={digest}", str(len(content))), name


def test_the_same_input_is_the_same_wheel(wheel, tmp_path, monkeypatch):
    subprocess.run(
        [sys.executable, ROOT / "python" / "build_wheel.py", tmp_path], check=True, capture_output=True
    )
    (again,) = tmp_path.iterdir()
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_tag_promises_no_older_system_than_the_program_runs_on(wheel, installed):
    minor = int(re.search(r"-py3-none-manylinux_2_(\d+)_x86_64\.whl", wheel.name).group(1))
    program = installed.environment / "bin" / "slipway"
    libraries = [program, installed.environment / "lib" / "slipway" / "libsqlite3.so.0"]
    for path in libraries:
        symbols = subprocess.run(["objdump", "-T", path], check=True, capture_output=True, text=True).stdout
        needed = {int(number) for number in re.findall(r"\(GLIBC_2\.(\d+)", symbols)}
        assert needed and max(needed) <= minor
    loaded = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    assert "not found" not in loaded
    assert str(installed.environment / "lib" / "slipway" / "libsqlite3.so.0") in loaded.replace("bin/../", "")


def test_versions_agree(installed):
    assert installed.run("slipway", "--version") == "slipway 0.1.0\n"
    assert installed.run("python", "-c", "import slipway; print(slipway.__version__)") == "0.1.0\n"
    installed.run("python", "-m", "pip", "check")


def test_the_doctor_finds_the_engine_of_the_environment(installed):
    said = installed.run("slipway", "doctor")
    assert re.search(
        rf"onnxruntime 1\.27\.0 at {installed.environment}/lib/python3\.\d+/site-packages/onnxruntime/capi/",
        said,
    )


def test_the_demo_ends_in_a_correct_prediction(installed):
    said = installed.run("slipway", "demo")
    assert "143 of 143 examples agree" in said
    label, probability = re.search(r'\{"label":(\d),"probabilities":\[([0-9.e-]+),', said).groups()
    # As examples.csv has recorded it of the original.
    assert label == "1" and abs(float(probability) - 0.000738) < 1e-6
    assert "breast-cancer" in installed.run("slipway", "status")


def test_the_package_deploys_and_asks(installed):
    example = EXAMPLES / "breast-cancer"
    said = installed.run(
        "python", "-c",
        "import json, slipway\n"
        f"deployment = slipway.deploy({str(example / 'columns')!r}, name='from-python')\n"
        f"row = json.load(open({str(example / 'row.json')!r}))\n"
        "print(deployment.predict(row)['label'].tolist(), deployment.proven)",
    )  # fmt: skip
    assert "[1] True" in said


def test_a_model_in_python_is_served_with_numpy_alone(installed):
    code = installed.home / "mine"
    code.mkdir()
    (code / "rules.py").write_text(
        "class Double:\n    def predict(self, rows):\n        return rows[:, 0] * 2\n"
    )
    (installed.home / "deploy.py").write_text(
        "import sys, numpy, slipway\n"
        "sys.path.insert(0, 'mine')\n"
        "import rules\n"
        "rows = numpy.arange(20.0).reshape(10, 2)\n"
        "deployment = slipway.deploy(rules.Double(), 'double', rows, baseline=rows, code='mine')\n"
        "print(deployment.proven, deployment.predict([[21.0, 0.0]])['prediction'].tolist())\n"
    )
    assert "True [42.0]" in installed.run("python", "deploy.py")


def test_nothing_is_imported_before_it_is_needed(installed):
    """A worker imports the package for what stands below it, and must not pay for a client."""
    said = installed.run("python", "-X", "importtime", "-c", "import slipway")
    assert not re.search(r"\| +(numpy|http|slipway\.\S+)\b", said)
