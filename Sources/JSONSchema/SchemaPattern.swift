import Documents

/// The value of the keyword `pattern`: a regular expression of ECMA-262 that may match anywhere in a string.
struct SchemaPattern: Sendable {
    package let text: String
    private let program: PatternProgram

    /// - Throws: ``PatternSyntaxError`` when the text is not a regular expression, or not one that is supported here.
    init(_ text: String) throws(PatternSyntaxError) {
        self.text = text
        program = try PatternProgram(PatternParser.parse(text))
    }

    /// Whether `string` holds a match; nil when the answer needs more than `steps`.
    ///
    /// - Parameter steps: The steps that may be made; on return, the steps that are left.
    func matches(_ string: String, steps: inout Int) -> Bool? {
        var run = PatternRun(string, budget: steps)
        defer { steps = run.budget }
        return run.matches(program)
    }
}
