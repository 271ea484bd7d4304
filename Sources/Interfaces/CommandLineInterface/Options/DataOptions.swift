// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// Where a platform of this machine lives.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The data folder of the server on this machine (SLIPWAY_DATA; else ~/.slipway).", valueName: "dir"),
        completion: .directory)
    var data: String?
}
