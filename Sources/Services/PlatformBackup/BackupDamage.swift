// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// - Parameter reason: What is wrong, without a full stop.
package func backupDamaged(_ reason: String, all: [String] = []) -> Refusal {
    Refusal(
        .backupDamaged, .invalidInput, "The backup cannot be used: \(reason).",
        hint: "Take another copy of it, or an older backup; nothing was changed.",
        details: all.prefix(20).map { .init("damaged", $0) })
}
