# SPDX-License-Identifier: Apache-2.0
"""What the program says of itself is OpenAPI 3.1, and its example rows are answered."""

import json
import urllib.request

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator


def document(server, path):
    with urllib.request.urlopen(server.url + path, timeout=30) as answer:
        return json.load(answer)


def test_the_whole_api_is_described_validly(server):
    described = document(server, "/openapi.json")
    OpenAPIV31SpecValidator(described).validate()
    identifiers = [call["operationId"] for path in described["paths"].values() for call in path.values()]
    assert len(identifiers) == len(set(identifiers)) > 40


@pytest.mark.parametrize("name", ["breast_cancer", "breast_cancer_columns", "digits"])
def test_every_endpoint_is_described_validly(server, request, name):
    endpoint = request.getfixturevalue(name)
    described = document(server, f"/v1/endpoints/{endpoint}/openapi.json")
    OpenAPIV31SpecValidator(described).validate()
    path = f"/v1/endpoints/{endpoint}/predict"
    content = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    row = content["schema"]["oneOf"][0]["examples"][0]
    asked = urllib.request.Request(server.url + path, json.dumps(row).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert len(json.load(answer)["predictions"]) == 1
