import Client

extension BatchProgress {
    /// As a sentence without its full stop.
    var text: String {
        let counts = "\(Self.grouped(completed + failed)) of \(Self.grouped(total)) lines done"
        return "\(counts), \(Self.grouped(failed)) failed, \(Self.grouped(running)) running"
    }

    /// With a comma before every third digit from the right.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.map { index in
            (index > 0 && (digits.count - index).isMultiple(of: 3) ? "," : "") + String(digits[index])
        }.joined()
    }
}
