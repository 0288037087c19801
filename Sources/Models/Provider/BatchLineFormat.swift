package import Documents
package import Jobs

/// The format of a provider's batch lines: of a line's request, and of its result.
package protocol BatchLineFormat: Sendable {
    /// The name of the provider.
    var name: String { get }
    /// Whether a line is in this format.
    func isWritten(_ line: JSON) -> Bool
    /// The request in a line that is in this format and has a `custom_id`.
    ///
    /// - Throws: ``BatchLineFault`` for a request that cannot run.
    func request(in line: JSON) throws(BatchLineFault) -> (body: JSON, endpoint: RequestEndpoint)
    /// The line of the output or error file.
    func resultLine(_ result: BatchLineResult) -> JSON
    /// The names under which lines of this format are counted, besides `total`, `completed` and `failed`.
    var countNames: [String] { get }
    /// The name among ``countNames`` under which a line is counted; nil when there is none.
    func countName(_ ending: BatchLineResult.Ending) -> String?
}

extension BatchLineFormat {
    package var countNames: [String] { [] }
    package func countName(_ ending: BatchLineResult.Ending) -> String? { nil }

    /// The body of a request, once it is known to have what every provider asks for.
    ///
    /// - Parameters:
    ///   - member: The member of the line that holds the body.
    ///   - needed: The member that the body must have.
    func checked(_ body: JSON, _ member: String, _ needed: String = "messages") throws(BatchLineFault) -> JSON {
        if body.object == nil {
            throw BatchLineFault("invalid_type", "\(member) is \(body.kindName), and must be an object")
        }
        if needed != "messages" {
            if body[needed]?.isNull != false {
                throw BatchLineFault("missing_required_parameter", "\(member) has no \(needed)")
            }
        } else if body[needed]?.array == nil {
            throw BatchLineFault("missing_required_parameter", "\(member) has no list of messages")
        }
        if body["stream"] == true {
            throw BatchLineFault("unsupported_value", "stream is true; a batch has no streams")
        }
        return body
    }
}

/// Why a line of a batch cannot run, with OpenAI's code where it is known (openai-openapi; stdapi.ai issue 240).
package struct BatchLineFault: Error, Sendable, Equatable {
    package var code: String
    package var message: String

    package init(_ code: String, _ message: String) { (self.code, self.message) = (code, message) }
}

/// The result of a line of a batch, before a format writes it.
package struct BatchLineResult: Sendable {
    /// How the line ended.
    package enum Ending: Sendable {
        /// With the provider's whole answer.
        case succeeded(JSON)
        case failed
        /// The line holds no request that can run.
        case invalid
        case expired, cancelled
    }

    /// Why the line has no answer.
    package struct Fault: Sendable {
        var code: String
        var message: String

        package init(code: String, message: String) { (self.code, self.message) = (code, message) }
    }

    /// The id that matches the result to its line.
    let customID: String
    /// The line's number, from 1.
    let number: Int
    let job: JobID
    let ending: Ending
    /// Nil for a success.
    let fault: Fault?
    /// The provider's HTTP response with the failure; nil when there was none.
    let response: JSON?

    package init(customID: String, number: Int, job: JobID, _ ending: Ending, fault: Fault?, response: JSON?) {
        (self.customID, self.number, self.job, self.ending) = (customID, number, job, ending)
        (self.fault, self.response) = (fault, response)
    }

    /// The fault as a member of a result; null for a success.
    package var faultJSON: JSON {
        fault.map { ["code": .string($0.code), "message": .string($0.message)] } ?? .null
    }
}
