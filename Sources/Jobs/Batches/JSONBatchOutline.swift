import Documents

/// The outline of a JSON batch: one request per line, or an array of requests.
///
/// When the first line is JSON by itself, the file consists of lines. Otherwise the line may begin a value that spans
/// lines, so the file is also split into values. The values count when the whole file consists of them.
struct JSONBatchOutline: Sendable {
    private(set) var form = BatchFormat.lines
    private(set) var count = 0
    private(set) var rejection: String?

    /// Keeps whole lines, until one of them is JSON.
    private var finder: LineSplitter? = LineSplitter(bytesMax: BatchOutline.requestMax)
    /// Counts lines, and keeps one byte more of each than a blank line may have.
    private var counter = LineSplitter(bytesMax: LineSplitter.blankMax + 1)
    private var values: JSONValueSplitter? = JSONValueSplitter(bytesMax: BatchOutline.requestMax)
    private var valuesCount = 0
    private var lineFound: (number: Int, value: JSON)?
    private var firstLine: Result<JSON, JSONSyntaxError>?
    private var firstFault: String?
    private var firstValue: JSON?

    mutating func add(_ piece: [UInt8]) {
        var lines: [LineSplitter.Line] = []
        if finder != nil, lineFound == nil { finder?.split(piece) { lines.append($0) } }
        counter.split(piece) { count += $0.isBlank ? 0 : 1 }
        for line in lines where lineFound == nil { look(at: line) }
        if lineFound != nil { finder = nil }
        var found: [LineSplitter.Line] = []
        values?.split(piece) { found.append($0) }
        for value in found { note(value) }
        // The file consists of lines. Only an array in the first line may still be the whole file.
        if case .success(let value) = firstLine, value.array == nil { values = nil }
    }

    mutating func end() {
        if let last = counter.end(), !last.isBlank { count += 1 }
        if lineFound == nil, let last = finder?.end() { look(at: last) }
        if let last = values?.end() { note(last) }
        if count == 0 {
            rejection = "the batch is empty: it has no line with anything in it"
            return
        }
        if let elements = wholeArray {
            form = .values
            count = elements.count
            rejection = BatchMismatch.complaint(about: elements[0], count: count)
        } else if case .success(let value) = firstLine {
            rejection = BatchMismatch.complaint(about: value, count: count)
        } else if let values, values.defect == nil, valuesCount > 0, let firstValue {
            form = .values
            count = valuesCount
            rejection = BatchMismatch.complaint(about: firstValue, count: count)
            if rejection == nil, !values.isArray {
                let what = count == 1 ? "its only JSON value goes" : "its \(count) JSON values go"
                rejection = "\(what) over many lines, and a batch has one a line: jq -c . FILE makes it so"
            }
        } else if lineFound == nil {
            rejection = "none of its \(count) lines is JSON: \(firstFault ?? "no line can be read")"
        }
    }

    /// The elements of the array that is the file's only line, when all are objects.
    private var wholeArray: [JSON]? {
        guard case .success(.array(let elements)) = firstLine, count == 1, !elements.isEmpty,
            elements.allSatisfy({ $0.object != nil })
        else { return nil }
        return elements
    }

    private mutating func look(at line: LineSplitter.Line) {
        if line.isBlank { return }
        let fault: String
        if line.length > BatchOutline.requestMax {
            fault = "line \(line.number) has \(line.length) bytes, and \(BatchOutline.requestMax) is the most"
        } else {
            do throws(JSONSyntaxError) {
                let value = try JSONParser.parse(line.bytes)
                lineFound = (line.number, value)
                if firstLine == nil { firstLine = .success(value) }
                return
            } catch {
                fault = "line \(line.number) is not valid JSON at column \(error.column): \(error.reason)"
                if firstLine == nil { firstLine = .failure(error) }
            }
        }
        if firstFault == nil { firstFault = fault }
    }

    private mutating func note(_ value: LineSplitter.Line) {
        valuesCount += 1
        // The first value must be JSON: otherwise any text with matching brackets would be a batch.
        if valuesCount == 1 { firstValue = try? JSONParser.parse(value.bytes) }
    }
}
