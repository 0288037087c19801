package import Documents
import Jobs
package import Models
import OrderedCollections

/// One line of a batch file (docs/formats.md, section 3).
package struct BatchLine: Sendable, Equatable {
    /// The batch format of a line and of its result.
    package enum RequestFormat: Sendable, Equatable {
        case openAI, anthropic, input
    }

    package enum Request: Sendable, Equatable {
        /// The body of one request to a provider, in its own form.
        case body(JSON)
        /// The input of one run of the queue's workflow.
        case input(JSON)
        /// The line holds no request that can run.
        case fault(Fault)
    }

    /// Why a line cannot run, with OpenAI's code where it is known (openai-openapi; stdapi.ai issue 240).
    package struct Fault: Error, Sendable, Equatable {
        package var code: String
        package var message: String

        init(_ code: String, _ message: String) { (self.code, self.message) = (code, message) }
    }

    /// The most bytes of a line; a longer one is not read.
    package static let bytesMax = BatchOutline.requestMax
    /// In bytes; it becomes a part of a step's path.
    package static let customIDMax = 512

    /// From 1.
    package var number: Int
    /// The id that matches a result to its line: `custom_id`, or the line's number.
    package var id: String
    package var dialect: RequestFormat
    package var request: Request
    /// Whether `id` is the file's own.
    package private(set) var hasCustomID = false
    /// The cells of a table's row; nil for other lines.
    package private(set) var cells: [String]?
    /// The endpoint of a request in OpenAI's form.
    package private(set) var endpoint = RequestEndpoint.chat

    /// Reads a line; a bad line becomes a ``Fault`` and affects no other line.
    package init(_ text: some Sequence<UInt8>, number: Int) {
        self.number = number
        id = String(number)
        dialect = .openAI
        do throws(JSONSyntaxError) {
            let value = try JSONParser.parse(text)
            let isRequest = value["body"] != nil && (value["method"] != nil || value["url"] != nil)
            let custom = value["custom_id"]
            if custom == nil && !isRequest || value["body"] == nil && value["params"] == nil {
                dialect = .input
            } else if value["body"] == nil {
                dialect = .anthropic
            }
            if let custom = custom?.string, !custom.isEmpty, custom.utf8.count <= Self.customIDMax {
                (id, hasCustomID) = (custom, true)
            }
            if dialect == .openAI { endpoint = value["url"]?.string.flatMap(RequestEndpoint.init(url:)) ?? .chat }
            request = Self.request(value, dialect, hasCustomID: hasCustomID)
        } catch {
            let message = "not valid JSON at column \(error.column): \(error.reason)"
            request = .fault(Fault("invalid_json_line", message))
        }
    }

    /// A row of a table.
    init(row: (cells: [String], request: Request), number: Int) {
        (self.number, id, dialect, request) = (number, String(number), .input, row.request)
        cells = row.cells
    }

    /// A line that is longer than ``bytesMax``.
    init(tooLong length: Int, number: Int) {
        (self.number, id, dialect) = (number, String(number), .openAI)
        request = .fault(Fault("invalid_json_line", "it has \(length) bytes; \(Self.bytesMax) is the most"))
    }

    private static func request(_ line: JSON, _ dialect: RequestFormat, hasCustomID: Bool) -> Request {
        if dialect == .input { return .input(line) }
        do throws(Fault) {
            if !hasCustomID {
                throw Fault("invalid_custom_id", "custom_id must be a string of 1 to \(customIDMax) bytes")
            }
            return .body(try dialect == .anthropic ? parameters(of: line) : body(of: line))
        } catch {
            return .fault(error)
        }
    }

    private static func body(of line: JSON) throws(Fault) -> JSON {
        if let method = line["method"], method != "POST" {
            throw Fault("invalid_method", "method is \(method.text), and must be \"POST\"")
        }
        var endpoint = RequestEndpoint.chat
        if let url = line["url"] {
            guard let known = url.string.flatMap(RequestEndpoint.init(url:)) else {
                let names = RequestEndpoint.allCases.map { "\"\($0.url)\"" }.joined(separator: ", ")
                throw Fault("url_mismatch", "url is \(url.text), and must be one of \(names)")
            }
            endpoint = known
        }
        return try checked(line["body"] ?? .null, "body", endpoint.neededMember)
    }

    private static func parameters(of line: JSON) throws(Fault) -> JSON {
        let parameters = try checked(line["params"] ?? .null, "params")
        if parameters["max_tokens"] == 0 { throw Fault("invalid_value", "max_tokens is 0") }
        return parameters
    }

    private static func checked(
        _ body: JSON,
        _ member: String,
        _ needed: String = "messages"
    ) throws(Fault) -> JSON {
        if body.object == nil { throw Fault("invalid_type", "\(member) is \(body.kindName), and must be an object") }
        if needed != "messages" {
            if body[needed]?.isNull != false { throw Fault("missing_required_parameter", "\(member) has no \(needed)") }
        } else if body[needed]?.array == nil {
            throw Fault("missing_required_parameter", "\(member) has no list of messages")
        }
        if body["stream"] == true { throw Fault("unsupported_value", "stream is true; a batch has no streams") }
        return body
    }

    /// The path of the line's step; a slash in the id is written `%2F`, so that no line's path lies inside another's.
    package var path: String {
        guard id.utf8.contains(UInt8(ascii: "/")) || id.utf8.contains(UInt8(ascii: "%")) else { return "batch/\(id)" }
        return "batch/\(id.replacing("%", with: "%25").replacing("/", with: "%2F"))"
    }
}
