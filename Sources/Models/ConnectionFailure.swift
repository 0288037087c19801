import AsyncHTTPClient
import Jobs
import NIOCore
import NIOPosix
import SystemPackage

/// What it means that a call got no whole answer.
enum ConnectionFailure {
    /// The call took longer than the model's `timeout`.
    struct TimedOut: Error {
        var limit: Duration
    }

    /// The answer had begun, and nothing more of it came for the model's `idle_timeout`.
    struct Stalled: Error {
        var limit: Duration
    }

    /// The answer had begun, and for so long nothing but comments and pings came of it.
    struct Silent: Error {
        var limit: Duration
    }

    /// The answer is compressed in a way that the client does not know, and did not ask for.
    struct UnknownEncoding: Error {
        /// As the server says it.
        var name: String
    }

    /// The answer has more bytes than the client takes.
    struct AnswerTooLarge: Error {
        var bytesMax: Int
    }

    /// Names host and port, and never anything of the request.
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

    /// Whether no connection could be begun because the process, or the machine, has too many files open.
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
        // Its long description would hold headers, and so the key.
        case let error as HTTPClientError: error.shortDescription.lowercased()
        case let error as IOError: Errno(rawValue: error.errnoCode).description.lowercased()
        case is ChannelError: "the connection could not be made or was closed"
        default: isTLS(error) ? "TLS failed\(tlsReason(error))" : "\(type(of: error))"
        }
    }

    /// The library's word for it, such as ` (CERTIFICATE_VERIFY_FAILED)`, where its long description has one.
    private static func tlsReason(_ error: any Error) -> String {
        let word = "\(error)".split(separator: "OPENSSL_internal:").dropFirst().first?
            .prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
        return word.map { " (\($0))" } ?? ""
    }

    /// By the type's name: the TLS library is AsyncHTTPClient's dependency and not ours.
    private static func isTLS(_ error: any Error) -> Bool {
        let type = String(reflecting: type(of: error))
        return type.hasPrefix("NIOSSL.") || type.hasPrefix("CNIOBoringSSL")
    }
}
