// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Resident memory of this process, in bytes.
func residentBytes() -> Int? {
    let fields = systemText("/proc/self/statm")?.split(separator: " ")
    guard let pages = fields?.dropFirst().first.flatMap({ Int($0) }) else { return nil }
    return pages * sysconf(Int32(_SC_PAGESIZE))
}

/// Has the system take back what the heap no longer uses. The C library keeps what is freed, in case it is asked for
/// again; a model that was replaced will not be.
func giveBackMemory() {
    // Looked up, because Swift's view of the C library has no malloc.h, and not every C library has the function.
    guard let symbol = unsafe dlsym(nil, "malloc_trim") else { return }
    let trim = unsafe unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)
    _ = trim(0)
}
