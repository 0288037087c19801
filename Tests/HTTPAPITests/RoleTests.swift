import Jobs
import Testing

@testable import Daemon
@testable import HTTPAPI

@Suite("Roles of callers")
struct RoleTests {
    private func rules(_ operators: APISettings.Members, _ observers: APISettings.Members) -> AccessRules {
        var settings = APISettings()
        (settings.operators, settings.observers) = (operators, observers)
        return AccessRules(settings: settings, tokens: TokenTable())
    }

    @Test("root and the daemon's own user may do all")
    func root() {
        #expect(rules(.init(), .init()).caller(uid: 0, groups: []).role == .admin)
    }

    @Test(
        "A user has the highest role that its name or its groups give",
        arguments: [
            (["bin"], [], Role.operate), ([], ["ops"], .operate), (["games"], ["ops"], .operate),
            (["games"], ["watch"], .observe),
            (["games"], ["other"], .submit),
        ] as [([String], [String], Role)]
    )
    func users(operators: [String], groups: [String], role: Role) {
        let rules = rules(.init(users: Set(operators), groups: ["ops"]), .init(groups: ["watch"]))
        #expect(rules.caller(uid: 2, groups: Set(groups)).role == role)  // bin
    }

    @Test("A token's jobs and those of a user of the same name are not each other's")
    func owners() {
        let token = Caller(uid: nil, name: "games", role: .submit)
        let user = Caller(uid: 5, name: "games", role: .submit)
        var row = JobSummary(job: "J", name: "n", queue: "q", state: .done)
        (row.owner, row.ownerUID) = ("games", 5)
        #expect(user.owns(row) && !token.owns(row))
        row.ownerUID = Owner.tokenUID
        #expect(!user.owns(row) && token.owns(row))
        row.ownerUID = nil
        #expect(!user.owns(row) && !token.owns(row))
    }
}
