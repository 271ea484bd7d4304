// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct PackageVersionTests {
    /// PEP 440's own order, with forms that mean the same left out.
    @Test func versionsAreInTheOrderOfPEP440() throws {
        let ordered = [
            "0.9", "1.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2",
            "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1", "1.0", "1.0+abc.5", "1.0+abc.7",
            "1.0+5", "1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1", "1.10", "2024.1", "1!0.1",
        ]
        let versions = try ordered.map { try #require(PackageVersion($0), "\($0)") }
        for (place, version) in versions.enumerated() {
            for (other, later) in versions.enumerated() where place != other {
                let (one, two) = (ordered[place], ordered[other])
                // Where there are no numbers before it, `1.dev0` and `1.0.dev456` differ in the last one only.
                #expect((version < later) == (place < other), "\(one) \(two)")
            }
        }
    }

    @Test func formsThatMeanTheSameAreEqual() {
        for same in [
            ["1.26", "1.26.0", "v1.26", " 1.26.0.0 "], ["1.0a1", "1.0-alpha.1", "1.0_A1", "1.0.a1"],
            ["1.0rc1", "1.0c1", "1.0-pre1", "1.0preview1"], ["1.0.post1", "1.0-1", "1.0.rev1", "1.0r1"],
            ["1.0.dev0", "1.0dev", "1.0-dev"], ["1.0+ubuntu.1", "1.0+ubuntu-1"],
        ] {
            let versions = Set(same.map { PackageVersion($0) })
            #expect(versions.count == 1 && versions.first.flatMap(\.self) != nil, "\(same)")
        }
    }

    @Test(arguments: ["", "x", "1.", "1..2", "1.0x", "1.0+", "1.0+a..b", "1!", "1.0.*", "99999999999999999999"])
    func whatIsNoVersionIsNone(_ text: String) { #expect(PackageVersion(text) == nil) }

    @Test(arguments: [
        ("numpy", "1.26.4", true), ("numpy<1.26.5", "1.26.4", true), ("numpy<1.26.5", "1.26.5", false),
        ("numpy<1.26.5", "1.26.5rc1", true), ("numpy <= 1.26.5", "1.26.5", true), ("numpy>1.26", "1.26.0", false),
        ("numpy>1.26", "1.26.post1", true), ("numpy>=1.20,<1.26.5", "1.26.4", true),
        ("numpy>=1.20,<1.26.5", "1.19", false), ("numpy==1.26.4", "1.26.4+cpu", true),
        ("numpy==1.26.4+cpu", "1.26.4", false), ("numpy==1.26.*", "1.26.4", true), ("numpy==1.26.*", "1.27", false),
        ("numpy!=1.26.*", "1.27", true), ("numpy!=1.26.4", "1.26.4", false), ("numpy~=1.26.2", "1.26.9", true),
        ("numpy~=1.26.2", "1.27", false), ("numpy~=1.26", "1.30", true), ("numpy<1.10", "1.9", true),
        ("numpy", "nonsense", true),
    ])
    func requirementsHold(_ text: String, _ version: String, _ holds: Bool) throws {
        #expect(try PackageRequirement(text).holds(of: version) == holds)
    }

    @Test func whatCannotBeComparedIsSaidSo() throws {
        #expect(try PackageRequirement("numpy<2").holds(of: "nonsense") == nil)
    }

    @Test func namesAreNormalised() throws {
        #expect(try PackageRequirement("Scikit_Learn<2").name == "scikit-learn")
        #expect(normalisedPackageName("a.-_b") == "a-b")
    }

    @Test(arguments: ["", "<1", "numpy<", "numpy=1", "numpy<1,", "num py", "numpy<1.*", "../x", "numpy<x", "numpy; os"])
    func whatIsNoRequirementIsRefused(_ text: String) {
        #expect(throws: Refusal.self) { try PackageRequirement(text) }
    }
}
