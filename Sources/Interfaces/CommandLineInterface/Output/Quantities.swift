// SPDX-License-Identifier: Apache-2.0

/// `512 bytes`, `12 KiB`, `1.5 MiB`.
func byteText(_ count: Int) -> String {
    var size = Double(count)
    for unit in ["bytes", "KiB", "MiB"] {
        if size < 1024 { return "\(briefly(size)) \(unit)" }
        size /= 1024
    }
    return "\(briefly(size)) GiB"
}

/// `8.5 µs`, `120 µs`, `3.1 ms`, `2 s`.
func durationText(microseconds: Double) -> String {
    switch microseconds {
    case ..<1000: "\(briefly(microseconds)) µs"
    case ..<1_000_000: "\(briefly(microseconds / 1000)) ms"
    default: "\(briefly(microseconds / 1_000_000)) s"
    }
}

/// One decimal below 10, none from there on.
private func briefly(_ number: Double) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
    let tenths = (number * 10).rounded() / 10
    return abs(tenths) >= 10 || tenths == tenths.rounded() ? "\(Int(number.rounded()))" : "\(tenths)"
}
