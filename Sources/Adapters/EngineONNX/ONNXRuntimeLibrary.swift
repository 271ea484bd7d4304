// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain
package import ModelExecution
internal import Synchronization

/// ONNX Runtime, loaded at run time from a file of its own, so that Slipway builds and starts without it.
package final class ONNXRuntimeLibrary: EngineRuntime {
    /// The oldest version taken: the first that is known to keep a model's external data inside the model's folder.
    static let oldest = [1, 27, 0]

    package let identity: EngineIdentity
    /// Its tables of operators are made with the first session: about a megabyte.
    package let keepsCommonMemory = true
    private let library: ORTLibrary

    private init(identity: EngineIdentity, library: ORTLibrary) {
        self.identity = identity
        self.library = library
    }

    /// Loads the library, or gives the one that was loaded from `path` before. It stays for the life of the process.
    ///
    /// Sets `ORT_DISABLE_TELEMETRY` first: newer builds of the library otherwise write files and call home.
    ///
    /// - Parameter build: What ``EngineIdentity/build`` says; by default the SHA-256 of the file.
    /// - Throws: ``EngineError/missing(engine:hint:)``, ``EngineError/unusable(engine:reason:)``.
    package static func load(path: String, build: String? = nil) throws(EngineError) -> ONNXRuntimeLibrary {
        try loaded.withLock { loaded throws(EngineError) in
            if let library = loaded[path] { return library }
            let library = try open(path, build: build)
            loaded[path] = library
            return library
        }
    }

    package func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        try ONNXEngine(library, modelAt: file.path)
    }

    package func open(modelAt file: ModelFile, on device: ComputeDevice) throws(EngineError) -> any InferenceEngine {
        try ONNXEngine(library, modelAt: file.path, on: device)
    }

    private static let loaded = Mutex<[String: ONNXRuntimeLibrary]>([:])

    private static func open(_ path: String, build: String?) throws(EngineError) -> ONNXRuntimeLibrary {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .missing(engine: engineName, hint: "`make setup` fetches it.")
        }
        unsafe setenv("ORT_DISABLE_TELEMETRY", "1", 1)
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw .unusable(engine: engineName, reason: unsafe String(cString: dlerror()))
        }
        guard let symbol = unsafe dlsym(handle, "OrtGetApiBase") else {
            throw .unusable(engine: engineName, reason: "“\(path)” is another library")
        }
        var version = ""
        do throws(ORTFailure) {
            let library = unsafe try ORTLibrary(symbol: symbol) { found throws(ORTFailure) in
                version = found
                guard isRecent(found) else {
                    let oldest = oldest.map(String.init).joined(separator: ".")
                    throw ORTFailure(message: "it is version \(found), and \(oldest) or later is needed")
                }
            }
            let build = if let build { build } else { try digest(of: path).hex }
            return ONNXRuntimeLibrary(
                identity: EngineIdentity(name: engineName, version: version, build: build), library: library)
        } catch {
            throw .unusable(engine: engineName, reason: error.message)
        }
    }

    static func isRecent(_ version: String) -> Bool {
        !numbers(of: version).lexicographicallyPrecedes(oldest)
    }

    private static func digest(of path: String) throws(ORTFailure) -> Digest {
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            var hasher = DigestHasher()
            while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty { hasher.update(Array(chunk)) }
            return hasher.finish()
        } catch {
            throw ORTFailure(message: "its file cannot be read")
        }
    }
}

extension ONNXRuntimeLibrary {
    /// The newest library in the first of `places` that has one.
    ///
    /// - Parameter places: Folders that hold `libonnxruntime.so` or `libonnxruntime.so.1.27.0`, or such files themselves.
    /// - Returns: `nil` when none has.
    package static func locate(in places: [String]) -> String? {
        for place in places {
            var isFolder: ObjCBool = false
            guard unsafe FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else { continue }
            guard isFolder.boolValue else { return place }
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
            let newest = names.filter(isLibrary).max { left, right in
                numbers(of: suffix(of: left)).lexicographicallyPrecedes(numbers(of: suffix(of: right)))
            }
            if let newest { return "\(place)/\(newest)" }
        }
        return nil
    }

    private static func isLibrary(_ name: String) -> Bool {
        name.hasPrefix(fileName) && suffix(of: name).utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
    }

    private static func suffix(of name: String) -> String { String(name.dropFirst(fileName.count)) }

    private static let fileName = "libonnxruntime.so"
    private static let engineName = "onnxruntime"

    /// `1.27.0` as numbers; what is none ends it.
    private static func numbers(of version: String) -> [Int] {
        version.split(separator: ".").map { Int($0) ?? 0 }
    }
}
