import Glibc
import Jobs
import Subprocess
import SystemPackage

/// One command, ready to be started: it runs in a session and process group of its own and leaves nothing of it behind.
///
/// Subprocess resets the child's signals and closes all descriptors but 0, 1 and 2 in it (`closefrom`), so nothing of
/// the daemon's leaks into commands even where O_CLOEXEC was forgotten. What it does not do, and is done here: a limit
/// of time, and ending the group when the leader is gone already. Its own teardown stops as soon as the leader exits,
/// so that grandchildren who ignore SIGTERM live on; therefore it never sees our cancellation.
struct CommandRun: Sendable {
    /// Between SIGTERM and SIGKILL.
    static let grace = Duration.seconds(2)
    /// The end of standard error that is kept, for messages, in bytes.
    static let errorTailMax = 4_096
    /// So many chunks are read of each stream after the leader's exit. A pipe holds less (pipe-max-size, 1 MiB, in
    /// chunks of 64 KiB); only a process that left the group and writes without end can offer more.
    static let chunksAfterExitMax = 32
    /// Between two looks at whether a group that was told to end has done so.
    private static let pollInterval = Duration.milliseconds(20)
    /// Longer than any daemon runs.
    private static let exitWaitMax = Duration.seconds(20 * 366 * 24 * 3_600)

    /// Absolute path of the program.
    var program: String
    var arguments: [String]
    /// What the command reads on standard input.
    var input: [UInt8]
    /// All that the command is given.
    var environment: [String: String]
    var directory: String
    var timeout: Duration
    /// Bytes on standard output.
    var outputLimit: Int
    var clock: any Clock<Duration>

    /// What came of a command that was started.
    struct Outcome: Sendable {
        var status: TerminationStatus
        /// Why we ended it; nil when it ended by itself.
        var reason: ProcessGroup.Reason?
        var output: [UInt8]
        var outputState: OutputState
        /// The last ``errorTailMax`` bytes of standard error.
        var errorTail: [UInt8]
    }

    enum OutputState: Sendable {
        case whole, tooLong, unreadable
    }

    enum Problem: Error {
        /// Nothing was started, for want of descriptors or memory.
        case noResources(Errno)
        /// Nothing was started.
        case notStarted(SubprocessError?)
        /// It was started, and how it ended is not known.
        case lost(String)
    }

    private enum Part: Sendable {
        case output([UInt8], OutputState)
        case errorTail([UInt8])
        case leaderExited
        case watch
    }

    /// Runs the command to its end. What is left of its group then has got SIGKILL.
    ///
    /// When the calling task is cancelled the group is ended, and the outcome's reason says so.
    func outcome() async -> Result<Outcome, Problem> {
        let group = ProcessGroup()
        let (requests, requester) = AsyncStream<ProcessGroup.Reason>.makeStream(bufferingPolicy: .bufferingOldest(1))
        return await withTaskCancellationHandler {
            // Awaited at once, so structured; a task of its own only so that Subprocess sees no cancellation.
            await Task { await run(group, requests, requester) }.value
        } onCancel: {
            requester.yield(.cancelled)
        }
    }

    private func run(
        _ group: ProcessGroup,
        _ requests: AsyncStream<ProcessGroup.Reason>,
        _ requester: AsyncStream<ProcessGroup.Reason>.Continuation
    ) async -> Result<Outcome, Problem> {
        var options = PlatformOptions()
        options.createSession = true
        await StartGate.shared.enter()
        let file: FileDescriptor
        do throws(Errno) {
            file = try StartGate.inputFile(holding: input)
        } catch {
            StartGate.shared.leave()
            return .failure(.noResources(error))
        }
        defer { try? file.close() }
        do {
            let result = try await Subprocess.run(
                .path(FilePath(program)),
                arguments: Arguments(arguments),
                environment: Self.environment(of: environment),
                workingDirectory: FilePath(directory),
                platformOptions: options,
                // Never `.string` or `.data`: a child that leaves them unread ends the daemon (swift-subprocess#367).
                input: .fileDescriptor(file, closeAfterSpawningProcess: false),
                output: .sequence,
                error: .sequence
            ) { execution in
                group.start(leader: execution.processIdentifier.value)
                StartGate.shared.leave()
                return await watch(execution, group, requests, requester)
            }
            let (output, outputState, errorTail) = result.closureResult
            return .success(
                Outcome(
                    status: result.terminationStatus,
                    reason: group.reason,
                    output: output,
                    outputState: outputState,
                    errorTail: errorTail
                )
            )
        } catch {
            if group.wasStarted { return .failure(.lost("\(error)")) }
            StartGate.shared.leave()
            return .failure(.notStarted(error as? SubprocessError))
        }
    }

