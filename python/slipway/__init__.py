# SPDX-License-Identifier: Apache-2.0
"""Slipway: a trained model to a live endpoint, proven at every start.

    import slipway
    slipway.deploy(model, name="churn", examples=X[:200], baseline=X_train)
    slipway.Client().predict("churn", X[:5])

Nothing is imported before it is asked for: a worker, which needs none of this, imports the package too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._client.asynchronous import AsyncClient as AsyncClient
    from ._client.client import Client as Client
    from ._client.prediction import Prediction as Prediction
    from ._notebook.conditions import above as above
    from ._notebook.conditions import below as below
    from ._notebook.conditions import between as between
    from ._notebook.conditions import equals as equals
    from ._notebook.conditions import missing as missing
    from ._notebook.conditions import one_of as one_of
    from ._notebook.deploying import Deployment as Deployment
    from ._notebook.deploying import deploy as deploy
    from ._notebook.folder import ModelFolder as ModelFolder
    from ._notebook.graph import Graph as Graph
    from ._notebook.packing import pack as pack
    from .errors import SlipwayError as SlipwayError

__version__ = "0.1.0"

_HOMES = {
    "AsyncClient": "._client.asynchronous",
    "Client": "._client.client",
    "Deployment": "._notebook.deploying",
    "Graph": "._notebook.graph",
    "ModelFolder": "._notebook.folder",
    "Prediction": "._client.prediction",
    "SlipwayError": ".errors",
    "above": "._notebook.conditions",
    "below": "._notebook.conditions",
    "between": "._notebook.conditions",
    "deploy": "._notebook.deploying",
    "equals": "._notebook.conditions",
    "missing": "._notebook.conditions",
    "one_of": "._notebook.conditions",
    "pack": "._notebook.packing",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
