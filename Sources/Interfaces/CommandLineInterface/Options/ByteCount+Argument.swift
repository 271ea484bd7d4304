// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

extension ByteCount: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }

    var defaultValueDescription: String { description }
}
