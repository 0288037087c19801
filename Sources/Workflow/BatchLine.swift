package import Jobs
import OrderedCollections

/// One line of a batch file (INTERFACE, Drops).
package struct BatchLine: Sendable, Equatable {
    package enum Request: Sendable, Equatable {
        /// A request in OpenAI's form: its `body`.
        case openAI(body: JSON)
        /// A request in Anthropic's form: its `params`.
        case anthropic(parameters: JSON)
        /// The input of one run of the queue's workflow.
        case input(JSON)
        /// No request; the reason says why.
        case faulty(reason: String)
    }

    /// From 1.
    package var number: Int
    /// What its results are matched by: `custom_id`, or the line's number.
    package var id: String
    package var request: Request
    /// As the file gives it.
    private var customID: String?

    /// Reads the lines of a file; blank ones are passed over. A bad line is bad by itself.
    package static func lines(of bytes: [UInt8]) -> [BatchLine] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .compactMap { index, text in
                let isBlank = text.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
                return isBlank ? nil : BatchLine(text, number: index + 1)
            }
        // An id that the file gives is never taken away by one that is made here.
        let given = Set(lines.compactMap(\.customID))
        var seen: Set<String> = []
        for index in lines.indices {
            let line = lines[index]
            if line.customID != nil, seen.insert(line.id).inserted { continue }
            var id = line.id
            if line.customID != nil {
                lines[index].request = .faulty(reason: "the custom_id \"\(line.id)\" is in the file before")
                id = "\(line.number):\(id)"
            }
            while given.contains(id) || seen.contains(id) { id = "\(line.number):\(id)" }
            seen.insert(id)
            lines[index].id = id
        }
        return lines
    }

    private init(_ text: ArraySlice<UInt8>, number: Int) {
        self.number = number
        id = String(number)
        let value: JSON
        do throws(JSONSyntaxError) {
            value = try JSONParser.parse(text)
        } catch {
            request = .faulty(reason: "not valid JSON at column \(error.column): \(error.reason)")
            return
        }
        if let custom = value["custom_id"]?.string, !custom.isEmpty { (id, customID) = (custom, custom) }
        if let body = value["body"], value["custom_id"] != nil {
            request = body.object == nil ? .faulty(reason: "body is no object") : .openAI(body: body)
        } else if let parameters = value["params"], value["custom_id"] != nil {
            request =
                parameters.object == nil ? .faulty(reason: "params is no object") : .anthropic(parameters: parameters)
        } else {
            request = .input(value)
        }
    }

    /// A slash in the id is written `%2F`, so that no line's path lies inside another's.
    var path: String {
        guard id.utf8.contains(UInt8(ascii: "/")) || id.utf8.contains(UInt8(ascii: "%")) else { return "batch/\(id)" }
        return "batch/\(id.replacing("%", with: "%25").replacing("/", with: "%2F"))"
    }
}
