// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One side of a conversation between two processes of this machine: short messages, and open descriptors with them.
///
/// Blocks. Messages are whole or not there (SOCK_SEQPACKET).
final class LocalSocket: Sendable {
    struct Message {
        let words: [String]
        let descriptors: [CInt]
    }

    private static let longestMessage = 256
    private static let mostDescriptors = 4
    private let descriptor: CInt

    private init(_ descriptor: CInt) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    /// - Returns: `nil` when nobody listens there.
    static func connect(to name: String, in folder: String) -> LocalSocket? {
        guard let socket = LocalSocket.make() else { return nil }
        let code = unsafe withAddress(of: name, in: folder) { unsafe Foundation.connect(socket.descriptor, $0, $1) }
        return code == 0 ? socket : nil
    }

    /// Listens, for the owner of the folder only. What lies there under that name goes.
    static func listen(as name: String, in folder: String) -> LocalSocket? {
        guard let socket = LocalSocket.make() else { return nil }
        unsafe unlink("\(folder)/\(name)")
        guard unsafe withAddress(of: name, in: folder, { unsafe bind(socket.descriptor, $0, $1) }) == 0,
            // Before it listens, so that nobody slips in.
            unsafe chmod("\(folder)/\(name)", 0o600) == 0, Foundation.listen(socket.descriptor, 4) == 0
        else { return nil }
        return socket
    }

    private static func make() -> LocalSocket? {
        let descriptor = socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        return descriptor < 0 ? nil : LocalSocket(descriptor)
    }

    /// Through a descriptor of the folder, because an address holds no more than 107 bytes.
    private static func withAddress(
        of name: String, in folder: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        let directory = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return -1 }
        defer { close(directory) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("/proc/self/fd/\(directory)/\(name)".utf8) + [0]
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.prefix($0.count)) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// - Returns: `nil` once ``interrupt()`` was called.
    func accept() -> LocalSocket? {
        let peer = Foundation.accept(descriptor, nil, nil)
        guard peer >= 0 else { return nil }
        _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
        return LocalSocket(peer)
    }

    /// Ends whatever waits on it, from any thread.
    func interrupt() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    func setPatience(_ patience: Duration) {
        var time = timeval(tv_sec: Int(patience / .seconds(1)), tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    @discardableResult
    func send(_ words: String..., descriptors: [CInt] = []) -> Bool {
        var bytes = Array(words.joined(separator: " ").utf8)
        // One control message: its length, its level and type, the descriptors, and up to a multiple of 8.
        var control: [UInt8] = []
        if !descriptors.isEmpty {
            control += rawBytes(UInt(16 + 4 * descriptors.count)) + rawBytes(SOL_SOCKET)
            control += rawBytes(CInt(SCM_RIGHTS)) + descriptors.flatMap { rawBytes($0) }
            control += [UInt8](repeating: 0, count: control.count % 8)
        }
        return unsafe withHeader(&bytes, &control) { unsafe sendmsg(descriptor, &$0, CInt(MSG_NOSIGNAL)) } > 0
    }

    /// - Returns: `nil` when the other side has gone, or said nothing for too long.
    func receive() -> Message? {
        var bytes = [UInt8](repeating: 0, count: Self.longestMessage)
        var control = [UInt8](repeating: 0, count: 16 + 4 * Self.mostDescriptors)
        var controlCount = 0
        let count = unsafe withHeader(&bytes, &control) { header in
            let count = unsafe recvmsg(descriptor, &header, CInt(MSG_CMSG_CLOEXEC))
            controlCount = unsafe Int(header.msg_controllen)
            return count
        }
        guard count > 0 else { return nil }
        let words = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ").map(String.init)
        return Message(words: words, descriptors: Self.descriptors(in: control.prefix(controlCount)))
    }

    private static func descriptors(in control: ArraySlice<UInt8>) -> [CInt] {
        guard control.count > 16 else { return [] }
        return unsafe control.withUnsafeBytes { bytes in
            let length = unsafe min(Int(bytes.loadUnaligned(as: UInt.self)), bytes.count)
            guard unsafe bytes.loadUnaligned(fromByteOffset: 8, as: CInt.self) == SOL_SOCKET,
                unsafe bytes.loadUnaligned(fromByteOffset: 12, as: CInt.self) == CInt(SCM_RIGHTS)
            else { return [] }
            return stride(from: 16, through: length - 4, by: 4).map {
                unsafe bytes.loadUnaligned(fromByteOffset: $0, as: CInt.self)
            }
        }
    }

    private func withHeader(
        _ bytes: inout [UInt8], _ control: inout [UInt8], _ body: (inout msghdr) -> Int
    ) -> Int {
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe control.withUnsafeMutableBytes { control in
                var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return unsafe withUnsafeMutablePointer(to: &vector) { vector in
                    var header = unsafe msghdr()
                    unsafe header.msg_iov = vector
                    unsafe header.msg_iovlen = 1
                    unsafe header.msg_control = control.baseAddress
                    unsafe header.msg_controllen = control.count
                    return unsafe body(&header)
                }
            }
        }
    }
}

private func rawBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
}
