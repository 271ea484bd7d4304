# SPDX-License-Identifier: Apache-2.0
"""`python -B -m slipway._worker`, or `python -B path/to/slipway/_worker`, with one end of a socket as fd 0 and 1.

The second way brings nothing but this package onto the module path, however much lies beside it: so a model's own
environment stays what it is.
"""

from __future__ import annotations

import os
import sys

sys.dont_write_bytecode = True

# What libraries read when they are imported; what the server says wins, except that nothing phones home.
os.environ.update({"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"})
# One thread each: several workers share the machine, and the server decides how many there are.
for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB"):
    os.environ.setdefault(f"{name}_NUM_THREADS", "1")
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")
# Libraries that keep something at home find the one place that may be written.
os.environ.setdefault("HOME", os.environ.get("TMPDIR", "/tmp"))


def import_package() -> None:
    """Makes `slipway` importable when this folder was started by its path."""
    import importlib.util

    folder = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == folder:
        del sys.path[0]
    package = os.path.dirname(folder)
    spec = importlib.util.spec_from_file_location(
        "slipway", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["slipway"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    if not __package__:
        import_package()
    from slipway._worker.channel import Channel, NoChannel
    from slipway._worker.serving import serve

    try:
        channel = Channel.take()
    except NoChannel as error:
        sys.exit(f"slipway worker: {error}")
    # Not sys.exit: threads and exit handlers of the model have no say in when the worker ends.
    os._exit(serve(channel))
