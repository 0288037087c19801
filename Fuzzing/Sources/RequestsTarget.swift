import Documents
import Jobs
import Spool

/// Requests in `control/`.
enum RequestsTarget: FuzzTarget {
    static let name = "requests"

    static func run(_ input: [UInt8]) {
        guard let document = try? Document(input, format: .json, name: "control/request"),
            let request = try? ControlRequest(document)
        else { return }
        let written = try? Document(request.json.bytes, format: .json)
        claimEqual(written.flatMap { try? ControlRequest($0) }, request, "a request that is written asks the same")
        _ = request.command(Decision(uid: 1_000, user: "alice", reason: request.reason))
    }
}
