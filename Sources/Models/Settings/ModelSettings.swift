package import Documents
import Jobs

/// One model of the configuration's section `models`.
package struct ModelSettings: Sendable {
    /// The default of `timeout`.
    package static let timeoutDefault: Duration = .seconds(60)
    /// The default of `idle_timeout`.
    package static let idleTimeoutDefault: Duration = .seconds(30)

    /// The model's name in the configuration.
    package let name: String
    /// Where the answers come from.
    package let source: any ModelSource
    /// How to reach its server, besides its URL.
    package let connection: ConnectionSettings
    /// Where the key is stored; nil for a server that needs none.
    package let apiKey: KeyReference?
    /// The limit for one call, up to the last byte of its answer, or up to the beginning of a stream.
    package let timeout: Duration
    /// The longest gap between two bytes of an answer; only ``timeout`` limits the wait for the first byte.
    package let idleTimeout: Duration
    /// How long HTTP 429 answers cost a step no attempt.
    package let patience: Duration
    /// Whether requests ask for a stream.
    package let isStreamed: Bool
    /// The name of the model that answers while this one is down.
    package let fallback: String?
    /// An object whose members are added to each request unchanged.
    package let parameters: JSON
    /// The price; when none is configured, it is nil and calls count as free.
    package let price: Price?
    /// How requests ask for an answer that fits a schema; nil to find out what the server accepts.
    package let structured: StructuredOutputMode?
    /// What to do with an answer that a token limit cut; nil to fail when all of it is needed, and else to keep and
    /// mark it.
    package let onTruncated: OnTruncated?
    /// The length limit of a conversation; nil when AgentSpool sets none.
    package let context: ContextLimit?
    /// The limits of calls to the model.
    package let limits: ModelLimits

    /// Reads a model.
    ///
    /// - Throws: ``DocumentError`` at the first member that is missing, unknown or invalid.
    package init(_ reader: MemberReader, name: String) throws(DocumentError) {
        self.name = name
        try reader.allowOnly(
            [
                "provider", "base_url", "model", "api_key", "timeout", "idle_timeout", "patience", "stream",
                "parameters",
                "price", "limits", "fallback",
            ] + Providers.ownMembers + ["structured", "on_truncated", "context"] + ConnectionSettings.members
        )
        let kind = try reader.string("provider")
        let provider = kind.flatMap(Providers.named)
        let baseURL = try reader.string("base_url") ?? provider?.baseURLDefault
        let endpoint = try Self.endpoint(baseURL, reader)
        let model = try Self.text("model", reader)
        var own: [String: String] = [:]
        for member in Providers.ownMembers { own[member] = try Self.text(member, reader) }
        let key = try KeyReference(reader)
        connection = try ConnectionSettings(reader)
        parameters = try Self.parameters(reader)
        timeout = try Self.timeout("timeout", reader) ?? Self.timeoutDefault
        idleTimeout = try Self.timeout("idle_timeout", reader) ?? Self.idleTimeoutDefault
        patience = try Self.timeout("patience", reader) ?? ModelLimiter.patienceDefault
        isStreamed = try reader.bool("stream") ?? true
        fallback = try Self.text("fallback", reader)
        structured = try reader.choice("structured")
        onTruncated = try reader.choice("on_truncated")
        if let members = try reader.object("price") { price = try Price(members) } else { price = nil }
        if let members = try reader.object("context") { context = try ContextLimit(members) } else { context = nil }
        if let members = try reader.object("limits") {
            limits = try ModelLimits(members)
        } else {
            limits = ModelLimits()
        }

        let names = Providers.all.map(\.name)
        guard let provider else {
            if kind != nil {
                throw reader.error("provider", "one of \(names.joined(separator: ", ")) was expected")
            }
            let list = names.dropLast().joined(separator: ", ")
            throw reader.error(nil, "provider is missing: \(list) or \(names.last ?? "")")
        }
        source = try provider.source(SourceMembers(endpoint: endpoint, model: model, own: own), reader)
        apiKey = source.endpoint == nil ? nil : key
    }

    /// The settings in the form of the configuration, with defaults filled in.
    ///
    /// They hold the reference to the key, never the key. Reading them gives the same settings again.
    package var json: JSON {
        var members = source.members + (source.endpoint == nil ? [] : connection.members)
        members += [
            ("api_key", apiKey?.json), ("timeout", .string(timeout.text)),
            ("idle_timeout", .string(idleTimeout.text)),
            ("patience", patience == ModelLimiter.patienceDefault ? JSON?.none : .string(patience.text)),
            ("stream", .bool(isStreamed)),
            ("parameters", parameters == [:] ? JSON?.none : parameters), ("price", price?.json),
            ("limits", limits.json), ("fallback", fallback.map(JSON.string)),
            ("structured", structured.map { .string($0.rawValue) }),
            ("on_truncated", onTruncated.map { .string($0.rawValue) }), ("context", context?.json),
        ]
        return JSON(members: members)
    }
}

extension ModelSettings: Equatable {
    package static func == (one: ModelSettings, other: ModelSettings) -> Bool {
        // The JSON lacks the name, and the connection of a model without a server.
        one.name == other.name && one.connection == other.connection && one.json == other.json
    }
}

extension ModelSettings {
    private static func text(_ member: String, _ reader: MemberReader) throws(DocumentError) -> String? {
        guard let text = try reader.string(member) else { return nil }
        if text.isEmpty || text.utf8.contains(0) { throw reader.error(member, "a text was expected, not an empty one") }
        return text
    }

    private static func endpoint(_ text: String?, _ reader: MemberReader) throws(DocumentError) -> Endpoint? {
        guard let text else { return nil }
        do throws(Endpoint.Problem) {
            return try Endpoint(baseURL: text)
        } catch {
            throw reader.error("base_url", error.reason)
        }
    }

    private static func timeout(_ member: String, _ reader: MemberReader) throws(DocumentError) -> Duration? {
        guard let timeout = try reader.duration(member) else { return nil }
        if timeout <= .zero { throw reader.error(member, "a duration above zero was expected") }
        return timeout
    }

    private static func parameters(_ reader: MemberReader) throws(DocumentError) -> JSON {
        guard let members = try reader.object("parameters") else { return [:] }
        for name in ["model", "messages", "stream", "stream_options"] where members.value[name] != nil {
            throw members.error(name, "AgentSpool sets this member of a request itself")
        }
        return members.value
    }
}
