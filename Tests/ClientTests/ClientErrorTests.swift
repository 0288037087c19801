import Documents
import JobIndex
import Spool
import SystemPackage
import Testing

@testable import Client

@Suite("Kinds of failures")
struct ClientErrorTests {
    private struct Other: Error {}

    @Test("Every error of a use case has a kind, and keeps its text")
    func kinds() {
        let missing = SpoolError("opening the spool /x", Errno.noSuchFileOrDirectory)
        #expect(ClientError(missing) == ClientError("\(missing)", .noInput))
        #expect(ClientError(SpoolError("reading", Errno.ioError)).kind == .failure)
        #expect(ClientError(DocumentError(reason: "wrong")).kind == .configuration)
        #expect(ClientError(IndexError.missing(path: "/x")).kind == .noInput)
        #expect(ClientError(IndexError.shared(path: "/x")).kind == .configuration)
        #expect(ClientError(ClientError("later", .temporary)) == ClientError("later", .temporary))
        #expect(ClientError(Other()).kind == .failure)
    }
}
