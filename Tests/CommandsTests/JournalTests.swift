import Documents
import Foundation
import Jobs
import OrderedCollections
import Testing

/// A real systemd-journald in a private mount namespace; see scripts/with-journald.sh.
@Suite("In the journal")
struct JournalTests {
    private static let script = "\(Program.checkout)/scripts/with-journald.sh"

    /// Runs the daemon with its standard error in the journal, as systemd does, and reads the job's entries.
    private static let session = """
        #!/bin/bash
        set -euo pipefail
        exec 3> >(systemd-cat -t agentspool)
        export JOURNAL_STREAM=$(stat -L -c '%d:%i' /proc/self/fd/3)
        "$1" run --spool "$2" --node test --drain 2>&3
        journalctl --sync
        journalctl -o json --all AGENTSPOOL_JOB="$3"

        """

    @Test("A job's journal entries are found by AGENTSPOOL_JOB, with the documented fields")
    func entries() throws {
        let probe = try Program.run(Self.script, arguments: ["true"])
        try Test.cancel(unless: probe.status == 0, "no journald of our own here: \(probe.error)")
        let spool = try TestSpool()
        let submitted = try spool.agentspool("submit", "--input", "prompt=a haiku")
        let job = try #require(submitted.lines.first)
        try spool.write(Self.session, to: "session")
        let result = try Program.run(
            Self.script,
            arguments: ["\(spool.path)/session", Program.path, spool.path, job]
        )
        #expect(result.status == 0, "\(result.error)")
        let entries = try result.lines.map { try JSONParser.parse($0) }
        #expect(entries.map { $0["MESSAGE"]?.string } == ["job accepted", "job completed"])
        for entry in entries {
            #expect(entry["AGENTSPOOL_JOB"] == .string(job))
            #expect(entry["AGENTSPOOL_QUEUE"] == "default")
            #expect(entry["SYSLOG_IDENTIFIER"] == "agentspool")
            #expect(entry["MESSAGE_ID"]?.string?.count == 32)
        }
        #expect(entries.last?["AGENTSPOOL_STATE"] == "done")
        #expect(entries.last?["AGENTSPOOL_WORKFLOW"] == "prompt")
        #expect(entries.last?["AGENTSPOOL_DURATION_MS"]?.string.flatMap(Int.init) != nil)
        #expect(entries.last?["PRIORITY"] == "6")
    }
}

extension Test {
    /// Ends a test that cannot run here, with the reason.
    static func cancel(unless condition: Bool, _ reason: String) throws {
        if !condition { try cancel("\(reason)") }
    }
}
