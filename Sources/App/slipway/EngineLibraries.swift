// SPDX-License-Identifier: Apache-2.0
import BlobFiles
import CommandLineInterface
import EngineForest
import EngineONNX
import Foundation
import GraphExecution
import ModelDomain
import ModelExecution
import ProcessSandbox
import Synchronization

/// Finds ONNX Runtime on this machine, loads it once, and keeps it in the data folder under its digest.
///
/// Looked for in this order: SLIPWAY_ONNXRUNTIME (a file), the data folder, `lib/slipway` beside the program's `bin`, and
/// the package `onnxruntime` of the environment of Python that the program was installed into.
final class EngineLibraries: Sendable {
    private let folder: DataFolder
    private let loaded = Mutex<(any EngineRuntime)?>(nil)
    let workers: Workers

    /// - Parameters:
    ///   - processes: The most of one model that runs in processes of its own.
    ///   - log: Gets what processes that run models print, and what happens to them.
    init(
        folder: DataFolder, demand: SandboxDemand = .full, processes: Int = 2,
        log: @escaping @Sendable (_ model: String, _ line: String) -> Void = { _, _ in }
    ) {
        self.folder = folder
        workers = Workers(folder: folder, demand: demand, processes: processes, log: log)
    }

    /// What executes bundles of the engine's name.
    func runtime(of engine: String) throws(EngineError) -> any EngineRuntime {
        switch engine {
        case EngineName.native: try runtime()
        case EngineName.forest: ForestRuntime()
        case EngineName.worker: workers.runtime
        case EngineName.graph:
            GraphRuntime(
                runtimes: { [self] engine throws(EngineError) in try runtime(of: engine) }, read: readRegularFile)
        default: throw .missing(engine: engine, hint: "Update Slipway: this bundle was packed with a newer one.")
        }
    }

    /// - Throws: ``EngineError/missing(engine:hint:)`` or ``EngineError/unusable(engine:reason:)``.
    func runtime() throws(EngineError) -> any EngineRuntime {
        if let runtime = loaded.withLock(\.self) { return runtime }
        guard let file = locate() else {
            throw .missing(
                engine: "ONNX Runtime",
                hint: "Install it with `slipway engines add onnxruntime-1.27.0-….whl`, the wheel that "
                    + "`pip download --no-deps onnxruntime==1.27.0` fetches, or run `make setup` in the source folder.")
        }
        let runtime = MemoryCheckingRuntime(
            RehearsingRuntime(try ONNXRuntimeLibrary.load(path: file), library: file), byteCount: modelByteCount,
            available: availableMemory)
        loaded.withLock { $0 = runtime }
        return runtime
    }

    /// The library that ``runtime()`` would load.
    func locate() -> String? {
        if let chosen = ProcessInfo.processInfo.environment["SLIPWAY_ONNXRUNTIME"] { return chosen }
        let kept = ((try? FileManager.default.contentsOfDirectory(atPath: folder.engines)) ?? []).sorted()
            .map { "\(folder.engines)/\($0)" }
        return ONNXRuntimeLibrary.locate(in: kept + Installation().engineFolders)
    }

    /// Copies the library that was found elsewhere into the data folder, so that the platform keeps running when the
    /// program's own copy is replaced. Its folder is named after its digest.
    func keep() throws {
        guard let file = locate(), !file.hasPrefix(folder.engines) else { return }
        // By the one that serves: a second one, loaded to be looked at, would stay in memory.
        let identity = try runtime().identity
        guard !FileManager.default.fileExists(atPath: place(of: identity)) else { return }
        try stage { staging in
            let name = URL(fileURLWithPath: file).lastPathComponent
            try FileManager.default.copyItem(atPath: file, toPath: "\(staging)/\(name)")
            try copyProviders(besides: file, into: staging)
            try move(staging, to: place(of: identity))
        }
    }

    /// What the library loads when a card is to compute has to lie beside it.
    private func copyProviders(besides library: String, into folder: String) throws {
        let source = URL(fileURLWithPath: library).deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: source)) ?? []
        for name in names where name.hasPrefix(Self.providerPrefix) && name.hasSuffix(".so") {
            try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(folder)/\(name)")
        }
    }

    private static let providerPrefix = "libonnxruntime_providers_"

    private func place(of identity: EngineIdentity) -> String {
        "\(folder.engines)/\(identity.name)-\(identity.version)-\(identity.build.prefix(12))"
    }

    /// Hands out a folder that is gone afterwards, unless it was moved.
    private func stage<Result>(_ body: (_ staging: String) throws -> Result) throws -> Result {
        try folder.create()
        let staging = "\(folder.engines)/.\(getpid()).tmp"
        try? FileManager.default.removeItem(atPath: staging)
        try FileManager.default.createDirectory(atPath: staging, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: staging) }
        return try body(staging)
    }

    private func move(_ staging: String, to destination: String) throws {
        guard !FileManager.default.fileExists(atPath: destination) else { return }
        // What has its name is taken for whole at the next start.
        synchronizeTree(staging)
        guard unsafe rename(staging, destination) == 0 else {
            throw Refusal(
                .notWritable, .unavailable, "The library could not be put into “\(folder.engines)”.",
                hint: "Check the folder's permissions and the free disk.")
        }
        synchronizeNames(in: folder.engines)
        synchronizeNames(in: folder.path)
    }

    /// Puts a library, or the wheel that carries one, into the data folder.
    func install(_ source: String) throws -> EngineFinding {
        guard FileManager.default.fileExists(atPath: source) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no file “\(source)”.", hint: "Check the path; it is case-sensitive.")
        }
        return try stage { staging in
            let library = source.hasSuffix(".whl") ? try unpack(wheel: source, into: staging) : source
            let name = URL(fileURLWithPath: library).lastPathComponent
            if library == source {
                try FileManager.default.copyItem(atPath: source, toPath: "\(staging)/\(name)")
                try copyProviders(besides: source, into: staging)
            }
            let identity = try ONNXRuntimeLibrary.load(path: "\(staging)/\(name)").identity
            try move(staging, to: place(of: identity))
            return EngineFinding(
                name: identity.name, identity: identity, path: "\(place(of: identity))/\(name)", problem: nil)
        }
    }

    func finding() -> EngineFinding {
        do throws(EngineError) {
            let runtime = try runtime()
            return EngineFinding(name: "onnxruntime", identity: runtime.identity, path: locate(), problem: nil)
        } catch {
            return EngineFinding(name: "onnxruntime", identity: nil, path: locate(), problem: error.explanation)
        }
    }

    /// A wheel is a zip archive; only the library is taken out of it, and what it loads for cards where there is that.
    private func unpack(wheel: String, into folder: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "unzip", "-q", "-o", "-j", wheel, "onnxruntime/capi/libonnxruntime.so.*",
            "onnxruntime/capi/\(Self.providerPrefix)*.so", "-d", folder,
        ]
        process.standardError = FileHandle.nullDevice
        try? process.run()
        process.waitUntilExit()
        guard let library = ONNXRuntimeLibrary.locate(in: [folder]) else {
            throw Refusal(
                .engineUnusable, .invalidInput, "“\(wheel)” is no wheel that carries ONNX Runtime.",
                hint: "Fetch it with `pip download --no-deps onnxruntime==1.27.0`; `unzip` must be installed.")
        }
        return library
    }
}
