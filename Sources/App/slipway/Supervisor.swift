// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain

/// Who started a server, waits for its end, and would take another process in its place for none.
enum Supervisor: String, Codable {
    case systemd
    /// The server is the first process of its process namespace, which ends with it.
    case container

    static var ofThisProcess: Supervisor? {
        if getpid() == 1 { return .container }
        return ProcessInfo.processInfo.environment["SYSTEMD_EXEC_PID"] == "\(getpid())" ? .systemd : nil
    }

    func refusal(of process: Int) -> Refusal {
        switch self {
        case .systemd:
            Refusal(
                .takeOverFailed, .conflict, "systemd watches process \(process), and would miss it.",
                hint: "Restart it with `systemctl restart`; with a socket unit, connections wait meanwhile.")
        case .container:
            Refusal(
                .takeOverFailed, .conflict,
                "The server is the first process of its container, which would end with it, and its successor too.",
                hint: "Start another container, and end this one when that is ready.")
        }
    }
}
