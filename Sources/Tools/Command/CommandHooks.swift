import Documents
package import Jobs
import Subprocess

/// Runs hooks: commands that are told of a job's end, by the same means as command tools.
package struct CommandHooks: Sendable {
    private let directory: String
    private let environment: [String: String]
    private let descriptors: DescriptorPermits
    private let clock: any Clock<Duration>

    /// In bytes; what a hook prints is read and not used.
    private static let outputMax = 1 << 20
    /// As many as a command tool's call holds.
    private static let descriptorsOfOne = 8

    /// - Parameters:
    ///   - directory: Absolute path of the directory that hooks run in and that a program's relative path with a slash
    ///     begins at: the configuration's.
    ///   - environment: The daemon's own.
    ///   - descriptors: The daemon's; a running hook holds some of them.
    ///   - clock: Measures the timeout and the wait between SIGTERM and SIGKILL.
    package init(
        directory: String,
        environment: [String: String],
        descriptors: DescriptorPermits = .unlimited,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        (self.directory, self.environment) = (directory, environment)
        (self.descriptors, self.clock) = (descriptors, clock)
    }

    /// Runs a hook once, with `input` on standard input.
    ///
    /// - Parameter key: The same in every attempt.
    /// - Throws: ``Failure`` for every end but exit status 0; `CancellationError` when the calling task was cancelled.
    package func run(
        _ hook: DeliverySettings.Hook,
        input: [UInt8],
        variables: [String: String],
        key: String
    ) async throws {
        try Task.checkCancellation()
        let name = "the hook \(hook.command[0])"
        let failure = CommandFailureBuilder(hook: name, timeout: hook.timeout, outputLimit: Self.outputMax)
        let program = try ProgramLookup.find(
            hook.command[0],
            tool: name,
            directory: directory,
            path: environment["PATH"]
        )
        let passed = Set(CommandTool.variables + hook.environment)
        var all = environment.filter { passed.contains($0.key) }
        all.merge(variables) { _, own in own }
        all[CommandTool.keyVariable] = key
        let run = CommandRun(
            program: program,
            arguments: Array(hook.command.dropFirst()),
            input: input,
            environment: all,
            directory: directory,
            timeout: hook.timeout,
            outputLimit: Self.outputMax,
            clock: clock
        )
        let outcome: CommandRun.Outcome
        switch try await descriptors.hold(Self.descriptorsOfOne, { await run.outcome() }) {
        case .success(let ended): outcome = ended
        case .failure(.noResources(let error)): throw failure.start(program, error)
        case .failure(.notStarted(let error)): throw failure.start(program, error)
        case .failure(.lost(let reason)): throw failure.lost(reason)
        }
        switch outcome.reason {
        case .cancelled: throw CancellationError()
        case .timedOut: throw failure.timedOut()
        case .outputUnusable: throw failure.outputTooLong()
        case nil: break
        }
        switch outcome.status {
        case .exited(0): return
        case .exited(let code): throw failure.exited(code, outcome.errorTail)
        case .signaled(let signal): throw failure.signalled(signal, outcome.errorTail)
        }
    }

    /// Why a hook cannot be run; nil when its program is there.
    package func fault(of hook: DeliverySettings.Hook) -> Failure? {
        do throws(Failure) {
            _ = try ProgramLookup.find(
                hook.command[0],
                tool: "a hook",
                directory: directory,
                path: environment["PATH"]
            )
            return nil
        } catch {
            return error
        }
    }
}
