import Documents

/// Scripts instead of models: what a model answers is written in a file.
///
/// The members of other providers are checked but not used, so that one changed line turns a configuration into its own
/// test.
struct ScriptedProvider: Provider {
    private static let scriptMember = "script"

    var name: String { "scripted" }
    var ownMembers: [String] { [Self.scriptMember] }

    func source(_ members: SourceMembers, _ reader: MemberReader) throws(DocumentError) -> any ModelSource {
        guard let script = members.own[Self.scriptMember] else {
            throw reader.error(nil, "script is missing: the path of the file with the rules")
        }
        return Source(provider: name, script: script)
    }

    /// A script.
    private struct Source: ModelSource {
        let provider: String
        /// Its path as configured.
        let script: String

        var endpoint: Endpoint? { nil }
        var model: String? { nil }
        var members: [(String, JSON?)] { [("provider", .string(provider)), (scriptMember, .string(script))] }

        func file(_ connection: ConnectionSettings) -> (path: String, bytesMax: Int)? {
            (script, ScriptedModel.scriptBytesMax)
        }

        func makeModel(
            _ settings: ModelSettings,
            _ limiter: ModelLimiter?,
            _ factory: ModelFactory
        ) throws(DocumentError) -> any LimitedModel {
            try ScriptedModel(
                name: settings.name,
                scriptPath: BoundedFile.resolve(script, in: factory.baseDirectory),
                parameters: settings.parameters,
                price: settings.price,
                limits: settings.limits,
                limiter: limiter,
                clock: factory.clock
            )
        }
    }
}
