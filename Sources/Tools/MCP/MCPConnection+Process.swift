import Jobs
import Subprocess
import SystemPackage

/// The process, from its start to its end.
///
/// Subprocess lends a process to a closure; here the closure lasts as long as the server, reads and writes its streams,
/// and leaves ending it to `endings`. As in ``CommandRun``, its own teardown is not used: it would leave grandchildren.
extension MCPConnection {
    private typealias RunningServer = Execution<CustomWriteInput, SequenceOutput, SequenceOutput>

    private enum Part: Sendable {
        case errorTail([UInt8])
        case done
        /// Ends only when it is cancelled.
        case watch
    }

    /// Runs the process to its end, and what is left of its group with it.
    func run() async {
        let group = ProcessGroup()
        var options = PlatformOptions()
        options.createSession = true
        let failure = CommandFailure(server: "the MCP server \(start.server)")
        await StartGate.shared.enter()
        do throws(Errno) {
            try StartGate.requireDescriptors()
        } catch {
            StartGate.shared.leave()
            return finish(.notStarted(failure.start(start.program, error)))
        }
        do {
            let result = try await Subprocess.run(
                .path(FilePath(start.program)),
                arguments: Arguments(start.arguments),
                environment: CommandRun.environment(of: start.environment),
                workingDirectory: FilePath(start.directory),
                platformOptions: options,
                input: .inputWriter,
                output: .sequence,
                error: .sequence
            ) { execution in
                group.start(leader: execution.processIdentifier.value)
                StartGate.shared.leave()
                return await converse(execution, group)
            }
            finish(.ended(Self.words(result.terminationStatus, errorTail: result.closureResult)))
        } catch {
            if group.wasStarted { return finish(.ended("\(error)")) }
            StartGate.shared.leave()
            finish(.notStarted(failure.start(start.program, error as? SubprocessError)))
        }
    }

    private static func words(_ status: TerminationStatus, errorTail: [UInt8]) -> String {
        let end =
            switch status {
            case .exited(let code): "it exited with \(code)"
            case .signaled(let signal): "it was killed by signal \(signal)"
            }
        return end + (CommandFailure.lastLine(errorTail).map { ": \($0)" } ?? "")
    }

    /// - Returns: The last bytes of standard error.
    private func converse(_ execution: RunningServer, _ group: ProcessGroup) async -> [UInt8] {
        await withTaskGroup(of: Part.self) { tasks in
            tasks.addTask {
                await self.write(to: execution.standardInputWriter)
                return .done
            }
            tasks.addTask {
                await self.read(execution.standardOutput, group)
                return .done
            }
            tasks.addTask { .errorTail(await CommandRun.readTail(of: execution.standardError, group)) }
            tasks.addTask {
                await CommandRun.waitForExit(of: execution)
                group.leaderExited()
                group.kill()
                self.end(.politely)
                self.outgoer.finish()
                return .done
            }
            tasks.addTask {
                await self.obeyEndings(group)
                return .watch
            }
            tasks.addTask {
                for await _ in self.suspicions {
                    if await self.isAlive() { continue }
                    self.end(.firmly, fault: "it did not answer any more after a call had been cancelled")
                }
                return .watch
            }
            var errorTail: [UInt8] = []
            var missing = 4
            while missing > 0, let part = await tasks.next() {
                switch part {
                case .errorTail(let bytes): errorTail = bytes
                case .done: break
                case .watch: continue
                }
                missing -= 1
            }
            tasks.cancelAll()
            return errorTail
        }
    }

    private func write(to input: StandardInputWriter) async {
        for await message in outgoing where willWrite(message) {
            if let count = try? await input.write(message.bytes), count == message.bytes.count { continue }
            couldNotWrite(message)
            end(.politely)
        }
        // An error means that it is closed already.
        try? await input.finish()
    }

    private func read(_ output: SubprocessOutputSequence, _ group: ProcessGroup) async {
        var buffer = LineBuffer(lineMax: Self.lineMax)
        var chunksLeft = CommandRun.chunksAfterExitMax
        do {
            for try await chunk in output {
                guard let lines = chunk.withUnsafeBytes({ buffer.lines(adding: $0) }) else {
                    return end(.firmly, fault: "it wrote a line longer than \(ByteSize.text(Self.lineMax))")
                }
                for line in lines { receive(line) }
                if group.leaderHasExited { chunksLeft -= 1 }
                if chunksLeft == 0 { break }
            }
            // Who has closed its output can answer nothing any more.
            end(.politely)
        } catch {
            end(.firmly, fault: "its output could not be read")
        }
    }

    /// Ends the process when that is asked for: closes its input, sends SIGTERM, sends SIGKILL, with time in between.
    private func obeyEndings(_ group: ProcessGroup) async {
        for await ending in endings {
            outgoer.finish()
            if ending == .politely, (try? await clock.sleep(for: Self.grace)) == nil { return }
            guard group.terminate(.cancelled) else { return }
            if (try? await clock.sleep(for: Self.grace)) != nil { group.kill() }
            return
        }
    }
}
