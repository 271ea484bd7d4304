# SPDX-License-Identifier: Apache-2.0
"""What the program says of itself is OpenAPI 3.1, and its example rows are answered."""

import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from program import fetch


def document(server, path):
    status, text = fetch(server.url + path)
    assert status == 200, text
    return json.loads(text)


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
    status, answer = fetch(server.url + path, row)
    assert status == 200 and len(json.loads(answer)["predictions"]) == 1, answer
