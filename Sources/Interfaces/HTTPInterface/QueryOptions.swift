// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain

/// What stands behind the “?” of a target, each option once.
///
/// - Throws: `IN-010` for what is no list of options, or one that is there twice.
func options(of query: String?) throws(Refusal) -> [(name: String, value: String)] {
    guard let query, !query.isEmpty else { return [] }
    var found: [(name: String, value: String)] = []
    for part in query.split(separator: "&", omittingEmptySubsequences: false) {
        let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            .map { String($0).removingPercentEncoding }
        guard pair.count == 2, let name = pair[0], let value = pair[1], !found.contains(where: { $0.name == name })
        else {
            throw Refusal(
                .unsupportedOption, .invalidInput, "“?\(query.prefix(100))” is not understood.",
                hint: "Write options as NAME=VALUE with “&” between them, each once.")
        }
        found.append((name, value))
    }
    return found
}
