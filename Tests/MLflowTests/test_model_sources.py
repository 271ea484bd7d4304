# SPDX-License-Identifier: Apache-2.0
"""Where a version may come from: within the artifacts of the run or the logged model that is named with it.

A version's source is what `models:/…` loads. One that may point anywhere reads files of the server, or runs a model
that somebody else put there.
"""

import pytest
from mlflow_rest import ABSENT_MODEL, ABSENT_RUN


@pytest.fixture(scope="module")
def place(rest):
    """What sources are made of: an experiment, two runs and two models in it, and a registered model."""
    experiment = rest.new_experiment()
    run, other = rest.new_run(experiment), rest.new_run(experiment)
    model, stranger = [rest.new_model(experiment, source_run_id=run)["model_id"] for _ in range(2)]
    return {
        "experiment": experiment,
        "run": run,
        "other": other,
        "model": model,
        "stranger": stranger,
        "artifacts": f"mlflow-artifacts:/{experiment}/{run}/artifacts",
        "files": f"mlflow-artifacts:/{experiment}/models/{model}/artifacts",
        "name": rest.new_registered_model(),
    }


@pytest.fixture(scope="module")
def name(rest, place):
    """The registered model. At the end its versions come from nowhere but from where they may."""
    yield place["name"]
    made = rest.get("model-versions/search", filter=f"name = '{place['name']}'").get("model_versions", [])
    assert {version["source"] for version in made} <= {source.format(**place) for source, _ in ACCEPTED.values()}


ACCEPTED = {
    "a folder of the run": ("{artifacts}/model", "run"),
    "a deeper folder": ("{artifacts}/a/b/c", "run"),
    "all artifacts of the run": ("{artifacts}", "run"),
    "with a slash at the end": ("{artifacts}/", "run"),
    "a name with dots": ("{artifacts}/model..v1", "run"),
    "through the run": ("runs:/{run}/model", "run"),
    "through the model": ("models:/{model}", "model"),
    "files of the model": ("{files}", "model"),
    "a folder of the model": ("{files}/data", "model"),
}


def fields_of(place, name, source, named):
    fields = {"name": name, "source": source.format(**place)}
    if named == "run":
        fields["run_id"] = place["run"]
    if named == "model":
        fields["model_id"] = place["model"]
    return fields


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_lies_within_is_taken(server, rest, place, name, case):
    source, named = ACCEPTED[case]
    made = rest.post("model-versions/create", **fields_of(place, name, source, named))["model_version"]
    assert (made["run_id"], made["status"]) == (place["run"], "READY")
    answered = rest.get("model-versions/get-download-uri", name=name, version=made["version"])["artifact_uri"]
    assert answered.startswith((place["artifacts"], place["files"], f"runs:/{place['run']}"))


REFUSED = {
    "up": "{artifacts}/..",
    "up and elsewhere": "{artifacts}/../../{other}/artifacts",
    "up within": "{artifacts}/a/../b",
    "up at the end": "{artifacts}/a/..",
    "up, encoded": "{artifacts}/%2e%2e/x",
    "up, half encoded": "{artifacts}/.%2e/x",
    "up, encoded twice": "{artifacts}/%252e%252e/x",
    "up, encoded three times": "{artifacts}/%25252e%25252e/x",
    "up, slash encoded": "{artifacts}%2f..%2fx",
    "up through the run": "runs:/{run}/../x",
    "up through the run, encoded": "runs:/{run}/%2e%2e/x",
    "up through the run, encoded twice": "runs:/{run}/%252e%252e/x",
    "artifacts of another run": "mlflow-artifacts:/{experiment}/{other}/artifacts",
    "another run": "runs:/{other}/model",
    "a run that is not there": f"runs:/{ABSENT_RUN}/model",
    "a folder that only begins like it": "mlflow-artifacts:/{experiment}/{run}/artifacts-of-others/x",
    "above the artifacts": "mlflow-artifacts:/{experiment}/{run}",
    "all artifacts": "mlflow-artifacts:/",
    "an experiment": "mlflow-artifacts:/{experiment}",
    "another server's artifacts": "mlflow-artifacts://example.test/{experiment}/{run}/artifacts",
    "another model": "models:/{stranger}",
    "another model's files": "mlflow-artifacts:/{experiment}/models/{stranger}/artifacts",
    "a model that is not there": f"models:/{ABSENT_MODEL}",
    "a registered model without a version": "models:/{name}",
    "a file": "file:///etc/passwd",
    "a file, one slash": "file:/etc/passwd",
    "a file of a host": "file://localhost/etc/passwd",
    "a file, in capitals": "FILE:///etc/passwd",
    "a file, after a blank": " file:///etc/passwd",
    "a path": "/etc/passwd",
    "a path here": "etc",
    "a path from here": "./etc",
    "a path up": "../etc",
    "a drive": "C:\\\\windows",
    "a share": "\\\\\\\\host\\\\share",
    "a share, forward": "//host/share",
    "a page": "http://example.test/model",
    "a secure page": "https://example.test/model",
    "ftp": "ftp://example.test/model",
    "sftp": "sftp://example.test/model",
    "hdfs": "hdfs://example.test/model",
    "a bucket and up": "s3://bucket/../x",
    "a bucket and up, encoded": "s3://bucket/x/%2e%2e/y",
    "data": "data:,x",
    "a script": "javascript:alert(1)",
    "nothing": "",
}


@pytest.mark.parametrize("named", ["nothing", "run", "model"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_lies_elsewhere_is_refused(server, rest, place, name, case, named):
    rest.refuses(
        ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"),
        "POST",
        "model-versions/create",
        fields_of(place, name, REFUSED[case], named),
    )


@pytest.mark.parametrize("case", ACCEPTED)
def test_it_must_be_named_whose_it_is(server, rest, place, name, case):
    source = ACCEPTED[case][0]
    for others in [{}, {"run_id": place["other"]}, {"model_id": place["stranger"]}, {"run_id": ABSENT_RUN}]:
        fields = {"name": name, "source": source.format(**place)} | others
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "model-versions/create", fields)


@pytest.mark.slipway_only("it takes every scheme that it does not know")
@pytest.mark.parametrize("source", ["gopher://x/y", "gs://bucket/x?a=../b"])
def test_what_nobody_could_load_is_refused(rest, place, source):
    fields = fields_of(place, rest.new_registered_model(), source, "run")
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "model-versions/create", fields)


@pytest.mark.slipway_only("it answers 500")
def test_a_model_that_is_not_there_is_refused(rest, name):
    fields = {"name": name, "source": f"models:/{ABSENT_MODEL}", "model_id": ABSENT_MODEL}
    rest.refuses(("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"), "POST", "model-versions/create", fields)


def test_a_version_of_another_registered_model_is_taken(rest, place):
    """What a copy is made of."""
    first, second = rest.new_registered_model(), rest.new_registered_model()
    rest.new_version(first, place["run"])
    made = rest.post("model-versions/create", name=second, source=f"models:/{first}/1")["model_version"]
    assert made["run_id"] == place["run"]
    answered = rest.get("model-versions/get-download-uri", name=second, version="1")["artifact_uri"]
    assert answered == f"{place['artifacts']}/model"
    for absent in [f"models:/{first}/99", "models:/nobody registered this/1", "models:/nobody registered this@a"]:
        fields = {"name": second, "source": absent}
        rest.refuses(("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"), "POST", "model-versions/create", fields)
