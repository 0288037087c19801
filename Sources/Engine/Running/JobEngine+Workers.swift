import Documents
import Jobs
import Logging
import Spool

extension JobEngine {
    func startJobs() {
        guard !stopping.isSet else { return }
        reportGateWaits()
        while let ticket = nextTicket() {
            guard var active = jobs[ticket.job] else {
                schedule.release(queue: ticket.queue)
                continue
            }
            active.worker.lend()
            let waiting = active.waitingForWorker
            active.waitingForWorker = []
            if active.task == nil { active.task = start(active) }
            jobs[ticket.job] = active
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
            controlMayHaveRequests = true
        }
        guard let active = jobs.removeValue(forKey: job.name) else { return }
        if active.worker.isLent {
            schedule.release(queue: active.queue)
        } else if !schedule.remove(job.name.id, queue: active.queue) {
            schedule.endPause(queue: active.queue)
        }
        if case .success = result { _ = complaints.end(.job(job.name.id.text)) }
        switch result {
        case .success(.deferred(let name, let until)): deferred.add(name, due: until)
        case .success(.held(let name, let expires)): held.add(name, expires: expires)
        case .success(.ended), .success(.interrupted), .success(.cancelled): break
        case .failure(let error): retryLater(job.name, error)
        }
        startJobs()
    }

    /// Leaves a job where it is after an error; the engine tries it again later.
    func retryLater(_ job: JobName, _ error: any Error) {
        if error is SyncFailure { return fail(error) }
        mayHaveStranded = true
        trouble.note(at: wallClock.now)
        if complaints.isNews(error, about: .job(job.id.text)) {
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
            if jobs[job]?.waitingForWorker.isEmpty == true {
                schedule.resume(active.job.ticket)
            }
            jobs[job]?.waitingForWorker.append(continuation)
            wake()
        }
        if stopping.isSet { throw CancellationError() }
    }

    /// Cancels the waits of a job's steps for a worker or for the gate.
    func releaseWaiting(of job: JobName) {
        let waiting = jobs[job]?.waitingForWorker ?? []
        jobs[job]?.waitingForWorker = []
        gate.release(job)
        for continuation in waiting { continuation.resume(throwing: CancellationError()) }
    }

    func sleep(for duration: Duration) async throws {
        if stopping.isSet { throw CancellationError() }
        pausesBegun += 1
        let number = pausesBegun
        let pause = Task { [clock] in try await clock.sleep(for: duration) }
        pauses[number] = pause
        defer { pauses[number] = nil }
        try await withTaskCancellationHandler {
            try await pause.value
        } onCancel: {
            pause.cancel()
        }
    }
}
