// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The repository these tests belong to, read as text.
struct Repository {
    let root: URL

    init(file: String = #filePath) {
        root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    struct SourceFile {
        /// `Sources/Domain/Tensors/Shape.swift`.
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        /// The ring, for a file below `Sources`.
        var ring: String { part(1) }
        /// The room, for a file below `Sources`.
        var room: String { part(2) }

        private func part(_ index: Int) -> String {
            let parts = path.split(separator: "/")
            return parts.indices.contains(index) ? String(parts[index]) : ""
        }

        /// The modules that the file imports.
        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), index <= 2, words.count > index + 1,
                    line.first?.isWhitespace == false
                else { return nil }
                return words[index + 1].split(separator: ".").first.map(String.init)
            }
        }
    }

    func text(_ path: String) -> String? {
        try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    func files(below folders: [String], suffix: String = ".swift") -> [SourceFile] {
        folders.flatMap { folder -> [SourceFile] in
            let base = root.appendingPathComponent(folder)
            let found = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
            return found.filter { $0.hasSuffix(suffix) }.sorted().compactMap { name in
                text("\(folder)/\(name)").map { SourceFile(path: "\(folder)/\(name)", text: $0) }
            }
        }
    }
}
