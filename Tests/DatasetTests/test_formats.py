# SPDX-License-Identifier: Apache-2.0
"""Every type that pandas and pyarrow write, in every format, and the same rows in all of them."""

import datetime
import decimal
import io
import json
import math
import zoneinfo

import numpy
import pandas
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest

FILES = ["parquet", "arrow", "stream.arrow", "feather"]


def write(table, path, kind):
    if kind == "parquet":
        pyarrow.parquet.write_table(table, path)
    elif kind == "arrow":
        with pyarrow.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    elif kind == "stream.arrow":
        with pyarrow.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table)
    else:
        pyarrow.feather.write_feather(table, path)
    return path


def in_file(data, table, kind="parquet", name="data"):
    return write(table, data.folder / f"{name}.{kind}", kind)


def one(values, kind):
    return pyarrow.table({"c": pyarrow.array(values, kind)})


UTC = datetime.timezone.utc
DAY = datetime.date(2026, 3, 1)
NOON = datetime.datetime(2026, 3, 1, 12, 30, 15, 123456)
TYPES = [
    *[(kind, [1, -2, None, 100], "integer") for kind in ["int8", "int16", "int32", "int64"]],
    *[(kind, [1, 2, None, 200], "integer") for kind in ["uint8", "uint16", "uint32"]],
    ("uint64", [0, 2**63, 2**64 - 1, None], "number"),
    ("int64", [2**63 - 1, -(2**63)], "integer"),
    ("float16", [numpy.float16(0.5), None], "number"),
    ("float32", [0.1, -0.0, None, math.inf, -math.inf, math.nan], "number"),
    ("float64", [0.1, 1e308, -1.7e308, 5e-324, None, math.nan, -0.0], "number"),
    (pyarrow.decimal128(10, 2), [decimal.Decimal("1.10"), None, decimal.Decimal("-99999999.99")], "number"),
    (pyarrow.decimal256(60, 5), [decimal.Decimal("1" * 50 + ".12345"), None], "number"),
    ("bool", [True, False, None], "boolean"),
    ("date32", [DAY, None], "time"),
    ("date64", [DAY, None], "time"),
    *[(pyarrow.timestamp(unit), [NOON.replace(microsecond=0), None], "time") for unit in ["s", "ms", "us", "ns"]],
    (pyarrow.timestamp("us", "UTC"), [NOON.replace(tzinfo=UTC), None], "time"),
    (pyarrow.timestamp("ns", "America/New_York"), [NOON.replace(tzinfo=UTC), None], "time"),
    (pyarrow.time32("s"), [datetime.time(1, 2, 3), None], "text"),
    (pyarrow.time64("ns"), [1, None, 86_399_999_999_999], "text"),
    (pyarrow.duration("ns"), [1, None, -5], "integer"),
    ("string", ["", None, 'q"uote', "comma,", "line\nbreak\r\n", "😀é", "a\0b", "123", "true", "nan"], "text"),
    ("large_string", ["x", None], "text"),
    (pyarrow.string_view(), ["x", None, "long enough not to be inlined"], "text"),
    ("binary", [b"\x00\xff", None, b""], "text"),
    (pyarrow.binary(2), [b"ab", None], "text"),
    (pyarrow.list_(pyarrow.int64()), [[1, None], None, []], "text"),
    (pyarrow.list_(pyarrow.timestamp("ns")), [[1_700_000_000_000_000_000], None], "text"),
    (pyarrow.struct([("x", pyarrow.int64()), ("y", pyarrow.string())]), [{"x": 1, "y": "é"}, None], "text"),
    (pyarrow.map_(pyarrow.string(), pyarrow.int64()), [[("k", 1)], None], "text"),
    ("null", [None, None], "empty"),
    ("int64", [], "integer"),
    ("string", [None, None], "text"),
]


