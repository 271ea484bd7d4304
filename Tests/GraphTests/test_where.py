# SPDX-License-Identifier: Apache-2.0
"""Which endpoints contain a file, a library or training data: in bundles, in graphs of them, and in what runs read."""

import hashlib
import json

import numpy
import pytest
from program import EXAMPLES, MODELS, fetch
from test_graph_program import RULES, project

CANCER = EXAMPLES / "breast-cancer"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def api(server, path, body=None, method=None, token=None, status=200):
    answered, text = fetch(server.url + path, body, method, Authorization=f"Bearer {token or server.token}")
    assert answered == status, text
    return json.loads(text) if text else None


def mlflow(server, call, **fields):
    return api(server, f"/api/2.0/mlflow/{call}", fields)


@pytest.fixture(scope="module")
def platform(server, tmp_path_factory):
    """A model of another project; a graph with a registered part and a worker; and a version whose run read a data set."""
    folder = tmp_path_factory.mktemp("where")
    server.slipway("deploy", CANCER, "--name", "cancer", "--project", "growth")
    part = project(folder / "sums", "  steps:\n    sum: {in: [input.a, input.b], transform: [{op: linear, columns: [a, b], "
                   "coefficients: [[1, 1]], as: sum}]}\n  outputs: {sum: 'sum.sum[0]'}\n",
                   rows="a,b,kind\n1,2,x\n3,4,only-here\n")
    server.slipway("deploy", part)
    whole = project(folder / "whole", "  steps:\n    part: {in: input, model: sums@1}\n"
                    "    rules: {in: [input.a, input.b], worker: 'rules:predict'}\n"
                    "  outputs: {sum: 'part.sum', total: 'rules.total'}\n")
    (whole / "rules.py").write_text(RULES)
    server.slipway("deploy", whole)

    experiment = mlflow(server, "experiments/create", name="where")["experiment_id"]
    run = mlflow(server, "runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    dataset = {"name": "churn-train", "digest": "0a1b2c3d", "source_type": "local", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "training"}]
    mlflow(server, "runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": tags}])
    server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "tracked")
    first = api(server, "/v1/registry/models/tracked/versions/1")
    mlflow(server, "model-versions/create", name="tracked", run_id=run, source=f"runs:/{run}/model")
    api(server, "/v1/registry/models/tracked/versions",
        {"manifest": first["bundle"], "provenance": first["provenance"], "version": 2}, status=201)
    api(server, "/v1/endpoints/tracked/deployments", {"model": "tracked", "version": "2"})
    server.run = run
    return server


def where(server, *options, code=0, **variables):
    done = server.slipway("where", *options, "--format", "json", code=code, **variables)
    return json.loads(done.stdout or done.stderr)


def places(found):
    return sorted((match["place"].get("endpoint") or "", match["place"]["version"]) for match in found["matches"])


def findings(found, endpoint):
    (match,) = [match for match in found["matches"] if match["place"].get("endpoint") == endpoint]
    return match["findings"]


# Files


def test_a_file_is_found_by_its_digest_or_itself(platform):
    model = CANCER / "model.onnx"
    for way in [model, sha256(model), f"sha256:{sha256(model)}", sha256(model)[:8], sha256(model)[:9].upper()]:
        found = where(platform, "--digest", way)
        assert places(found) == [("cancer", 1)] and found["notExamined"] == [], way
        (finding,) = findings(found, "cancer")
        assert (finding["kind"], finding["path"], finding["what"]) == ("file", "model.onnx", f"sha256:{sha256(model)}")
        assert found["matches"][0]["place"] == {
            "endpoint": "cancer", "project": "growth", "model": "cancer", "version": 1, "state": "live"}
    assert where(platform, "--digest", "0" * 64)["matches"] == []
    text = platform.slipway("where", "--digest", model).stdout
    assert "cancer" in text and "model.onnx" in text and "1 endpoint contains it" in text


