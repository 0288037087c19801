import Documents
import Foundation
import Jobs
import Testing

@Suite("Jobs in flight")
struct InFlightTests {
    /// The targets of the daemon's descriptors.
    private func descriptors(of spool: TestSpool) throws -> [String] {
        let directory = "/proc/\(spool.daemonPID)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: directory).compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")
        }
    }

    /// The targets that are a job's directory, or inside one.
    private func descriptorsOfJobs(_ spool: TestSpool) throws -> [String] {
        try descriptors(of: spool).filter { $0.contains("/processing/test/") || $0.contains("/held/") }
    }

    @Test("Under a limit of 400 open files 300 jobs that call a model all end in done, and say what they wait for")
    func limited() async throws {
        let server = try HeldModelServer()
        defer { server.stop() }
        let spool = try TestSpool(
            configuration: """
                models: {default: \(server.settings)}
                queues: {default: {workflow: prompt, concurrency: 300}}
                workers: {concurrency: 300}
                """
        )
        try await spool.startDaemon(openFiles: 400)
        for number in 0..<300 { try spool.drop("question \(number)", as: "\(number).txt") }

        // 400 less the descriptors that the daemon reserves for itself, for open jobs and for arriving ones.
        try await spool.until("as many calls are under way as the limit allows") { server.requests == 193 }
        try await spool.until("the files of waiting jobs are closed") { try descriptorsOfJobs(spool).isEmpty }
        #expect(try descriptors(of: spool).count < 193 + 96)
        try await spool.until("the other jobs say what they wait for") {
            let rows = try spool.agentspool("list", "--limit", "400", "--json").lines.map {
                try JSONParser.parse(Array($0.utf8))
            }
            return rows.count { $0["why"]?.string?.contains("the limit of 400 open files") == true } == 107
        }

        server.open()
        try await spool.untilSettled(300)
        #expect(try spool.places() == ["done": 300])
        #expect(server.requests == 300)
        #expect(try spool.stopDaemon() == 0)
        #expect(!spool.read("daemon.log").contains("Too many open files"))
    }

    @Test("A command gets the soft limit of open files that the daemon was started with")
    func softLimit() async throws {
        let spool = try TestSpool(
            configuration: """
                tools:
                  limit:
                    command: [sh, -c, 'until [ $(ulimit -Sn) = 512 ]; do sleep 0.01; done; echo lowered']
                    effect: read
                    timeout: 20s
                workflows: {look: {steps: [{id: only, tool: limit}]}}
                queues: {default: {workflow: look}}
                """
        )
        try await spool.startDaemon(openFiles: 512, softly: true)
        try spool.drop("x", as: "x.txt")
        try await spool.untilSettled(1)
        #expect(try spool.places() == ["done": 1])
        #expect(try spool.stopDaemon() == 0)
    }

    @Test("A job that waits for a model holds a descriptor for the connection, and none of its own")
    func waiting() async throws {
        let server = try HeldModelServer()
        defer { server.stop() }
        let spool = try TestSpool(
            configuration: """
                models: {default: \(server.settings)}
                queues: {default: {workflow: prompt, concurrency: 50}}
                workers: {concurrency: 50}
                """
        )
        try await spool.startDaemon()
        try spool.drop("the first", as: "first.txt")
        try await spool.until("the first call is under way") { server.requests == 1 }
        try await spool.until("its files are closed") { try descriptorsOfJobs(spool).isEmpty }
        let one = try descriptors(of: spool).count

        for number in 1..<50 { try spool.drop("question \(number)", as: "\(number).txt") }
        try await spool.until("all calls are under way") { server.requests == 50 }
        try await spool.until("their files are closed") { try descriptorsOfJobs(spool).isEmpty }
        #expect(try descriptors(of: spool).count <= one + 49)

        server.open()
        try await spool.untilSettled(50)
        #expect(try spool.places() == ["done": 50])
        // The daemon writes the index a moment later than the files.
        #expect(try spool.stopDaemon() == 0)
        #expect(try spool.agentspool("verify").status == 0)
    }

    @Test("A job that waits for an approval holds no descriptor")
    func held() async throws {
        let spool = try TestSpool(
            configuration: """
                workflows: {ask: {steps: [{id: release, approval: {message: "Go on?"}}]}}
                queues: {default: {workflow: ask, concurrency: 50}}
                workers: {concurrency: 50}
                """
        )
        try await spool.startDaemon()
        for number in 0..<50 { try spool.drop("question \(number)", as: "\(number).txt") }
        try await spool.until("all are held") { try spool.places() == ["held": 50] }
        try await spool.until("their files are closed") { try descriptorsOfJobs(spool).isEmpty }
        #expect(try descriptors(of: spool).count < 96)
    }
}
