// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain
internal import ModelExecution
package import NIOCore
package import Tensors

/// Answers that are given once they are kept.
extension ServingSlot {
    /// Tells the log of an answer, and waits until it has it.
    ///
    /// - Parameters:
    ///   - loop: This slot's.
    ///   - done: Called once, later and on `loop`, with what may be answered.
    package func keep(
        _ call: InferenceCall, _ id: PredictionID, _ answers: [Tensor], on loop: any EventLoop,
        then done: @escaping (Result<[Tensor], ServingError>) -> Void
    ) {
        let wait = NIOLoopBound(LogWait(done), eventLoop: loop)
        let end = { @Sendable (isKept: Bool) in wait.value.end(isKept ? .success(answers) : .failure(.notKept)) }
        guard let recorder else { return loop.execute { end(true) } }
        recorder.record(call.outcome(id, .success(answers))) { isKept in loop.execute { end(isKept) } }
        // A disk may also say nothing at all.
        wait.value.limit = loop.scheduleTask(in: .nanoseconds(Int64(call.patienceForLog))) { end(false) }
    }
}

/// An answer that waits for the log. On its event loop only.
private final class LogWait {
    private var done: ((Result<[Tensor], ServingError>) -> Void)?
    var limit: Scheduled<Void>?

    init(_ done: @escaping (Result<[Tensor], ServingError>) -> Void) { self.done = done }

    func end(_ result: Result<[Tensor], ServingError>) {
        limit?.cancel()
        limit = nil
        let done = done
        self.done = nil
        done?(result)
    }
}
