import Documents
import JobIndex
import Spool
import SystemPackage

/// Why a use case failed, in a sentence for people, and of which kind the failure is for programs.
package struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the caller can do about it; a surface maps it to an exit status or a status of HTTP.
    package enum Kind: Sendable {
        case failure
        /// The call itself is wrong.
        case usage
        /// What was given, or the job, is not fit for what was asked.
        case data
        /// No such job, queue, file or spool.
        case noInput
        /// No daemon where one is needed.
        case unavailable
        /// Try again later.
        case temporary
        case configuration
        /// The caller may not do that.
        case denied
    }

    package var kind: Kind
    package var message: String

    package var description: String { message }

    package init(_ message: String, _ kind: Kind) { (self.message, self.kind) = (message, kind) }

    /// The failure that any error of a use case is.
    package init(_ error: any Error) {
        let kind: Kind =
            switch error {
            case let error as ClientError: error.kind
            case is DocumentError: .configuration
            case let error as SpoolError: error.cause == .noSuchFileOrDirectory ? .noInput : .failure
            case is NodeLock.Held: .temporary
            case let error as IndexError: error.isOfConfiguration ? .configuration : .noInput
            default: .failure
            }
        self.init("\(error)", kind)
    }
}
