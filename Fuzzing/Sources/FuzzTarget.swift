/// A parser under test, with what must be true of every input.
protocol FuzzTarget: SendableMetatype {
    /// The name on the command line, and of the target's directory in `corpus/`.
    static var name: String { get }

    /// Reads `input` as the product would, and ends the process when a claim does not hold.
    static func run(_ input: [UInt8])
}

/// Every target.
let fuzzTargets: [any FuzzTarget.Type] = [
    AnswersTarget.self, ConditionsTarget.self, ConfigurationTarget.self, DocumentsTarget.self, HistoryTarget.self,
    JSONLinesTarget.self, MCPTarget.self, RedactionTarget.self, RequestsTarget.self, SchemasTarget.self,
    StreamsTarget.self, TemplatesTarget.self,
]
