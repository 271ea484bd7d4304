# SPDX-License-Identifier: Apache-2.0
"""Bodies that nobody can answer, by protocol: what is wrong with each, and the bytes."""

import json
import struct

from protocols import CSV, INSTANCES, ROWS, SCORING, V2, V2_BINARY, input_json

DEEP = 100_000

# Wrong in every protocol that reads JSON.
BROKEN_JSON = {
    "empty body": b"",
    "space alone": b" \r\n\t ",
    "one brace": b"{",
    "one bracket too many": b"]",
    "half a word": b"nul",
    "a text alone": b'"values"',
    "a number alone": b"1",
    "null alone": b"null",
    "open text": b'{"values": "',
    "trailing comma": b'[{"values": [1,2,3,]}]',
    "comments": b'/* */ [{"values": [1,2,3]}]',
    "single quotes": b"[{'values': [1,2,3]}]",
    "arrays too deep": b"[" * DEEP,
    "closed arrays too deep": b"[" * DEEP + b"]" * DEEP,
    "objects too deep": b'{"a":' * DEEP,
    "NUL": b"\x00",
    "a NUL behind it": b'[{"values": [1,2,3]}]\x00',
    "byte order mark and nothing": b"\xef\xbb\xbf",
    "UTF-16": '[{"values": [1,2,3]}]'.encode("utf-16"),
    "wrong UTF-8 in a name": b'[{"val\xffues": [1,2,3]}]',
    "overlong UTF-8": b'[{"\xc0\xafvalues": [1,2,3]}]',
    "half a surrogate in UTF-8": b'[{"\xed\xa0\x80": [1,2,3]}]',
    "half a surrogate in an escape": b'[{"\\ud800": [1,2,3]}]',
    "half an escape": b'[{"\\u12": [1,2,3]}]',
    "unknown escape": b'[{"\\x41": [1,2,3]}]',
    "line end in a text": b'[{"val\nues": [1,2,3]}]',
    "binary": bytes(range(256)),
}

# What stands where the first of three floats should.
BAD_FLOATS = {
    "text": '"one"',
    "null": "null",
    "object": "{}",
    "true": "true",
    "array": "[1]",
    "leading zero": "01",
    "leading plus": "+1",
    "leading point": ".5",
    "trailing point": "1.",
    "no exponent": "1e",
    "hex": "0x10",
    "two points": "1.2.3",
    "minus alone": "-",
    "larger than its type": "1e39",
    "larger than any type": "1e999999999999999999999",
    "a thousand digits": "9" * 1000,
}


