import Documents
import Glibc
import Jobs
import Logging
import Telemetry

/// A small program for the tests of Telemetry: it does what a test must observe from outside the process.
///
/// - `journal-probe entries JOB`: three entries with fields, to the journal.
/// - `journal-probe flood JOB COUNT`: stops the journal (`$JOURNALD_PID`), logs, prints what was lost, continues it.
/// - `journal-probe notify`: the life of a service, to `$NOTIFY_SOCKET`.
@main
enum JournalProbe {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.dropFirst().first, arguments.last.flatMap { Int($0) }) {
        case ("entries", let job?, _): await logEntries(job)
        case ("flood", let job?, let count?): await flood(job, count)
        case ("notify", nil, _): notify()
        default: exit(64)
        }
    }

    /// Always the same moment, so that texts can be compared.
    private static let clock = WallClock { Timestamp(milliseconds: 1_795_417_200_123) }

    private static func logEntries(_ job: String) async {
        let pipeline = LogPipeline(destination: JournalDestination(), clock: clock)
        var logger = pipeline.logger(label: "agentspool.probe")
        logger[metadataKey: "job"] = .string(job)
        logger.notice("job accepted", metadata: ["queue": "tickets", "message_id": "\(MessageID.jobAccepted)"])
        logger.warning(
            "step failed",
            metadata: [
                "workflow": "triage", "step": "handle/2/model", "state": "running", "attempt": "2", "node": "a",
                "duration_ms": "1250", "failure": "temporary: HTTP 503\nRetry-After: 5", "http-status": "503",
            ]
        )
        logger.error("job failed", metadata: ["message_id": "\(MessageID.jobFailed)"])
        guard await pipeline.flush(within: .seconds(60)) else { exit(1) }
    }

    private static func flood(_ job: String, _ count: Int) async {
        let variable = getenv("JOURNALD_PID").flatMap { pid_t(String(cString: $0)) }
        guard let journald = variable else { exit(64) }
        let pipeline = LogPipeline(destination: JournalDestination(), clock: clock)
        let logger = pipeline.logger(label: "agentspool.probe")
        kill(journald, SIGSTOP)
        for number in 0..<count {
            logger.info("entry", metadata: ["job": .string(job), "number": .stringConvertible(number)])
        }
        let flushed = await pipeline.flush(within: .milliseconds(10))
        print("stopped: flushed \(flushed), lost \(pipeline.lost)")
        kill(journald, SIGCONT)
        print("continued: flushed \(await pipeline.flush(within: .seconds(60))), lost \(pipeline.lost)")
    }

    private static func notify() {
        let logger = Logger(label: "probe") { _ in SwiftLogNoOpLogHandler() }
        let notifier = ServiceNotifier(logger: logger, monotonicMicroseconds: { 42 })
        notifier.ready("0 running")
        notifier.ping()
        notifier.status("3 running, 120 waiting")
        notifier.reloading()
        notifier.ready("reloaded")
        notifier.stopping("2 running")
        print(notifier.watchdogTimeout.map { "\($0)" } ?? "no watchdog")
    }
}
