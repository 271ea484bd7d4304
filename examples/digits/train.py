# SPDX-License-Identifier: Apache-2.0
"""Trains the digits example and records its answers.

A small convolutional net on scikit-learn's copy of the UCI handwritten digits, 8 × 8 pixels of 0 to 16. Scaling,
softmax and the choice of the label are inside the graph, so that a caller sends pixels and reads an answer. The
recorded answers are those of the PyTorch model on images it has not seen, one at a time, never those of the graph:
`slipway pack` holds the graph against them.

    scripts/setup.sh examples
    /usr/bin/python3 examples/digits/train.py
"""

import json
from pathlib import Path

import numpy
import torch
from sklearn.datasets import load_digits
from torch import nn

SEED = 7
HELD_OUT = 360
RECORDED = 120
PROFILED = 300
EPOCHS = 40
HERE = Path(__file__).resolve().parent


class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(32 * 4 * 4, 10)

    def scores(self, image):
        return self.classifier(self.features(image / 16))

    def forward(self, image):
        probabilities = self.scores(image).softmax(dim=1)
        return probabilities, probabilities.argmax(dim=1)


def main():
    # One thread: sums in one order, whatever the machine's number of cores.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)

    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
    targets = torch.tensor(digits.target, dtype=torch.int64)
    order = torch.randperm(len(images))
    test, train = order[:HELD_OUT], order[HELD_OUT:]

    model = fit(images[train], targets[train])
    with torch.no_grad():
        labels = model(images[test])[1]
        share = (labels == targets[test]).float().mean().item()
    print(f"accuracy on {HELD_OUT} images held out: {share:.4f}")

    export(model, images[test][:2])
    write_lines(HERE / "examples.jsonl", [recorded(model, image) for image in images[test][:RECORDED]])
    write_lines(HERE / "baseline.jsonl", [{"image": pixels(image)} for image in images[train][:PROFILED]])
    write_lines(HERE / "row.json", [[{"image": pixels(images[test][0])}]])


def fit(images, targets):
    model = DigitNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model.scores(images[batch]), targets[batch]).backward()
            optimizer.step()
    return model.eval()


def export(model, sample):
    batch = {0: "batch"}
    torch.onnx.export(
        model,
        (sample,),
        str(HERE / "model.onnx"),
        input_names=["image"],
        output_names=["probabilities", "label"],
        dynamic_axes={"image": batch, "probabilities": batch, "label": batch},
        opset_version=17,
    )


def recorded(model, image):
    with torch.no_grad():
        probabilities, label = model(image.unsqueeze(0))
    answers = {"probabilities": shortest(probabilities[0]), "label": label.item()}
    return {"inputs": {"image": pixels(image)}, "outputs": answers}


def pixels(image):
    """The pixels are whole numbers, and are written as such."""
    return image.to(torch.int64).tolist()


def shortest(tensor):
    """The shortest decimals that read back to the same float32 values."""
    return [float(numpy.format_float_scientific(value, unique=True)) for value in tensor.numpy()]


def write_lines(path, values):
    path.write_text("".join(json.dumps(value, separators=(",", ":")) + "\n" for value in values))


if __name__ == "__main__":
    main()