def v2_bodies():
    def body(*inputs, **members):
        return json.dumps({"inputs": list(inputs), **members}).encode()

    good = input_json([1, 2, 3])
    bodies = {
        "no inputs member": b"{}",
        "inputs is an object": b'{"inputs": {}}',
        "inputs is null": b'{"inputs": null}',
        "no input": body(),
        "an input is null": body(None),
        "an input is a number": body(1),
        "unknown input": body({**good, "name": "value"}),
        "another input": body(good, {**good, "name": "more"}),
        "the input twice": body(good, good),
        "input without a name": body({key: good[key] for key in good if key != "name"}),
        "input without a datatype": body({key: good[key] for key in good if key != "datatype"}),
        "input without a shape": body({key: good[key] for key in good if key != "shape"}),
        "input without data": body(input_json(None)),
        "name is a number": body({**good, "name": 1}),
        "name is empty": body({**good, "name": ""}),
        "unknown datatype": body({**good, "datatype": "FP31"}),
        "datatype in small letters": body({**good, "datatype": "fp32"}),
        "other datatype": body({**good, "datatype": "FP64"}),
        "integers": body({**good, "datatype": "INT32"}),
        "texts": body({**good, "datatype": "BYTES", "data": ["1", "2", "3"]}),
        "shape is a number": body({**good, "shape": 3}),
        "shape is null": body({**good, "shape": None}),
        "shape is empty": body({**good, "shape": []}),
        "shape of texts": body({**good, "shape": ["1", "3"]}),
        "shape of fractions": body({**good, "shape": [1.5, 2]}),
        "a dimension short": body({**good, "shape": [3]}),
        "a dimension more": body({**good, "shape": [1, 1, 3]}),
        "a column short": body({**good, "shape": [1, 2], "data": [1, 2]}),
        "shape larger than data": body({**good, "shape": [2, 3]}),
        "negative shape": body({**good, "shape": [-1, 3]}),
        "twice negative shape": body({**good, "shape": [-1, -3]}),
        "huge shape": body({**good, "shape": [1 << 61, 3]}),
        "shape that overflows": body({**good, "shape": [1 << 62, 1 << 62]}),
        "shape beyond 64 bits": body({**good, "shape": [1 << 64, 3]}),
        "shape of a thousand dimensions": body({**good, "shape": [1] * 999 + [3]}),
        "zero times huge": body({**good, "shape": [0, 1 << 62], "data": []}),
        "too little data": body({**good, "data": [1, 2]}),
        "too much data": body({**good, "data": [1, 2, 3, 4]}),
        "nested otherwise than the shape": body({**good, "data": [[1], [2], [3]]}),
        "ragged": body({**good, "shape": [2, 3], "data": [[1, 2, 3], [4, 5]]}),
        "data is a number": body({**good, "data": 1}),
        "data is an object": body({**good, "data": {"0": 1}}),
        "data is null": body({**good, "data": None}),
        "outputs is a text": body(good, outputs="same"),
        "unknown output": body(good, outputs=[{"name": "other"}]),
        "the output twice": body(good, outputs=[{"name": "same"}, {"name": "same"}]),
        "output without a name": body(good, outputs=[{}]),
        "parameters is an array": body(good, parameters=[]),
        "id is an object": body(good, id={}),
        "size without bytes": body(input_json(None, parameters={"binary_data_size": 12})),
        "size that is a text": body(input_json(None, parameters={"binary_data_size": "12"})),
        "inputs comes twice": b'{"inputs": [], "inputs": []}',
        "more behind it": body(good) + b"{}",
        "cut short": body(good)[:-3],
    }
    for name, text in BAD_FLOATS.items():
        # An array is data nested otherwise, which has a name of its own above.
        if name != "array":
            start = b'{"inputs": [{"name": "values", "datatype": "FP32", "shape": [1, 3], "data": ['
            bodies[f"first value: {name}"] = start + text.encode() + b", 2, 3]}]}"
    return bodies


def rows_bodies():
    bodies = {
        "an object without columns": b"{}",
        "an array of numbers": b"[1, 2, 3]",
        "an array in the array": b"[[1, 2, 3]]",
        "a row is null": b"[null]",
        "one row is null": b'[{"values": [1,2,3]}, null]',
        "missing column": b"[{}]",
        "unknown column": b'[{"value": [1,2,3]}]',
        "another column": b'[{"values": [1,2,3], "more": 1}]',
        "the column twice": b'[{"values": [1,2,3], "values": [1,2,3]}]',
        "too few values": b'[{"values": [1,2]}]',
        "too many values": b'[{"values": [1,2,3,4]}]',
        "values is one number": b'[{"values": 1}]',
        "values is null": b'[{"values": null}]',
        "nested too deep": b'[{"values": [[[1,2,3]]]}]',
        "second row ragged": b'[{"values": [1,2,3]}, {"values": [1]}]',
        "more behind it": b'[{"values": [1,2,3]}] []',
        "cut short": b'[{"values": [1,2,3',
    }
    for name, text in BAD_FLOATS.items():
        bodies[f"first value: {name}"] = b'[{"values": [' + text.encode() + b", 2, 3]}]"
    return bodies


