// SPDX-License-Identifier: Apache-2.0
internal import NIOCore

/// What a peer may have the server do beside answering requests: frames that cost little to send, bring nothing, and have
/// to be looked at or answered.
///
/// A bucket of tokens: frames take some, time and answers bring them back. Clients with short deadlines reset many streams,
/// and clients with large answers open many windows, so both may for as long as they also wait for answers.
struct FloodGuard {
    private static let capacity = 20_000
    private static let tokensPerSecond = 2000
    private static let tokensPerAnswer = 4

    /// What a frame costs.
    enum Cost: Int {
        case small = 1
        /// Has to be answered, or makes the server do something in vain.
        case answered = 2
    }

    private var tokens = Self.capacity
    private var refilled = NIODeadline.now()

    mutating func answered() { tokens = min(Self.capacity, tokens + Self.tokensPerAnswer) }

    mutating func spend(_ cost: Cost, times count: Int = 1) throws(ConnectionFault) {
        tokens -= cost.rawValue * count
        guard tokens < 0 else { return }
        let now = NIODeadline.now()
        let elapsed = Double((now - refilled).nanoseconds) / 1e9
        refilled = now
        tokens = min(Self.capacity, tokens + Int(elapsed * Double(Self.tokensPerSecond)))
        guard tokens >= 0 else {
            throw ConnectionFault(.enhanceYourCalm, "too many frames that ask for nothing")
        }
    }
}
