// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Foundation

/// Runs work that has something to put back. Ctrl-C, SIGTERM and a closed terminal cancel it and wait until it has; a
/// second one changes nothing about that.
///
/// - Throws: What `body` throws; `CancellationError` when it was interrupted.
func interruptibly<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let work = Task { try await body() }
    let watch = SignalWatch { work.cancel() }
    defer { watch.end() }
    return try await withTaskCancellationHandler {
        try await work.value
    } onCancel: {
        work.cancel()
    }
}

private struct SignalWatch {
    private let sources: [(number: Int32, source: any DispatchSourceSignal)]

    init(_ handler: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
            source.setEventHandler { handler() }
            source.resume()
            return (number, source)
        }
    }

    func end() {
        for (number, source) in sources {
            source.cancel()
            signal(number, SIG_DFL)
        }
    }
}