@pytest.mark.parametrize("kind, values, expected", TYPES, ids=lambda value: str(value)[:40])
def test_every_type_is_read(data, kind, values, expected):
    table = one(values, kind)
    path = in_file(data, table) if "view" not in str(kind) else in_file(data, table, "arrow")
    version = data.add(path)
    column = data.columns()["c"]
    missing = sum(value is None or (isinstance(value, float) and math.isnan(value)) for value in values)
    assert (version["rows"], column["type"], column["missing"]) == (len(values), expected, missing)
    assert data.get(1) == path.read_bytes()
    assert data.diff(1, path)["rows"]["same"] == len(values)


def test_what_is_in_the_columns(data):
    table = pyarrow.table(
        {
            "u": pyarrow.array([2**64 - 1, 2**63, 0], "uint64"),
            "f": pyarrow.array([math.inf, -math.inf, 1.5]),
            "t": pyarrow.array([NOON.replace(tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))] * 3, pyarrow.timestamp("ns", "Asia/Tokyo")),
            "c": pyarrow.array(["a", "b", "a"]).dictionary_encode(),
            "n": pyarrow.array([3, 4, 3]).dictionary_encode(),
        }
    )
    data.add(in_file(data, table))
    columns = data.columns()
    assert float(columns["u"]["maximum"]) == 2.0**64 and columns["u"]["distinct"] == 3
    assert (columns["f"]["finite"], columns["f"]["positive_infinities"], columns["f"]["negative_infinities"]) == (1, 1, 1)
    assert columns["t"]["minimum"] == NOON.replace(tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")).timestamp()
    assert columns["c"]["categories"] == [["a", 2], ["b", 1]]
    assert columns["n"]["type"] == "integer" and columns["n"]["maximum"] == 4


def mixed(rows=500):
    frame = pandas.DataFrame(
        {
            "id": range(rows),
            "amount": [None if row % 7 == 0 else row * 1.25 - 3 for row in range(rows)],
            "whole": pandas.array([None if row % 5 == 0 else row * 10**6 for row in range(rows)], "Int64"),
            "plan": pandas.Categorical([["basic", "pro", "the \"big\", one", "zwölf\n😀"][row % 4] for row in range(rows)]),
            "since": pandas.date_range("2026-01-01", periods=rows, freq="37min", tz="UTC"),
            "day": [(DAY + datetime.timedelta(days=row % 300)) for row in range(rows)],
            "member": [row % 3 == 0 for row in range(rows)],
        }
    )
    return frame


def test_the_same_rows_in_every_format_are_the_same(data):
    frame = mixed()
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    paths = [in_file(data, table, kind) for kind in FILES]
    frame.to_csv(data.folder / "data.csv", index=False)
    # Columns in another order, and times as texts.
    lines = [
        {"since": str(row.since), "day": str(row.day), "plan": row.plan, "member": row.member, "id": row.id}
        | ({} if pandas.isna(row.amount) else {"amount": row.amount})
        | ({} if pandas.isna(row.whole) else {"whole": int(row.whole)})
        for row in frame.itertuples()
    ]
    (data.folder / "data.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    pyarrow.csv.write_csv(table, data.folder / "arrow.csv")
    paths += [data.folder / name for name in ["data.csv", "data.jsonl", "arrow.csv"]]
    for path in paths:
        data.add(path, "--key", "id")
    records = [data.record(number) for number in range(1, len(paths) + 1)]
    assert len({record["rows"]["sha256"] for record in records}) == 1
    for number in range(2, len(paths) + 1):
        report = data.diff(1, f"{data.name}@{number}")
        assert report["rows"] == {"same": len(frame), "added": 0, "removed": 0, "changed": 0, "byKey": True, "shown": []}
        assert report["columns"] == [] and {column["level"] for column in report["drift"]} == {"none"}
        assert data.get(number) == paths[number - 1].read_bytes()
    profiles = [sorted(record["columns"], key=lambda column: column["name"]) for record in records]
    assert all(profile == profiles[0] for profile in profiles)


def test_numbers_are_those_of_pandas(data):
    frame = pandas.DataFrame({"x": numpy.random.default_rng(3).normal(5, 2, 3000), "k": numpy.arange(3000) % 17})
    path = data.folder / "data.parquet"
    frame.to_parquet(path)
    data.add(path)
    for name, column in data.columns().items():
        values = frame[name]
        assert column["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert column["standard_deviation"] == pytest.approx(values.std(), rel=1e-12)
        assert column["percentiles"] == pytest.approx(numpy.percentile(values, range(101)), rel=1e-12)
        assert (column["minimum"], column["maximum"], column["distinct"]) == (values.min(), values.max(), values.nunique())
        assert sum(column["bin_counts"]) == 3000


def test_a_digest_is_the_one_that_the_page_computes(data):
    text = open("docs/formats/dataset.md").read()
    program = text.split("```python\n")[1].split("```")[0]
    space = {}
    exec(program, space)
    path = data.write("b,a,t\n1,x,2026-03-01\n,é,2026-03-01 12:30:15.123456\n-0.0,\"\",1969-12-31T23:59:59Z\n9007199254740993,7,\n")
    data.add(path)
    rows = [
        {"b": 1, "a": "x", "t": datetime.datetime(2026, 3, 1, tzinfo=UTC)},
        {"b": None, "a": "é", "t": NOON.replace(tzinfo=UTC)},
        {"b": -0.0, "a": "", "t": datetime.datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)},
        {"b": 9007199254740993, "a": 7, "t": None},
    ]
    import urllib.request

    url = f"{data.server.url}/v1/datasets/{data.name}/versions/1/rows"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {data.server.token}"})
    assert urllib.request.urlopen(asked).read() == b"".join(space["digest"](row) for row in rows)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("rows, columns", [(0, 3), (1, 1), (1, 5), (3, 2000), (20_000, 1)])
def test_tables_of_every_shape(data, kind, rows, columns):
    table = pyarrow.table({f"column {number}": pyarrow.array(range(rows), "int64") for number in range(columns)})
    path = in_file(data, table, kind)
    assert data.add(path)["rows"] == rows
    assert len(data.record()["columns"]) == columns
    assert data.get(1) == path.read_bytes()


@pytest.mark.parametrize("rows, columns", [(0, 1), (0, 3), (1, 1), (3, 2000), (20_000, 1)])
def test_text_tables_of_every_shape(data, rows, columns):
    names = [f"column {number}" for number in range(columns)]
    lines = [",".join(names)] + [",".join([str(row)] * columns) for row in range(rows)]
    assert data.add_text("\n".join(lines) + "\n")["rows"] == rows
    if rows:
        line = json.dumps({name: 1 for name in names}) + "\n"
        assert data.add_text(line * rows, name="data.jsonl")["rows"] == rows
    assert data.diff(1, f"{data.name}@{2 if rows else 1}")["columns"] == []


@pytest.mark.parametrize("kind", FILES)
def test_no_columns_are_refused(data, kind):
    table = pyarrow.table({})
    assert data.refusal("add", in_file(data, table, kind), "--name", data.name)[0] == "DAT-003"


@pytest.mark.parametrize("kind", FILES)
def test_two_columns_of_one_name_are_refused(data, kind):
    table = pyarrow.table([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"])
    path = in_file(data, table, kind)
    assert data.refusal("add", path, "--name", data.name)[0] == "DAT-003"
    expected = data.write("schema: slipway.expectations/1\n", "e.yaml")
    assert data.refusal("check", path, "--expectations", expected)[0] == "DAT-003"
    assert data.refusal("add", data.write("a,a\n1,2\n"), "--name", data.name)[0] == "DAT-003"
    assert data.refusal("add", data.write('{"a":1,"a":2}\n', "d.jsonl"), "--name", data.name)[0] == "DAT-003"


def test_large_cells_and_batches(data):
    texts = ["x" * 1_000_000, "y" * 100, None] * 5
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"text": texts, "n": range(15)}), sink, row_group_size=4)
    path = data.write(sink.getvalue(), "data.parquet")
    data.add(path)
    column = data.columns()["text"]
    # A document is no category.
    assert column["categories"] == [["y" * 100, 5]] and column["other"] == 5 and column["missing"] == 5
    assert data.diff(1, path, "--rows", "1")["rows"]["same"] == 15
