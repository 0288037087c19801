import Documents
import Jobs
import Logging
import Spool

extension JobEngine {
    func startJobs() {
        guard !stopping.isSet else { return }
        reportGateWaits()
        while let ticket = nextTicket() {
            guard let active = jobs[ticket.job] else {
                schedule.release(queue: ticket.queue)
                continue
            }
            active.worker.lend()
            let waiting = jobs.takeWaiting(of: ticket.job)
            if active.task == nil { jobs.started(ticket.job, in: start(active)) }
            for continuation in waiting { continuation.resume() }
        }
    }

    private func start(_ active: ActiveJob) -> Task<Void, Never> {
        let job = active.job
        let recorder = HistoryRecorder(
            job,
            node: node,
            observers: observers,
            lender: self,
            worker: active.worker,
            gate: gate,
            lock: lock,
            stopping: stopping,
            pausing: active.pausing,
            redactor: catalog.redactor
        )
        // Not on this actor: a workflow that computes for long must not block the engine.
        return Task { @concurrent [runner] in
            let result: Result<JobRunner.RunResult, any Error>
            do { result = .success(try await runner.run(job, recorder: recorder)) } catch { result = .failure(error) }
            await self.jobEnded(job, result)
        }
    }

    private func jobEnded(_ job: OwnedJob, _ result: Result<JobRunner.RunResult, any Error>) async {
        defer { wake() }
        var result = result
        if let request = jobs[job.name]?.request {
            switch result {
            case .success(.cancelled), .success(.interrupted):
                do { result = .success(try await runner.commit(request, on: job)) } catch {
                    result = .failure(error)
                }
            default: break
            }
            // The request's file is still there: the next look finds it done, or carries it out where the job lies now.
            requests.jobMoved()
        }
        guard let active = jobs.remove(job.name) else { return }
        if active.worker.isLent {
            schedule.release(queue: active.queue)
        } else if !schedule.remove(job.name.id, queue: active.queue) {
            schedule.endPause(queue: active.queue)
        }
        if case .success = result { _ = loggedErrors.end(.job(job.name.id.text)) }
        switch result {
        case .success(let result): note(result)
        case .failure(let error): retryLater(job.name, error)
        }
        startJobs()
    }

    // MARK: Ends of runs

    /// Commits a command that ends the engine's work on a job.
    ///
    /// - Returns: Whether it is committed; otherwise the engine tries the job again later.
    func commit(_ command: JobCommand, on job: OwnedJob) async -> Bool {
        do {
            note(try await runner.commit(command, on: job))
            return true
        } catch {
            retryLater(job.name, error)
            return false
        }
    }

    /// Notes where the end of its run has put a job.
    func note(_ result: JobRunner.RunResult) {
        switch result {
        case .deferred(let job, let until): resting.deferred.add(job, due: until)
        case .held(let job, let expires, let mark):
            resting.held.add(job, expires: expires)
            if let mark { resting.deliveries.marks.add(mark.job, due: mark.due) }
        case .ended(_, let mark): if let mark { resting.deliveries.marks.add(mark.job, due: mark.due) }
        case .interrupted, .cancelled: break
        }
    }

    /// Leaves a job where it is after an error; the engine tries it again later.
    func retryLater(_ job: JobName, _ error: any Error) {
        if error is SyncFailure { return fail(error) }
        recovery.jobWasLeft(at: wallClock.now)
        if loggedErrors.isNews(error, about: .job(job.id.text)) {
            logger.error("\(error); the job is tried again later", metadata: ["job": "\(job.id)"])
        }
    }

    // MARK: Lending

    func giveBackWorker(of job: JobName) {
        guard let active = jobs[job], active.worker.giveBack() else { return }
        schedule.pause(queue: active.queue)
        wake()
    }

    func waitForWorker(of job: JobName) async throws {
        guard let active = jobs[job], !active.worker.isLent else { return }
        if stopping.isSet || active.request != nil { throw CancellationError() }
        try await withCheckedThrowingContinuation { continuation in
            if jobs.wait(continuation, of: job) { schedule.resume(active.job.ticket) }
            wake()
        }
        if stopping.isSet { throw CancellationError() }
    }

    /// Cancels the waits of a job's steps for a worker or for the gate.
    func releaseWaiting(of job: JobName) {
        let waiting = jobs.takeWaiting(of: job)
        gate.release(job)
        for continuation in waiting { continuation.resume(throwing: CancellationError()) }
    }
}
