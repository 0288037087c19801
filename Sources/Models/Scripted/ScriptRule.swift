import Documents
import Jobs
import OrderedCollections

/// One rule of a script: conditions that must all hold, and the reply.
struct ScriptRule: Sendable {
    enum Reply: Sendable {
        case text(String)
        case json(JSON)
        case toolCalls([Call])
        case failure(Fail)
    }

    struct Call: Sendable {
        var name: String
        /// A string is used as it is, so that a script can also test arguments that are not JSON.
        var arguments: JSON
    }

    struct Fail: Sendable {
        var status: Int
        var retryAfter: Duration?
        /// The last attempt that fails; nil when all attempts fail.
        var times: Int?
    }

    struct Tokens: Sendable {
        var input: Int?
        var output: Int?
        var cachedInput: Int?
    }

    var when: ScriptPattern?
    var system: ScriptPattern?
    var turn: Int?
    var reply: Reply
    var delay: Duration?
    var tokens: Tokens

    init(_ reader: MemberReader) throws(DocumentError) {
        let replies = ["reply", "json", "tool_calls", "fail"]
        try reader.allowOnly(["when", "turn", "system"] + replies + ["delay", "usage"])
        when = try Self.pattern("when", reader)
        system = try Self.pattern("system", reader)
        turn = try reader.int("turn", in: 1...1_000_000)
        delay = try reader.duration("delay")
        tokens = try reader.object("usage").map(Tokens.init) ?? Tokens()

        let members = reader.value.object ?? [:]
        let given = replies.filter { members[$0] != nil }
        guard given.count == 1 else {
            throw reader.error(nil, "exactly one of reply, json, tool_calls and fail was expected, not \(given.count)")
        }
        switch given[0] {
        case "json": reply = .json(members["json"] ?? .null)
        case "tool_calls": reply = .toolCalls(try Self.calls(reader))
        case "fail":
            guard let fail = try reader.object("fail") else { throw reader.error("fail", "an object was expected") }
            reply = .failure(try Fail(fail))
        default:
            guard let text = try reader.string("reply") else { throw reader.error("reply", "a string was expected") }
            reply = .text(text)
        }
    }

    private static func pattern(_ member: String, _ reader: MemberReader) throws(DocumentError) -> ScriptPattern? {
        guard let text = try reader.string(member) else { return nil }
        do {
            return try ScriptPattern(text)
        } catch {
            throw reader.error(member, "not a regular expression: \(error)")
        }
    }

    private static func calls(_ reader: MemberReader) throws(DocumentError) -> [Call] {
        let list = try reader.list("tool_calls")
        if list.isEmpty { throw reader.error("tool_calls", "a list with at least one call was expected") }
        var calls: [Call] = []
        for members in list {
            try members.allowOnly(["name", "arguments"])
            guard let name = try members.string("name"), !name.isEmpty else {
                throw members.error(nil, "name is missing: the tool to call")
            }
            let arguments = try members.optional("arguments", "an object, or a string that stands as it is") { value in
                value.object != nil || value.string != nil ? value : JSON?.none
            }
            calls.append(Call(name: name, arguments: arguments ?? [:]))
        }
        return calls
    }
}

extension ScriptRule.Fail {
    fileprivate init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(["status", "retry_after", "times"])
        guard let status = try reader.int("status", in: 400...599) else {
            throw reader.error(nil, "status is missing: an HTTP status from 400 to 599")
        }
        self.status = status
        times = try reader.int("times", in: 1...1_000_000)
        retryAfter = try reader.optional("retry_after", "a duration such as 2s, or a number of seconds") { value in
            if let seconds = value.double {
                return (0...86_400).contains(seconds) ? .milliseconds(Int64(seconds * 1_000)) : nil
            }
            return value.string.flatMap(Duration.init(text:))
        }
    }
}

extension ScriptRule.Tokens {
    fileprivate init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(["input_tokens", "output_tokens", "cached_input_tokens"])
        let range = 0...Usage.tokensMax
        input = try reader.int("input_tokens", in: range)
        output = try reader.int("output_tokens", in: range)
        cachedInput = try reader.int("cached_input_tokens", in: range)
        if let input, let cachedInput, cachedInput > input {
            throw reader.error(
                "cached_input_tokens",
                "cached tokens are a part of input_tokens, so not more than these"
            )
        }
    }
}
