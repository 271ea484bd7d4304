# SPDX-License-Identifier: Apache-2.0
"""The workers that the contract is run on, each with a bundle of the same little model."""

import pytest
from workers import KINDS, missing


@pytest.fixture(scope="session", autouse=True)
def program_is_built():
    """Workers are tested by themselves: nothing here needs the program."""


@pytest.fixture(params=KINDS)
def kind(request):
    reason = missing(request.param)
    if reason:
        pytest.skip(reason)
    return request.param
