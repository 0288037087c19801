import Documents
import Jobs
import Logging
import Spool

extension JobEngine {
    /// Starts the deliveries that are due, while fewer run than may.
    func startDeliveries() async {
        if resting.deliveries.marks.isPaused(at: wallClock.now) { return }
        if resting.deliveries.marks.mustScan { await scanDeliveries() }
        while !stopping.isSet, let entry = resting.deliveries.takeDue(at: wallClock.now) {
            let deliverer = Deliverer(
                node: node,
                observers: observers,
                environment: runner.environment,
                hooks: hooks,
                redactor: catalog.redactor,
                logger: logger
            )
            let task = Task { @concurrent in
                let result: Result<Timestamp?, any Error>
                do { result = .success(try await deliverer.work(on: entry)) } catch { result = .failure(error) }
                await self.deliveryEnded(entry.job, result)
            }
            resting.deliveries.started(entry.job, in: task)
        }
    }

    private func deliveryEnded(_ job: JobName, _ result: Result<Timestamp?, any Error>) {
        resting.deliveries.ended(job)
        switch result {
        case .success(let due): if let due { resting.deliveries.marks.add(job, due: due) }
        case .failure(is CancellationError): break
        case .failure(let error):
            if error is SyncFailure { fail(error) }
            // The mark is in this node's hands, or due: both are found again.
            resting.deliveries.marks.add(job, due: wallClock.now + RetryBackoff.pause)
            if loggedErrors.isNews(error, about: .job(job.id.text)) {
                logger.error("\(error); the delivery is tried again later", metadata: ["job": "\(job.id)"])
            }
        }
        // A request about the job may have waited for this.
        requests.jobMoved()
        wake()
    }

    private func scanDeliveries() async {
        resting.deliveries.marks.beginScan()
        do {
            let marks = try await node.run { [node] in try node.deliveryMarks() }
            resting.deliveries.marks.endScan(marks.map { DeferredJobs.Entry(due: $0.due, job: $0.job) })
        } catch {
            resting.deliveries.marks.endScan(nil)
            resting.deliveries.marks.pause(until: wallClock.now + RetryBackoff.pause)
            logger.error("\(error); nothing is delivered for a while")
        }
    }

    /// Gives back what a dead node, or this node's earlier run, was delivering.
    func returnDeliveries(of dead: String) async throws {
        if try await node.returnDeliveries(of: dead).isEmpty { return }
        resting.deliveries.marks.mustScan = true
    }

    /// Records a person's wish that a job be delivered again, and makes that due at once.
    func deliverAgain(_ location: JobLocation, _ decision: Decision) async throws -> Bool {
        guard try await claimHistory(of: location.job) else { return false }
        let due = wallClock.now.wholeSecond
        if let job = try await node.openResting(location) {
            let (record, replay) = try await node.record(.asked(decision), on: job)
            observers.jobChanged(replay, record)
        }
        try await node.releaseDelivery(of: location.job, until: due)
        resting.deliveries.marks.add(location.job, due: due)
        return true
    }

    /// Keeps a job from being delivered while a request moves it; false while it is being delivered.
    func claimHistory(of job: JobName) async throws -> Bool {
        if resting.deliveries.isRunning(job) { return false }
        return try await node.claimHistory(of: job)
    }
}
