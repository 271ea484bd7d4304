// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// Lets one body through at a time, or a few, in the order of arrival, also across their suspensions.
package actor Turnstile {
    private let width: Int
    private var inside = 0
    private var isClosed = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(width: Int = 1) { self.width = width }

    package nonisolated func pass<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        await enter()
        guard await !isClosed else {
            await leave()
            throw Refusal(
                .serverReplaced, .unavailable, "Another process has taken over from this server.",
                hint: "Send it again: it reaches the new one.")
        }
        do {
            let result = try await body()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    /// Lets nobody through any more. For whoever is inside.
    package func close() { isClosed = true }

    private func enter() async {
        guard inside == width else {
            inside += 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Hands the turn straight to the next one, so that nobody slips in between.
    private func leave() {
        if waiting.isEmpty { inside -= 1 } else { waiting.removeFirst().resume() }
    }
}
