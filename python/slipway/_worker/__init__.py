# SPDX-License-Identifier: Apache-2.0
"""The worker for Python: runs a model in a process of its own (docs/formats/worker-protocol.md)."""
