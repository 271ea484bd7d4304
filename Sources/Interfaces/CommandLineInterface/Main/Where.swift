// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import Foundation
internal import ModelDomain
internal import WireTypes

struct Where: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find which endpoints contain a file, a library or training data.",
        discussion: """
            Of what answers now; with --all, of every registered version. Of several options all have to hold for the same \
            version. What cannot be looked into is listed, too.

            Example: slipway where --library numpy<1.26.5
            """)

    @Option(
        help: ArgumentHelp(
            "A file that the bundle has: the file itself, its SHA-256, or at least 8 digits of it.",
            valueName: "digest|file"), completion: .file())
    var digest: String?

    @Option(
        help: ArgumentHelp(
            "A package, with ==, !=, <, <=, >, >= or ~= and a version if need be; or an engine, as onnxruntime.",
            valueName: "requirement"))
    var library: String?

    @Option(
        help: ArgumentHelp(
            "Training data: a digest, the name of a run's data set or of a file, or NAME@VERSION.", valueName: "data"))
    var dataset: String?

    @Flag(help: "Look into registered versions that answer nowhere, too.")
    var all = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard digest != nil || library != nil || dataset != nil else {
            throw ValidationError("Give --digest, --library or --dataset.")
        }
    }

    mutating func run() async throws {
        if let library { _ = try PackageRequirement(library) }
        let found = try await server.client().find(
            digest: try digest.map(digits), library: library, dataset: dataset, all: all)
        try output.write(found, asText: found.text)
    }

    /// The digits of a digest, or those of a file's content.
    private func digits(_ text: String) throws -> String {
        let digits = (text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]).lowercased()
        if (8...64).contains(digits.count), digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) { return digits }
        guard let file = FileHandle(forReadingAtPath: text) else {
            throw Refusal(
                .fileMissing, .notFound, "“\(text.prefix(200))” is no digest, and no file that can be read.",
                hint: "Write a SHA-256, at least 8 digits of it, or the path of a file.")
        }
        defer { try? file.close() }
        var hasher = DigestHasher()
        do {
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hasher.update(Array(piece)) }
        } catch {
            throw Refusal(
                .fileMissing, .invalidInput, "“\(text.prefix(200))” cannot be read.", hint: "Check that it is a file.")
        }
        return hasher.finish().hex
    }
}

extension WhereV1 {
    fileprivate var text: String {
        var parts: [String] = []
        let rows = matches.flatMap { match in
            match.findings.map { finding in
                [
                    match.place.endpoint ?? "–", match.place.project, "\(match.place.model) \(match.place.version)",
                    match.place.state, shortened(finding.what), finding.path, finding.why,
                ]
            }
        }
        if !rows.isEmpty {
            parts.append(
                Table(header: ["ENDPOINT", "PROJECT", "VERSION", "STATE", "WHAT", "WHERE", "WHY"], rows: rows).text)
        }
        let endpoints = Set(matches.compactMap(\.place.endpoint)).count
        let elsewhere = matches.count { $0.place.endpoint == nil }
        let versions = elsewhere > 0 ? " and \(elsewhere) versions that answer nowhere" : ""
        let found = "\(endpoints) endpoint\(endpoints == 1 ? "" : "s")\(versions)"
        let contain = endpoints == 1 && elsewhere == 0 ? "contains" : "contain"
        let looked = examined == 1 ? "1 version was" : "\(examined) versions were"
        parts.append("\(found) \(contain) it; \(looked) looked at.")
        if !notExamined.isEmpty {
            let lines = notExamined.prefix(50).map { gap in
                let place = gap.place.endpoint.map { "\($0): " } ?? ""
                return "  \(place)\(gap.place.project)/\(gap.place.model) \(gap.place.version): \(gap.reason)".printable
            }
            let more = notExamined.count > lines.count ? ["  and \(notExamined.count - lines.count) more"] : []
            parts.append((["NOT EXAMINED, and may contain it:"] + lines + more).joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    private func shortened(_ what: String) -> String { what.hasPrefix("sha256:") ? String(what.prefix(19)) : what }
}
