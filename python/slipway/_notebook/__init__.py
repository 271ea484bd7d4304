# SPDX-License-Identifier: Apache-2.0
"""Takes a model out of the process that trained it, to an endpoint."""
