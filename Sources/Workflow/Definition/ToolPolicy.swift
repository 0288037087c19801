package import Documents
import JSONSchema
import Jobs
import Tools

/// What the configuration allows of a tool: which arguments, and which calls only after a person's approval.
package struct ToolPolicy: Sendable {
    /// When a person is asked, and how long the answer may take.
    struct ApprovalRule: Sendable {
        /// A condition on the arguments; nil to ask about every call.
        var condition: Condition?
        var terms: ApprovalTerms
    }

    let approval: ApprovalRule?
    /// The schema that arguments must fit.
    let allow: JSONSchema?
    /// The schema that arguments must not fit.
    let deny: JSONSchema?
    /// The policy as it was written; a job's history carries it.
    package let source: JSON

    /// The policy of a tool about which the configuration says nothing.
    package static let none = ToolPolicy()

    private init() { (approval, allow, deny, source) = (nil, nil, nil, [:]) }

    /// Reads `approval`, `allow` and `deny` of a tool; other code reads its other members.
    ///
    /// - Throws: ``DocumentError`` naming line, member and what was expected.
    package init(_ reader: MemberReader) throws(DocumentError) {
        approval = try Self.approval(reader)
        allow = try reader.schema("allow")
        deny = try reader.schema("deny")
        source = JSON(members: ["approval", "allow", "deny"].map { ($0, reader.json($0)) })
    }

    /// The policies of all tools of a configuration or a recorded definition, by the names that workflows use.
    ///
    /// Commands are under `tools`, the tools of servers under `mcp_servers`.
    package static func policies(_ reader: MemberReader) throws(DocumentError) -> [String: ToolPolicy] {
        var policies: [String: ToolPolicy] = [:]
        for (name, members) in try reader.objects("tools") { policies[name] = try ToolPolicy(members) }
        for (server, members) in try reader.objects("mcp_servers") {
            for (tool, members) in try members.objects("tools") {
                policies["\(server).\(tool)"] = try ToolPolicy(members)
            }
        }
        return policies
    }

    private static func approval(_ reader: MemberReader) throws(DocumentError) -> ApprovalRule? {
        guard let value = reader.json("approval"), value != "never" else { return nil }
        if value == "always" { return ApprovalRule(condition: nil, terms: ApprovalTerms()) }
        guard value.object != nil, let members = try reader.object("approval") else {
            throw reader.error("approval", "never, always, or an object with when, expires and on_expiry was expected")
        }
        try members.allowOnly(["when"] + ApprovalTerms.members)
        var condition: Condition?
        if let text = try members.string("when") {
            do throws(Condition.Fault) {
                condition = try Condition(text, steps: [], roots: ["arguments"])
            } catch {
                throw members.error("when", error.reason)
            }
        }
        return ApprovalRule(condition: condition, terms: try ApprovalTerms(members))
    }

    /// Why a call with these arguments is forbidden, or nil.
    func objection(to arguments: JSON) -> String? {
        if let errors = allow?.errors(in: arguments), !errors.isEmpty {
            return "the policy does not allow these arguments: \(errors.joined(separator: "; "))"
        }
        if let deny, deny.errors(in: arguments).isEmpty { return "the policy forbids these arguments" }
        return nil
    }

    /// The terms of the approval that a call with these arguments needs, or nil when it needs none.
    func approvalTerms(for arguments: JSON) -> ApprovalTerms? {
        guard let approval else { return nil }
        // An unclear condition asks a person: a model may omit what the condition looks at, or write a number as text.
        if let condition = approval.condition, condition.isCertainlyFalse(in: Scope(arguments: arguments)) {
            return nil
        }
        return approval.terms
    }
}

/// How long a person's answer may take, and what happens after that.
struct ApprovalTerms: Sendable, Equatable {
    static let members = ["expires", "on_expiry"]

    var expires: Duration?
    var onExpiry = ApprovalRequest.ExpiryAction.deny

    init() {}

    /// Reads `expires` and `on_expiry`.
    init(_ reader: MemberReader) throws(DocumentError) {
        expires = try reader.duration("expires")
        onExpiry = try reader.choice("on_expiry") ?? onExpiry
    }
}
