// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

// Names are checked while the command line is read, before any work is done.
extension AliasName: ExpressibleByArgument {}
extension EndpointName: ExpressibleByArgument {}
extension ModelName: ExpressibleByArgument {}
extension ProjectName: ExpressibleByArgument {}

extension TimeSpan: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
