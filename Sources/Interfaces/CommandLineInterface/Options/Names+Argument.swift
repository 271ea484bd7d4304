// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

// Names are checked while the command line is read, before any work is done.
extension AliasName: ExpressibleByArgument {}
extension DatasetName: ExpressibleByArgument {}
extension EndpointName: ExpressibleByArgument {}
extension ModelName: ExpressibleByArgument {}
extension PrincipalName: ExpressibleByArgument {}
extension ProjectName: ExpressibleByArgument {}

extension TokenID: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension Lifetime: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension TimeSpan: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
