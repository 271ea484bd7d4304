// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A terminal that a person looks at, and what is drawn there and taken back.
package struct Terminal: Sendable {
    /// Whether colours are welcome.
    let isColored: Bool

    /// - Returns: `nil` where standard output is none, or one that can only take lines.
    package static func standard(_ environment: [String: String]) -> Terminal? {
        guard isatty(STDOUT_FILENO) == 1, let kind = environment["TERM"], !kind.isEmpty, kind != "dumb" else {
            return nil
        }
        return Terminal(isColored: (environment["NO_COLOR"] ?? "").isEmpty)
    }

    /// At this moment.
    var size: (lines: Int, columns: Int) {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    /// Has `body` draw on a screen of its own, and then brings back the one before, with the cursor and the keyboard as they
    /// were.
    func drawing<Result>(_ body: () async throws -> Result) async throws -> Result {
        let keyboard = Keyboard()
        // Another screen, no cursor, and lines that are cut and not wrapped.
        try Console.current.part(Array("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l".utf8))
        defer {
            try? Console.current.part(Array("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l".utf8))
            keyboard.restore()
        }
        return try await body()
    }

    /// Draws over what was there. What is below the lines is cleared.
    func draw(_ lines: [String]) throws {
        try Console.current.part(Array("\u{1B}[H\(lines.joined(separator: "\u{1B}[K\n"))\u{1B}[K\u{1B}[J".utf8))
    }

    /// A key that was typed; `nil` where none was.
    func key() -> UInt8? {
        var byte: UInt8 = 0
        return unsafe read(STDIN_FILENO, &byte, 1) == 1 ? byte : nil
    }

    func styled(_ text: String, _ style: Style) -> String {
        guard style != .plain, isColored || style == .strong else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    enum Style: Int {
        case plain = 0
        case strong = 1
        case red = 31
        case yellow = 33
    }
}

/// Keys as they are typed, one by one and unseen. Ctrl-C stays what it is; Ctrl-Z would leave a half-drawn screen, and does
/// nothing.
private struct Keyboard {
    private let before: termios?

    init() {
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else {
            before = nil
            return
        }
        before = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        unsafe withUnsafeMutableBytes(of: &settings.c_cc) { keys in
            // Reading returns at once. A key of 0 is none.
            for key in [VMIN, VTIME, VSUSP] { unsafe keys[Int(key)] = 0 }
        }
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    func restore() {
        guard var before else { return }
        _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
    }
}
