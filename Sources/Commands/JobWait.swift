import ArgumentParser
import Jobs
import Spool

/// Waits for a job to end, by looking where it can lie.
struct JobWait {
    let spool: SpoolRoot
    let job: JobName
    let queue: String

    /// A job that ends at once is seen at once; one that takes minutes is not looked for a hundred times a second.
    private static let firstLook: Duration = .milliseconds(10)
    private static let lookMax: Duration = .milliseconds(500)

    /// Prints the result when it is there.
    ///
    /// - Throws: An exit status when the job did not complete.
    func printResult(json: Bool) async throws {
        var pause = Self.firstLook
        while true {
            if try await isOver(json: json) { return }
            guard try NodeLock.nodes(of: spool).contains(where: \.isAlive) else {
                throw CommandFailure(
                    "no daemon is running on \(spool.path); the job waits in its inbox. Start one with: agentspool run",
                    .unavailable
                )
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 3 / 2, Self.lookMax)
        }
    }

    private func isOver(json: Bool) async throws -> Bool {
        if let location = try spool.locate(job) {
            guard let (replay, _) = try spool.replay(of: location) else { return false }
            switch replay.life.state {
            case .ended where location.fits(replay.life):
                try ResultCommand.print(replay, json: json)
                return true
            case .held(let hold):
                throw CommandFailure("the job is held (\(hold.reason.rawValue)): \(hold.message)", .temporary)
            default: return false
            }
        }
        if let note = try spool.rejectionNotes().first(where: { $0.job.id == job.id }) {
            throw CommandFailure("the job was rejected: \(note.reason)", .data)
        }
        return false
    }
}
