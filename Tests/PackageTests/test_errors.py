# SPDX-License-Identifier: Apache-2.0
"""What goes wrong is an error of its own type, with the server's code, sentence, hint and page."""

import numpy
import pytest
from program import ROOT, running

import slipway
from slipway import errors

# Steps of the slow model that take some seconds.
LONG = 5_000_000


def test_an_unknown_endpoint_is_told_with_the_nearest_name(client, rows):
    for given in [rows, rows.to_numpy(), rows.to_dict("records")]:
        with pytest.raises(errors.NotFound) as refused:
            client.predict("brest-cancer", given)
        error = refused.value
        assert (error.code, error.status) == ("REG-003", 404)
        assert "Did you mean “breast-cancer”?" in str(error)
        assert str(error).endswith("(REG-003)\nmore: docs/errors/REG-003.md")
        assert (ROOT / error.docs).exists()


def test_a_missing_column_is_named(client, rows):
    with pytest.raises(errors.InputRefused) as refused:
        client.predict("breast-cancer", rows.drop(columns="mean area"))
    assert refused.value.code == "IN-003"
    assert refused.value.details["field"] == "mean area"


def test_a_refused_row_has_its_number_and_the_prediction_its_id(client, rows):
    records = rows.iloc[:3].to_dict("records")
    records[2]["mean radius"] = "wide"
    with pytest.raises(errors.InputRefused) as refused:
        client.predict("breast-cancer", records)
    assert refused.value.details["row"] == "2"
    assert refused.value.hint == "Send a value of the declared type."
    assert len(refused.value.prediction_id) == 36


def test_a_wrong_token_is_refused_where_one_is_needed(server):
    with slipway.Client(server.url, "wrong") as client, pytest.raises(errors.AccessRefused) as refused:
        client.status()
    assert (refused.value.code, refused.value.status) == ("ACC-002", 401)


def test_no_token_is_told_apart_from_a_wrong_one(server, own_machine):
    with slipway.Client(server.url) as client, pytest.raises(errors.AccessRefused) as refused:
        client.endpoints()
    assert refused.value.code == "ACC-001"


def test_more_than_a_body_may_hold_is_refused(tmp_path, rows):
    with (
        running(tmp_path, "--body-limit", "64KiB") as server,
        slipway.Client(server.url, server.token) as client,
    ):
        server.slipway("deploy", ROOT / "examples" / "breast-cancer")
        with pytest.raises(errors.InputRefused) as refused:
            client.predict("breast-cancer", rows.sample(5000, replace=True))
        assert (refused.value.code, refused.value.status) == ("IN-009", 413)
        # The connection that the refusal came over is not the end of the client.
        assert len(client.predict("breast-cancer", rows.iloc[:4])["label"]) == 4


def test_what_comes_too_late_is_a_deadline_of_the_servers_or_of_ours(client):
    """The server is told how long is left, and says so itself where it can."""
    with pytest.raises(errors.DeadlineExceeded) as late:
        client.predict("slow", numpy.array([LONG]), timeout=0.3)
    assert late.value.code in ("SRV-003", "SRV-002")


def test_a_caller_above_its_rate_is_overload_and_says_when_to_come_back(server, rows):
    server.slipway("endpoint", "set", "breast-cancer-columns", "--rate-per-client", "1/m")
    try:
        with slipway.Client(server.url, server.token, retries=0) as client:
            client.predict("breast-cancer-columns", rows.iloc[:1])
            with pytest.raises(errors.Overloaded) as refused:
                client.predict("breast-cancer-columns", rows.iloc[:1])
        assert (refused.value.code, refused.value.status) == ("SRV-007", 429)
        assert f"{refused.value.retry_after:.0f} s" in refused.value.message
    finally:
        server.slipway("endpoint", "set", "breast-cancer-columns", "--reset")


def test_every_error_is_a_slipway_error_that_a_notebook_shows_in_short():
    kinds = [
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert len(kinds) > 10
    for kind in kinds:
        error = kind("It is so.", hint="Do this.", code="IN-001")
        assert isinstance(error, slipway.SlipwayError)
        assert error._render_traceback_() == [
            f"{kind.__name__}: It is so. Do this. (IN-001)\nmore: docs/errors/IN-001.md"
        ]


def test_an_address_that_is_none_is_refused_at_once():
    with pytest.raises(slipway.SlipwayError, match="no address"):
        slipway.Client("ftp://somewhere")
