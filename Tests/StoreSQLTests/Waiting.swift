// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Synchronization

/// Does something asynchronous from a body, which is not: it runs on a thread that may be blocked.
@discardableResult
func waiting<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) throws -> Result {
    let isDone = DispatchSemaphore(value: 0)
    let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
    Task {
        let found: Swift.Result<Result, any Error>
        do { found = .success(try await work()) } catch { found = .failure(error) }
        outcome.withLock { $0 = found }
        isDone.signal()
    }
    isDone.wait()
    guard let found = outcome.withLock(\.self) else { throw CancellationError() }
    return try found.get()
}
