import Documents
package import Jobs
import NIOPosix

/// A provider's API key, read from its source at each use, so that a new key takes effect at once.
///
/// A printed, described or mirrored value of this type shows only the reference.
package struct APIKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The largest accepted key file, in bytes.
    package static let bytesMax = 64 << 10

    /// Where the key is stored.
    package let reference: KeyReference
    private let environment: [String: String]
    private let baseDirectory: String
    /// The configuration member that names the key, for the hints of failures.
    private let member: String
    /// Whether the value may contain spaces: a header value may, a key may not.
    private let mayHoldSpaces: Bool

    /// - Parameters:
    ///   - environment: The daemon's environment. Only the named variable and `CREDENTIALS_DIRECTORY` are read.
    ///   - baseDirectory: The directory that a relative file path starts from.
    package init(
        _ reference: KeyReference,
        environment: [String: String],
        baseDirectory: String,
        member: String = "api_key",
        mayHoldSpaces: Bool = false
    ) {
        (self.reference, self.member, self.mayHoldSpaces) = (reference, member, mayHoldSpaces)
        self.environment = environment
        self.baseDirectory = baseDirectory
    }

    /// The key, without white space around it.
    ///
    /// - Throws: ``Failure``, permanent, when the key is missing or is invalid in an HTTP header.
    package func value() async throws(Failure) -> String {
        let text: String
        switch reference {
        case .environment(let name):
            guard let value = environment[name] else {
                throw missing("the environment variable \(name) is not set", "Set \(name) for the daemon")
            }
            text = value
        case .credential(let name):
            guard let directory = environment["CREDENTIALS_DIRECTORY"] else {
                throw missing(
                    "CREDENTIALS_DIRECTORY is not set",
                    "Run the daemon as a systemd unit with LoadCredential=\(name):PATH"
                )
            }
            text = try await contents(of: BoundedFile.resolve(name, in: directory))
        case .file(let path):
            text = try await contents(of: BoundedFile.resolve(path, in: baseDirectory))
        }
        var key = text.drop(while: \.isWhitespace)
        while key.last?.isWhitespace == true { key.removeLast() }
        guard !key.isEmpty else { throw missing("it is empty", "Put the key there") }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) || mayHoldSpaces && $0 == 0x20 }) else {
            throw missing("it holds spaces, line ends or other characters that no key has", "Put only the key there")
        }
        return String(key)
    }

    private func contents(of path: String) async throws(Failure) -> String {
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                String(decoding: try BoundedFile.read(path, max: Self.bytesMax), as: UTF8.self)
            }
        } catch {
            let reason = (error as? BoundedFile.ReadError)?.reason ?? "\(error)"
            throw missing("\(path): \(reason)", "Put the key there, readable for the daemon's user")
        }
    }

    private func missing(_ reason: String, _ advice: String) -> Failure {
        Failure(
            .permanent,
            "the key \(reference) cannot be used: \(reason)",
            hint: "\(advice), or change \(member) in the configuration, then retry the job."
        )
    }

    /// The reference only.
    package var description: String { "APIKey \(reference)" }
    /// The reference only.
    package var debugDescription: String { description }
    /// The reference only.
    package var customMirror: Mirror { Mirror(self, children: ["reference": reference]) }
}
