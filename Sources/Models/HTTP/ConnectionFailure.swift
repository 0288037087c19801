import AsyncHTTPClient
import Documents
import Jobs
import NIOCore
import NIOPosix
import SystemPackage

/// Turns an error of a call without a complete answer into a ``Failure``.
enum ConnectionFailure {
    /// The call took longer than the model's `timeout`.
    struct TimedOut: Error {
        var limit: Duration
    }

    /// The answer began, and then no byte came for the model's `idle_timeout`.
    struct Stalled: Error {
        var limit: Duration
    }

    /// The answer began, and then only comments and pings came for `limit`.
    struct Silent: Error {
        var limit: Duration
    }

    /// The answer has a compression that the client neither requested nor supports.
    struct UnknownEncoding: Error {
        /// The encoding's name, as the server sends it.
        var name: String
    }

    /// The answer has more bytes than the client accepts.
    struct AnswerTooLarge: Error {
        var bytesMax: Int
    }

    /// The failure for an error; it names host and port, and shows nothing of the request.
    static func failure(_ error: any Error, endpoint: Endpoint) -> Failure {
        switch error {
        case let failure as Failure: failure
        case let timedOut as TimedOut:
            Failure(
                .temporary,
                "\(endpoint.place) gave no answer within \(timedOut.limit.text); it may have done the work all the same",
                hint: "Raise the model's timeout if the model is slow."
            )
        case let stalled as Stalled:
            Failure(
                .temporary,
                "the answer of \(endpoint.place) stalled: nothing more of it came for \(stalled.limit.text)",
                hint: "Raise the model's idle_timeout if the model pauses while it answers."
            )
        case let silent as Silent:
            Failure(
                .temporary,
                "the stream of \(endpoint.place) was kept open without a word of an answer for \(silent.limit.text)",
                hint: "Raise the model's timeout if the model takes longer to think; see whether the server hangs."
            )
        case let encoding as UnknownEncoding:
            Failure(
                .permanent,
                "\(endpoint.place) answers compressed as \(ProviderText.short(encoding.name)), which was not asked for",
                hint: "Turn the compression off at the server, or at the proxy before it."
            )
        case let tooLarge as AnswerTooLarge:
            Failure(
                .permanent,
                "the answer of \(endpoint.place) is larger than \(tooLarge.bytesMax >> 20) MiB",
                hint: "Set max_tokens in the model's parameters."
            )
        case let connection as NIOConnectionError:
            if connection.dnsAError != nil || connection.dnsAAAAError != nil, connection.connectionErrors.isEmpty {
                unreachable(endpoint, "the host's name cannot be resolved")
            } else {
                unreachable(endpoint, connection.connectionErrors.last.map { reason($0.error) } ?? "no address answers")
            }
        default: unreachable(endpoint, reason(error))
        }
    }

    /// Whether a connection failed because the process or the system has too many open files.
    static func isForWantOfDescriptors(_ error: any Error) -> Bool {
        switch error {
        case let error as IOError:
            [Errno.tooManyOpenFiles, .tooManyOpenFilesInSystem].contains(Errno(rawValue: error.errnoCode))
        case let error as NIOConnectionError: error.connectionErrors.contains { isForWantOfDescriptors($0.error) }
        default: false
        }
    }

    private static func unreachable(_ endpoint: Endpoint, _ reason: String) -> Failure {
        Failure(
            .temporary,
            "no answer from \(endpoint.place): \(reason)",
            hint: "Check that the server runs and that base_url is right."
        )
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        // The long description holds headers, and so the key.
        case let error as HTTPClientError: error.shortDescription.lowercased()
        case let error as IOError: Errno(rawValue: error.errnoCode).description.lowercased()
        case is ChannelError: "the connection could not be made or was closed"
        default: isTLS(error) ? "TLS failed\(tlsReason(error))" : "\(type(of: error))"
        }
    }

    /// The TLS library's reason, such as ` (CERTIFICATE_VERIFY_FAILED)`; empty when the long description has none.
    private static func tlsReason(_ error: any Error) -> String {
        let word = "\(error)".split(separator: "OPENSSL_internal:").dropFirst().first?
            .prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
        return word.map { " (\($0))" } ?? ""
    }

    /// Whether the TLS library threw the error, by the module in its type's name.
    private static func isTLS(_ error: any Error) -> Bool {
        let type = String(reflecting: type(of: error))
        return type.hasPrefix("NIOSSL.") || type.hasPrefix("CNIOBoringSSL")
    }
}
