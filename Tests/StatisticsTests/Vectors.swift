// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Reference numbers that other people's code computed. JSONDecoder, because JSONSerialization misreads doubles here.
func vectorCases<Case: Decodable>(_ name: String, as _: Case.Type) throws -> [Case] {
    guard let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "vectors") else {
        throw CocoaError(.fileNoSuchFile)
    }
    return try JSONDecoder().decode(VectorFile<Case>.self, from: Data(contentsOf: url)).cases
}

private struct VectorFile<Case: Decodable>: Decodable { let cases: [Case] }

/// A double as the vectors spell it: a number, null, or the name of one that JSON does not have.
struct VectorNumber: Decodable {
    let value: Double?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = nil
        } else if let number = try? container.decode(Double.self) {
            value = number
        } else {
            switch try container.decode(String.self) {
            case "Infinity": value = .infinity
            case "-Infinity": value = -.infinity
            default: value = .nan
            }
        }
    }
}

func isClose(_ actual: Double, _ expected: Double) -> Bool {
    abs(actual - expected) <= 1e-12 + 1e-9 * abs(expected)
}
