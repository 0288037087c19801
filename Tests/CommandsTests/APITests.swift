import Documents
import Foundation
import Jobs
import OrderedCollections
import Testing

/// The API of a real daemon, called over its socket.
@Suite("The HTTP API", .timeLimit(.minutes(2)))
struct APITests {
    private static let configuration = """
        models:
          default: {provider: scripted, script: rules.yaml}
        tools:
          pay: {command: [tools/pay], effect: write, approval: always, parameters: {type: object}}
        workflows:
          pay: {steps: [{id: pay, tool: pay, arguments: {amount: "{{input.amount}}"}}]}
          strict:
            input: {type: object, required: [ticket], properties: {ticket: {type: integer}}}
            steps: [{id: answer, prompt: "{{input.ticket}}"}]
        queues:
          default: {workflow: prompt}
          pay: {workflow: pay}
          own: {workflow: pay, owners_answer: true}
          strict: {workflow: strict, max_size: 1KB}
        api: {operators: {users: [daemon]}, observers: {users: [bin]}}
        """
    private static let files = [
        "rules.yaml": "- {when: '.*', reply: 'done'}", "tools/pay": "#!/bin/sh\ncat\n",
    ]
    /// Users that every Debian has: games submits, mail too, daemon operates, bin observes.
    private static let (alice, mallory, bob, observer) = (
        (uid: 5, gid: 60), (uid: 8, gid: 8), (uid: 1, gid: 1), (uid: 2, gid: 2)
    )
    private static let json = ["Content-Type": "application/json"]

    /// A spool with a daemon, whose inboxes are open for the group of alice.
    private func start() async throws -> TestSpool {
        let spool = try TestSpool(configuration: Self.configuration, files: Self.files)
        chmod(spool.directory.path, 0o755)
        for queue in ["default", "pay", "own", "strict"] {
            let inbox = "\(spool.path)/inbox/\(queue)"
            try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
            chown(inbox, 0, gid_t(Self.alice.gid))
            chmod(inbox, 0o775)
        }
        try await spool.startDaemon()
        let api = APIClient(spool)
        try await spool.until("the API answers") {
            FileManager.default.fileExists(atPath: api.socket)
        }
        return spool
    }

    private func submit(_ api: APIClient, _ queue: String, _ input: JSON) throws -> String {
        let body = JSON(members: [("input", input)]).text
        let answer = try api.post("/api/v1/queues/\(queue)/jobs", body, Self.json)
        try #require(answer.status == 202, "\(answer.body)")
        return try #require(answer.json["job"]?.string)
    }

    @Test("A user submits, waits, reads the result, and sees only its own jobs")
    func ownJobs() async throws {
        let spool = try await start()
        let (root, alice) = (APIClient(spool), APIClient(spool, user: Self.alice))
        let others = try submit(root, "default", ["text": "root's"])
        let answer = try alice.post(
            "/api/v1/queues/default/jobs",
            "hello",
            ["Content-Type": "text/plain", "Prefer": "wait=30"]
        )
        #expect(answer.status == 200)
        let job = try #require(answer.json["job"]?.string)
        #expect(answer.headers["location"] == "/api/v1/jobs/\(job)")
        #expect(answer.json["owner"]?.string == "games")
        #expect(answer.json["state"]?.string == "done")
        #expect(try alice.get("/api/v1/jobs/\(job)/result").json["output"]?.string == "done")
        #expect(try alice.get("/api/v1/jobs/\(job)/files/job.txt").body == "hello")
        let rows = try alice.get("/api/v1/jobs").json["data"]?.array ?? []
        #expect(rows.map { $0["job"]?.string } == [job])
        for path in ["", "/result", "/history", "/files", "/files/job.json", "/events"] {
            #expect(try alice.get("/api/v1/jobs/\(others)\(path)").status == 404, "\(path)")
        }
        #expect(try alice.post("/api/v1/jobs/\(others)/cancel").status == 404)
        #expect(try alice.get("/api/v1/status").status == 200)
        #expect(try alice.get("/api/v1/events").status == 403)
        #expect(try alice.post("/api/v1/bulk/cancel", "{}").status == 403)
    }

