// SPDX-License-Identifier: Apache-2.0
import CHeap
import Foundation

/// Resident memory of this process, in bytes.
func residentBytes() -> Int? {
    let fields = systemText("/proc/self/statm")?.split(separator: " ")
    guard let pages = fields?.dropFirst().first.flatMap({ Int($0) }) else { return nil }
    return pages * sysconf(Int32(_SC_PAGESIZE))
}

/// Bytes of this process's heap that are in use.
func heapByteCount() -> Int { heap_bytes_in_use() }

/// Has the system take back what the heap no longer uses. The C library keeps what is freed, in case it is asked for
/// again; a model that was replaced will not be.
func giveBackMemory() {
    // Looked up, because Swift's view of the C library has no malloc.h, and not every C library has the function.
    guard let symbol = unsafe dlsym(nil, "malloc_trim") else { return }
    let trim = unsafe unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)
    _ = trim(0)
}

/// Lets go of the pages of code that this process has mapped so far: most of them only the start needed. Those that are
/// used again come back from the page cache, without the disk.
///
/// Only mappings that nobody has written to: these are as they are in their file.
func releaseStartUpCode() {
    var range: Range<UInt>?
    for line in (systemText("/proc/self/smaps") ?? "").split(separator: "\n") {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        if fields.count >= 6, fields[1] == "r-xp", fields[5].hasPrefix("/") {
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            range = ends.count == 2 && ends[0] < ends[1] ? ends[0]..<ends[1] : nil
        } else if fields.count >= 3, fields[0] == "Anonymous:" {
            if fields[1] == "0", let code = range {
                _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: code.lowerBound), code.count, MADV_DONTNEED)
            }
            range = nil
        } else if fields.count >= 5, fields[0].contains("-") {
            range = nil
        }
    }
}
