// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain
internal import ModelExecution
internal import ModelPackaging
internal import WireTypes

struct Pack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a bundle of a model, and prove that it answers as the original did.",
        discussion: """
            The same content gives the same digest on any machine. Nothing is written when the answers differ.

            Example: slipway pack examples/breast-cancer --output breast-cancer.bundle
            """)

    @OptionGroup var source: SourceOptions

    @Option(
        help: ArgumentHelp(
            "The folder to write; without it, one of the model's name and digest here.", valueName: "dir"),
        completion: .directory)
    var output: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var format: OutputOptions

    mutating func run() async throws {
        let packed = try await source.pack(for: server)
        let bundle = packed.bundle
        let folder = try await packed.write(to: output ?? "\(bundle.model.name)-\(bundle.digest.short).bundle")
        let report = PackReport(
            model: bundle.model.name.rawValue, project: bundle.model.project.rawValue,
            bundle: bundle.digest.description, folder: folder, proven: bundle.verdict.isProven,
            summary: bundle.verdict.line, conversion: bundle.conversion.map(ConversionV1.init))
        let facts = Table(rows: [["model", bundle.model.description], ["bundle", report.bundle], ["folder", folder]])
        try format.write(report, asText: "\(bundle.verdict.checkedLine)\n\(facts.text)")
    }
}

private struct PackReport: Encodable {
    let model: String
    let project: String
    let bundle: String
    let folder: String
    let proven: Bool
    let summary: String
    let conversion: ConversionV1?
}
