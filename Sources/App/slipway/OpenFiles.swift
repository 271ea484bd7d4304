// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Lets this process open as many files as the system allows it: a connection is one, and the usual limit is 1024.
///
/// - Returns: How many that is.
func raiseOpenFileLimit() -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0 else { return 1024 }
    let former = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    return Int(clamping: unsafe setrlimit(resource, &limit) == 0 ? limit.rlim_cur : former)
}
