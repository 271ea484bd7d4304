// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One file of cases of one kind.
struct VectorFile: Decodable {
    let schema: String
    let kind: String
    let tolerance: Tolerance
    let cases: [VectorCase]

    /// The files of the folder, by name. JSONDecoder, because JSONSerialization misreads doubles here.
    static func all() throws -> [VectorFile] {
        let folder = ProcessInfo.processInfo.environment["SLIPWAY_VECTORS"].map { URL(fileURLWithPath: $0) }
        guard let folder = folder ?? Bundle.module.url(forResource: "vectors", withExtension: nil) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { url in
                let data = try Data(contentsOf: url)
                guard (try? JSONDecoder().decode(Header.self, from: data))?.schema == "mlplatform-vectors/1" else {
                    return nil
                }
                return try JSONDecoder().decode(VectorFile.self, from: data)
            }
    }

    private struct Header: Decodable { let schema: String }
}

struct VectorCase: Decodable {
    let id: String
    let input: VectorValue
    let expected: VectorValue
    let note: String?
    let tolerance: Tolerance?
}

/// A number passes when |actual − expected| ≤ abs + rel · |expected|.
struct Tolerance: Decodable {
    let rel: Double
    let abs: Double
}
