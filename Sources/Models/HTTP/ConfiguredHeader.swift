import Documents
import Jobs

/// A header that the configuration adds to every request to a model.
package struct ConfiguredHeader: Sendable {
    let name: String
    private enum Source {
        case text(String)
        case kept(APIKey)
    }

    private let source: Source

    /// - Parameters:
    ///   - environment: The daemon's environment, to look up values that the configuration refers to.
    ///   - baseDirectory: The directory that a relative file path starts from.
    package init(
        _ name: String,
        _ value: ConnectionSettings.Value,
        environment: [String: String],
        baseDirectory: String
    ) {
        self.name = name
        switch value {
        case .text(let text): source = .text(text)
        case .kept(let reference):
            let key = APIKey(
                reference,
                environment: environment,
                baseDirectory: baseDirectory,
                member: "headers.\(name)",
                mayHoldSpaces: true
            )
            source = .kept(key)
        }
    }

    /// The current value, and whether it is a secret.
    ///
    /// - Throws: ``Failure``, permanent, when it cannot be read.
    func value() async throws(Failure) -> (text: String, isSecret: Bool) {
        switch source {
        case .text(let text): (text, false)
        case .kept(let key): (try await key.value(), true)
        }
    }
}
