// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import ModelDomain

/// The text of the `Date` header, made once a second.
package struct HTTPDate {
    private var second = -1
    private var text = ""

    mutating func now() -> String {
        let present = time(nil)
        if present != second {
            second = present
            text = Self.text(secondsSince1970: present)
        }
        return text
    }

    /// `Sat, 21 Nov 2026 05:24:36 GMT` (RFC 9110, 5.6.7).
    package static func text(secondsSince1970 seconds: Int) -> String {
        // 1970-01-01 was a Thursday.
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // 2026-11-21T05:24:36.000000Z
        let parts = Timestamp(microseconds: Int64(seconds) * 1_000_000).text.split { "-T:.".contains($0) }
        return "\(days[seconds / 86_400 % 7]), \(parts[2]) \(months[(Int(parts[1]) ?? 1) - 1]) \(parts[0]) "
            + "\(parts[3]):\(parts[4]):\(parts[5]) GMT"
    }
}
