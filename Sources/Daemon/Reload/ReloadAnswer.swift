package import Documents
import Jobs
import Spool

/// The result of a reload, as the daemon answers the callers that asked for it.
package struct ReloadAnswer: Sendable, Equatable {
    /// Why the earlier configuration stays in force.
    package struct Refusal: Error, Sendable, Equatable {
        /// The exit status of `agentspool reload`: 78 for the configuration, 75 for a stopping daemon, 1 for the spool.
        package let exitStatus: Int

        static let wrong = 78
        static let stopping = 75
        static let unusable = 1

        /// The file, line and member that the reason is about; nil or empty where there is none.
        package let file: String?
        package let line: Int?
        package let path: String
        package let reason: String
        /// The whole error in one line.
        package let message: String

        init(exitStatus: Int, _ error: DocumentError) {
            (self.exitStatus, file, line, reason) = (exitStatus, error.document, error.line, error.reason)
            path = error.path.joined(separator: ".")
            message = "\(error)".replacing("\n", with: " ")
        }

        fileprivate init(_ json: JSON) {
            exitStatus = json["exit_status"]?.int ?? 1
            (file, line) = (json["file"]?.string, json["line"]?.int)
            path = json["path"]?.string ?? ""
            reason = json["reason"]?.string ?? "no reason was given"
            message = json["message"]?.string ?? reason
        }
    }

    package var node: String
    /// The path of the configuration.
    package var configuration: String
    package var at: Timestamp
    package var result: Result<ConfigurationChanges, Refusal>

    package init(
        node: String,
        configuration: String,
        at: Timestamp,
        _ result: Result<ConfigurationChanges, Refusal>
    ) {
        (self.node, self.configuration, self.at, self.result) = (node, configuration, at, result)
    }

    /// One object; members may be added.
    package var json: JSON {
        let about: [(String, JSON?)] = [
            ("node", .string(node)), ("configuration", .string(configuration)), ("at", .string(at.text)),
        ]
        switch result {
        case .success(let changes):
            return JSON(members: about + [("ok", true), ("changed", .bool(!changes.isEmpty))] + changes.members)
        case .failure(let refusal):
            return JSON(
                members: about + [
                    ("ok", false), ("exit_status", .int(Int64(refusal.exitStatus))),
                    ("file", refusal.file.map(JSON.string) ?? .null),
                    ("line", refusal.line.map { .int(Int64($0)) } ?? .null), ("path", .string(refusal.path)),
                    ("reason", .string(refusal.reason)), ("message", .string(refusal.message)),
                ]
            )
        }
    }

    /// Reads such an object; nil when it is no answer.
    package init?(_ json: JSON) {
        guard let node = json["node"]?.string, let configuration = json["configuration"]?.string,
            let at = json["at"]?.string.flatMap(Timestamp.init(text:)), let isTaken = json["ok"]?.bool
        else { return nil }
        (self.node, self.configuration, self.at) = (node, configuration, at)
        result = isTaken ? .success(ConfigurationChanges(json)) : .failure(Refusal(json))
    }
}

extension ReloadAnswer.Refusal {
    /// The refusal for any error of a reload.
    init(_ error: any Error, of configuration: Document?) {
        switch error {
        case let error as ReloadAnswer.Refusal: self = error
        case let error as DocumentError where error.document == nil && configuration != nil:
            // The error names a member of the configuration, but not its line.
            let place = configuration?.error(at: error.path, error.reason)
            self.init(exitStatus: Self.wrong, place ?? error)
        case let error as DocumentError: self.init(exitStatus: Self.wrong, error)
        case let error as Failure: self.init(exitStatus: Self.wrong, DocumentError(reason: error.message))
        case is CancellationError:
            self.init(
                exitStatus: Self.stopping,
                DocumentError(reason: "the daemon is stopping; its next start reads it")
            )
        default: self.init(exitStatus: Self.unusable, DocumentError(reason: "\(error)"))
        }
    }
}