    @Test("The row of the API is the row of list --json, also after the index is made again")
    func sameRow() async throws {
        let spool = try await start()
        let job = try submit(APIClient(spool, user: Self.alice), "default", ["text": "a"])
        try await spool.until("the index has the job's end") {
            try APIClient(spool).get("/api/v1/jobs?state=done").json["data"]?.array?.first?["job"]?.string == job
        }
        func row() throws -> JSON {
            try APIClient(spool).get("/api/v1/jobs?limit=1").json["data"]?.array?.first ?? .null
        }
        let before = try row()
        #expect(try spool.agentspool("list", "--json").lines.first.map { try JSONParser.parse($0) } == before)
        #expect(try spool.agentspool("reindex").status == 0)
        #expect(try row() == before)
    }

    @Test("A user that may not write into an inbox submits nothing, and sees nothing")
    func stranger() async throws {
        let spool = try await start()
        let job = try submit(APIClient(spool, user: Self.alice), "default", ["text": "a"])
        chmod("\(spool.path)/inbox/default", 0o770)
        let mallory = APIClient(spool, user: Self.mallory)
        #expect(try mallory.post("/api/v1/queues/default/jobs", "x", ["Content-Type": "text/plain"]).status == 403)
        #expect(try mallory.get("/api/v1/jobs").json["data"] == [])
        #expect(try mallory.get("/api/v1/jobs/\(job)").status == 404)
    }

