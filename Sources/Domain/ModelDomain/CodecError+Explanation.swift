// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// What a decoder refused, as a person reads it.
extension CodecError: ExplainedError {
    package var explanation: Explanation {
        let (code, hint) = codeAndHint
        var details = [Explanation.Detail("rule", rule.rawValue)]
        if let field { details.append(.init("field", field)) }
        if let row { details.append(.init("row", String(row))) }
        if let offset { details.append(.init("offset", String(offset))) }
        return Explanation(code, rule == .limit ? .tooLarge : .invalidInput, sentence, hint: hint, details: details)
    }

    /// `Row 3, “mean radius”: the field is missing.`
    private var sentence: String {
        let place = [row.map { "row \($0)" }, field.map { "“\($0.prefix(100))”" }].compactMap(\.self).joined(
            separator: ", ")
        let text = place.isEmpty ? message : "\(place): \(message)"
        return text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") || text.hasSuffix("?") ? "" : ".")
    }

    private var codeAndHint: (ErrorCode, String) {
        switch rule {
        case .syntax: (.bodySyntax, "Check JSON with a validator of it, and a message of gRPC against its .proto.")
        case .limit: (.limitExceeded, "Send less at a time.")
        case .unknownName: (.unknownName, "`slipway endpoint show` lists the names.")
        case .missing: (.missingValue, "Send a value for it.")
        case .duplicate: (.duplicateName, "Send each name once.")
        case .type: (.wrongType, "Send a value of the declared type.")
        case .range: (.outOfRange, "Send a value that fits.")
        case .shape: (.wrongShape, "Make shape, counts and sizes agree.")
        case .encoding: (.brokenText, "Encode text as UTF-8.")
        case .unsupported: (.unsupportedOption, "Leave it out, and send what it stands for in the request.")
        }
    }
}