    static func environment(of variables: [String: String]) -> Environment {
        .custom(Dictionary(uniqueKeysWithValues: variables.map { (.init(stringLiteral: $0), $1) }))
    }

    private typealias RunningCommand = Execution<FileDescriptorInput, SequenceOutput, SequenceOutput>

    /// Reads both streams, and ends the group when somebody asks for it, until the leader has exited and been outlived
    /// by nobody. The leader is reaped only after this returns.
    private func watch(
        _ execution: RunningCommand,
        _ group: ProcessGroup,
        _ requests: AsyncStream<ProcessGroup.Reason>,
        _ requester: AsyncStream<ProcessGroup.Reason>.Continuation
    ) async -> ([UInt8], OutputState, [UInt8]) {
        await withTaskGroup(of: Part.self) { tasks in
            tasks.addTask {
                let (bytes, state) = await readOutput(execution, group)
                if state != .whole { requester.yield(.outputUnusable) }
                return .output(bytes, state)
            }
            tasks.addTask { .errorTail(await Self.readTail(of: execution.standardError, group)) }
            tasks.addTask {
                await waitForEnd(execution, group)
                return .leaderExited
            }
            tasks.addTask {
                if (try? await clock.sleep(for: timeout)) != nil { requester.yield(.timedOut) }
                return .watch
            }
            tasks.addTask {
                for await reason in requests {
                    guard group.terminate(reason) else { continue }
                    if (try? await clock.sleep(for: Self.grace)) != nil { group.kill() }
                    break
                }
                return .watch
            }
            var (output, outputState, errorTail) = ([UInt8](), OutputState.whole, [UInt8]())
            var missing = 3
            while missing > 0, let part = await tasks.next() {
                switch part {
                case .output(let bytes, let state): (output, outputState) = (bytes, state)
                case .errorTail(let bytes): errorTail = bytes
                case .leaderExited: break
                case .watch: continue
                }
                missing -= 1
            }
            tasks.cancelAll()
            return (output, outputState, errorTail)
        }
    }

    /// Waits until the leader has exited and then until the rest of its group has ended.
    private func waitForEnd(_ execution: RunningCommand, _ group: ProcessGroup) async {
        await Self.waitForExit(of: execution)
        group.leaderExited()
        // A command that has ended by itself has no business left: what it left behind ends with it, lest it acts
        // after the step was recorded as finished. One that was told to end leaves its children the same grace; one of
        // them may not even have heard, when the signal came while a shell was starting it.
        if group.reason == nil { return group.kill() }
        while !group.wasKilled, group.hasRunningMember { try? await Task.sleep(for: Self.pollInterval) }
    }

    /// Waits until the process has exited; it is not reaped.
    static func waitForExit<Input, Output, Error>(of execution: Execution<Input, Output, Error>) async {
        // Signal 0 does nothing: of the teardown only its waiting for the exit is wanted.
        await execution.teardown(using: [
            .send(signal: Signal(rawValue: 0), allowedDurationToNextStep: exitWaitMax)
        ])
    }

    private func readOutput(_ execution: RunningCommand, _ group: ProcessGroup) async -> ([UInt8], OutputState) {
        var bytes: [UInt8] = []
        var chunksLeft = Self.chunksAfterExitMax
        do {
            for try await chunk in execution.standardOutput {
                if bytes.count + chunk.count > outputLimit { return (bytes, .tooLong) }
                chunk.withUnsafeBytes { bytes.append(contentsOf: $0) }
                if group.leaderHasExited { chunksLeft -= 1 }
                if chunksLeft == 0 { break }
            }
        } catch {
            return (bytes, .unreadable)
        }
        return (bytes, .whole)
    }

    /// Reads standard error to its end, and keeps its last ``errorTailMax`` bytes.
    static func readTail(of errors: SubprocessOutputSequence, _ group: ProcessGroup) async -> [UInt8] {
        var tail: [UInt8] = []
        var chunksLeft = Self.chunksAfterExitMax
        do {
            for try await chunk in errors {
                chunk.withUnsafeBytes { tail.append(contentsOf: $0.suffix(errorTailMax)) }
                if tail.count > errorTailMax { tail.removeFirst(tail.count - errorTailMax) }
                if group.leaderHasExited { chunksLeft -= 1 }
                if chunksLeft == 0 { break }
            }
        } catch {
            // Its only use is in messages: what was read so far will do.
        }
        return tail
    }
}
