# SPDX-License-Identifier: Apache-2.0
"""Forests need the libraries that grow them, and the program."""
