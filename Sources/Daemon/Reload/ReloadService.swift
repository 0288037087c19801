import Documents
import Jobs
import Logging
import ServiceLifecycle
import Spool
import Telemetry

/// Reloads the configuration whenever SIGHUP or a request in `control/` asks for it, one reload after another.
struct ReloadService: Service {
    let asks: PendingReloads
    let reload: ConfigurationReload
    /// The configuration that the daemon was started with.
    let start: SpoolConfiguration
    let node: SpoolNode
    let notifier: ServiceNotifier
    let hangups: AsyncStream<Void>
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in hangups { asks.hangUp() } }
                await serve()
                group.cancelAll()
            }
        }
    }

    private func serve() async {
        var answers = ReloadAnswers(of: node.node, in: node.spool)
        do { try answers.clear() } catch { logger.warning("\(error)") }
        var inForce = reload.activeConfiguration(start)
        for await _ in asks.arrivals {
            let waiting = asks.take()
            // The engine may report an answered request once more before its file is gone.
            let requests = waiting.requests.filter { !answers.contains($0) }
            guard waiting.isHangup || !requests.isEmpty else { continue }
            let answer = await perform(&inForce)
            await tell(answer, to: requests, &answers)
        }
    }

    private func perform(_ inForce: inout ConfigurationReload.ActiveConfiguration) async -> ReloadAnswer {
        notifier.reloading("reading the configuration")
        let result: Result<ConfigurationChanges, ReloadAnswer.Refusal>
        do throws(ReloadAnswer.Refusal) {
            let changes = try await reload.perform(&inForce)
            result = .success(changes)
            logger.notice(
                "configuration read again: \(changes.sentence)",
                metadata: ["message_id": "\(MessageID.configurationTaken)", "node": "\(node.node)"]
            )
            notifier.ready("taking jobs")
        } catch {
            result = .failure(error)
            // A stopping daemon found no fault in the configuration.
            let level: Logger.Level = error.exitStatus == ReloadAnswer.Refusal.stopping ? .notice : .error
            logger.log(
                level: level,
                "configuration refused, the one before stays in force: \(error.message)",
                metadata: ["message_id": "\(MessageID.configurationRefused)", "node": "\(node.node)"]
            )
            notifier.ready("taking jobs, with an earlier configuration; the new one was refused: \(error.message)")
        }
        let now = reload.platform.wallClock.now
        return ReloadAnswer(node: node.node, configuration: reload.path, at: now, result)
    }

    /// Writes the answer first, then removes the requests: a caller that finds neither knows that something went wrong.
    private func tell(_ answer: ReloadAnswer, to requests: [String], _ answers: inout ReloadAnswers) async {
        do { try answers.add(answer.json, to: requests) } catch { logger.error("\(error)") }
        for request in requests {
            do { try ControlRequest.remove(request, in: node.spool) } catch { logger.error("\(error)") }
        }
    }
}
