// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// How many requests are sent in a length of time, as people write it: `500/s`, `90/m`, `0.5/s`.
struct LoadRate: ExpressibleByArgument, Equatable {
    static let form = "a rate such as 500/s, 90/m or 0.5/s, at most 1000000/s"

    let perSecond: Double

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        let seconds: [Substring: Double] = ["s": 1, "m": 60, "h": 3600]
        guard parts.count == 2, let number = plainNumber(parts[0]), number > 0, let length = seconds[parts[1]],
            number / length <= 1_000_000
        else { return nil }
        perSecond = number / length
    }
}

/// How long a load lasts, as people write it: `500ms`, `30s`, `2m`, `1h`; at most a day.
struct LoadDuration: ExpressibleByArgument, Equatable {
    static let form = "a length of time such as 500ms, 30s, 2m or 1h, at most 24h"

    static let oneSecond = LoadDuration(seconds: 1, text: "1s")
    static let fiveSeconds = LoadDuration(seconds: 5, text: "5s")

    let seconds: Double
    private let text: String

    private init(seconds: Double, text: String) {
        self.seconds = seconds
        self.text = text
    }

    init?(argument: String) {
        let number = argument.prefix { $0 == "." || ($0.isASCII && $0.isNumber) }
        let lengths: [Substring: Double] = ["ms": 0.001, "s": 1, "m": 60, "h": 3600]
        guard let count = plainNumber(number), let length = lengths[argument[number.endIndex...]],
            count * length <= 86_400
        else { return nil }
        seconds = count * length
        text = argument
    }

    var defaultValueDescription: String { text }
}

/// Digits, and decimals behind a point: neither signs, exponents nor names.
private func plainNumber(_ text: Substring) -> Double? {
    guard (1...12).contains(text.utf8.count), text.first != ".", text.last != ".",
        text.allSatisfy({ $0 == "." || ($0.isASCII && $0.isNumber) })
    else { return nil }
    return Double(text)
}
