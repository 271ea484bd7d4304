// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import ModelDomain
import Synchronization

/// What a command left behind.
struct Outcome {
    let code: Int32
    let output: String
    let diagnostics: String
}

/// Runs one command line as a process would, with streams and tools of its own.
func slipway(
    _ arguments: String..., tools: FakeToolbox = FakeToolbox(), environment: [String: String] = [:],
    input: String = "", isWatched: Bool = false
) async -> Outcome {
    await slipway(list: arguments, tools: tools, environment: environment, input: input, isWatched: isWatched)
}

func slipway(
    list arguments: [String], tools: FakeToolbox, environment: [String: String] = [:], input: String = "",
    isWatched: Bool = false
) async -> Outcome {
    let streams = CapturedStreams()
    let console = Console(
        isWatched: isWatched, environment: environment,
        write: { stream, bytes in streams.append(bytes, to: stream) },
        read: { limit in
            guard input.utf8.count <= limit else { throw Refusal(.limitExceeded, .tooLarge, "too much") }
            return Array(input.utf8)
        })
    let code = await SlipwayCommand.run(arguments: arguments, toolbox: tools, console: console)
    return Outcome(code: code, output: streams.text(.output), diagnostics: streams.text(.diagnostics))
}

final class CapturedStreams: Sendable {
    private let written = Mutex<[Console.Stream: [UInt8]]>([:])

    func append(_ bytes: [UInt8], to stream: Console.Stream) {
        written.withLock { $0[stream, default: []] += bytes }
    }

    func text(_ stream: Console.Stream) -> String {
        String(decoding: written.withLock { $0[stream] ?? [] }, as: UTF8.self)
    }
}