    @Test("An operator approves what an owner may not, and an observer sees it without whole inputs")
    func roles() async throws {
        let spool = try await start()
        let (alice, bob) = (APIClient(spool, user: Self.alice), APIClient(spool, user: Self.bob))
        let observer = APIClient(spool, user: Self.observer)
        let job = try submit(alice, "pay", ["amount": 5])
        try await spool.until("the job is held") {
            try bob.get("/api/v1/jobs/\(job)").json["state"]?.string == "held"
        }
        #expect(try observer.get("/api/v1/jobs/\(job)").status == 200)
        #expect(try observer.get("/api/v1/jobs/\(job)/history").status == 403)
        #expect(try observer.post("/api/v1/jobs/\(job)/approve").status == 403)
        #expect(try alice.post("/api/v1/jobs/\(job)/approve").status == 403)
        let stale = try bob.post("/api/v1/jobs/\(job)/approve", "", ["If-Match": "\"1\""])
        #expect(stale.status == 412)
        let answer = try bob.post("/api/v1/jobs/\(job)/approve", #"{"reason": "fine"}"#, ["Prefer": "wait=10"])
        #expect(answer.status == 200, "\(answer.body)")
        try await spool.until("the job is done") {
            try alice.get("/api/v1/jobs/\(job)").json["state"]?.string == "done"
        }
        let history = try alice.get("/api/v1/jobs/\(job)/history").body.split(separator: "\n").map {
            try JSONParser.parse($0.utf8)
        }
        let approval = try #require(history.first { $0["type"]?.string == "approved" })
        #expect(approval["user"]?.string == "daemon")
        #expect(approval["uid"]?.int == Self.bob.uid)
        #expect(history.first?["owner_uid"]?.int == Self.alice.uid)
    }

    @Test("An owner approves its own job where the queue lets owners answer, and cancels it everywhere")
    func ownersAnswer() async throws {
        let spool = try await start()
        let alice = APIClient(spool, user: Self.alice)
        let (own, other) = (try submit(alice, "own", ["amount": 1]), try submit(alice, "pay", ["amount": 2]))
        try await spool.until("both are held") {
            try alice.get("/api/v1/jobs?state=held").json["data"]?.array?.count == 2
        }
        #expect(try alice.post("/api/v1/jobs/\(own)/approve", "", ["Prefer": "wait=10"]).status == 200)
        #expect(try alice.post("/api/v1/jobs/\(other)/cancel", "", ["Prefer": "wait=10"]).status == 200)
        #expect(try alice.post("/api/v1/jobs/\(other)/cancel").status == 409)
    }

    @Test("The same key answers the first job, and another body under it is refused")
    func keys() async throws {
        let spool = try await start()
        let api = APIClient(spool)
        let headers = ["Content-Type": "text/plain", "Idempotency-Key": "\"once\"", "Prefer": "wait=30"]
        let first = try api.post("/api/v1/queues/default/jobs", "a", headers)
        let second = try api.post("/api/v1/queues/default/jobs", "a", headers)
        #expect(first.json["job"] == second.json["job"])
        #expect(second.headers["agentspool-duplicate"] == "true")
        #expect(try api.post("/api/v1/queues/default/jobs", "b", headers).status == 409)
        try await spool.until("the index has the job") {
            try api.get("/api/v1/jobs").json["data"]?.array?.isEmpty == false
        }
        #expect(try api.get("/api/v1/jobs").json["data"]?.array?.map { $0["job"] } == [first.json["job"]])
    }

    struct Refusal: CustomTestStringConvertible {
        var method = "POST"
        var path: String
        var headers: [String: String] = [:]
        var body: String?
        var status: Int
        var member: String?

        var testDescription: String { "\(method) \(path) \(headers) \(body?.prefix(20) ?? ""): \(status)" }
    }

    @Test(
        "A bad request is answered with what is wrong, and leaves nothing in the spool",
        arguments: [
            Refusal(path: "/api/v1/queues/default/jobs", headers: json, body: "{\n\"input\":", status: 400),
            Refusal(path: "/api/v1/queues/default/jobs", headers: json, body: #"{"inptu": 1}"#, status: 422),
            Refusal(
                path: "/api/v1/queues/strict/jobs",
                headers: json,
                body: #"{"input": {"ticket": "x"}}"#,
                status: 422
            ),
            Refusal(path: "/api/v1/queues/nope/jobs", headers: json, body: "{}", status: 404),
            Refusal(path: "/api/v1/queues/default/jobs", body: "x", status: 415),
            Refusal(path: "/api/v1/queues/default/jobs?name=..%2fx", body: "x", status: 400, member: "name"),
            Refusal(
                path: "/api/v1/queues/strict/jobs?name=a.txt",
                body: String(repeating: "x", count: 2_000),
                status: 413
            ),
            Refusal(path: "/api/v1/queues/default/jobs?nam=x", body: "x", status: 400, member: "nam"),
            Refusal(method: "GET", path: "/api/v1/jobs?state=nope", status: 400, member: "state"),
            Refusal(method: "GET", path: "/api/v1/jobs?limit=501", status: 400, member: "limit"),
            Refusal(method: "GET", path: "/api/v1/jobs?after=x", status: 400, member: "after"),
            Refusal(method: "GET", path: "/api/v1/jobs/%ff", status: 400),
            Refusal(method: "GET", path: "/nope", status: 404),
            Refusal(path: "/api/v1/bulk/approve", body: "{}", status: 404),
            Refusal(path: "/api/v1/bulk/cancel", body: #"{"state": ["nope"]}"#, status: 400, member: "state"),
            Refusal(
                path: "/api/v1/bulk/cancel",
                headers: ["Sec-Fetch-Site": "cross-site"],
                body: "{}",
                status: 403
            ),
            Refusal(path: "/api/v1/bulk/cancel", headers: ["Origin": "http://evil.example"], body: "{}", status: 403),
            Refusal(method: "GET", path: "/api/v1/jobs", headers: ["Authorization": "Bearer guess"], status: 401),
        ]
    )
    func refusals(refusal: Refusal) async throws {
        let spool = try await start()
        let answer = try APIClient(spool).call(refusal.method, refusal.path, refusal.headers, refusal.body)
        #expect(answer.status == refusal.status, "\(answer.body)")
        #expect(answer.headers["content-type"] == "application/problem+json")
        #expect(answer.json["status"]?.int == refusal.status)
        #expect(answer.json["detail"]?.string?.isEmpty == false)
        if let member = refusal.member { #expect(answer.json["member"]?.string == member) }
        let left = ["tmp", "submitted", "inbox/default", "inbox/strict", "processing/test"].flatMap { directory in
            (try? FileManager.default.contentsOfDirectory(atPath: "\(spool.path)/\(directory)")) ?? [
                "\(directory) is missing"
            ]
        }
        #expect(left == [])
    }

    @Test(
        "No path of a request leads out of a job's directory",
        arguments: [
            "../job.json", "%2e%2e/x", "..%2f..%2fagentspool.yaml", "/etc/passwd", "artifacts/../../x", "job.json/x",
            ".hidden",
        ]
    )
    func paths(path: String) async throws {
        let spool = try await start()
        let api = APIClient(spool)
        let job = try submit(api, "default", ["text": "a"])
        try await spool.until("the job is done") { try api.get("/api/v1/jobs/\(job)").json["state"]?.string == "done" }
        #expect(try api.get("/api/v1/jobs/\(job)/files/\(path)").status == 404)
    }

    @Test("The events of a job are its records without arguments and outputs, and go on after the last one seen")
    func events() async throws {
        let spool = try await start()
        let api = APIClient(spool)
        let job = try submit(api, "default", ["text": "a secret of the input"])
        let events = try api.get("/api/v1/jobs/\(job)/events").body
        let types = events.split(separator: "\n").filter { $0.hasPrefix("event: ") }.map { $0.dropFirst(7) }
        #expect(types.first == "accepted")
        #expect(types.last == "completed")
        #expect(!events.contains("definition"))
        #expect(!events.contains("\"output\""))
        let rest = try api.get("/api/v1/jobs/\(job)/events", ["Last-Event-ID": "1.\(types.count - 1)"]).body
        #expect(rest.split(separator: "\n").filter { $0.hasPrefix("id: ") } == ["id: 1.\(types.count)"])
        let unknown = try api.get("/api/v1/jobs/\(job)/events", ["Last-Event-ID": "x"]).body
        #expect(unknown.contains("event: reset"))
    }

    @Test("openapi.json has every call, and each one that it has answers")
    func openAPI() async throws {
        let spool = try await start()
        let api = APIClient(spool)
        let document = try api.get("/openapi.json").json
        #expect(document["openapi"]?.string == "3.1.0")
        let paths = try #require(document["paths"]?.object)
        var names: Set<String> = []
        for (path, methods) in paths {
            for (method, operation) in methods.object ?? [:] {
                let name = try #require(operation["operationId"]?.string)
                #expect(names.insert(name).inserted, "\(name) is there twice")
                for answer in operation["responses"]?.object?.keys ?? [] { #expect(Int(answer) != nil) }
                // An event stream of all jobs does not end.
                if path == "/api/v1/events" { continue }
                let called = path.replacingOccurrences(of: "{", with: "").replacingOccurrences(of: "}", with: "")
                let answer = try api.call(method.uppercased(), called)
                #expect(!answer.body.contains("GET /openapi.json lists"), "\(method) \(path) is no call")
                #expect(operation["responses"]?["\(answer.status)"] != nil, "\(method) \(path): \(answer.status)")
            }
        }
        #expect(names.isSuperset(of: ["submitJob", "listJobs", "showJob", "jobResult", "cancelJob", "bulk", "events"]))
    }

    @Test("A bulk request with dry_run only counts, and without it acts on every job that fits")
    func bulk() async throws {
        let spool = try await start()
        let api = APIClient(spool)
        for amount in 0..<3 { _ = try submit(api, "pay", ["amount": .int(Int64(amount))]) }
        _ = try submit(api, "own", ["amount": 9])
        try await spool.until("all are held") { try api.get("/api/v1/jobs?state=held").json["data"]?.array?.count == 4 }
        let dry = try api.post("/api/v1/bulk/cancel", #"{"queue": "pay", "state": "held", "dry_run": true}"#)
        #expect(dry.json["matched"]?.int == 3)
        #expect(try api.get("/api/v1/jobs?state=held").json["data"]?.array?.count == 4)
        #expect(try api.post("/api/v1/bulk/cancel", #"{"queue": "pay", "state": "held"}"#).json["matched"]?.int == 3)
        try await spool.until("they are cancelled") {
            try api.get("/api/v1/jobs?state=failed&queue=pay").json["data"]?.array?.count == 3
        }
        #expect(try api.get("/api/v1/jobs?state=held").json["data"]?.array?.count == 1)
    }
}
