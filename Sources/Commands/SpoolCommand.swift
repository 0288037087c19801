import ArgumentParser
import Client

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
            let error = ClientError(error)
            Terminal.complain(error.message)
            throw ExitCode(error.kind)
        }
    }
}