def instances_bodies():
    def body(**members):
        return json.dumps(members).encode()

    good = [{"values": [1, 2, 3]}]
    bodies = {
        "no rows member": b"{}",
        "rows without their member": json.dumps(good).encode(),
        "both instances and inputs": body(instances=good, inputs={"values": [[1, 2, 3]]}),
        "instances comes twice": b'{"instances": [[1,2,3]], "instances": [[1,2,3]]}',
        "unknown member": body(instances=good, more=1),
        "a table": body(dataframe_records=good),
        "another signature": body(instances=good, signature_name="other"),
        "signature is a number": body(instances=good, signature_name=1),
        "parameters": body(instances=good, parameters={"top": 1}),
        "parameters that are a list": body(instances=good, parameters=[1]),
        "instances is a number": body(instances=1),
        "instances is an object": body(instances={"values": [1, 2, 3]}),
        "instances is null": body(instances=None),
        "a row is null": body(instances=[None]),
        "missing column": body(instances=[{}]),
        "unknown column": body(instances=[{"value": [1, 2, 3]}]),
        "another column": body(instances=[{"values": [1, 2, 3], "more": 1}]),
        "too few values": body(instances=[[1, 2]]),
        "too many values": body(instances=[[1, 2, 3, 4]]),
        "second row ragged": body(instances=[[1, 2, 3], [1, 2]]),
        "base64 that is none": body(instances=[{"values": {"b64": "?"}}]),
        "inputs is a number": body(inputs=1),
        "unknown input": body(inputs={"value": [[1, 2, 3]]}),
        "inputs ragged": body(inputs={"values": [[1, 2, 3], [1]]}),
        "more behind it": body(instances=good) + b"{}",
        "cut short": body(instances=good)[:-3],
    }
    for name, text in BAD_FLOATS.items():
        bodies[f"first value: {name}"] = b'{"instances": [{"values": [' + text.encode() + b", 2, 3]}]}"
    return bodies


def scoring_bodies():
    def split(**members):
        return json.dumps({"dataframe_split": members}).encode()

    bodies = {
        "no rows member": b"{}",
        "two tables": b'{"dataframe_split": {"columns": [], "data": []}, "dataframe_records": []}',
        "params": b'{"dataframe_records": [{"values": [1,2,3]}], "params": {"top": 1}}',
        "split is an array": b'{"dataframe_split": []}',
        "split is null": b'{"dataframe_split": null}',
        "split without columns": split(data=[[[1, 2, 3]]]),
        "split without data": split(columns=["values"]),
        "columns is a text": split(columns="values", data=[[[1, 2, 3]]]),
        "columns of numbers": split(columns=[0], data=[[[1, 2, 3]]]),
        "a column twice": split(columns=["values", "values"], data=[[[1, 2, 3], [1, 2, 3]]]),
        "unknown column alone": split(columns=["value"], data=[[[1, 2, 3]]]),
        "data is a number": split(columns=["values"], data=1),
        "a row is a number": split(columns=["values"], data=[1]),
        "a row is an object": split(columns=["values"], data=[{"values": [1, 2, 3]}]),
        "a row short": split(columns=["values"], data=[[]]),
        "a row long": split(columns=["values"], data=[[[1, 2, 3], 4]]),
        "too few values": split(columns=["values"], data=[[[1, 2]]]),
        "too many values": split(columns=["values"], data=[[[1, 2, 3, 4]]]),
        "records is an object": b'{"dataframe_records": {"values": [1,2,3]}}',
        "a record is an array": b'{"dataframe_records": [[1, 2, 3]]}',
        "a record is null": b'{"dataframe_records": [null]}',
        "a record without its column": b'{"dataframe_records": [{}]}',
        "more behind it": split(columns=["values"], data=[[[1, 2, 3]]]) + b"{}",
        "cut short": split(columns=["values"], data=[[[1, 2, 3]]])[:-3],
    }
    for name, text in BAD_FLOATS.items():
        start = b'{"dataframe_split": {"columns": ["values"], "data": [[['
        bodies[f"first value: {name}"] = start + text.encode() + b", 2, 3]]]}}"
    return bodies


def csv_bodies():
    header = b"values[0],values[1],values[2]\n"
    return {
        "empty body": b"",
        "line ends alone": b"\n\n\n",
        "no header": b"1,2,3\n",
        "missing column": b"values[0],values[1]\n1,2\n",
        "unknown column": b"values[0],values[1],values[2],more\n1,2,3,4\n",
        "a column twice": b"values[0],values[1],values[1]\n1,2,3\n",
        "nameless column": b"values[0],values[1],values[2],\n1,2,3,4\n",
        "index beyond": b"values[0],values[1],values[3]\n1,2,3\n",
        "index beyond 64 bits": b"values[0],values[1],values[18446744073709551616]\n1,2,3\n",
        "negative index": b"values[0],values[1],values[-1]\n1,2,3\n",
        "a cell short": header + b"1,2\n",
        "a cell more": header + b"1,2,3,4\n",
        "second row short": header + b"1,2,3\n4,5\n",
        "empty cell": header + b"1,,3\n",
        "text": header + b"1,two,3\n",
        "open quote": header + b'1,2,"3\n',
        "quote within": header + b'1,2,3"4"\n',
        "text behind a quote": header + b'1,2,"3"4\n',
        "NUL": header + b"1,2,\x003\n",
        "wrong UTF-8": header + b"1,2,\xff\n",
        "wrong UTF-8 in the header": b"values[0],values[1],\xff\n1,2,3\n",
        "UTF-16": (header + b"1,2,3\n").decode().encode("utf-16"),
        "semicolons": header.replace(b",", b";") + b"1;2;3\n",
        "larger than its type": header + b"1,2,1e39\n",
        "larger than any type": header + b"1,2,1e999999999999\n",
        "hex": header + b"1,2,0x3\n",
        "two points": header + b"1,2,3.4.5\n",
        "JSON": b'[{"values": [1,2,3]}]',
        "twenty thousand columns": b",".join(b"c%d" % index for index in range(20_000)) + b"\n1\n",
    }


