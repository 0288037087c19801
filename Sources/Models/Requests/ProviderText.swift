import Documents

/// Makes a provider's text fit for AgentSpool's messages.
enum ProviderText {
    /// The longest text, in characters.
    static let lengthMax = 300

    /// One line of at most ``lengthMax`` characters.
    ///
    /// - Parameter secrets: Secrets to hide; some servers repeat the key that they refuse.
    static func short(_ text: String, hiding secrets: [String] = []) -> String {
        var text = text
        for secret in secrets where !secret.isEmpty { text = text.replacing(secret, with: "[key]") }
        let line = text.split { $0.isWhitespace || $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } }
            .joined(separator: " ")
        return line.count <= lengthMax ? line : line.prefix(lengthMax - 1) + "…"
    }
}
