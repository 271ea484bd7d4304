// SPDX-License-Identifier: Apache-2.0
import EngineONNX
import Foundation
import ModelDomain
import ModelExecution

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
    var keepsCommonMemory: Bool { runtime.keepsCommonMemory }

    func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine { try runtime.open(modelAt: file) }

    func open(modelAt file: ModelFile, on device: ComputeDevice) throws(EngineError) -> any InferenceEngine {
        try runtime.open(modelAt: file, on: device)
    }

    func prepare(for file: ModelFile) throws(EngineError) {
        try Rehearsal.open(file, with: library)
        try runtime.prepare(for: file)
    }
}

enum Rehearsal {
    private static let word = "rehearse-opening"
    private static let limitSeconds = 600

    /// - Throws: ``EngineError`` when a process that opens the model does not live through it. What a model is refused for is
    ///   not looked at here: opening it again will say so.
    fileprivate static func open(_ file: ModelFile, with library: String) throws(EngineError) {
        // Where no further process starts, the model is opened as it always was.
        guard let process = start(["slipway", word, library, file.path]) else { return }
        let limit = Moment.now.after(limitSeconds * 1_000_000_000)
        var status: Int32 = 0
        while unsafe waitpid(process, &status, WNOHANG) == 0 {
            guard Moment.now < limit else {
                kill(process, SIGKILL)
                unsafe waitpid(process, &status, 0)
                throw .modelRefused(reason: "it was not open after \(limitSeconds / 60) minutes")
            }
            usleep(1000)
        }
        switch status & 0x7f {
        case 0: return
        case SIGKILL: throw .memoryShort(reason: "the system ended the process that opened it first")
        case let signal: throw .modelRefused(reason: "the process that opened it first was ended by signal \(signal)")
        }
    }

    /// Not by Foundation, whose threads for it would be as nice as the one that loads, and stay.
    private static func start(_ words: [String]) -> pid_t? {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor in STDIN_FILENO...STDERR_FILENO {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var process: pid_t = 0
        return unsafe posix_spawn(&process, executablePath(), &actions, nil, arguments, environ) == 0 ? process : nil
    }

    /// Does what the other process was started for, and ends. Returns at once in every other process.
    static func runIfAsked(arguments: [String]) {
        guard arguments.count == 4, arguments[1] == word else { return }
        closefrom(3)
        // When memory runs short, this process is to go and not the server.
        try? Data("1000".utf8).write(to: URL(fileURLWithPath: "/proc/self/oom_score_adj"))
        unsafe setenv("OMP_NUM_THREADS", "1", 1)
        _ = try? ONNXRuntimeLibrary.load(path: arguments[2], build: "").open(modelAt: ModelFile(path: arguments[3]))
        exit(0)
    }
}
