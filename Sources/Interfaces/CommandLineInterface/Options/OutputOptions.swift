// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

/// The option of every command that prints.
struct OutputOptions: ParsableArguments {
    @Option(help: "How to print: text for people, json for programs.")
    var format: OutputFormat = .text

    /// Prints a result.
    func write(_ value: some Encodable, asText text: @autoclosure () -> String) throws {
        switch format {
        case .text: try Console.current.line(text())
        case .json: try Console.current.line(jsonText(value))
        }
    }
}

/// One line, names sorted, so that the same value always gives the same text.
func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
