# SPDX-License-Identifier: Apache-2.0
"""Files that are damaged, that change, that hold more than they seem to, and a Python that cannot read them."""

import io
import os
import random
import subprocess
import sys
import threading
import time
import venv

import pyarrow
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest
from data_commands import ANY
from program import SOAK

SEED = int(os.environ.get("SLIPWAY_SEED", "1"))
MUTATIONS = 200 if SOAK else 6


def bytes_of(kind):
    table = pyarrow.table({"id": range(2000), "text": [f"text {row % 50}" for row in range(2000)]})
    sink = io.BytesIO()
    if kind == "parquet":
        pyarrow.parquet.write_table(table, sink)
    elif kind == "feather":
        pyarrow.feather.write_feather(table, sink)
    elif kind == "stream.arrow":
        with pyarrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    elif kind == "arrow":
        with pyarrow.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    elif kind == "csv":
        return b"id,text\n" + b"".join(b'%d,"text ""%d"""\n' % (row, row % 50) for row in range(2000))
    else:
        return b"".join(b'{"id": %d, "text": "text %d"}\n' % (row, row % 50) for row in range(2000))
    return sink.getvalue()


KINDS = ["csv", "jsonl", "parquet", "arrow", "stream.arrow", "feather"]


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_refused_or_read(data, kind):
    """Each ends with an error of ours, or is read as some other table: nothing ends by a signal, or with a mistake of ours."""
    numbers = random.Random(f"{SEED} {kind}")
    whole = bytes_of(kind)
    expected = data.write("schema: slipway.expectations/1\ncolumns: {id: {unique: true}}\n", "e.yaml")
    for number in range(MUTATIONS):
        content = bytearray(whole)
        if number == 0:
            content = content[: len(content) // 2]
        elif number == 1:
            content = bytearray(numbers.randbytes(5000))
        else:
            for _ in range(numbers.choice([1, 20, 300])):
                content[numbers.randrange(len(content))] = numbers.randrange(256)
        path = data.write(bytes(content), f"data.{kind}")
        done = data.run("check", path, "--expectations", expected, code=ANY)
        assert done.returncode in (0, 2), f"mutation {number}: {done.returncode} {done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff\xfe", b"ARROW1", b"PAR1", b"\x89PNG\r\n\x1a\n"])
def test_what_is_of_no_such_format_is_refused(data, kind, content):
    if kind == "csv" and content in (b"\0" * 100, b"ARROW1", b"PAR1"):
        pytest.skip("that is a header, if a strange one")
    path = data.write(content, f"data.{kind}")
    assert data.refusal("add", path, "--name", data.name)[0] == "DAT-003"
    assert data.server.slipway("dataset", "list", data.name, code=3)


@pytest.mark.parametrize(
    "content, part",
    [
        (b"a,b\n1,2\n3\n", "row 2"),
        (b"a,b\n1,2\n3,4,5\n", "row 2"),
        (b'a\n"x\n', "quote"),
        (b"a\n\xff\n", "UTF-8"),
        (b"a,a\n1,2\n", "“a”"),
    ],
)
def test_the_row_is_named(data, content, part):
    code, said = data.refusal("add", data.write(content), "--name", data.name)
    assert code == "DAT-003" and part in said


def test_what_a_file_is_can_be_said(data):
    path = data.write("a,b\n1,2\n", "table.txt")
    code, said = data.refusal("add", path, "--name", data.name)
    assert code == "DAT-003" and "--data-format" in said
    assert data.add(path, "--data-format", "csv")["rows"] == 1
    assert data.run("verify", data.name, path)


def test_no_file_and_no_table(data):
    assert data.refusal("add", data.folder / "nothing.csv", "--name", data.name)[0] == "PRJ-006"
    assert data.refusal("add", data.folder, "--name", data.name)[0] == "DAT-003"
    assert data.refusal("check", "nothing.csv", "--like", data.name)[0] in ("PRJ-006", "DAT-001")
    assert data.refusal("diff", data.name)[0] == "DAT-001"
    assert data.refusal("add", data.write("a\n1\n"), "--name", data.name, "--key", "b")[0] == "DAT-003"
    assert data.refusal("add", data.write("a\n1\n"), "--name", data.name, "--project", "nobody")[0] == "REG-014"


def test_a_python_without_pyarrow_says_so(data, tmp_path):
    venv.create(tmp_path / "bare")
    path = data.write(bytes_of("parquet"), "data.parquet")
    code, said = data.refusal("add", path, "--name", data.name, SLIPWAY_PYTHON=str(tmp_path / "bare" / "bin" / "python"))
    assert code == "ENG-009" and "pip install pyarrow" in said
    assert data.add_text("a\n1\n")["version"] == 1


def test_a_small_file_that_holds_a_large_table_is_bounded(data):
    """Three hundred million rows in some kilobytes: a thousand times the file is enough, or 256 MiB."""
    sink = io.BytesIO()
    rows = 1_000_000
    column = pyarrow.array([7], "int64").take(pyarrow.array([0] * rows, "int64"))
    table = pyarrow.table({"c": column})
    with pyarrow.parquet.ParquetWriter(sink, table.schema, compression="zstd", max_rows_per_page=rows, write_statistics=False) as writer:
        for _ in range(300):
            writer.write_table(table, row_group_size=rows)
    path = data.write(sink.getvalue(), "bomb.parquet")
    assert path.stat().st_size < 200_000
    code, said = data.refusal("add", path, "--name", data.name)
    assert code == "DAT-003" and "268435456 bytes as text" in said


def test_a_file_that_changes_while_it_is_read_is_refused(data):
    """A writer goes on appending: the add is refused as long as it does, or takes one state as a whole."""
    path = data.write("a\n" + "1\n" * 200_000)
    done = threading.Event()

    def append():
        with path.open("a") as file:
            while not done.is_set():
                file.write("2\n")
                file.flush()
                time.sleep(0.001)

    writer = threading.Thread(target=append)
    writer.start()
    try:
        code, said = data.refusal("add", path, "--name", data.name)
    finally:
        done.set()
        writer.join()
    assert code == "DAT-003" and "written to while it was read" in said
    version = data.add(path)
    assert data.get(version["version"]) == path.read_bytes()


def test_expectations_that_are_none(data):
    path = data.write("a\n1\n")
    for text, code in [
        ("schema: slipway.expectations/2\n", "PRJ-003"),
        ("schema: slipway.expectations/1\nrow: {}\n", "PRJ-002"),
        ("schema: slipway.expectations/1\ncolumns: {a: {range: [1e400, .nan]}}\n", "PRJ-003"),
        ("schema: slipway.expectations/1\nrelations: ['a; drop table b']\n", "PRJ-003"),
        ("{", "PRJ-001"),
        ("a: &a [*a]\n", "PRJ-001"),
        ("[" * 100_000, "PRJ-001"),
    ]:
        expected = data.write(text, "e.yaml")
        assert data.refusal("check", path, "--expectations", expected)[0] == code
    assert data.refusal("check", path, "--expectations", data.folder / "no.yaml")[0] == "PRJ-006"


def test_one_python_reads_for_another(data):
    """The process apart finds nothing of the caller's own modules."""
    (data.folder / "pyarrow.py").write_text("raise SystemExit('mine')")
    path = data.write(bytes_of("parquet"), "data.parquet")
    done = subprocess.run(
        [data.server.process.args[0], "dataset", "add", path, "--name", data.name],
        cwd=data.folder, env=data.server.environment, capture_output=True, text=True,
    )
    assert done.returncode == 0 and sys.executable, done.stderr