def test_a_file_in_a_graph_and_in_a_bundle_in_it_is_found(platform, tmp_path):
    assert places(where(platform, "--digest", sha256_of_code(platform))) == [("whole", 1)]
    # The bundle of the part answers at an endpoint of its own, and lies in the graph.
    bundle = api(platform, "/v1/registry/models/sums/versions/1")["bundle"]
    found = where(platform, "--digest", bundle)
    assert places(found) == [("sums", 1), ("whole", 1)]
    assert findings(found, "sums")[0]["path"] == "manifest.json"
    assert findings(found, "whole")[0]["path"].endswith("/manifest.json")
    provenance = api(platform, "/v1/registry/models/sums/versions/1")["provenance"]
    assert findings(where(platform, "--digest", provenance), "sums")[0]["path"] == "provenance.json"


def sha256_of_code(platform):
    return hashlib.sha256(RULES.encode()).hexdigest()


def test_what_is_no_digest_is_refused(platform):
    assert "PRJ-006" in platform.slipway("where", "--digest", "1234567", code=3).stderr
    assert "PRJ-006" in platform.slipway("where", "--digest", "/nowhere", code=3).stderr
    platform.slipway("where", code=64)
    for query, code in [("", "IN-003"), ("?digest=1234567", "IN-006"), ("?digest=" + "0" * 65, "IN-006"),
                        ("?library=%3C1", "IN-006"), ("?library=numpy%3D1", "IN-006"), ("?dataset=", "IN-006"),
                        ("?dataset=" + "x" * 1001, "IN-006"), ("?library=numpy&all=maybe", "IN-006")]:
        assert api(platform, f"/v1/where{query}", status=400)["code"] == code, query


def with_files(platform, name, contents):
    """A version of a model that has these further files, registered and nowhere deployed."""
    first = api(platform, "/v1/registry/models/tracked/versions/1")
    manifest = fetch(f"{platform.url}/v1/blobs/{first['bundle']}", Authorization=f"Bearer {platform.token}")[1]
    listed = ""
    for number, content in enumerate(contents):
        digest = hashlib.sha256(content).hexdigest()
        api(platform, f"/v1/blobs/sha256:{digest}", content, "PUT", status=201)
        listed += '{"bytes":%d,"path":"a%d","sha256":"%s"},' % (len(content), number, digest)
    manifest = manifest.replace('"files":[', '"files":[' + listed).encode()
    bundle = "sha256:" + hashlib.sha256(manifest).hexdigest()
    api(platform, f"/v1/blobs/{bundle}", manifest, "PUT", status=201)
    body = {"manifest": bundle, "provenance": first["provenance"]}
    return api(platform, f"/v1/registry/models/{name}/versions", body, status=201)


def test_a_beginning_of_several_contents_is_refused(platform):
    """Of a few hundred thousand contents two begin with the same eight digits: found by trying."""
    seen, number = {}, 0
    while (beginning := hashlib.sha256(b"%d" % number).hexdigest()[:8]) not in seen:
        seen[beginning] = number
        number += 1
    with_files(platform, "twins", [b"%d" % seen[beginning], b"%d" % number])
    assert where(platform, "--digest", beginning)["matches"] == [], "they answer nowhere"
    refused = where(platform, "--digest", beginning, "--all", code=4)
    assert refused["code"] == "IN-006" and len([d for d in refused["details"] if d["name"] == "content"]) == 2
    whole = hashlib.sha256(b"%d" % number).hexdigest()
    assert findings(where(platform, "--digest", whole, "--all"), None)[0]["path"] == "a1"


# Libraries


def test_a_library_is_found_by_its_version(platform):
    version = numpy.__version__
    found = where(platform, "--library", "numpy")
    assert places(found) == [("whole", 1)] and found["notExamined"] == []
    (finding,) = findings(found, "whole")
    assert (finding["kind"], finding["what"]) == ("library", f"numpy {version}")
    assert finding["path"].endswith("environment.json")
    for requirement, holds in [
        (f"numpy=={version}", True), (f"NumPy<={version}", True), (f"numpy<{version}", False), (f"numpy>{version}", False),
        (f"numpy!={version}", False), ("numpy>=1,<9999", True), ("numpy<1.0", False), ("python>=3", True), ("torch", False),
    ]:
        assert places(where(platform, "--library", requirement)) == ([("whole", 1)] if holds else []), requirement


