package import Documents
package import JSONSchema
package import Jobs

/// What the configuration says about one tool that is a command (docs/formats.md, section 15).
package struct CommandToolSettings: Sendable, Equatable {
    package static let members =
        [
            "description", "command", "parameters", "effect", "timeout", "max_output", "answer_max", "environment",
            "check",
        ] + policyMembers
    /// The members of a tool's policy; other modules read them.
    package static let policyMembers = ["approval", "allow", "deny"]
    /// The longest timeout of a command.
    package static let timeoutMax = Duration.seconds(24 * 3_600)
    /// The largest `max_output`, in bytes: output is held in memory and written into the history.
    package static let outputMax = 64 << 20

    package var name: String
    /// The description for the model; empty when the configuration has none.
    package var summary: String
    /// The program and its arguments; at least the program.
    package var command: [String]
    package var parameters: JSONSchema
    package var effect: Effect
    package var timeout: Duration
    /// Limit of standard output, in bytes.
    package var outputLimit: Int
    /// Limit of an answer to a model, in bytes; nil for ``AnswerLimit/standard``.
    package var answerMax: Int?
    /// Names of the daemon's environment variables that the command gets besides ``CommandTool/variables``.
    package var environment: [String]
    /// The command that says whether a call happened.
    package var check: [String]?

    /// Reads the tool `name`.
    ///
    /// - Throws: ``DocumentError`` naming line, member and what was expected.
    package init(_ reader: MemberReader, name: String) throws(DocumentError) {
        try reader.allowOnly(Self.members)
        self.name = name
        summary = try reader.string("description") ?? ""
        guard let command = try Self.command("command", reader) else {
            throw reader.error(nil, "\"command\" is missing: a list of the program and its arguments")
        }
        self.command = command
        parameters = try Self.schema(reader)
        effect = try reader.choice("effect") ?? .write
        timeout = try Self.timeout("timeout", reader) ?? .seconds(60)
        outputLimit =
            try reader.optional("max_output", "a size from 1B to \(ByteSize.text(Self.outputMax)), such as 64KB") {
                value in
                guard let bytes = value.int ?? value.string.flatMap(ByteSize.bytes) else { return nil }
                return (1...Self.outputMax).contains(bytes) ? bytes : nil
            } ?? 1 << 20
        answerMax = try Self.answerMax(reader)
        environment = try Self.environment(reader)
        check = try Self.command("check", reader)
    }

    /// The resolved settings without the name; the same initializer reads them again.
    package var json: JSON {
        JSON(members: [
            ("description", summary.isEmpty ? nil : .string(summary)),
            ("command", .array(command.map(JSON.string))),
            ("parameters", parameters.source),
            ("effect", .string(effect.rawValue)),
            ("timeout", .string(timeout.text)),
            ("max_output", .int(Int64(outputLimit))), ("answer_max", answerMax.map { .int(Int64($0)) }),
            ("environment", environment.isEmpty ? nil : .array(environment.map(JSON.string))),
            ("check", check.map { .array($0.map(JSON.string)) }),
        ])
    }

    static func answerMax(_ reader: MemberReader) throws(DocumentError) -> Int? {
        let range = AnswerLimit.range
        let expected =
            "a size from \(ByteSize.text(range.lowerBound)) to \(ByteSize.text(range.upperBound)), such as 64KB"
        return try reader.optional("answer_max", expected) { value in
            (value.int ?? value.string.flatMap(ByteSize.bytes)).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    static func timeout(_ name: String, _ reader: MemberReader) throws(DocumentError) -> Duration? {
        try reader.optional(name, "a duration up to 24h, such as 90s") { value in
            guard let timeout = value.string.flatMap(Duration.init(text:)) else { return nil }
            return timeout > .zero && timeout <= timeoutMax ? timeout : nil
        }
    }

    static func command(_ name: String, _ reader: MemberReader) throws(DocumentError) -> [String]? {
        guard let command = try reader.strings(name) else { return nil }
        if command.first?.isEmpty ?? true {
            throw reader.error(name, "a list of the program and its arguments was expected, not an empty one")
        }
        if command.contains(where: { $0.utf8.contains(0) }) {
            throw reader.error(name, "a program and its arguments cannot hold the character U+0000")
        }
        return command
    }

    private static func schema(_ reader: MemberReader) throws(DocumentError) -> JSONSchema {
        let source = reader.json("parameters") ?? ["type": "object"]
        guard source.object != nil, (source["type"] ?? "object") == "object" else {
            throw reader.error("parameters", "a JSON Schema with \"type: object\" was expected: models send an object")
        }
        do throws(JSONSchemaError) {
            return try JSONSchema(source)
        } catch {
            throw reader.document.error(at: reader.path + ["parameters"] + error.path, error.reason)
        }
    }

    static func environment(_ reader: MemberReader) throws(DocumentError) -> [String] {
        let names = try reader.strings("environment") ?? []
        for (position, name) in names.enumerated() {
            let isName =
                !name.isEmpty && name.utf8.first.map { (0x30...0x39).contains($0) } == false
                && name.utf8.allSatisfy { $0 != UInt8(ascii: "=") && (0x21...0x7E).contains($0) }
            if !isName {
                throw reader.document.error(
                    at: reader.path + ["environment", String(position)],
                    "the name of a variable was expected, such as LANGUAGE; values are set where the daemon is started"
                )
            }
        }
        return names
    }
}
