// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import ModelDomain

/// One line of the server's log.
struct LogLine {
    let time: Timestamp
    let level: Logger.Level
    let logger: String
    let message: String
    let facts: Logger.Metadata

    /// A JSON object, the facts under their own keys. One whose key is a line's own is told of as `fact.KEY`.
    var json: String {
        let own = ["time": time.text, "level": level.rawValue, "logger": logger, "message": message]
        var fields = own
        for (key, value) in facts { fields[own[key] == nil ? key : "fact.\(key)"] = value.description }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(fields) else { return "{}" }
        return String(decoding: line, as: UTF8.self)
    }

    /// For people: time, level, message, and the facts as `key=value`.
    var text: String {
        let name = level.rawValue.uppercased()
        let padding = String(repeating: " ", count: max(0, 8 - name.count))
        return
            (["\(time.text) \(name)\(padding) \(escaped(message))"]
            + facts.sorted { $0.key < $1.key }.map { "\(escaped($0.key))=\(quoted($0.value.description))" })
            .joined(separator: "  ")
    }

    /// In quotes where it would not be seen where it ends.
    private func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && !value.contains { $0.isWhitespace || $0 == "\"" || $0 == "=" }
        return isPlain ? escaped(value) : "\"\(escaped(value.replacing("\"", with: "\\\"")))\""
    }

    /// Neither ends the line nor commands the terminal.
    private func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { written, scalar in
            if scalar.properties.generalCategory == .control {
                written += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                written.unicodeScalars.append(scalar)
            }
        }
    }
}
