import Documents
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Jobs
import Testing

@testable import Daemon
@testable import HTTPAPI

@Suite("What requests say")
struct ReadingTests {
    @Test(
        "A range of bytes is read as RFC 9110 says, and one that is none is ignored",
        arguments: [
            ("bytes=0-9", 100, 0..<10), ("bytes=90-", 100, 90..<100), ("bytes=-5", 100, 95..<100),
            ("bytes=-500", 100, 0..<100),
            ("bytes=0-9223372036854775807", 10, 0..<10), ("bytes=99-200", 100, 99..<100), ("bytes=0-0", 1, 0..<1),
        ]
    )
    func ranges(text: String, size: Int, range: Range<Int>) {
        #expect(ByteRange(text)?.range(of: size) == range)
    }

    @Test(
        "What is no single range of bytes is ignored",
        arguments: [
            "bytes=", "bytes=a-b", "bytes=9-0", "bytes=0-1,3-4", "lines=0-1", "bytes=--1",
            "bytes=99999999999999999999-",
        ]
    )
    func noRanges(text: String) { #expect(ByteRange(text) == nil) }

    @Test("A range behind the file's end has no byte", arguments: ["bytes=100-", "bytes=-0"])
    func emptyRanges(text: String) { #expect(ByteRange(text)?.range(of: 100) == nil) }

    @Test("Percent-encoding is decoded, and a broken one is refused")
    func percentEncoding() throws {
        #expect(try PercentEncoding.decode("a%20b%C3%A4") == "a bä")
        for text in ["%", "%4", "%zz", "%ff", "%+1"] {
            #expect(throws: Problem.self) { try PercentEncoding.decode(text) }
        }
    }

    @Test(
        "The authority is taken without its port, in lower case",
        arguments: [
            ("Localhost:7171", "localhost"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("example.org", "example.org"),
            ("", ""),
        ]
    )
    func authorities(text: String, name: String) { #expect(HostCheck.name(text) == name) }

    private func request(
        _ method: HTTPRequest.Method,
        _ authority: String,
        _ headers: HTTPFields = [:]
    ) -> Request {
        let head = HTTPRequest(method: method, scheme: "http", authority: authority, path: "/", headerFields: headers)
        return Request(head: head, body: RequestBody(buffer: .init()))
    }

    private typealias RequestBody = HummingbirdCore.RequestBody

    @Test(
        "A name that is not in the list is refused",
        arguments: [
            ("localhost:7171", true), ("127.0.0.1", true), ("[::1]:7171", true), ("Spool.example.org", true),
            ("evil.example", false), ("localhost.evil.example", false), ("", false),
            ("127.0.0.1.evil.example:80", false),
        ]
    )
    func hosts(authority: String, isAllowed: Bool) {
        var settings = APISettings()
        settings.hosts = ["spool.example.org"]
        var status: HTTPResponse.Status?
        do throws(Problem) {
            try HostCheck(settings).check(request(.get, authority))
        } catch {
            status = error.status
        }
        #expect(status == (isAllowed ? nil : .misdirectedRequest))
    }

    private static let site = HTTPField.Name("Sec-Fetch-Site")!  // A valid name.

    @Test("A page of another origin may read, and may not change anything")
    func origins() throws {
        let cross: HTTPFields = [Self.site: "cross-site"]
        try OriginCheck.check(request(.get, "localhost", cross))
        #expect(throws: Problem.self) { try OriginCheck.check(request(.post, "localhost", cross)) }
        #expect(throws: Problem.self) { try OriginCheck.check(request(.post, "localhost", [Self.site: "same-site"])) }
        #expect(throws: Problem.self) {
            try OriginCheck.check(request(.delete, "localhost", [.origin: "http://evil.example"]))
        }
        #expect(throws: Problem.self) { try OriginCheck.check(request(.post, "localhost", [.origin: "null"])) }
        try OriginCheck.check(request(.post, "localhost", [Self.site: "same-origin"]))
        try OriginCheck.check(request(.post, "localhost:7171", [.origin: "http://localhost:7171"]))
        try OriginCheck.check(request(.post, "localhost"))
    }

    @Test("A cursor of the stream of events reads what it wrote, and nothing else")
    func cursors() throws {
        let job = try #require(JobID("01M8QWPZCDKMQXGAR9E5FXYA0P"))
        let record = HistoryRecord(
            seq: 3,
            epoch: 2,
            at: Timestamp(milliseconds: 1_700_000_000_000),
            event: .unknown(type: "x", members: [:])
        )
        let cursor = EventCursor(record, job)
        #expect(EventCursor(cursor.description) == cursor)
        for text in [
            "", "1.2", "a.b.c.d", "-5.01M8QWPZCDKMQXGAR9E5FXYA0P.1.1",
            "9223372036854775807.01M8QWPZCDKMQXGAR9E5FXYA0P.1.1",
        ] {
            #expect(EventCursor(text) == nil)
        }
    }
}
