import Documents
import Glibc
import Jobs
import Subprocess
import SystemPackage

/// One command, ready to start: it runs in its own session and process group, and the group ends with it.
///
/// Subprocess resets the child's signals and closes all descriptors but 0, 1 and 2 in it (`closefrom`), so nothing of
/// the daemon's leaks into commands even where O_CLOEXEC was forgotten. This type adds what Subprocess lacks: a
/// timeout, and ending the group after the leader has exited. The teardown of Subprocess stops as soon as the leader
/// exits, and grandchildren that ignore SIGTERM live on; therefore Subprocess never sees the task's cancellation.
struct CommandRun: Sendable {
    /// The time between SIGTERM and SIGKILL.
    static let grace = Duration.seconds(2)
    /// How much of the end of standard error is kept for messages, in bytes.
    static let errorTailMax = 4_096
    /// The most chunks that are read of each stream after the leader's exit.
    ///
    /// A pipe holds less (pipe-max-size, 1 MiB, in chunks of 64 KiB); only a process that left the group and writes
    /// without end can offer more.
    static let chunksAfterExitMax = 32
    /// The time between two checks whether a group has ended after SIGTERM.
    private static let pollInterval = Duration.milliseconds(20)
    /// Longer than any daemon runs.
    private static let exitWaitMax = Duration.seconds(20 * 366 * 24 * 3_600)

    /// Absolute path of the program.
    var program: String
    var arguments: [String]
    /// What the command reads on standard input.
    var input: [UInt8]
    /// The command's whole environment.
    var environment: [String: String]
    var directory: String
    var timeout: Duration
    /// Limit of standard output, in bytes.
    var outputLimit: Int
    var clock: any Clock<Duration>

    /// How a command that was started has ended.
    struct Outcome: Sendable {
        var status: TerminationStatus
        /// Why the daemon ended it; nil when it ended by itself.
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

    /// Runs the command to its end; the rest of its group has then got SIGKILL.
    ///
    /// Cancelling the calling task ends the group, and the outcome's reason says so.
    func outcome() async -> Result<Outcome, Problem> {
        let group = ProcessGroup()
        let (requests, requester) = AsyncStream<ProcessGroup.Reason>.makeStream(bufferingPolicy: .bufferingOldest(1))
        return await withTaskCancellationHandler {
            // Awaited at once. It is a task of its own only so that Subprocess sees no cancellation.
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
        await SpawnLock.shared.enter()
        let file: FileDescriptor
        do throws(Errno) {
            file = try SpawnLock.inputFile(holding: input)
        } catch {
            SpawnLock.shared.leave()
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
                SpawnLock.shared.leave()
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
            SpawnLock.shared.leave()
            return .failure(.notStarted(error as? SubprocessError))
        }
    }

    static func environment(of variables: [String: String]) -> Environment {
        .custom(Dictionary(uniqueKeysWithValues: variables.map { (.init(stringLiteral: $0), $1) }))
    }

    private typealias RunningCommand = Execution<FileDescriptorInput, SequenceOutput, SequenceOutput>

    /// Reads both streams and carries out requests to end the group, until the leader has exited and the rest of the
    /// group is gone or killed.
    ///
    /// The leader is reaped only after this returns.
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
        // After a command has ended by itself the rest of its group is killed at once, so that it cannot act after the
        // step is recorded as finished. After SIGTERM its children get the same grace; a child may even have missed the
        // signal, when a shell was just starting it.
        if group.reason == nil { return group.kill() }
        while !group.wasKilled, group.hasRunningMember { try? await Task.sleep(for: Self.pollInterval) }
    }

    /// Waits until the process has exited; it is not reaped.
    static func waitForExit<Input, Output, Error>(of execution: Execution<Input, Output, Error>) async {
        // Signal 0 does nothing: only the teardown's wait for the exit is wanted.
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
