// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What was installed along with this program, told from where its file lies.
///
/// That is `bin` of an environment of Python that a wheel was installed into, `bin` of a prefix of `make install`, or
/// `.build` of the repository.
struct Installation: Sendable {
    /// The folder that holds `bin`.
    private let prefix: String
    private let repository: String?

    /// - Parameter program: The program's file, without links.
    init(program: String = executablePath()) {
        prefix = URL(fileURLWithPath: program).deletingLastPathComponent().deletingLastPathComponent().path
        repository = program.range(of: "/.build").map { String(program[..<$0.lowerBound]) }
    }

    /// Folders that may hold ONNX Runtime's library: our own, then that of Python's package `onnxruntime`.
    var engineFolders: [String] { ["\(prefix)/lib/slipway"] + packageFolders.map { "\($0)/onnxruntime/capi" } }

    /// Folders that may hold our own Python package, `slipway`.
    var moduleFolders: [String] {
        ["\(prefix)/lib/slipway/python"] + packageFolders + [repository.map { "\($0)/python" }].compactMap(\.self)
    }

    /// The project folder of an example that came along; `nil` when it did not.
    func example(_ name: String) -> String? {
        ["\(prefix)/share/slipway/examples", repository.map { "\($0)/examples" }].compactMap(\.self)
            .map { "\($0)/\(name)" }
            .first { FileManager.default.fileExists(atPath: "\($0)/slipway.yaml") }
    }

    /// Where Python keeps packages in this environment; `dist-packages` is what Debian calls it.
    private var packageFolders: [String] {
        let libraries = ((try? FileManager.default.contentsOfDirectory(atPath: "\(prefix)/lib")) ?? []).sorted()
        return libraries.filter { $0.hasPrefix("python3") }
            .flatMap { ["\(prefix)/lib/\($0)/site-packages", "\(prefix)/lib/\($0)/dist-packages"] }
    }
}
