// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import ModelExecution
import Synchronization

/// Our own Python code, which workers and the preparation of models run: found beside this program, and kept in the data
/// folder under its digest, apart from other packages and from later versions of this program.
final class PythonPackage: Sendable {
    private let folder: String
    private let kept = Mutex<String?>(nil)

    /// - Parameter folder: Where it is kept.
    init(folder: String) { self.folder = folder }

    /// The folder that `import slipway` finds it in, and nothing else.
    func place() throws(EngineError) -> String {
        if let place = kept.withLock(\.self) { return place }
        guard let source = Self.source() else {
            throw .environmentMissing(
                reason: "Slipway's Python package, which runs models in Python, is not beside this program.",
                hint: "Install Slipway again, or name the folder that holds `slipway/` in SLIPWAY_PYTHON_PACKAGE.")
        }
        do {
            let place = try copy(source)
            kept.withLock { $0 = place }
            return place
        } catch {
            throw .environmentMissing(
                reason: "Slipway's Python package cannot be kept in “\(folder)”.",
                hint: "Check the folder's permissions and the free disk.")
        }
    }

    /// The folder `slipway` of the package.
    private static func source() -> String? {
        let chosen = ProcessInfo.processInfo.environment["SLIPWAY_PYTHON_PACKAGE"]
        let places = [chosen].compactMap(\.self) + Installation().moduleFolders
        return places.map { "\($0)/slipway" }.first {
            FileManager.default.fileExists(atPath: "\($0)/_worker/__main__.py")
        }
    }

    private func copy(_ source: String) throws -> String {
        let names = try FileManager.default.subpathsOfDirectory(atPath: source)
            .filter { $0.hasSuffix(".py") || $0.hasSuffix("py.typed") }.sorted()
        var hasher = DigestHasher()
        for name in names {
            hasher.update(Array("\(name)\n".utf8))
            hasher.update(Array(FileManager.default.contents(atPath: "\(source)/\(name)") ?? Data()))
        }
        let place = "\(folder)/\(hasher.finish().hex.prefix(16))"
        guard !FileManager.default.fileExists(atPath: place) else { return place }
        let staging = "\(folder)/.\(UUID().uuidString.lowercased())"
        defer { try? FileManager.default.removeItem(atPath: staging) }
        for name in names {
            let target = URL(fileURLWithPath: "\(staging)/slipway/\(name)")
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: URL(fileURLWithPath: "\(source)/\(name)"), to: target)
        }
        // What has its name is taken for whole from then on.
        synchronizeTree(staging)
        // Another process that was faster has kept the same.
        if unsafe rename(staging, place) != 0, !FileManager.default.fileExists(atPath: place) {
            throw CocoaError(.fileWriteUnknown)
        }
        synchronizeNames(in: folder)
        return place
    }
}
