# SPDX-License-Identifier: Apache-2.0
"""Bundles for the Python worker: a descriptor beside a model's file or code."""

from slipway._model.descriptor import Call, Column, Descriptor, TensorSpec

MATRIX = TensorSpec("x", "FP64", (-1, 2))


def code_bundle(
    folder, source, output=("FP64", (-1,)), inputs=(MATRIX,), form="matrix", method="__call__", **more
):
    """A model that is a function `predict` of `source`, with one output `y`."""
    (folder / "predict.py").write_text(source)
    descriptor = Descriptor(
        inputs=tuple(inputs),
        outputs=(TensorSpec("y", *output),),
        loader="code",
        model="predict.py",
        form=form,
        calls=(Call(method, "y"),),
        **more,
    )
    descriptor.write(folder / "worker.json")
    return folder


def frame_columns(frame, tensor):
    """A column of `tensor` for each column of numbers, in order."""
    return tuple(
        Column(str(name), tensor, str(frame.dtypes.iloc[index]), index) for index, name in enumerate(frame)
    )
