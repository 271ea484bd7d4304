// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ModelDomain
internal import ModelExecution
internal import Tensors

/// An endpoint that is measured: what it takes, and the rows it is asked about.
struct BenchSubject {
    /// Where rows come from.
    enum Source: String, Encodable { case recorded, file, generated }

    /// The most rows that take turns, and bytes of their tensors.
    static let rowLimit = 1000
    private static let byteLimit = 64 << 20

    let endpoint: EndpointName
    let manifest: BundleManifest
    let source: Source
    /// Single rows; with their recorded answers, where there are any. Never empty.
    let rows: [Example]

    /// - Parameters:
    ///   - file: Rows of a file; `nil` for the recorded ones, or generated ones where none were recorded.
    ///   - generated: Whether to generate them even so.
    /// - Throws: What the server explains, or why the rows cannot be used.
    init(_ endpoint: EndpointName, of client: SlipwayClient, file: Rows?, generated: Bool) async throws {
        self.endpoint = endpoint
        let reply = try await client.examples(of: endpoint, count: Self.rowLimit)
        let recorded: [Example]
        (manifest, recorded) = try Self.read(reply)
        if let file {
            (source, rows) = (.file, try Self.read(file, as: manifest.signature))
        } else if generated || recorded.isEmpty {
            (source, rows) = (.generated, generateRows(of: manifest.signature, byteLimit: Self.byteLimit))
        } else {
            (source, rows) = (.recorded, Self.bounded(recorded))
        }
    }

    private static func read(_ reply: [UInt8]) throws -> (BundleManifest, [Example]) {
        let parts: (manifest: [UInt8], lines: [UInt8])
        do throws(CodecError) {
            parts = try cut(reply)
        } catch {
            throw Refusal(
                .serverUnreachable, .unavailable, "The examples of the server cannot be read: \(error.message).",
                hint: "See with `slipway doctor` which version the server is.")
        }
        let manifest = try BundleManifest(manifest: parts.manifest)
        guard let proof = manifest.proof else { return (manifest, []) }
        let format = try ExampleFormat(signature: manifest.signature, outputs: proof.outputs)
        return (manifest, try format.read(lines: parts.lines))
    }

    /// The manifest, and one example a line.
    private static func cut(_ reply: [UInt8]) throws(CodecError) -> (manifest: [UInt8], lines: [UInt8]) {
        let members = try jsonMembers(of: reply, limits: .examples)
        guard let manifest = members.first(where: { $0.name == "manifest" }),
            let examples = members.first(where: { $0.name == "examples" })
        else { throw CodecError(.missing, "it has no manifest or no examples") }
        let list = Array(reply[examples.range])
        let elements = try unsafe list.withUnsafeBufferPointer { (pointer) throws(CodecError) in
            try unsafe jsonElements(of: UnsafeRawBufferPointer(pointer), limits: .examples)
        }
        return (Array(reply[manifest.range]), Array(elements.map { list[$0] }.joined(separator: [0x0A])))
    }

    private static func read(_ file: Rows, as signature: Signature) throws -> [Example] {
        do throws(CodecError) {
            let decoder = try RowDecoder(layout: signature.layout, limits: .examples)
            let table =
                switch file {
                case .json(let bytes): try decoder.decode(json: bytes)
                case .csv(let bytes): try decoder.decode(csv: bytes)
                }
            guard table.rowCount > 0 else { throw CodecError(.missing, "there are no rows") }
            let rows = (0..<min(table.rowCount, rowLimit)).map { row in
                Example(inputs: table.inputs.map { $0.row(row, of: table.rowCount) }, outputs: [])
            }
            return bounded(rows)
        } catch {
            throw Refusal(error.explanation)
        }
    }

    /// As many of the first rows as are kept in memory; one at least.
    private static func bounded(_ rows: [Example]) -> [Example] {
        var byteCount = 0
        let count = rows.prefix { row in
            byteCount += row.inputs.reduce(0) { $0 + $1.storage.byteCount }
            return byteCount <= byteLimit
        }.count
        return Array(rows.prefix(max(count, 1)))
    }
}
