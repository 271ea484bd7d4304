// SPDX-License-Identifier: Apache-2.0

/// What turns rows into sums of leaves: raw margins, before a model's base and its output transform where it has one.
protocol ForestSums: Sendable {
    /// What values are compared as.
    associatedtype Input: ForestScalar
    /// What leaves are summed as.
    associatedtype Sum: ForestScalar
    var columnCount: Int { get }
    /// Of one row.
    var sumCount: Int { get }

    /// Adds the leaves that `count` rows arrive at, each in the order of the trees.
    ///
    /// - Parameters:
    ///   - rows: `count` rows, each `stride` values behind the one before, of which at least ``columnCount`` are its own.
    ///   - sums: `count` × ``sumCount`` numbers, which have a value.
    func add(_ rows: UnsafePointer<Input>, count: Int, stride: Int, to sums: UnsafeMutablePointer<Sum>)

    /// Whether ``contribute(_:count:stride:columns:to:)`` can be asked.
    var explains: Bool { get }

    /// Adds what each column contributes to each sum, and behind the columns what is expected without knowing any.
    ///
    /// - Parameters:
    ///   - columns: Of the contributions, at least ``columnCount``.
    ///   - contributions: `count` × ``sumCount`` × (`columns` + 1) numbers, which have a value.
    func contribute(
        _ rows: UnsafePointer<Input>, count: Int, stride: Int, columns: Int,
        to contributions: UnsafeMutablePointer<Double>)
}

/// Why a file is no forest that this engine evaluates, in words that follow “the model:”.
struct ForestFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    /// It is sound, and uses what only its library knows.
    static func unknown(_ what: String) -> ForestFault {
        ForestFault("\(what) is not evaluated here; a worker serves it")
    }
}
