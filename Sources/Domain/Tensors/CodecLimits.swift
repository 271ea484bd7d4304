// SPDX-License-Identifier: Apache-2.0

/// How much a decoder accepts before it refuses with ``CodecError/Rule/limit``.
///
/// Every limit bounds memory, time or stack that bytes from outside could otherwise ask for.
package struct CodecLimits: Sendable, Hashable {
    /// Bytes of a whole body, JSON and binary part together.
    package var maxBodyBytes = 256 << 20
    /// Arrays and objects within each other. At most 512, whatever is asked for, because readers recurse.
    package var maxDepth = 64 {
        didSet { maxDepth = min(max(maxDepth, 1), 512) }
    }
    /// Elements of one tensor, and values of one JSON document.
    package var maxElements = 1 << 25
    /// Rows of one JSON or CSV body.
    package var maxRows = 1 << 20
    /// Bytes of one string, escapes included: a name, a text, a BYTES element.
    package var maxStringBytes = 16 << 20
    /// Inputs of one request, and outputs it asks for; columns of a CSV body.
    package var maxTensors = 16_384
    /// Values in all `parameters` of one request together: they become a tree, which takes far more room than tensors.
    package var maxParameterValues = 65_536
    /// Dimensions of one tensor.
    package var maxRank = 32 {
        didSet { maxRank = min(max(maxRank, 0), 64) }
    }

    package static let standard = CodecLimits()

    package init() {}
}
