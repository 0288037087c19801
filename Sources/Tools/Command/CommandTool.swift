package import Documents
import JSONSchema
package import Jobs
import Subprocess
import SystemPackage

/// A tool that is a command: its arguments as JSON on standard input, its output as JSON or text on standard output.
///
/// Exit status 0 is success, 75 (EX_TEMPFAIL of sysexits(3)) asks for another try, all others fail for good. When a
/// call ends, what is left of the command's process group is killed; a command that wants to leave a process behind
/// must put it into a session of its own with setsid(1).
package struct CommandTool: Tool {
    /// Variables of the daemon's environment that every command is given.
    package static let variables = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"]

    /// The variable that tells a command the idempotency key of its step.
    static let keyVariable = "AGENTSPOOL_IDEMPOTENCY_KEY"

    package let settings: CommandToolSettings
    private let directory: String
    private let environment: [String: String]
    private let descriptors: DescriptorPermits
    private let clock: any Clock<Duration>

    /// Three pipes, two memory files, and the descriptor of the process.
    private static let descriptorsOfOne = 8

    /// - Parameters:
    ///   - directory: Absolute path of the directory that the command runs in and that a program's relative path with a
    ///     slash begins at: the configuration's.
    ///   - environment: The daemon's own.
    ///   - descriptors: The daemon's; a running command holds some of them.
    ///   - clock: Measures the timeout and the wait between SIGTERM and SIGKILL.
    package init(
        _ settings: CommandToolSettings,
        directory: String,
        environment: [String: String],
        descriptors: DescriptorPermits = .unlimited,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.descriptors = descriptors
        self.settings = settings
        self.directory = directory
        let passed = Set(Self.variables + settings.environment)
        self.environment = environment.filter { passed.contains($0.key) }
        self.clock = clock
    }

    package var name: String { settings.name }

    package func specification() -> ToolSpecification {
        ToolSpecification(
            summary: settings.summary,
            parameters: settings.parameters,
            effect: settings.effect,
            answerMax: settings.answerMax
        )
    }

    /// Runs the command once.
    package func call(_ invocation: ToolInvocation) async throws -> JSON {
        try Task.checkCancellation()
        let failure = CommandFailureBuilder(settings)
        let violations = settings.parameters.errors(in: invocation.arguments)
        if !violations.isEmpty { throw failure.arguments(violations) }
        let outcome = try await run(settings.command, invocation, failure)
        switch try Self.status(of: outcome, failure) {
        case .exited(0): return try Self.value(of: outcome.output, failure)
        case .exited(let code): throw failure.exited(code, outcome.errorTail)
        case .signaled(let signal): throw failure.signalled(signal, outcome.errorTail)
        }
    }

    /// Runs the tool's `check` with the input of the call.
    ///
    /// Exit status 0 means that the call happened; standard output is then the call's output. 1 means that it did not.
    package func check(_ invocation: ToolInvocation) async throws -> ToolCheck? {
        guard let check = settings.check else { return nil }
        try Task.checkCancellation()
        let failure = CommandFailureBuilder(checkOf: settings)
        let outcome = try await run(check, invocation, failure)
        switch try Self.status(of: outcome, failure) {
        case .exited(0): return .happened(output: try Self.value(of: outcome.output, failure))
        case .exited(1): return .didNotHappen
        case .exited(let code): throw failure.exited(code, outcome.errorTail)
        case .signaled(let signal): throw failure.signalled(signal, outcome.errorTail)
        }
    }

    /// The few system calls before the start (finding the program, making a directory) run on the calling thread.
    ///
    /// They take microseconds on a local disk; a change of threads takes longer.
    private func run(
        _ command: [String],
        _ invocation: ToolInvocation,
        _ failure: CommandFailureBuilder
    ) async throws -> CommandRun.Outcome {
        try await descriptors.hold(Self.descriptorsOfOne) { try await start(command, invocation, failure) }
    }

    private func start(
        _ command: [String],
        _ invocation: ToolInvocation,
        _ failure: CommandFailureBuilder
    ) async throws -> CommandRun.Outcome {
        let program = try ProgramLookup.find(
            command[0],
            tool: name,
            directory: directory,
            path: environment["PATH"]
        )

        do throws(Errno) {
            try ArtifactsDirectory.acquire(invocation.artifacts)
        } catch {
            throw failure.artifacts(invocation.artifacts, error)
        }
        defer { ArtifactsDirectory.release(invocation.artifacts) }

        let run = CommandRun(
            program: program,
            arguments: Array(command.dropFirst()),
            input: invocation.arguments.bytes,
            environment: variables(invocation),
            directory: directory,
            timeout: settings.timeout,
            outputLimit: settings.outputLimit,
            clock: clock
        )
        switch await run.outcome() {
        case .success(let outcome): return outcome
        case .failure(.noResources(let error)): throw failure.start(program, error)
        case .failure(.notStarted(let error)): throw failure.start(program, error)
        case .failure(.lost(let reason)): throw failure.lost(reason)
        }
    }

    private func variables(_ invocation: ToolInvocation) -> [String: String] {
        var variables = environment
        variables["AGENTSPOOL_JOB"] = invocation.job
        variables["AGENTSPOOL_STEP"] = invocation.step
        variables["AGENTSPOOL_ATTEMPT"] = String(invocation.attempt)
        variables[Self.keyVariable] = invocation.idempotencyKey
        variables["AGENTSPOOL_ARTIFACTS"] = invocation.artifacts
        variables["AGENTSPOOL_JOB_DIR"] = FilePath(invocation.artifacts).removingLastComponent().string
        return variables
    }

    /// The exit status of a command that ended by itself and whose output is whole.
    private static func status(
        of outcome: CommandRun.Outcome,
        _ failure: CommandFailureBuilder
    ) throws -> TerminationStatus {
        switch outcome.reason {
        case .cancelled: throw CancellationError()
        case .timedOut: throw failure.timedOut()
        case .outputUnusable, nil: break
        }
        switch outcome.outputState {
        case .whole: return outcome.status
        case .tooLong: throw failure.outputTooLong()
        case .unreadable: throw failure.lost("its output could not be read")
        }
    }

    /// The JSON value that was printed, else the text without one newline at its end.
    private static func value(of output: [UInt8], _ failure: CommandFailureBuilder) throws(Failure) -> JSON {
        if let value = JSON(printed: output) { return value }
        let text = output.last == UInt8(ascii: "\n") ? output.dropLast() : output[...]
        guard let text = String(validating: text, as: UTF8.self) else { throw failure.outputNotText() }
        return .string(text)
    }
}
