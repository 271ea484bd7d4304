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
    package func contains(_ path: String) throws -> Bool { contents.withLock { $0[path] != nil } }

    package func read(_ path: String, limit: Int) throws -> [UInt8] {
        guard let bytes = contents.withLock({ $0[path] }) else {
            throw Refusal(.fileMissing, .notFound, "There is no file “\(path)”.")
        }
        return bytes
    }

    package func describe(_ path: String) throws -> BundleFile {
        let bytes = try read(path, limit: .max)
        return try BundleFile(path: path, digest: Digest(of: bytes), byteCount: bytes.count)
    }

    package func modelFile(_ path: String) throws -> ModelFile {
        _ = try read(path, limit: .max)
        return ModelFile(path: path)
    }

    package func create(_ path: String, _ content: [UInt8]) throws {
        contents.withLock { $0[path] = content }
    }

    package func commit() -> SourceCommit? { nil }
}
