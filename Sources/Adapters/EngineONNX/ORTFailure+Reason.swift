// SPDX-License-Identifier: Apache-2.0

extension ORTFailure {
    /// The message as people can read it: its first line, without places in the library's source, C++ signatures and
    /// the path of the model.
    func reason(model path: String) -> String {
        var text = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "it gave no reason"
        text = text.replacing("Load model from \(path) failed:", with: "").replacing(path, with: "the model")
        if let slash = path.lastIndex(of: "/") { text = text.replacing(path[..<slash], with: "the model's folder") }
        text = text.replacing(#/\[ONNXRuntimeError\] : \d+ : \w+ : /#, with: "")
        while let place = text.firstMatch(of: #/[^\s"]*\.(?:cc|cpp|cu|h|hpp):\d+ /#) {
            let rest = afterSignature(text[place.range.upperBound...])
            text = String(text[..<place.range.lowerBound]) + rest
        }
        // A check that failed quotes its condition first.
        if let condition = text.firstMatch(of: #/\S.* was false\.\s*(?=\S)/#) { text.removeSubrange(condition.range) }
        text = text.trimmingPrefix(while: \.isWhitespace).description
        return text.count > 300 ? text.prefix(300) + "…" : text
    }
}

/// What follows the name or signature of the C++ function that `text` begins with.
private func afterSignature(_ text: Substring) -> Substring {
    guard let open = text.firstIndex(of: "("), text[..<open].contains("::") || text[..<open] == "operator" else {
        // A name alone.
        return text.firstIndex(of: " ").map { text[text.index(after: $0)...] } ?? text
    }
    var depth = 0
    var end = open
    while end < text.endIndex, depth > 0 || text[end] != " " {
        if "(<[".contains(text[end]) { depth += 1 }
        if ")>]".contains(text[end]) { depth -= 1 }
        end = text.index(after: end)
    }
    let rest = text[end...].trimmingPrefix(while: \.isWhitespace)
    return rest.trimmingPrefix("const ").trimmingPrefix(#/\[with [^\]]*\] /#)
}
