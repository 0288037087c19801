import AsyncHTTPClient
import Jobs
import Spool

extension RemoteJobs {
    /// How long a daemon that has gone is waited for, and the pause between two calls.
    private static let (patience, pause) = (Duration.seconds(60), Duration.milliseconds(300))

    /// As ``JobFollowing/follow(_:onRecord:)``.
    ///
    /// The stream of events says when there is something new; the records themselves come from the history, whole.
    func follow(_ text: String, _ onRecord: (JobFollowing.Entry) -> Void) async throws -> JobReplay {
        let job = try await accepted(text)
        var history = FollowedHistory(job)
        var absence: Duration = .zero
        while true {
            do {
                if try await read(&history, of: job, onRecord) { return history.replay }
                absence = .zero
                let last = history.last.map { [("Last-Event-ID", "\($0.epoch).\($0.seq)")] } ?? []
                for try await _ in try await api.stream("\(target(job.id.text))/events", headers: last) {
                    if try await read(&history, of: job, onRecord) { return history.replay }
                }
            } catch let error as ClientError where error.kind != .temporary && error.kind != .unavailable {
                throw error
            } catch {
                if error is CancellationError { throw error }
                absence += Self.pause
                if absence >= Self.patience {
                    throw ClientError(
                        "the daemon has not come back in a minute; the job goes on when it does",
                        .temporary
                    )
                }
            }
            try await client.clock.sleep(for: Self.pause)
        }
    }

    /// The job, once a daemon has accepted it.
    private func accepted(_ text: String) async throws -> JobName {
        while true {
            do {
                return try await read(text).location.job
            } catch let error as ClientError where error.kind == .data {
                // A drop that waits in its inbox has no history yet; one that was refused will have none.
                guard try await summary(text).state == .waiting else { throw error }
            }
            try await client.clock.sleep(for: Self.pause)
        }
    }

    /// - Returns: Whether the job has ended.
    private func read(
        _ history: inout FollowedHistory,
        of job: JobName,
        _ onRecord: (JobFollowing.Entry) -> Void
    ) async throws -> Bool {
        while true {
            let answer = try await api.get("\(target(job.id.text))/history?from=\(history.offset)")
            guard let entries = history.add(answer.body) else { continue }
            entries.forEach(onRecord)
            return history.replay.outcome != nil
        }
    }
}
