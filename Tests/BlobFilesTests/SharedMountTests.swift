// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

@testable import BlobFiles

struct SharedMountTests {
    private let table = """
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
        88 22 0:47 / /mnt/a\\040b rw,relatime shared:49 - nfs4 nas:/a rw,vers=4.2,hard,local_lock=none,addr=192.0.2.1
        89 22 0:300 / /mnt/b rw master:3 shared:50 - nfs nas:/b rw,vers=3,nolock,proto=tcp,local_lock=all
        90 22 0:49 / /mnt/c rw - nfs nas:/c rw,vers=3,local_lock=flock
        91 22 0:50 / /mnt/d rw - cifs //nas/d rw,vers=3.1.1,nobrl
        92 22 0:51 / /mnt/e rw - cifs //nas/e rw,vers=3.1.1
        93 22 4097:5 / /mnt/f rw - nfs nas:/f rw,local_lock=posix
        94 22 0:52 / /mnt/g rw - nfs
        """

    @Test(
        arguments: [
            (0xFE00, false), (47, false), (0x10002C, true), (49, true), (50, true), (51, false), (52, false),
            (53, false),
            (0x1000_0000_0105, false),
        ] as [(UInt64, Bool)])
    func onlyLocksThatAreKnownToBeLocalAreRefused(_ device: UInt64, _ isLocal: Bool) {
        #expect(SharedMount(in: table, of: device)?.keepsLocksToItself ?? false == isLocal)
    }

    @Test func numbersOfDevicesAreReadAsTheKernelWritesThem() {
        #expect(SharedMount(in: table, of: 0xFE00)?.type == "ext4")
        #expect(SharedMount(in: table, of: 47)?.options.first == "rw")
        #expect(SharedMount(in: table, of: 0x10002C)?.type == "nfs")
        #expect(SharedMount(in: table, of: 0x1000_0000_0105)?.options == ["rw", "local_lock=posix"])
        #expect(SharedMount(in: table, of: 53) == nil)
        #expect(SharedMount(in: "", of: 47) == nil)
    }

    @Test func theMountsOfThisMachineAreRead() throws {
        try refuseLocalLocks(in: "/tmp")
        let failure = FileFailure(reason: .localLocks, operation: "flock", path: "/x", systemError: 0)
        #expect(failure.explanation.code == .notWritable)
    }
}
