// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import WireTypes

struct ReplicaList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the servers of the platform, and where one has not what is wanted.",
        discussion: "Example: slipway replica list --format json")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        let replicas = try await server.client().replicas()
        try output.write(replicas, asText: replicaText(replicas))
    }
}

private func replicaText(_ replicas: [ReplicaV1]) -> String {
    // What a lost one had may be gone since.
    let newest = replicas.filter { $0.state == "live" }.newestGenerations
    let table = Table(
        header: ["URL", "HOST", "STATE", "HEARD", "ENDPOINTS", "DOES ALONE", "VERSION", "SINCE"],
        rows: replicas.map { replica in
            let current = replica.endpoints.count { $0.state != "failing" && $0.generation == newest[$0.name] }
            return [
                replica.url ?? "not yet", "\(replica.host), process \(replica.processID)", replica.state,
                "\(replica.heartbeatAgeSeconds) s ago", "\(current) of \(newest.count)",
                replica.work.isEmpty ? "-" : replica.work.joined(separator: ", "), replica.version, replica.startedAt,
            ]
        })
    let differing = replicas.filter { $0.state == "live" }.flatMap { replica in
        replica.endpoints.filter { $0.state == "failing" || $0.generation != newest[$0.name] }.map { endpoint in
            "\(endpoint.name) on \(replica.host), process \(replica.processID): "
                + "\(endpoint.answering ?? "nothing") answers, generation \(endpoint.generation) of "
                + "\(newest[endpoint.name] ?? endpoint.generation)" + (endpoint.problem.map { ": \($0)" } ?? "")
        }
    }
    return ([table.text] + differing).joined(separator: "\n\n")
}

extension [ReplicaV1] {
    /// By the name of the endpoint.
    fileprivate var newestGenerations: [String: Int] {
        reduce(into: [:]) { newest, replica in
            for endpoint in replica.endpoints {
                newest[endpoint.name] = Swift.max(newest[endpoint.name] ?? 0, endpoint.generation)
            }
        }
    }
}
