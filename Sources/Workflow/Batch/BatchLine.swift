package import Documents
import Jobs
package import Models
import OrderedCollections

/// One line of a batch file (docs/formats.md, section 3).
package struct BatchLine: Sendable {
    package enum Request: Sendable, Equatable {
        /// The body of one request to a provider, in its own form.
        case body(JSON)
        /// The input of one run of the queue's workflow.
        case input(JSON)
        /// The line holds no request that can run.
        case fault(BatchLineFault)
    }

    /// The most bytes of a line; a longer one is not read.
    package static let bytesMax = BatchOutline.requestMax
    /// In bytes; it becomes a part of a step's path.
    package static let customIDMax = 512

    /// From 1.
    package var number: Int
    /// The id that matches a result to its line: `custom_id`, or the line's number.
    package var id: String
    /// The provider's format that the line is in; nil for an input of the queue's workflow.
    ///
    /// A line that cannot be read is answered in the first of the formats.
    package private(set) var format: (any BatchLineFormat)?
    package var request: Request
    /// Whether `id` is the file's own.
    package private(set) var hasCustomID = false
    /// The cells of a table's row; nil for other lines.
    package private(set) var cells: [String]?
    /// The endpoint that the request is for.
    package private(set) var endpoint = RequestEndpoint.chat

    /// Reads a line; a bad line becomes a ``BatchLineFault`` and affects no other line.
    package init(_ text: some Sequence<UInt8>, number: Int) {
        self.number = number
        id = String(number)
        format = Providers.batchFormats.first
        do throws(JSONSyntaxError) {
            let value = try JSONParser.parse(text)
            format = Providers.batchFormats.first { $0.isWritten(value) }
            if let custom = value["custom_id"]?.string, !custom.isEmpty, custom.utf8.count <= Self.customIDMax {
                (id, hasCustomID) = (custom, true)
            }
            guard let format else {
                request = .input(value)
                return
            }
            (request, endpoint) = Self.request(value, format, hasCustomID: hasCustomID)
        } catch {
            let message = "not valid JSON at column \(error.column): \(error.reason)"
            request = .fault(BatchLineFault("invalid_json_line", message))
        }
    }

    /// A row of a table.
    init(row: (cells: [String], request: Request), number: Int) {
        (self.number, id, request) = (number, String(number), row.request)
        cells = row.cells
    }

    /// A line that is longer than ``bytesMax``.
    init(tooLong length: Int, number: Int) {
        (self.number, id, format) = (number, String(number), Providers.batchFormats.first)
        request = .fault(BatchLineFault("invalid_json_line", "it has \(length) bytes; \(Self.bytesMax) is the most"))
    }

    private static func request(
        _ line: JSON,
        _ format: any BatchLineFormat,
        hasCustomID: Bool
    ) -> (Request, RequestEndpoint) {
        do throws(BatchLineFault) {
            if !hasCustomID {
                let message = "custom_id must be a string of 1 to \(customIDMax) bytes"
                throw BatchLineFault("invalid_custom_id", message)
            }
            let (body, endpoint) = try format.request(in: line)
            return (.body(body), endpoint)
        } catch {
            return (.fault(error), .chat)
        }
    }

    /// The path of the line's step; a slash in the id is written `%2F`, so that no line's path lies inside another's.
    package var path: String {
        guard id.utf8.contains(UInt8(ascii: "/")) || id.utf8.contains(UInt8(ascii: "%")) else { return "batch/\(id)" }
        return "batch/\(id.replacing("%", with: "%25").replacing("/", with: "%2F"))"
    }
}
