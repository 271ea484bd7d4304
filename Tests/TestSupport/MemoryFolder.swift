// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
package import ModelPackaging
import Synchronization

/// A project folder in memory.
package final class MemoryFolder: ProjectFolder {
    package let name: String
    private let contents: Mutex<[String: [UInt8]]>

    package init(_ files: [String: String], name: String = "project") {
        self.name = name
        contents = Mutex(files.mapValues { Array($0.utf8) })
    }

    package func fileNames() throws -> [String] { contents.withLock { $0.keys.sorted() } }

    package func fileNames(below folder: String) throws -> [String] {
        contents.withLock { $0.keys.filter { $0.hasPrefix(folder + "/") }.sorted() }
    }

    package func contains(_ path: String) throws -> Bool { contents.withLock { $0[path] != nil } }

    package func read(_ path: String, limit: Int) throws -> [UInt8] {
        guard let bytes = contents.withLock({ $0[path] }) else {
            throw Refusal(.fileMissing, .notFound, "There is no file “\(path)”.")
        }
        return bytes
    }

    package func pieces(of path: String) throws -> @Sendable () throws -> [UInt8]? {
        let piece = Once(try read(path, limit: .max))
        return { piece.take() }
    }

    package func describe(_ path: String) throws -> BundleFile {
        let bytes = try read(path, limit: .max)
        return try BundleFile(path: path, digest: Digest(of: bytes), byteCount: bytes.count)
    }

    package func modelFile(_ path: String) throws -> ModelFile {
        _ = try read(path, limit: .max)
        return ModelFile(path: path)
    }

    package func place(_ path: String) throws -> String { path }

    package func create(_ path: String, _ content: [UInt8]) throws {
        contents.withLock { $0[path] = content }
    }

    package func commit(leavingOut data: [String]) -> SourceCommit? { nil }
}

/// A value that is handed out once.
private final class Once: Sendable {
    private let value: Mutex<[UInt8]?>

    init(_ value: [UInt8]) { self.value = Mutex(value) }

    func take() -> [UInt8]? { value.withLock { $0.take() } }
}

/// For packagers whose models no preparer is asked for.
package let noPreparer = Refusal(.modelNotFound, .invalidInput, "There is no preparer here.")
