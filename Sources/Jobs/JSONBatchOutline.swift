/// What a batch of JSON holds: a request a line, or an array of them.
///
/// The first line decides: one that is JSON by itself begins a file of lines. One that is not may begin a value that
/// goes on, so the values are looked for beside the lines, and count when the whole file consists of them.
struct JSONBatchOutline: Sendable {
    private(set) var form = BatchForm.lines
    private(set) var count = 0
    private(set) var rejection: String?

    /// Lines whole, until one of them is JSON.
    private var finder: LineSplitter? = LineSplitter(bytesMax: BatchOutline.requestMax)
    /// One byte more than the longest blank line that is passed over.
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
        // Lines it is: an array alone in its line may yet be the whole file.
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
            rejection = BatchShape.complaint(about: elements[0], count: count)
        } else if case .success(let value) = firstLine {
            rejection = BatchShape.complaint(about: value, count: count)
        } else if let values, values.defect == nil, valuesCount > 0, let firstValue {
            form = .values
            count = valuesCount
            rejection = BatchShape.complaint(about: firstValue, count: count)
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
        // The first value must be one: else brackets that happen to fit would make a batch of anything.
        if valuesCount == 1 { firstValue = try? JSONParser.parse(value.bytes) }
    }
}
