import ArgumentParser
import Daemon
import Documents
import Engine
import JobIndex
import Jobs
import Spool
import SystemPackage

/// A subcommand that works on a spool: errors become a sentence on standard error and an exit status (sysexits(3)).
protocol SpoolCommand: AsyncParsableCommand {
    func perform() async throws
}

extension SpoolCommand {
    func run() async throws {
        do {
            try await perform()
        } catch let code as ExitCode {
            throw code
        } catch let error as ValidationError {
            throw error
        } catch {
            let (message, code) = Self.explanation(of: error)
            Terminal.complain(message)
            throw code
        }
    }

    private static func explanation(of error: any Error) -> (String, ExitCode) {
        switch error {
        case let error as CommandLineError: (error.message, error.code)
        case let error as DocumentError: ("\(error)", .configuration)
        case let error as SpoolError:
            ("\(error)", error.cause == .noSuchFileOrDirectory ? .noInput : .failure)
        case let error as NodeLock.Held: ("\(error)", .temporary)
        case let error as IndexError: ("\(error)", error.isOfConfiguration ? .configuration : .noInput)
        default: ("\(error)", .failure)
        }
    }
}

/// Why a subcommand failed, and its exit status.
struct CommandLineError: Error {
    var message: String
    var code: ExitCode

    init(_ message: String, _ code: ExitCode) {
        self.message = message
        self.code = code
    }
}

extension ExitCode {
    /// 65, EX_DATAERR: bad data.
    static let data = ExitCode(65)
    /// 66, EX_NOINPUT: no such job or spool.
    static let noInput = ExitCode(66)
    /// 69, EX_UNAVAILABLE: no daemon where one is needed.
    static let unavailable = ExitCode(69)
    /// 75, EX_TEMPFAIL: try again later.
    static let temporary = ExitCode(75)
    /// 78, EX_CONFIG: bad configuration.
    static let configuration = ExitCode(78)
}
