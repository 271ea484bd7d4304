// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Finds how much memory a version takes, from how the heap of the process grows while it is loaded.
///
/// The heap is that of the whole process. What grew for another load, or for predictions that were made meanwhile, cannot
/// be told apart: then no more is charged than its files and 128 KiB, so that nothing is refused for what others took.
final class GrowthMeter: Sendable {
    private struct State {
        var active = 0
        /// Changes whenever loads meet.
        var meetings = 0
    }

    private let state = Mutex(State())
    private let heapByteCount: @Sendable () -> Int

    init(heapByteCount: @escaping @Sendable () -> Int) { self.heapByteCount = heapByteCount }

    /// A measurement that has begun.
    struct Begun {
        fileprivate let heap: Int
        fileprivate let traffic: Int?
        /// `nil` for one that was not alone from the start.
        fileprivate let meetings: Int?
    }

    /// - Parameter traffic: How many predictions the process has accepted; `nil` while some of them are on their way.
    func begin(traffic: Int?) -> Begun {
        let meetings = state.withLock { state -> Int? in
            state.active += 1
            guard state.active > 1 else { return state.meetings }
            state.meetings += 1
            return nil
        }
        return Begun(heap: heapByteCount(), traffic: traffic, meetings: meetings)
    }

    /// - Parameters:
    ///   - fileBytes: Of the files that an engine was opened for; 0 where one was open already.
    ///   - traffic: As at the beginning; asked after the heap was looked at.
    /// - Returns: What the heap has grown by, in bytes.
    func end(_ begun: Begun, fileBytes: Int, traffic: () -> Int?) -> Int {
        let growth = max(0, heapByteCount() - begun.heap)
        let wasAlone = state.withLock { state in
            state.active -= 1
            return state.meetings == begun.meetings
        }
        let wasQuiet = begun.traffic != nil && begun.traffic == traffic()
        return wasAlone && wasQuiet ? growth : min(growth, fileBytes + (128 << 10))
    }
}
