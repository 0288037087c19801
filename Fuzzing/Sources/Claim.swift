/// Ends the process when a claim does not hold; libFuzzer reports that as a finding.
func claim(_ isSo: Bool, _ sentence: @autoclosure () -> String) {
    if !isSo { fatalError("not so: \(sentence())") }
}

/// Ends the process when two values differ.
func claimEqual<Value: Equatable>(_ left: Value, _ right: Value, _ sentence: @autoclosure () -> String) {
    claim(left == right, "\(sentence())\n  \(left)\n  \(right)")
}
