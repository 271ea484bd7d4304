// SPDX-License-Identifier: Apache-2.0

/// How a column stands after each of its windows: one window may be chance, two of three are not.
///
/// A warning takes two violations among the last three windows; a critical one is raised at once; both end after three clean
/// windows in a row. A window with too few rows says nothing: it neither adds to a warning nor ends it.
package struct AlertLevel: Sendable, Hashable {
    package enum Level: Int, Codable, Sendable, Hashable, Comparable {
        case ok, warning, critical

        package static func < (one: Level, other: Level) -> Bool { one.rawValue < other.rawValue }
    }

    package enum Window: Int, Codable, Sendable, Hashable {
        case clean, violating, critical, insufficient
    }

    package private(set) var level: Level
    /// The last three windows that said something, the newest last.
    package private(set) var lastWindows: [Window]
    /// Windows in a row, up to the newest, that had too few rows.
    package private(set) var insufficientInARow: Int

    /// - Parameters:
    ///   - level: And the others, as they were stored.
    ///   - lastWindows: Of more than three the newest count.
    package init(level: Level = .ok, lastWindows: [Window] = [], insufficientInARow: Int = 0) {
        self.level = level
        self.lastWindows = lastWindows.filter { $0 != .insufficient }.suffix(3)
        self.insufficientInARow = max(0, insufficientInARow)
    }

    /// - Returns: The level before, when this window changed it.
    @discardableResult
    package mutating func record(_ window: Window) -> Level? {
        guard window != .insufficient else {
            insufficientInARow += 1
            return nil
        }
        insufficientInARow = 0
        lastWindows = (lastWindows + [window]).suffix(3)
        let before = level
        if window == .critical {
            level = .critical
        } else if lastWindows.count == 3, lastWindows.allSatisfy({ $0 == .clean }) {
            level = .ok
        } else if level == .ok, lastWindows.count(where: { $0 != .clean }) >= 2 {
            level = .warning
        }
        return level == before ? nil : before
    }
}