def test_an_engine_is_a_library_too(platform):
    engine = next(engine for engine in api(platform, "/v1/status")["engines"] if engine["name"] == "onnxruntime")
    found = where(platform, "--library", f"onnxruntime=={engine['version']}")
    assert places(found) == [("cancer", 1), ("tracked", 2)]
    whys = [finding["why"] for finding in findings(found, "cancer")]
    assert any("this server answers with it" in why and engine["build"] in why for why in whys)
    assert any("proved with it when it was packed" in why for why in whys)
    assert where(platform, "--library", "onnxruntime<1.0")["matches"] == []
    assert ("whole", 1) in places(where(platform, "--library", "graph"))
    assert ("sums", 1) in places(where(platform, "--library", "slipway==0.1.0"))
    assert where(platform, "--library", "slipway<0.1.0")["matches"] == []


# Training data


def test_training_data_is_found_by_digest_and_name(platform, tmp_path):
    train = CANCER / "train.csv"
    for way in [sha256(train), sha256(train)[:12], "train.csv"]:
        found = where(platform, "--dataset", way)
        assert places(found) == [("cancer", 1)], way
        (finding,) = findings(found, "cancer")
        assert (finding["kind"], finding["path"], finding["what"]) == ("data", "train.csv", f"sha256:{sha256(train)}")


def test_the_data_of_a_part_is_found_in_the_graph(platform):
    rows = hashlib.sha256(b"a,b,kind\n1,2,x\n3,4,only-here\n").hexdigest()
    found = where(platform, "--dataset", rows)
    assert places(found) == [("sums", 1), ("whole", 1)] and found["notExamined"] == []
    (finding,) = findings(found, "whole")
    assert "sums@1" in finding["why"] and "rows.csv" in finding["path"]


def test_what_a_run_read_is_found(platform):
    for way in ["churn-train", "churn-train@0a1b2c3d", "churn-train@0a1b", "0a1b2c3d"]:
        found = where(platform, "--dataset", way)
        assert places(found) == [("tracked", 2)], way
        (finding,) = findings(found, "tracked")
        assert (finding["kind"], finding["what"]) == ("dataset", "churn-train@0a1b2c3d")
        assert platform.run in finding["path"] and "training" in finding["why"]
    assert where(platform, "--dataset", "churn-train@ffffffff")["matches"] == []
    assert where(platform, "--dataset", "nothing")["matches"] == []
    refused = where(platform, "--dataset", "churn-train@7", code=3)
    assert refused["code"] == "PRJ-006" and "no version 7" in refused["title"]


# Together, and beside


def test_all_that_is_asked_for_has_to_hold(platform):
    both = ["--dataset", "churn-train", "--library", "onnxruntime"]
    found = where(platform, *both)
    assert places(found) == [("tracked", 2)]
    assert {finding["kind"] for finding in findings(found, "tracked")} == {"dataset", "engine"}
    assert where(platform, *both, "--digest", CANCER / "model.onnx")["matches"] == []


def test_registered_versions_are_asked_for(platform):
    model = sha256(MODELS / "identity-fp32.onnx")
    assert places(where(platform, "--digest", model)) == [("tracked", 2)]
    found = where(platform, "--digest", model, "--all")
    assert [(match["place"].get("endpoint"), match["place"]["version"], match["place"]["state"])
            for match in found["matches"] if match["place"]["model"] == "tracked"] == [
                ("tracked", 2, "live"), (None, 1, "registered")]
    # A version that is nothing but a name cannot be looked into, which is said.
    mlflow(platform, "model-versions/create", name="tracked", run_id=platform.run, source=f"runs:/{platform.run}/model")
    gaps = where(platform, "--digest", model, "--all")["notExamined"]
    assert [(gap["place"]["version"], gap["reason"]) for gap in gaps] == [(3, "it has no bundle yet")]
    assert "NOT EXAMINED" in platform.slipway("where", "--digest", model, "--all").stdout
    # What its run read is known all the same.
    assert ("", 3) in places(where(platform, "--dataset", "churn-train", "--all"))


