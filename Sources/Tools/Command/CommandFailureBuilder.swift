import Documents
import Glibc
import Jobs
import Subprocess
import SystemPackage

/// Builds the failures of a command's call, with class and message (docs/job-life.md, section 4).
struct CommandFailureBuilder {
    /// The most characters of standard error's last line in a message.
    static let quoteMax = 300
    /// EX_TEMPFAIL of sysexits(3).
    static let temporaryExit: Int32 = 75

    private let name: String
    private let effect: Effect
    private let timeout: Duration
    private let outputLimit: Int

    init(_ settings: CommandToolSettings) {
        (name, effect) = (settings.name, settings.effect)
        (timeout, outputLimit) = (settings.timeout, settings.outputLimit)
    }

    /// For the tool's check, which changes nothing.
    init(checkOf settings: CommandToolSettings) {
        (name, effect) = ("the check of \(settings.name)", .read)
        (timeout, outputLimit) = (settings.timeout, settings.outputLimit)
    }

    /// For a hook, which may run again: it knows its idempotency key.
    init(hook name: String, timeout: Duration, outputLimit: Int) {
        (self.name, effect, self.timeout, self.outputLimit) = (name, .idempotent, timeout, outputLimit)
    }

    /// For an MCP server, which has no single call and no single effect: it is used only for a failed start.
    init(server name: String) {
        (self.name, effect, timeout, outputLimit) = (name, .write, .zero, 0)
    }

    /// A call that may have happened is repeated only when its effect allows that.
    private var interrupted: FailureClass { effect == .write ? .unknown : .temporary }

    func arguments(_ violations: [String]) -> Failure {
        Failure(
            .permanent,
            "the arguments do not fit the parameters of \(name): \(violations.joined(separator: "; "))",
            hint: "correct the arguments, or the tool's \"parameters\" in the configuration"
        )
    }

    func artifacts(_ path: String, _ error: Errno) -> Failure {
        Failure(
            // A disk error may pass; a file in the directory's place stays.
            error == .notDirectory ? .permanent : .temporary,
            "\(name) was not started: its directory for artifacts cannot be made: \(Self.text(error))",
            hint: "look at \(path)"
        )
    }

    /// Nothing was started.
    func start(_ program: String, _ error: Errno) -> Failure {
        if Self.isTemporary(error) {
            return Failure(
                .temporary,
                "\(name) was not started: \(Self.text(error))",
                hint: "the machine or the daemon is at a limit: processes, memory or open files (LimitNOFILE, TasksMax)"
            )
        }
        let hint =
            switch error {
            case .execFormatError: "a script needs a first line such as #!/bin/sh: \(program)"
            case .noSuchFileOrDirectory, .permissionDenied:
                "the interpreter in the first line of \(program) may be missing or not executable"
            case .argListTooLong: "its command and environment are longer than the kernel allows"
            default: "look at \(program)"
            }
        return Failure(.permanent, "\(name) was not started: \(Self.text(error))", hint: hint)
    }

    /// Nothing was started.
    func start(_ program: String, _ error: SubprocessError?) -> Failure {
        if let error, error.code == .failedToChangeWorkingDirectory {
            return Failure(
                .permanent,
                "\(name) was not started: the configuration's directory cannot be entered",
                hint: "\(error)"
            )
        }
        if let number = error?.underlyingError { return start(program, number) }
        let reason = error.map { "\($0)" } ?? "for a reason that is not known"
        return Failure(.permanent, "\(name) was not started: \(reason)", hint: "look at \(program)")
    }

    func lost(_ reason: String) -> Failure {
        Failure(
            interrupted,
            "\(name) was started, and how it ended is not known: \(reason)",
            hint: "look whether it did its work"
        )
    }

    func timedOut() -> Failure {
        Failure(
            interrupted,
            "\(name) did not end within \(timeout.text) and was ended",
            hint: "raise its \"timeout\", or find out what it waits for"
        )
    }

    func outputTooLong() -> Failure {
        Failure(
            .permanent,
            "\(name) wrote more than \(ByteSize.text(outputLimit)) to standard output and was ended",
            hint:
                "raise its \"max_output\", or let it write a file into $AGENTSPOOL_ARTIFACTS and print the file's name"
        )
    }

    func outputNotText() -> Failure {
        Failure(
            .permanent,
            "the output of \(name) is not UTF-8",
            hint: "let it write a file into $AGENTSPOOL_ARTIFACTS and print the file's name"
        )
    }

    func exited(_ code: Int32, _ errorTail: [UInt8]) -> Failure {
        // A shell exits like this when a signal killed its last command (POSIX, Shell Command Language, 2.8.2).
        if code == 128 + SIGKILL { return killed("exited with \(code): its command was killed by signal 9", errorTail) }
        let message = "\(name) exited with \(code)" + (Self.lastLine(errorTail).map { ": \($0)" } ?? "")
        if code == Self.temporaryExit {
            return Failure(.temporary, message, hint: "the command asks to be tried again")
        }
        return Failure(
            .permanent,
            message,
            hint: "run the command by hand with the same arguments on standard input; "
                + "where another try may help it should exit with \(Self.temporaryExit)"
        )
    }

    func signalled(_ signal: Int32, _ errorTail: [UInt8]) -> Failure {
        if signal == SIGKILL { return killed("was killed by signal 9", errorTail) }
        let name = strsignal(signal).map { String(cString: $0).lowercased() } ?? "unknown"
        return Failure(
            interrupted,
            "\(self.name) was killed by signal \(signal) (\(name))"
                + (Self.lastLine(errorTail).map { ": \($0)" } ?? "")
        )
    }

    /// For SIGKILL, which the kernel sends when memory runs out.
    ///
    /// The next attempt may find memory, so another one is made when the effect allows it.
    private func killed(_ what: String, _ errorTail: [UInt8]) -> Failure {
        let isSure = OOMKiller.hasKilled() == true
        return Failure(
            interrupted,
            "\(name) \(what), \(isSure ? "because memory ran out" : "perhaps out of memory")"
                + (Self.lastLine(errorTail).map { ": \($0)" } ?? ""),
            hint: isSure
                ? "give the service more memory (MemoryMax), or run fewer steps at a time (workers, concurrency)"
                : "see journalctl -k whether memory ran out; else something outside killed it"
        )
    }

    /// The last line that is not empty, without control characters, cut to ``quoteMax`` characters.
    static func lastLine(_ bytes: [UInt8]) -> String? {
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).reversed() {
            // The tail may begin in the middle of a character.
            let whole = line.drop { $0 & 0xC0 == 0x80 }
            let words = quoted(String(decoding: whole, as: UTF8.self), quoteMax)
            if !words.isEmpty { return words }
        }
        return nil
    }

    /// The text on one line, without control characters, cut to `lengthMax` characters.
    static func quoted(_ text: String, _ lengthMax: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            scalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        let words = String(scalars).split(separator: " ").joined(separator: " ")
        return words.count <= lengthMax ? words : words.prefix(lengthMax) + "…"
    }

    private static func isTemporary(_ error: Errno) -> Bool {
        [
            .resourceTemporarilyUnavailable, .noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .textFileBusy,
            .interrupted,
        ].contains(error)
    }

    private static func text(_ error: Errno) -> String { error.description.lowercased() }
}
