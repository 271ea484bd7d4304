// SPDX-License-Identifier: Apache-2.0
internal import Tensors

extension Example {
    /// Whether both ask the same.
    package func hasSameInputs(as other: Example) -> Bool {
        inputs.count == other.inputs.count
            && zip(inputs, other.inputs).allSatisfy { own, others in
                own.datatype == others.datatype && own.shape == others.shape
                    && (own.datatype == .bytes
                        ? own.byteElements == others.byteElements : own.rawBytes == others.rawBytes)
            }
    }
}
