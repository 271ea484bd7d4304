// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain

/// A TCP socket that listens: systemd's, that of the server before, or this server's own, to be handed on.
struct ListeningSocket {
    let descriptor: CInt
    /// As a number.
    let host: String
    let port: Int

    /// - Returns: `nil` when the descriptor is no TCP socket, or does not listen.
    init?(_ descriptor: CInt) {
        var isListening: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0, isListening == 1
        else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let code = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe getsockname(descriptor, address, &length) == 0,
                    unsafe [AF_INET, AF_INET6].contains(CInt(address.pointee.sa_family))
                else { return CInt(-1) }
                return unsafe getnameinfo(
                    address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                    NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        guard code == 0, let number = Int(text(port)) else { return nil }
        self.descriptor = descriptor
        self.host = text(host)
        self.port = number
    }

    /// The one that this process listens on at `port`.
    static func ofThisProcess(port: Int) -> ListeningSocket? {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return open.lazy.compactMap { CInt($0) }.compactMap(ListeningSocket.init).first { $0.port == port }
    }
}

private func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

extension ListeningSocket {
    private static let firstDescriptor: CInt = 3

    /// The socket that systemd listens on for this process; `nil` when it does not.
    ///
    /// Of several the one that is called `slipway` (`FileDescriptorName=`). What the environment says of them is taken
    /// away, so that no child takes it for its own.
    /// - Throws: `SYS-007` when none of them can be used.
    static func fromSystemd() throws -> ListeningSocket? {
        let environment = ProcessInfo.processInfo.environment
        guard environment["LISTEN_PID"] == "\(getpid())", let count = environment["LISTEN_FDS"].flatMap({ CInt($0) }),
            (1...64).contains(count)
        else { return nil }
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        let descriptors = firstDescriptor..<firstDescriptor + count
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        let chosen = count == 1 ? 0 : names.firstIndex(of: Substring(Product.name)).map { CInt($0) }
        guard let chosen, descriptors.contains(firstDescriptor + chosen),
            let socket = ListeningSocket(firstDescriptor + chosen)
        else {
            throw Refusal(
                .addressUnusable, .unavailable,
                "systemd handed over \(count) sockets, and none is a TCP socket that listens and can be chosen.",
                hint: "Give the unit one ListenStream=, or name it with FileDescriptorName=slipway.")
        }
        return socket
    }
}
