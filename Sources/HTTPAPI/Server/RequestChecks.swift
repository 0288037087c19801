import Daemon
import HTTPTypes
import Hummingbird

/// Refuses requests under a name that is not the API's: a browser that was led here by another name's DNS record sends
/// that name (DNS rebinding).
struct HostCheck {
    private let hosts: Set<String>

    init(_ settings: APISettings) {
        hosts = Set(
            ["localhost", "127.0.0.1", "::1"] + settings.hosts.map { $0.lowercased() } + settings.listen.map(\.host)
        )
    }

    func check(_ request: Request) throws(Problem) {
        let authority = request.head.authority ?? ""
        if hosts.contains(Self.name(authority)) { return }
        throw Problem(
            .misdirectedRequest,
            "the API is not reached under the name \"\(authority)\"",
            hint: "add the name to api.hosts in the configuration"
        )
    }

    /// The authority without its port, in lower case.
    static func name(_ authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text.dropFirst()[..<end]) }
        return text.lastIndex(of: ":").map { String(text[..<$0]) } ?? text
    }
}

/// Refuses requests that change something and come from a page of another origin, as a browser says.
enum OriginCheck {
    static func check(_ request: Request) throws(Problem) {
        if request.method == .get || request.method == .head || request.method == .options { return }
        if let site = request.headers[.init("Sec-Fetch-Site")!] {  // A valid name of a field.
            if site == "same-origin" || site == "none" { return }
            throw refusal
        }
        guard let origin = request.headers[.origin] else { return }
        guard let scheme = origin.firstRange(of: "://"),
            origin[scheme.upperBound...].lowercased() == (request.head.authority ?? "").lowercased()
        else { throw refusal }
    }

    private static let refusal = Problem(.forbidden, "a page of another origin may not ask for changes")
}

/// The token of an Authorization header (RFC 6750).
enum BearerToken {
    static func read(_ header: String) -> String? {
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}

extension Problem {
    static func unauthorized(_ detail: String) -> Problem {
        var problem = Problem(
            .unauthorized,
            detail,
            hint: "send a token as Authorization: Bearer TOKEN; agentspool token new makes one"
        )
        problem.headers[.wwwAuthenticate] = "Bearer"
        return problem
    }
}
