// SPDX-License-Identifier: Apache-2.0

/// The file system that a folder is on, as the kernel lists it: one that other machines have too may have been told to keep
/// its locks to itself, and then says yes to everybody elsewhere.
struct SharedMount: Equatable {
    let type: String
    let options: [Substring]

    /// - Parameters:
    ///   - table: The text of `/proc/self/mountinfo`.
    ///   - device: The number that `stat` has for files there.
    /// - Returns: `nil` for one that is not listed under this number.
    init?(in table: String, of device: UInt64) {
        let (major, minor) = (device >> 8 & 0xFFF | device >> 32 & ~0xFFF, device & 0xFF | device >> 12 & 0xFFFF_FF00)
        let line = table.split(separator: "\n").first {
            $0.split(separator: " ").dropFirst(2).first == "\(major):\(minor)"
        }
        // Behind a dash: type, source, and the options of the file system itself.
        let fields = line?.split(separator: " ").drop { $0 != "-" }.dropFirst()
        guard let fields = fields.map(Array.init), fields.count == 3 else { return nil }
        type = String(fields[0])
        options = fields[2].split(separator: ",")
    }

    /// Whether a file that is locked here is known not to be locked on other machines.
    var keepsLocksToItself: Bool {
        switch type {
        case "nfs", "nfs4": options.contains { ["nolock", "local_lock=all", "local_lock=flock"].contains($0) }
        case "cifs", "smb3": options.contains("nobrl")
        default: false
        }
    }
}
