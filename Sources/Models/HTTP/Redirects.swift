import AsyncHTTPClient
import Documents
import FoundationEssentials
import NIOHTTP1

/// Follows redirects as a POST, and never sends a key to another server.
enum Redirects {
    static let redirectsMax = 5

    /// Headers that hold no secret.
    private static let open: Set<String> = ["content-type", "accept", "user-agent", "idempotency-key"]

    /// - Returns: The first answer that is not a redirect, or one that cannot be followed.
    static func follow(
        _ request: HTTPClientRequest,
        _ execute: (HTTPClientRequest) async throws -> HTTPClientResponse
    ) async throws -> HTTPClientResponse {
        var request = request
        for _ in 0..<redirectsMax {
            let response = try await execute(request)
            guard let next = next(after: response.status, response.headers, of: request) else { return response }
            request = next
        }
        return try await execute(request)
    }

    /// The request that a redirect asks for; nil when there is none to make.
    static func next(
        after status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        of request: HTTPClientRequest
    ) -> HTTPClientRequest? {
        // 303 asks for a GET of another resource, which does not answer the POST.
        guard [301, 302, 307, 308].contains(status.code), let location = headers.first(name: "Location"),
            let here = URL(string: request.url), let there = URL(string: location, relativeTo: here)?.absoluteURL,
            let scheme = there.scheme?.lowercased(), scheme == "http" || scheme == "https", there.host != nil,
            // A request over https is not repeated over http.
            !(here.scheme?.lowercased() == "https" && scheme == "http")
        else { return nil }
        var next = request
        next.url = there.absoluteString
        if !isSameServer(here, there) {
            next.headers = HTTPHeaders(request.headers.filter { open.contains($0.name.lowercased()) })
        }
        return next
    }

    /// The same origin, or the same host with TLS on its default port.
    private static func isSameServer(_ here: URL, _ there: URL) -> Bool {
        guard here.host?.lowercased() == there.host?.lowercased() else { return false }
        if here.scheme?.lowercased() == there.scheme?.lowercased() { return port(here) == port(there) }
        return port(here) == 80 && port(there) == 443
    }

    private static func port(_ url: URL) -> Int { url.port ?? (url.scheme?.lowercased() == "https" ? 443 : 80) }
}
