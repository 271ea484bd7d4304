// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

extension Tools {
    /// The toolbox that the running command was started with.
    static func required() throws -> any Toolbox {
        guard let box else { throw Refusal(.bug, .bug, "The command was started without its tools.") }
        return box
    }
}
