// SPDX-License-Identifier: Apache-2.0

extension ORTFailure {
    /// Whether the library asked for memory and got none: in words of its own, of C++, or of the C library.
    var isForWantOfMemory: Bool {
        ["std::bad_alloc", "Failed to allocate memory", "Cannot allocate memory"].contains { message.contains($0) }
    }

    /// The message as people can read it: its first line, without places in the library's source, C++ signatures and
    /// the path of the model.
    ///
    /// Messages quote names from the model, so they may be as long as its maker likes.
    func reason(model path: String) -> String {
        var text = String(message.prefix(4000).split(whereSeparator: \.isNewline).first ?? "it gave no reason")
        text = text.replacing("Load model from \(path) failed:", with: "").replacing(path, with: "the model")
        if let slash = path.lastIndex(of: "/") { text = text.replacing(path[..<slash], with: "the model's folder") }
        text = text.replacing(#/\[ONNXRuntimeError\] : \d+ : \w+ : /#, with: "")
        while let line = text.firstMatch(of: #/\.(?:cc|cpp|cu|h|hpp):\d+ /#) {
            let before = text[..<line.range.lowerBound]
            let start = before.lastIndex { $0.isWhitespace || $0 == "\"" }.map(before.index(after:)) ?? text.startIndex
            text = String(text[..<start]) + afterSignature(text[line.range.upperBound...])
        }
        // A check that failed quotes its condition first.
        if let condition = text.firstRange(of: " was false. "), condition.upperBound < text.endIndex {
            text.removeSubrange(..<condition.upperBound)
        }
        text = String(text.trimmingPrefix(while: \.isWhitespace))
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
