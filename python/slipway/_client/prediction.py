# SPDX-License-Identifier: Apache-2.0
"""What an endpoint answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .columns import Array

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class Prediction:
    """The outputs by name, as numpy arrays, one element or row for each row that was asked about.

    Keep `id` with what you did with the answer: it leads to everything that is known about it.
    """

    outputs: Mapping[str, Array]
    id: str
    endpoint: str
    version: int
    # The index of the pandas frame that was asked about; None for other rows.
    index: Any = None

    def __getitem__(self, output: str) -> Array:
        try:
            return self.outputs[output]
        except KeyError:
            raise KeyError(f"no output “{output}”; there are {', '.join(self.outputs)}") from None

    def frame(self) -> pandas.DataFrame:
        """The outputs as a pandas frame with the index of the rows. An output with several values for each
        row becomes the columns `name[0]`, `name[1]`, …, as in recorded examples.
        """
        import pandas

        columns: dict[str, Any] = {}
        for name, values in self.outputs.items():
            flat = values.reshape(len(values), -1) if values.ndim else values.reshape(1, 1)
            if flat.shape[1] == 1:
                columns[name] = flat[:, 0]
            else:
                columns |= {f"{name}[{position}]": flat[:, position] for position in range(flat.shape[1])}
        frame: pandas.DataFrame = pandas.DataFrame(columns, index=self.index)
        return frame

    def __repr__(self) -> str:
        shapes = ", ".join(
            f"{name} {values.dtype}{list(values.shape)}" for name, values in self.outputs.items()
        )
        return f"<Prediction {self.id}: {shapes}; {self.endpoint} version {self.version}>"
