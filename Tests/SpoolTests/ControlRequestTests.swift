import Documents
import Foundation
import Glibc
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A request in control/")
struct ControlRequestTests {
    private let spool: TestSpool
    private let root: SpoolRoot
    private var path: String { spool.absolute("control/x.json") }

    init() throws {
        spool = try TestSpool()
        root = try spool.root()
    }

    private func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

    private func reason() throws -> String {
        let rejection = #expect(throws: Rejection.self) {
            try ControlRequest.read("x.json", in: root, now: spool.clock.now)
        }
        return try #require(rejection).reason
    }

    @Test("A request is durable before its sender is told that it waits")
    func synced() throws {
        let request = ControlRequest(.cancel, jobs: [spool.identifiers.next()], reason: nil)
        spool.fileSystem.forgetCalls()
        let name = try request.submit(to: root, id: spool.identifiers.next())
        #expect(
            spool.fileSystem.calls == [
                "create control/.\(name)", "write control/.\(name)", "sync all control/.\(name)",
                "rename control/.\(name) -> control/\(name)", "sync all control",
            ]
        )
    }

    @Test("Only the daemon's user and root may ask on behalf of another, and the record names him")
    func onBehalf() throws {
        var request = ControlRequest(.cancel, jobs: [spool.identifiers.next()], reason: "why")
        request.onBehalfOf = .token("ci")
        for uid in [0, 77] {
            #expect(try request.decision(uid: uid, daemon: 77) == Decision(uid: -1, user: "ci", reason: "why"))
        }
        let rejection = #expect(throws: Rejection.self) { try request.decision(uid: 1_234, daemon: 77) }
        #expect(rejection?.reason.contains("asked on behalf of the token ci") == true)
        let name = try request.submit(to: root, id: spool.identifiers.next())
        let read = try ControlRequest.read(name, in: root, now: spool.clock.now)
        #expect(read == .request(request, uid: Int(geteuid())))
        request.onBehalfOf = nil
        #expect(try request.decision(uid: 1_234, daemon: 77).uid == 1_234)
    }

    @Test("A request reaches the daemon as it was sent, with its owner", arguments: ControlRequest.Action.allCases)
    func roundTrip(_ action: ControlRequest.Action) throws {
        var request = ControlRequest(
            action,
            jobs: [spool.identifiers.next(), spool.identifiers.next()],
            reason: "a\n\"b\""
        )
        switch action {
        case .release:
            request.finding = .done(output: .null)
            request.limits.tokens = 7
        case .approve:
            request.approved = ControlRequest.ApprovedCall(step: "a", argumentsHash: "00", arguments: ["n": 1])
        default: break
        }
        let id = spool.identifiers.next()
        let name = try request.submit(to: root, id: id)
        #expect(name == "\(id)-\(action.rawValue).json")
        #expect(spool.tree("control") == [name])
        #expect(lchown(spool.absolute("control/\(name)"), 12_345, 12_345) == 0)
        #expect(try ControlRequest.read(name, in: root, now: spool.clock.now) == .request(request, uid: 12_345))
        try ControlRequest.remove(name, in: root)
        #expect(spool.tree("control") == [])
        #expect(try ControlRequest.read(name, in: root, now: spool.clock.now) == .gone)
        try ControlRequest.remove(name, in: root)
    }

    @Test(
        "A malformed request is refused with the reason",
        arguments: [
            ("no json", "x.json"), ("[]", ""), ("{}", "action"), (#"{"action":"explode","jobs":[]}"#, "action"),
            (#"{"action":"cancel"}"#, "jobs"), (#"{"action":"cancel","jobs":["../x"]}"#, "../x is no job id"),
            (#"{"action":"cancel","jobs":[7]}"#, "jobs"), (#"{"action":"cancel","jobs":[],"more":1}"#, "more"),
            ("", ""), (#"{"action":"deny","jobs":[],"again":true}"#, "again"),
            (#"{"action":"approve","jobs":[],"step":"a"}"#, "arguments_hash: is missing"),
            (#"{"action":"release","jobs":[],"again":true,"assumed_output":1}"#, "again"),
            (#"{"action":"release","jobs":[],"limits":{"tokens":-1}}"#, "tokens"),
        ]
    )
    func wrong(_ text: String, _ part: String) throws {
        try write(text)
        #expect(try part.isEmpty || reason().contains(part))
        _ = try reason()
    }

    @Test("A request that a process still writes is unfinished")
    func unfinished() throws {
        let file = open(path, O_CREAT | O_WRONLY, 0o644)
        try #require(file >= 0)
        #expect(Glibc.write(file, "{", 1) == 1)
        #expect(try ControlRequest.read("x.json", in: root, now: spool.clock.now) == .unfinished)
        close(file)
        #expect(throws: Rejection.self) { try ControlRequest.read("x.json", in: root, now: spool.clock.now) }
    }

    @Test("A fresh request that may still be written is unfinished where the kernel cannot tell")
    func fresh() throws {
        try write("{")
        spool.fileSystem.answerHasNoWriter { () throws(Errno) in throw .notPermitted }
        var status = stat()
        try #require(stat(path, &status) == 0)
        let written = Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1_000)
        #expect(try ControlRequest.read("x.json", in: root, now: written + .seconds(2)) == .unfinished)
        #expect(throws: Rejection.self) {
            try ControlRequest.read("x.json", in: root, now: written + .seconds(7))
        }
        try write(#"{"action":"cancel","jobs":[]}"#)
        let found = try ControlRequest.read("x.json", in: root, now: written + .seconds(2))
        #expect(found == .request(ControlRequest(.cancel, jobs: [], reason: nil), uid: Int(geteuid())))
    }

    @Test(
        "A request that the disk or the file server fails to return stays, and is read again",
        arguments: [
            EIO, ESTALE, EMFILE, ENFILE, EACCES, EPERM, ENOMEM, ETIMEDOUT, ENOTCONN, EREMOTEIO, EINVAL, ELIBBAD,
        ]
        .map { Errno(rawValue: $0) }
    )
    func fault(_ error: Errno) throws {
        try write(#"{"action":"cancel","jobs":[]}"#)
        spool.fileSystem.failOpens(with: error)
        let fault = #expect(throws: SpoolError.self) {
            try ControlRequest.read("x.json", in: root, now: spool.clock.now)
        }
        #expect(fault?.cause == error)
        #expect(spool.tree("control") == ["x.json"])
        spool.fileSystem.failOpens(with: nil)
        let found = try ControlRequest.read("x.json", in: root, now: spool.clock.now)
        #expect(found == .request(ControlRequest(.cancel, jobs: [], reason: nil), uid: Int(geteuid())))
    }

    @Test("A request on a network filesystem is read without a lease, which says nothing there")
    func network() throws {
        try write(#"{"action":"cancel","jobs":[]}"#)
        spool.fileSystem.answerIsLocal(false)
        spool.fileSystem.answerHasNoWriter { () throws(Errno) in false }
        let found = try ControlRequest.read("x.json", in: spool.root(), now: spool.clock.now)
        #expect(found == .request(ControlRequest(.cancel, jobs: [], reason: nil), uid: Int(geteuid())))
    }

    @Test("A request that is a FIFO is refused without waiting")
    func fifo() throws {
        try #require(mkfifo(path, 0o644) == 0)
        #expect(try reason() == "control/x.json is no request")
        try ControlRequest.remove("x.json", in: root)
        #expect(spool.tree("control") == [])
    }

    @Test("A request that is a symbolic link is refused and not followed")
    func link() throws {
        try write(#"{"action":"cancel","jobs":[]}"#)
        try FileManager.default.moveItem(atPath: path, toPath: spool.absolute("tmp/x"))
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "../tmp/x")
        #expect(try reason().hasPrefix("control/x.json is no request"))
    }

    @Test("A request that is a hard link is refused, because its owner may not have made it")
    func hardLink() throws {
        try write(#"{"action":"cancel","jobs":[]}"#)
        try FileManager.default.linkItem(atPath: path, toPath: spool.absolute("tmp/x"))
        #expect(try reason() == "control/x.json is no request")
    }

    @Test("A huge request is refused without being read whole")
    func huge() throws {
        try write("{")
        try #require(truncate(path, 1 << 40) == 0)
        #expect(try reason() == "control/x.json is no request")
    }

    @Test("A request that is a directory is refused, and removing it is no error")
    func directory() throws {
        try FileManager.default.createDirectory(atPath: path + "/sub", withIntermediateDirectories: true)
        #expect(try reason() == "control/x.json is no request")
        try ControlRequest.remove("x.json", in: root)
    }
}
