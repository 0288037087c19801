import Client
import Documents
import HTTPTypes
import Hummingbird
import Spool
import SystemPackage

/// An answer that says what is wrong, as `application/problem+json` (RFC 9457).
struct Problem: Error, Sendable, Equatable {
    var status: HTTPResponse.Status
    /// What kind of problem it is, for programs: `about:blank` says no more than the status.
    var type = "about:blank"
    var detail: String
    /// The line of the body that is meant, from 1 on.
    var line: Int?
    var member: String?
    var hint: String?
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ detail: String, hint: String? = nil) {
        (self.status, self.detail, self.hint) = (status, detail, hint)
    }

    /// No such thing, or none that this caller may see: the two must look the same.
    static func notFound(_ what: String) -> Problem { Problem(.notFound, "there is no \(what)") }

    /// The problem that any error of a use case is.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as ClientError: self.init(error.status, error.message)
        case let error as DocumentError:
            self.init(.badRequest, "\(error)")
            line = error.line
            member = error.path.isEmpty ? nil : error.path.joined(separator: ".")
        case let error as SpoolError where error.cause == .noSpace || error.cause == .diskQuotaExceeded:
            self.init(.init(code: 507, reasonPhrase: "Insufficient Storage"), "\(error)")
        case let error as any HTTPResponseError: self.init(error.status, "\(error)")
        default: self.init(.internalServerError, "\(error)")
        }
    }

    var json: JSON {
        JSON(members: [
            ("type", .string(type)), ("title", .string(status.reasonPhrase)), ("status", .int(Int64(status.code))),
            ("detail", .string(detail)), ("line", line.map { .int(Int64($0)) }), ("member", member.map(JSON.string)),
            ("hint", hint.map(JSON.string)),
        ])
    }

    var response: Response {
        var response = Response.json(json, status: status)
        response.headers[.contentType] = "application/problem+json"
        for field in headers { response.headers[field.name] = field.value }
        return response
    }
}

extension ClientError {
    fileprivate var status: HTTPResponse.Status {
        switch kind {
        case .failure, .configuration: .internalServerError
        case .usage: .badRequest
        case .data: .unprocessableContent
        case .noInput: .notFound
        case .denied: .forbidden
        case .unavailable, .temporary: .serviceUnavailable
        }
    }
}
