import Client
import Documents
import Hummingbird
import Jobs
import NIOCore
import OrderedCollections
import Spool

/// The body of a request about jobs: a JSON object with the options that the command has.
struct RequestBody {
    private static let sizeMax = 1 << 20

    private let reader: MemberReader

    /// Reads the whole body; an empty one is an object without members.
    ///
    /// - Throws: ``Problem``: 413, or 400 with the line.
    init(_ request: Request) async throws {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: Self.sizeMax)
        } catch is NIOTooManyBytesError {
            throw Problem(.contentTooLarge, "the body is larger than \(Self.sizeMax) bytes")
        }
        let bytes = buffer.readableBytes == 0 ? Array("{}".utf8) : Array(buffer.readableBytesView)
        reader = try MemberReader(Document(bytes, format: .json, name: "the body"))
    }

    private static let filterMembers = [
        "state", "queue", "workflow", "owner", "label", "since", "until", "q", "dry_run",
    ]

    /// The action of a verb, with what the body says of it.
    ///
    /// - Throws: `DocumentError` with the member that is wrong.
    func action(_ verb: ControlRequest.Action) throws(DocumentError) -> (action: JobAction, reason: String?) {
        let own: [String] =
            switch verb {
            case .approve: ["arguments", "hash"]
            case .release: ["again", "assume_done", "limits"]
            case .cancel, .retry, .hold, .deny, .deliver: []
            }
        try reader.allowOnly(["reason"] + own + Self.filterMembers)
        let reason = try reader.string("reason")
        switch verb {
        case .cancel: return (.cancel, reason)
        case .retry: return (.retry, reason)
        case .hold: return (.hold, reason)
        case .deny: return (.deny, reason)
        case .deliver: return (.deliver, reason)
        case .approve:
            return (.approve(arguments: reader.json("arguments"), hash: try reader.string("hash")), reason)
        case .release:
            let finding: Release.Finding? =
                if let output = reader.value["assume_done"] {
                    .done(output: output)
                } else if try reader.bool("again") == true {
                    .again
                } else {
                    nil
                }
            let limits =
                try reader.object("limits").map { reader throws(DocumentError) in try Limits(reader) } ?? Limits()
            return (.release(finding: finding, limits: limits), reason)
        }
    }

    /// The filter that the body is, and whether it only asks for a count.
    func filter(now: Timestamp) throws -> (filter: JobFilter, isDry: Bool) {
        var items: [(name: String, value: String)] = []
        for (name, value) in reader.value.object ?? [:] where Self.filterMembers.contains(name) && name != "dry_run" {
            for element in value.array ?? [value] {
                guard let text = element.string else { throw reader.error(name, "a string was expected") }
                items.append((name, text))
            }
        }
        return (try JobFilter(Query(items), now: now), try reader.bool("dry_run") ?? false)
    }
}
