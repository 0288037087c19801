package import Documents
import OrderedCollections

/// Where a job's result goes after its end, and which commands are told, as its queue said when it was accepted.
package struct DeliverySettings: Sendable, Equatable {
    /// What a hook is told.
    package enum Event: String, Sendable, CaseIterable {
        case completed
        /// Any other end: failed, cancelled or denied.
        case failed
        case held
    }

    /// A directory that gets a file for each end of a job.
    package struct Folder: Sendable, Equatable {
        /// Absolute.
        package var directory: String
        /// The part of the directory's path that must be there; what follows it is made where it is missing. Nil where
        /// all of it must be there.
        package var base: String?
        package var result = DeliveryName.standardResult
        package var error = DeliveryName.standardError
        /// The permissions of a delivered file.
        package var mode: UInt32 = 0o640
        /// The group of a delivered file; nil for the daemon's own.
        package var group: String?
        package var retry = DeliverySettings.retryDefault
    }

    /// A command that is told of an event.
    package struct Hook: Sendable, Equatable {
        /// The program and its arguments; at least the program.
        package var command: [String]
        package var timeout: Duration = .seconds(60)
        /// Names of the daemon's environment variables that the command gets besides those of every command.
        package var environment: [String] = []
        package var retry = DeliverySettings.retryDefault
    }

    package var folder: Folder?
    package var hooks: [Event: [Hook]] = [:]

    /// Ten attempts over about a day.
    package static let retryDefault = {
        var retry = RetryPolicy()
        (retry.attempts, retry.initial, retry.factor, retry.max) = (10, .seconds(120), 4, .seconds(6 * 3_600))
        return retry
    }()

    package init(folder: Folder? = nil, hooks: [Event: [Hook]] = [:]) { (self.folder, self.hooks) = (folder, hooks) }

    /// The settings as ``init(_:directory:)`` reads them again.
    package var json: JSON {
        JSON(members: [
            ("deliver", folder?.json),
            (
                "on",
                hooks.isEmpty
                    ? nil
                    : JSON(
                        members: Event.allCases.map { event in
                            (event.rawValue, hooks[event].map { .array($0.map(\.json)) })
                        }
                    )
            ),
        ])
    }
}

// MARK: Reading

extension DeliverySettings {
    /// Reads `deliver` and `on` of a queue; nil when it has neither.
    ///
    /// - Parameter directory: Where a relative path begins: the configuration's directory.
    /// - Throws: ``DocumentError`` naming line, member and what was expected.
    package init?(_ reader: MemberReader, directory: String) throws(DocumentError) {
        if let members = try reader.object("deliver") { folder = try Folder(members, in: directory) }
        if let members = try reader.object("on") {
            try members.allowOnly(Event.allCases.map(\.rawValue))
            for event in Event.allCases {
                let hooks = try Self.hooks(event.rawValue, members)
                if !hooks.isEmpty { self.hooks[event] = hooks }
            }
        }
        if folder == nil, hooks.isEmpty { return nil }
    }

    /// Reads what a job's history carries.
    ///
    /// - Throws: ``DocumentError`` for settings that this version does not know.
    package init?(_ json: JSON) throws(DocumentError) {
        try self.init(MemberReader(Document(json.bytes, format: .json, name: "delivery")), directory: "")
    }

    private static func hooks(_ event: String, _ reader: MemberReader) throws(DocumentError) -> [Hook] {
        guard let value = reader.json(event) else { return [] }
        guard let elements = value.array else {
            throw reader.error(event, "a list of commands was expected, such as [hooks/notify] or [[hooks/notify, -v]]")
        }
        var hooks: [Hook] = []
        for (index, element) in elements.enumerated() {
            let path = reader.path + [event, String(index)]
            // One form for all: a program, a list of a program and its arguments, or an object with more.
            let members: JSON =
                switch element {
                case .string: ["command": .array([element])]
                case .array: ["command": element]
                default: element
                }
            hooks.append(try Hook(MemberReader(reader.document, path: path, value: members)))
        }
        return hooks
    }
}

extension DeliverySettings.Folder {
    fileprivate init(_ reader: MemberReader, in base: String) throws(DocumentError) {
        // Only a history has the last one.
        let own = base.isEmpty ? ["made_below"] : []
        try reader.allowOnly(["directory", "result", "error", "mode", "group", "retry"] + own)
        guard let path = try reader.string("directory"), !path.isEmpty else {
            throw reader.error("directory", "is missing: the path of the directory that gets the results")
        }
        if path.utf8.contains(0) { throw reader.error("directory", "a path cannot hold the character U+0000") }
        let isRelative = !path.hasPrefix("/")
        directory = isRelative ? "\(base)/\(path)" : path
        // A history carries an absolute path, and says with `made_below` that it was a relative one.
        self.base = isRelative ? base : reader.value["made_below"]?.string
        result = try DeliveryName("result", reader) ?? result
        error = try DeliveryName("error", reader) ?? error
        mode =
            try reader.optional("mode", "the permissions as octal digits in quotes, such as \"0640\",") { value in
                guard let text = value.string, (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8),
                    mode <= 0o777, mode & 0o400 != 0
                else { return nil }
                return mode
            } ?? mode
        group = try reader.string("group")
        retry =
            try reader.object("retry").map { members throws(DocumentError) in
                try RetryPolicy(members, default: DeliverySettings.retryDefault)
            } ?? retry
    }

    fileprivate var json: JSON {
        JSON(members: [
            ("directory", .string(directory)), ("made_below", base.map(JSON.string)), ("result", .string(result.text)),
            ("error", .string(error.text)), ("mode", .string(modeText)), ("group", group.map(JSON.string)),
            ("retry", retry.json),
        ])
    }

    /// The permissions as chmod(1) takes them.
    package var modeText: String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension DeliverySettings.Hook {
    fileprivate init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(["command", "timeout", "environment", "retry"])
        guard let command = try reader.strings("command"), command.first?.isEmpty == false else {
            throw reader.error("command", "a list of the program and its arguments was expected")
        }
        if command.contains(where: { $0.utf8.contains(0) }) {
            throw reader.error("command", "a program and its arguments cannot hold the character U+0000")
        }
        self.command = command
        timeout =
            try reader.optional("timeout", "a duration up to 24h, such as 90s") { value in
                guard let timeout = value.string.flatMap(Duration.init(text:)) else { return nil }
                return timeout > .zero && timeout <= .seconds(24 * 3_600) ? timeout : nil
            } ?? timeout
        environment = try reader.strings("environment") ?? []
        if environment.contains(where: { $0.isEmpty || $0.contains("=") || $0.utf8.contains(0) }) {
            throw reader.error("environment", "names of variables were expected, such as [LANGUAGE]")
        }
        retry =
            try reader.object("retry").map { members throws(DocumentError) in
                try RetryPolicy(members, default: DeliverySettings.retryDefault)
            } ?? retry
    }

    fileprivate var json: JSON {
        JSON(members: [
            ("command", .array(command.map(JSON.string))), ("timeout", .string(timeout.text)),
            ("environment", environment.isEmpty ? nil : .array(environment.map(JSON.string))), ("retry", retry.json),
        ])
    }
}
