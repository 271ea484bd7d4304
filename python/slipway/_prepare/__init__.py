# SPDX-License-Identifier: Apache-2.0
"""Makes of a model what a worker opens, what an engine may serve instead, and the rows that prove it."""
