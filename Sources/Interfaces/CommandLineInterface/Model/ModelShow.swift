// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import GraphExecution
internal import ModelDomain
internal import Tensors
internal import WireTypes

struct ModelShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the versions of a model, newest first, or where one of them comes from.",
        discussion: """
            With --version: who packed it, from what, for which engine, and for a model that was made in another language \
            what became of the attempts to convert it. With --graph: the steps of a model that is a graph.

            Example: slipway model show breast-cancer --version 1
            """)

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("One version: a number, @alias, or sha256: and digits.", valueName: "version"))
    var version: String?

    @Flag(help: "Draw the steps of a graph: of --version, else of the newest.")
    var graph = false

    @Flag(help: "Draw them for Graphviz: slipway model show churn --graph --dot | dot -Tsvg")
    var dot = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let client = try await server.client()
        if graph || dot { return try await draw(client) }
        if let version {
            let provenance = try await client.provenance(of: model.reference, version: version)
            return try output.write(provenance, asText: provenance.text)
        }
        let model = try await client.model(model.reference)
        let table = Table(
            header: ["VERSION", "STATUS", "EXAMPLES", "BUNDLE", "CREATED", "BY", "ALIASES"],
            rows: model.versions.map { version in
                let names = model.aliases.filter { $0.value == version.version }.keys.sorted().map { "@\($0)" }
                return [
                    String(version.version), version.status, version.examples ?? "–", version.bundle ?? "–",
                    version.createdAt, version.createdBy, names.joined(separator: ", "),
                ]
            }, numbers: [0])
        try output.write(model, asText: model.versions.isEmpty ? "No versions yet." : table.text)
    }

    private func draw(_ client: SlipwayClient) async throws {
        guard output.format == .text || !dot else {
            throw Refusal(
                .optionRefused, .invalidInput, "--dot prints text.", hint: "Leave --format or --dot out.")
        }
        let reference = model.reference
        let newest = try await client.model(reference).versions.first?.version
        guard let chosen = version ?? newest.map(String.init) else {
            return try Console.current.line("No versions yet.")
        }
        let bytes = try await client.graph(of: reference, version: chosen)
        guard output.format == .text else { return try Console.current.line(String(decoding: bytes, as: UTF8.self)) }
        do throws(GraphFault) {
            let graph = try GraphDescriptor(file: bytes)
            let lines = (dot ? graph.dot : graph.text).split(separator: "\n", omittingEmptySubsequences: false)
            try? Console.current.line(lines.map { String($0).printable }.joined(separator: "\n"))
        } catch {
            throw FieldReader.damaged("its graph cannot be read: \(error.reason)")
        }
    }
}

extension ProvenanceV1 {
    fileprivate var text: String {
        var rows = [
            ["packed", "\(packedAt) by \(packedBy), \(tool)"], ["source", source],
            ["engine", [engine.name, engine.version].joined(separator: " ")],
            ["proof", proof.summary],
        ]
        if let repacked {
            rows.append([
                "repacked",
                "version \(repacked.of) with \(repacked.with)"
                    + (repacked.agrees ? "" : ", which gives other answers than were recorded"),
            ])
        }
        if let git { rows.append(["commit", git.commit + (git.dirty ? ", with changes" : "")]) }
        if let patch = git?.patch { rows.append(["changes", "sha256:\(patch.sha256), \(byteText(patch.bytes))"]) }
        if let conversion {
            rows.append(["original", conversion.original])
            rows.append(["served by", conversion.servedBy])
            rows += conversion.attempts.map { ["tried", $0.line] }
            rows += conversion.notConverted.map { ["not converted", $0] }
            rows += conversion.notes.map { ["note", $0] }
        }
        return Table(rows: rows).text
    }
}

extension ConversionV1.Attempt {
    fileprivate var line: String {
        if let problem { return "\(form): \(problem)" }
        let compared = "\(rows) rows, \(edgeRows) of them at the edges"
        guard !agrees else { return "\(form): agrees on \(compared), largest difference \(largestDifference)" }
        return "\(form): differs in \(differingRows) of \(compared); first: \(firstDifference ?? "")"
    }
}
