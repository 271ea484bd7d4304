// SPDX-License-Identifier: Apache-2.0

/// The keys of the Open Inference Protocol's requests.
enum InferKey: UInt8, CaseIterable {
    case name, shape, datatype, data, parameters, inputs, outputs, id

    var text: StaticString {
        switch self {
        case .name: "name"
        case .shape: "shape"
        case .datatype: "datatype"
        case .data: "data"
        case .parameters: "parameters"
        case .inputs: "inputs"
        case .outputs: "outputs"
        case .id: "id"
        }
    }
}

/// The keys of one object so far; those of the protocol cost a bit each, others a name.
struct KeySet {
    private var known: UInt8 = 0
    private var others = NameSet()

    /// Adds a key.
    ///
    /// - Returns: which of the protocol's it is, or `nil` for another.
    /// - Throws: ``CodecError/Rule/duplicate`` if it is there.
    mutating func insert(_ text: JSONText, _ reader: JSONReader) throws(CodecError) -> InferKey? {
        for key in InferKey.allCases where reader.matches(text, key.text) {
            guard known & (1 << key.rawValue) == 0 else { throw reader.duplicate(text) }
            known |= 1 << key.rawValue
            return key
        }
        guard others.insert(reader.string(text)) else { throw reader.duplicate(text) }
        return nil
    }
}
