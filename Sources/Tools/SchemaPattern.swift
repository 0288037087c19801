/// The value of the keyword `pattern`: a regular expression of ECMA-262 that is looked for anywhere in a string.
struct SchemaPattern: Sendable {
    let text: String
    private let program: PatternProgram

    /// - Throws: ``PatternFault`` for what is no regular expression, or none that is supported here.
    init(_ text: String) throws(PatternFault) {
        self.text = text
        program = try PatternProgram(PatternParser.parse(text))
    }

    /// Whether `string` holds a match; nil when more than `steps` would be needed to see it.
    ///
    /// - Parameter steps: How many may be made; what is left of them afterwards.
    func matches(_ string: String, steps: inout Int) -> Bool? {
        var run = PatternRun(string, budget: steps)
        defer { steps = run.budget }
        return run.matches(program)
    }
}
