# SPDX-License-Identifier: Apache-2.0
"""What a notebook shows of a result."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def table_page(title: str, facts: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><th style='text-align:left;vertical-align:top'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(fact)}</td></tr>"
        for name, fact in facts.items()
    )
    return f"<div><b>{escape(title)}</b><table>{rows}</table></div>"
