// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ModelDomain
import PortContracts
import Testing

struct PermissionTests {
    private static let each: [Permission] = [.view, .predict, .develop, .decide, .administer]

    /// A developer changes what there is, an approver what answers, an admin who may.
    @Test(arguments: [
        (Role.viewer, [true, false, false, false, false]), (.predictor, [false, true, false, false, false]),
        (.developer, [true, true, true, false, false]), (.approver, [true, true, false, true, false]),
        (.admin, [true, true, true, true, true]),
    ])
    func everyRoleHasItsPermissionsAndNoOther(_ role: Role, _ expected: [Bool]) {
        let principal = principal([role])
        for (permission, isAllowed) in zip(Self.each, expected) {
            #expect(role.permissions.contains(permission) == isAllowed, "\(role) \(permission.words)")
            #expect(principal.allows(permission) == isAllowed)
            #expect(principal.allows(permission, project: growth) == isAllowed)
            #expect(principal.allows(permission, project: growth, endpoint: churnEndpoint) == isAllowed)
        }
    }

    @Test func severalRolesHaveWhatEachOfThemHas() {
        let principal = principal([.developer, .approver])
        #expect(Self.each.map { principal.allows($0) } == [true, true, true, true, false])
        #expect(principal.allows([.administer, .decide]), "one of several is enough")
        #expect(!principal.allows([]), "nothing is no permission that anybody has")
    }

    @Test func rolesAreWrittenInOneOrder() throws {
        #expect(try [Role](listed: "approver,developer,approver") == [.developer, .approver])
        #expect([Role.admin, .viewer].listed == "viewer,admin")
        for text in ["", "developer,", "Developer", "administrator", "viewer admin"] {
            #expect(throws: Refusal.self, "\(text)") { try [Role](listed: text) }
        }
    }

    @Test func aRefusalNamesTheRolesThatWouldDo() {
        let denial = AccessDenial.notPermitted(principal: makeName("ada"), roles: [.viewer], needs: .decide)
        #expect(
            denial.explanation.line
                == "The token of ada may not do this: its role is viewer. This needs the role approver or admin. (ACC-002)"
        )
        #expect(Role.names(having: .administer) == "admin")
        #expect(Role.names(having: [.view, .predict]) == "viewer, predictor, developer, approver or admin")
    }

    private func principal(_ roles: [Role]) -> Principal {
        Principal(name: makeName("ada"), tokenID: TokenID(of: Digest(of: "t".utf8)), roles: roles, scope: .all)
    }
}
