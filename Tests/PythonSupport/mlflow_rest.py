# SPDX-License-Identifier: Apache-2.0
"""MLflow's REST protocol, for what its client does not send, and what every refusal has to look like."""

import contextlib
import itertools

import requests

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
# The codes that clients look at, and the status that goes with each.
STATUS = {
    "BAD_REQUEST": 400,
    "ENDPOINT_NOT_FOUND": 404,
    "INVALID_PARAMETER_VALUE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "UNAUTHENTICATED": 401,
}
ABSENT_RUN = "0" * 32
ABSENT_MODEL = "m-" + "0" * 32
_numbers = itertools.count(1)


def unique(prefix):
    """A name that nothing else of this session has."""
    return f"{prefix}-{next(_numbers)}"


def pairs(values):
    """A mapping as MLflow's JSON has it: [{"key": …, "value": …}]."""
    return [{"key": key, "value": value} for key, value in values.items()]


def values(listed):
    """The other way: {key: value}. A key that comes twice is a failure."""
    found = {item["key"]: item.get("value", "") for item in listed}
    assert len(found) == len(listed), f"a key comes twice: {listed}"
    return found


def assert_refused(answer, code=None):
    """A refusal of `code`, or of any 4xx, in the form that clients read -> its message.

    A 5xx would be retried for minutes, so no failure that stays one may be a 5xx.
    """
    told = f"{answer.status_code} {answer.text[:500]}"
    assert 400 <= answer.status_code < 500, told
    assert answer.headers["content-type"].startswith("application/json"), told
    content = answer.json()
    assert isinstance(content["message"], str) and content["message"], told
    if code is None:
        assert content["error_code"], told
    else:
        codes = code if isinstance(code, tuple) else (code,)
        assert content["error_code"] in codes, told
        assert answer.status_code == STATUS[content["error_code"]], told
    return content["message"]


@contextlib.contextmanager
def refused(code):
    """A block that the server refuses with `code`, which the client shows as an exception."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code}: {error}"
        assert error.get_http_status_code() == STATUS[code], str(error)
    else:
        raise AssertionError(f"it was not refused with {code}")


class Rest:
    """One connection, kept alive. Paths without a leading slash lie below /api/2.0/mlflow/."""

    def __init__(self, url, **headers):
        self.url = url
        self.session = requests.Session()
        # Nothing of the machine's own proxies and netrc.
        self.session.trust_env = False
        self.session.headers.update(headers)

    def ask(self, method, path, fields=None, **options):
        """An answer, whatever its status. Fields travel as MLflow's client sends them: in the query, or as JSON."""
        url = self.url + (path if path.startswith("/") else API + path)
        if fields is not None:
            options["params" if method == "GET" else "json"] = fields
        return self.session.request(method, url, timeout=300, **options)

    def take(self, method, path, fields=None):
        answer = self.ask(method, path, fields)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        assert answer.headers["content-type"].startswith("application/json"), answer.headers
        content = answer.json()
        assert isinstance(content, dict), answer.text[:1000]
        return content

    def get(self, path, /, **fields):
        return self.take("GET", path, fields)

    def post(self, path, /, **fields):
        return self.take("POST", path, fields)

    def patch(self, path, /, **fields):
        return self.take("PATCH", path, fields)

    def delete(self, path, /, **fields):
        return self.take("DELETE", path, fields)

    def refuses(self, code, method, path, fields=None, **options):
        """Its message."""
        return assert_refused(self.ask(method, path, {} if fields is None else fields, **options), code)

    def pages(self, method, path, key, /, **fields):
        """Every page's items under `key`, in order, until a page has no token."""
        token, seen = None, set()
        while True:
            page = self.take(method, path, fields if token is None else {**fields, "page_token": token})
            yield page.get(key, [])
            token = page.get("next_page_token")
            if not token:
                return
            assert token not in seen, "a page token comes twice: the walk would never end"
            seen.add(token)

    def new_experiment(self, **fields):
        return self.post("experiments/create", **{"name": unique("experiment"), **fields})["experiment_id"]

    def new_run(self, experiment, **fields):
        return self.post("runs/create", experiment_id=experiment, **fields)["run"]["info"]["run_id"]

    def run(self, run_id):
        return self.get("runs/get", run_id=run_id)["run"]

    def metrics(self, run_id):
        """The latest value of each metric of a run, by its key."""
        return values(self.run(run_id)["data"].get("metrics", []))

    def params(self, run_id):
        return values(self.run(run_id)["data"].get("params", []))

    def tags(self, run_id):
        return values(self.run(run_id)["data"].get("tags", []))

    def new_model(self, experiment, name="model", **fields):
        """A logged model's info."""
        return self.post("logged-models", experiment_id=experiment, name=name, **fields)["model"]["info"]

    def new_registered_model(self, name=None, **fields):
        return self.post("registered-models/create", name=name or unique("registered"), **fields)["registered_model"][
            "name"
        ]

    def new_version(self, name, run_id, path="model", **fields):
        """A version whose files are a run's artifacts below `path` -> its number, as text."""
        source = f"{self.run(run_id)['info']['artifact_uri']}/{path}"
        created = self.post("model-versions/create", name=name, source=source, run_id=run_id, **fields)
        return created["model_version"]["version"]

    def put_artifact(self, path, content, **options):
        answer = self.ask("PUT", f"{ARTIFACTS}/{path}", data=content, **options)
        assert answer.status_code == 200, answer.text
        return answer

    def get_artifact(self, path):
        answer = self.ask("GET", f"{ARTIFACTS}/{path}")
        assert answer.status_code == 200, answer.text
        return answer.content