def test_a_renamed_model_is_found_under_its_name(platform):
    def rename(name, new_name):
        mlflow(platform, "registered-models/rename", name=name, new_name=new_name)

    rename("tracked", "followed")
    found = where(platform, "--dataset", "churn-train")
    assert [(match["place"]["endpoint"], match["place"]["model"]) for match in found["matches"]] == [("tracked", "followed")]
    rename("followed", "tracked")


def test_what_is_certainly_not_there_leaves_nothing_open(platform):
    """Whose library does not fit need not be looked into for its data."""
    part = platform.slipway("token", "create", "bo", "--role", "viewer", "--endpoint", "whole").stdout.strip()
    open_ = where(platform, "--dataset", "nothing", "--library", "numpy", SLIPWAY_TOKEN=part)
    closed = where(platform, "--dataset", "nothing", "--library", "torch", SLIPWAY_TOKEN=part)
    assert open_["matches"] == closed["matches"] == []
    assert len(open_["notExamined"]) == 1 and closed["notExamined"] == []


def test_a_token_finds_what_it_may_see(platform):
    def token(*scope):
        return platform.slipway("token", "create", "ada", "--role", "viewer", *scope).stdout.strip()

    growth, cancer = token("--project", "growth"), token("--endpoint", "cancer")
    part = hashlib.sha256(b"a,b,kind\n1,2,x\n3,4,only-here\n").hexdigest()
    for one in [growth, cancer]:
        assert places(where(platform, "--library", "onnxruntime", SLIPWAY_TOKEN=one)) == [("cancer", 1)]
        assert where(platform, "--digest", MODELS / "identity-fp32.onnx", "--all", SLIPWAY_TOKEN=one)["matches"] == []
    # A graph with a part of a project that is not the token's: nothing is told of that part, and that it is not.
    whole = token("--endpoint", "whole")
    found = where(platform, "--dataset", part, SLIPWAY_TOKEN=whole)
    assert found["matches"] == []
    assert ["of a project" in gap["reason"] for gap in found["notExamined"]] == [True]


def test_what_cannot_be_read_is_said(platform):
    """A manifest, and a provenance, that somebody took out of the data folder."""
    for document, options, model in [("provenance", ["--dataset", "nothing"], "two-in-two-out"),
                                     ("bundle", ["--digest", "0" * 64], "scale")]:
        platform.slipway("deploy", MODELS / f"{model}.onnx", "--name", "gone", "--endpoint", document)
        version = api(platform, "/v1/registry/models/gone")["versions"][0]
        digest = version[document].removeprefix("sha256:")
        (platform.data / "contents" / "blobs" / digest[:2] / digest).unlink()
        (gap,) = where(platform, *options)["notExamined"]
        assert gap["place"]["endpoint"] == document and "cannot be read" in gap["reason"], gap
        assert "NOT EXAMINED" in platform.slipway("where", *options).stdout
        platform.slipway("endpoint", "delete", document)


def test_what_a_removed_part_was_trained_with_is_said_to_be_unknown(platform):
    """The graph keeps its copy; where that comes from is gone with the registered version."""
    platform.slipway("endpoint", "delete", "sums")
    api(platform, "/api/2.0/mlflow/model-versions/delete", {"name": "sums", "version": "1"}, "DELETE")
    found = where(platform, "--dataset", "nothing")
    assert [(gap["place"]["endpoint"], "no such version" in gap["reason"]) for gap in found["notExamined"]] == [("whole", True)]
