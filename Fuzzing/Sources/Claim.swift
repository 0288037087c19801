/// Ends the process, which libFuzzer takes for a finding, where something is not so.
func claim(_ isSo: Bool, _ sentence: @autoclosure () -> String) {
    if !isSo { fatalError("not so: \(sentence())") }
}

/// Ends the process where two values differ.
func claimEqual<Value: Equatable>(_ left: Value, _ right: Value, _ sentence: @autoclosure () -> String) {
    claim(left == right, "\(sentence())\n  \(left)\n  \(right)")
}
