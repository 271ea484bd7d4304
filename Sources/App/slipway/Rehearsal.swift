// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import Foundation
import ModelExecution
import Synchronization

/// Opens a model in a process of its own before this one does: ONNX Runtime checks much of a file and not all of it, and
/// some end the process that opens them. That must not be the server.
struct RehearsingRuntime: EngineRuntime {
    private let runtime: any EngineRuntime
    private let library: String

    /// - Parameter library: The file that `runtime` was loaded from.
    init(_ runtime: any EngineRuntime, library: String) {
        self.runtime = runtime
        self.library = library
    }

    var identity: EngineIdentity { runtime.identity }

    func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine { try runtime.open(modelAt: file) }

    func prepare(for file: ModelFile) throws(EngineError) {
        if let harm = Rehearsal.harm(ofOpening: file, with: library) { throw .modelRefused(reason: harm) }
        try runtime.prepare(for: file)
    }
}

enum Rehearsal {
    private static let word = "rehearse-opening"
    private static let seconds = 600

    /// What becomes of a process that opens the model; `nil` when it lives. What a model is refused for is not looked at
    /// here: opening it again will say so.
    fileprivate static func harm(ofOpening file: ModelFile, with library: String) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executablePath())
        process.arguments = [word, library, file.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        // Where no further process starts, the model is opened as it always was.
        guard (try? process.run()) != nil else { return nil }
        guard ended.wait(timeout: .now() + .seconds(seconds)) == .success else {
            kill(process.processIdentifier, SIGKILL)
            return "it was not open after \(seconds / 60) minutes"
        }
        guard process.terminationReason == .uncaughtSignal else { return nil }
        return "the process that opened it was ended by signal \(process.terminationStatus)"
    }

    /// Does what the other process was started for, and ends. Returns at once in every other process.
    static func runIfAsked(arguments: [String]) {
        guard arguments.count == 4, arguments[1] == word else { return }
        // When memory runs short, this process is to go and not the server.
        try? Data("1000".utf8).write(to: URL(fileURLWithPath: "/proc/self/oom_score_adj"))
        unsafe setenv("OMP_NUM_THREADS", "1", 1)
        _ = try? ONNXRuntimeLibrary.load(path: arguments[2], build: "").open(modelAt: ModelFile(path: arguments[3]))
        exit(0)
    }
}