def binary_bodies():
    """(headers, body) pairs: the lengths in header, JSON and bytes do not agree."""

    def request(size=12, count=12, length=None, **members):
        text = json.dumps({"inputs": [input_json(None, parameters={"binary_data_size": size}, **members)]}).encode()
        body = text + b"\x00" * count
        return [("Inference-Header-Content-Length", len(text) if length is None else length)], body

    text_length = len(request()[1]) - 12
    bodies = {
        "no bytes": request(count=0),
        "a byte short": request(count=11),
        "a byte more": request(count=13),
        "size too small": request(size=8),
        "size too large": request(size=16),
        "size and bytes of two rows": request(size=24, count=24),
        "size zero": request(size=0, count=0),
        "size negative": request(size=-12),
        "size beyond 64 bits": request(size=1 << 70),
        "size at the edge of 64 bits": request(size=(1 << 63) - 1),
        "size a fraction": request(size=12.5),
        "size a text": request(size="12"),
        "size null": request(size=None),
        "size true": request(size=True),
        "both data and bytes": request(data=[1, 2, 3]),
        "shape larger than the bytes": request(shape=[1 << 40, 3]),
        "header length empty": request(length=""),
        "header length zero": request(length="0"),
        "header length negative": request(length="-1"),
        "header length a word": request(length="all"),
        "header length hex": request(length="0x10"),
        "header length with a plus": request(length=f"+{text_length}"),
        "header length beyond the body": request(length="4096"),
        "header length beyond 64 bits": request(length="99999999999999999999"),
        "header length short": request(length=text_length - 2),
        "header length long": request(length=text_length + 2),
    }
    return bodies


def text_element(length, data=b""):
    return struct.pack("<I", length) + data


def binary_texts(data=b"".join(text_element(1, letter) for letter in [b"a", b"b", b"c"])):
    """(headers, body) of three texts, as bytes."""
    text = json.dumps(
        {
            "inputs": [
                {"name": "values", "datatype": "BYTES", "shape": [1, 3], "parameters": {"binary_data_size": len(data)}}
            ]
        }
    ).encode()
    return [("Inference-Header-Content-Length", len(text))], text + data


def texts_bodies():
    """The same for texts, whose bytes have a length of their own before each."""
    one, two = text_element(1, b"a"), text_element(1, b"a") + text_element(1, b"b")
    return {
        "a length beyond everything": binary_texts(text_element(0xFFFF_FFFF, b"abc")),
        "a length of 2 GiB": binary_texts(text_element(0x7FFF_FFFF, b"abc")),
        "a length one too large": binary_texts(two + text_element(2, b"c")),
        "half a length": binary_texts(two + b"\x01\x00"),
        "a length that takes in the next": binary_texts(one + text_element(6, b"a") + text_element(1, b"b")),
        "too few texts": binary_texts(two),
        "too many texts": binary_texts(text_element(0) * 4),
        "nothing": binary_texts(b""),
    }


# By protocol; a protocol that is new adds its own here. A body that needs other headers comes with them, as a pair.
BAD_BODIES = {
    V2.name: {**BROKEN_JSON, **v2_bodies()},
    V2_BINARY.name: binary_bodies(),
    ROWS.name: {**BROKEN_JSON, **rows_bodies()},
    CSV.name: csv_bodies(),
    INSTANCES.name: {**BROKEN_JSON, **instances_bodies()},
    SCORING.name: {**BROKEN_JSON, **scoring_bodies()},
}
