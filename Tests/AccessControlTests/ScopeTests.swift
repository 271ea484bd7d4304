// SPDX-License-Identifier: Apache-2.0
import AccessControl
import ModelDomain
import PortContracts
import Testing

struct ScopeTests {
    private let pricing: EndpointName = makeName("pricing")

    @Test func aTokenForAProjectReachesNoOther() {
        let ada = principal(Scope(project: growth))
        for permission in [Permission.view, .predict, .develop, .decide, .administer] {
            #expect(ada.allows(permission, project: growth))
            #expect(ada.allows(permission, project: growth, endpoint: churnEndpoint))
            #expect(!ada.allows(permission, project: other))
            #expect(!ada.allows(permission, project: other, endpoint: churnEndpoint))
            #expect(!ada.allows(permission, endpoint: churnEndpoint), "an endpoint that is nowhere is in no project")
            #expect(!ada.allows(permission), "the platform is all projects")
        }
        #expect(ada.sees(growth) && !ada.sees(other))
        #expect(ada.sees(churnEndpoint, in: growth) && !ada.sees(churnEndpoint, in: other))
    }

    @Test func aTokenForEndpointsReachesThemAndNothingElse() {
        for project in [growth, nil] {
            let ada = principal(Scope(project: project, endpoints: [churnEndpoint]))
            #expect(ada.allows(.predict, project: growth, endpoint: churnEndpoint))
            #expect(ada.allows(.predict, project: other, endpoint: churnEndpoint) == (project == nil))
            #expect(!ada.allows(.predict, project: growth, endpoint: pricing))
            #expect(!ada.allows(.view, project: growth), "models are no endpoints")
            #expect(!ada.allows(.view))
            #expect(!ada.sees(growth))
            #expect(ada.sees(churnEndpoint, in: growth) && !ada.sees(pricing, in: growth))
        }
    }

    /// Which endpoints other projects have is not told by how a request is refused.
    @Test func whatIsElsewhereAndWhatIsNowhereIsRefusedAlike() {
        let ada = principal(Scope(project: growth))
        func refusal(_ resource: Resource) -> AccessDenial? {
            do throws(AccessDenial) {
                try ada.require(.predict, of: resource)
                return nil
            } catch {
                return error
            }
        }
        let elsewhere = refusal(.endpoint("churn", in: other))
        #expect(elsewhere != nil)
        #expect(elsewhere == refusal(.endpoint("churn", in: nil)))
        #expect(refusal(.endpoint(nil, in: nil)) != nil)
        #expect(refusal(.common) == nil)
    }

    @Test func aResourceIsLookedUpOnlyForTokensThatAreConfined() throws {
        var lookups = 0
        func resource() -> Resource {
            lookups += 1
            return .project(growth)
        }
        try principal(.all).require(.view, of: resource())
        #expect(lookups == 0)
        try principal(Scope(project: growth)).require(.view, of: resource())
        #expect(lookups == 1)
    }

    @Test func aScopeContainsWhatReachesNoFurther() {
        let all = Scope.all
        let project = Scope(project: growth)
        let one = Scope(project: growth, endpoints: [churnEndpoint])
        let two = Scope(project: growth, endpoints: [pricing, churnEndpoint])
        let anywhere = Scope(endpoints: [churnEndpoint])
        let ascending = [one, two, project, all]
        for (index, outer) in ascending.enumerated() {
            for (position, inner) in ascending.enumerated() {
                #expect(outer.contains(inner) == (position <= index), "\(outer.words) \(inner.words)")
            }
        }
        #expect(!project.contains(anywhere) && anywhere.contains(one) && !one.contains(anywhere))
        #expect(!project.contains(Scope(project: other)))
        #expect(Scope(endpoints: []) == .all, "none is no confinement, and cannot become one")
        #expect(two.endpoints == [churnEndpoint, pricing])
    }

    /// A typing error makes a project only where somebody may make any, or it is their own.
    @Test func projectsComeIntoBeingByAdminsAndByTheirOwnDevelopers() {
        #expect(principal(.all).mayMake(growth))
        #expect(!principal(.all, [.developer]).mayMake(growth))
        #expect(principal(Scope(project: growth), [.developer]).mayMake(growth))
        #expect(!principal(Scope(project: growth), [.developer]).mayMake(other))
        #expect(!principal(Scope(project: growth), [.approver]).mayMake(growth))
        #expect(!principal(Scope(project: growth)).mayMake(other))
    }

    private func principal(_ scope: Scope, _ roles: [Role] = [.admin]) -> Principal {
        Principal(name: makeName("ada"), tokenID: TokenID(of: Digest(of: "t".utf8)), roles: roles, scope: scope)
    }
}

extension Scope {
    fileprivate var words: String { "\(project?.rawValue ?? "all") \(endpoints?.map(\.rawValue) ?? ["all"])" }
}
