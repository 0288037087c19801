import Documents
import Jobs
import Subprocess
import SystemPackage

/// The process, from its start to its end.
///
/// Subprocess lends a process to a closure. Here the closure lasts as long as the server, reads and writes its streams,
/// and ends it on request from `endings`. As in ``CommandRun``, the teardown of Subprocess is not used: it would leave
/// grandchildren.
extension MCPConnection {
    private typealias RunningServer = Execution<CustomWriteInput, SequenceOutput, SequenceOutput>

    private enum Part: Sendable {
        case done
        /// Does not count towards the end of the conversation.
        case watch
    }

    /// Runs the process to its end, and then kills the rest of its group.
    func run() async {
        let group = ProcessGroup()
        var options = PlatformOptions()
        options.createSession = true
        let failure = CommandFailureBuilder(server: "the MCP server \(start.server)")
        await SpawnLock.shared.enter()
        do throws(Errno) {
            try SpawnLock.requireDescriptors()
        } catch {
            SpawnLock.shared.leave()
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
                SpawnLock.shared.leave()
                return await converse(execution, group)
            }
            finish(.ended(words(result.terminationStatus)))
        } catch {
            if group.wasStarted { return finish(.ended("\(error)")) }
            SpawnLock.shared.leave()
            finish(.notStarted(failure.start(start.program, error as? SubprocessError)))
        }
    }

    private func words(_ status: TerminationStatus) -> String {
        let end =
            switch status {
            case .exited(let code): "it exited with \(code)"
            case .signaled(let signal): "it was killed by signal \(signal)"
            }
        return end + (lastWords.map { ": \($0)" } ?? "")
    }

    private func converse(_ execution: RunningServer, _ group: ProcessGroup) async {
        await withTaskGroup(of: Part.self) { tasks in
            tasks.addTask {
                await self.write(to: execution.standardInputWriter)
                return .done
            }
            tasks.addTask {
                await self.read(execution.standardOutput, group)
                return .done
            }
            tasks.addTask {
                await self.readErrors(execution.standardError, group)
                return .done
            }
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
            var missing = 4
            while missing > 0, let part = await tasks.next() {
                if case .done = part { missing -= 1 }
            }
            tasks.cancelAll()
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
                showsLife()
                for line in chunk.withUnsafeBytes({ buffer.lines(adding: $0) }) { receive(line) }
                if group.leaderHasExited { chunksLeft -= 1 }
                if chunksLeft == 0 { break }
            }
            // A server that has closed its output can answer no more requests.
            end(.politely)
        } catch {
            end(.firmly, fault: "its output could not be read")
        }
    }

    /// Reads standard error to its end: output is a sign of life, and the last line may say why the process ended.
    private func readErrors(_ errors: SubprocessOutputSequence, _ group: ProcessGroup) async {
        var chunksLeft = CommandRun.chunksAfterExitMax
        do {
            for try await chunk in errors {
                showsLife(words: chunk.withUnsafeBytes { Array($0.suffix(CommandRun.errorTailMax)) })
                if group.leaderHasExited { chunksLeft -= 1 }
                if chunksLeft == 0 { break }
            }
        } catch {
            // Its only use is in messages: what was read so far will do.
        }
    }

    /// Ends the process on request: closes its input, sends SIGTERM, sends SIGKILL, with time in between.
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
