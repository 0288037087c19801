package import Documents
package import Jobs
package import Models

/// The outcome of a line of a batch.
package enum BatchOutcome: Sendable {
    /// Why a line did not run to its end.
    package enum Unsettled: Sendable {
        case expired, cancelled
    }

    case succeeded(JSON)
    case failed(Failure)
    case fault(BatchLineFault)
    case unsettled(Unsettled)

    var isSuccess: Bool { if case .succeeded = self { true } else { false } }

    /// How the line ended, as formats know it.
    var ending: BatchLineResult.Ending {
        switch self {
        case .succeeded(let output): .succeeded(output)
        case .failed: .failed
        case .fault: .invalid
        case .unsettled(.expired): .expired
        case .unsettled(.cancelled): .cancelled
        }
    }

    /// The provider's HTTP response with the failure, when there was one.
    fileprivate var response: JSON? { if case .failed(let failure) = self { failure.response } else { nil } }

    /// The class of the failure; without meaning for a success.
    var failureClass: FailureClass { if case .failed(let failure) = self { failure.class } else { .permanent } }

    /// The code and message of the error; nil for a success.
    func error(_ line: BatchLine) -> (code: String, message: String)? {
        switch self {
        case .succeeded: nil
        case .failed(let failure): (failure.code ?? failure.class.rawValue, failure.message)
        case .fault(let fault): (fault.code, "line \(line.number): \(fault.message)")
        case .unsettled(.expired): ("batch_expired", "the job's deadline passed before this request was done")
        case .unsettled(.cancelled): ("batch_cancelled", "the job was cancelled before this request was done")
        }
    }
}

extension BatchLine {
    /// The line of the output or error file, in the format of the request.
    func resultLine(_ outcome: BatchOutcome, job: JobID) -> JSON {
        let fault = outcome.error(self).map { BatchLineResult.Fault(code: $0.code, message: $0.message) }
        let result = BatchLineResult(
            customID: id,
            number: number,
            job: job,
            outcome.ending,
            fault: fault,
            response: outcome.response
        )
        if let format { return format.resultLine(result) }
        if case .succeeded(let output) = outcome { return ["custom_id": .string(id), "output": output] }
        return ["custom_id": .string(id), "error": result.faultJSON]
    }

    /// The row of the table of results.
    func resultRow(_ outcome: BatchOutcome, in table: BatchTable) -> [UInt8] {
        var output = ""
        if case .succeeded(let value) = outcome { output = value.isNull ? "" : value.string ?? value.text }
        return table.resultRow(cells ?? [], output: output, error: outcome.error(self)?.message ?? "")
    }
}
