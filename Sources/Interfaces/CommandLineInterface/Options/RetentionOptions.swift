// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ContentRetention
internal import ModelDomain

/// How long a server keeps what nobody sees any more, for `slipway gc`.
struct RetentionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long runs, experiments, logged models and versions are kept after they were deleted; without it, 30d.",
            valueName: "time"))
    var retainDeleted: Lifetime?

    @Option(
        help: ArgumentHelp(
            "How long contents are kept that an entry of the ledger names, from the entry on; without it, 365d.",
            valueName: "time"))
    var retainLedger: Lifetime?

    @Option(
        help: ArgumentHelp("How long contents stay in the trash; without it, 30d.", valueName: "time"))
    var retainTrash: Lifetime?

    var policy: RetentionPolicy {
        RetentionPolicy(deleted: retainDeleted, ledger: retainLedger, trash: retainTrash)
    }
}
