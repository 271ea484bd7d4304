// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// A number of bytes, as people write it: `67108864`, `64MiB`, `1GiB`.
struct ByteCount: ExpressibleByArgument, Equatable, CustomStringConvertible {
    let bytes: Int

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
        guard let number = Int(digits), number > 0, let unit = units[String(argument.dropFirst(digits.count))] else {
            return nil
        }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit)
        guard !overflows else { return nil }
        self.bytes = bytes
    }

    var description: String {
        for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where bytes % size == 0 {
            return "\(bytes / size)\(unit)"
        }
        return "\(bytes)"
    }

    var defaultValueDescription: String { description }
}
