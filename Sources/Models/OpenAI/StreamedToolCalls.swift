import Documents
import Jobs
import OrderedCollections

/// Assembles streamed tool calls, which it tells apart by id, name and index, even if some of these are missing.
///
/// By the API the index identifies a call. Some servers give every call the index 0, or none, or count from 1; some
/// send no ids, or the id in every piece; some send whole calls.
struct StreamedToolCalls {
    fileprivate struct Call {
        var members: OrderedDictionary<String, JSON> = [:]
        var id: String?
        var name = ""
        var index: Int?
        var arguments = ""
        /// The last piece of the arguments if each piece has begun with the one before, else nil.
        var growing: String? = ""
        /// Whether its name came again after its complete arguments.
        var isNamedAgain = false
        /// The chunk that began it.
        var chunk: Int
    }

    private var calls: [Call] = []
    /// The call that the last piece belonged to.
    private var last: Int?
    private var chunk = 0

    var count: Int { calls.count }
    var isEmpty: Bool { calls.isEmpty }

    /// Takes the pieces of one chunk.
    mutating func take(_ pieces: [JSON]) throws(StreamFault) {
        chunk += 1
        for piece in pieces { try take(piece) }
    }

    private mutating func take(_ piece: JSON) throws(StreamFault) {
        guard piece.object != nil else {
            if piece.isNull { return }
            throw .garbage("a piece of a tool call is \(piece.kindName)")
        }
        let part = Part(piece)
        if let index = part.index, !(0...StreamLimits.partsMax).contains(index) {
            throw .garbage("a tool call has the index \(index)")
        }
        if part.isEmpty { return }
        let place = place(of: part)
        last = place
        calls[place].take(part, piece)
    }

    /// The index of the call that a piece continues, or of a new call.
    private mutating func place(of part: Part) -> Int {
        let isBlank = part.arguments.allSatisfy(\.isWhitespace)
        if let known = known(part) {
            if part.isTail, !isBlank, calls[known].isNamedAgain {
                calls[known].isNamedAgain = false
                calls.append(Call(name: calls[known].name, index: part.index, chunk: chunk))
                return calls.count - 1
            }
            if !begins(part, after: calls[known]) {
                // The name without arguments, after complete ones: the next arguments belong to another call.
                if part.id == nil, part.name == calls[known].name, isBlank, calls[known].isWhole {
                    calls[known].isNamedAgain = true
                }
                return known
            }
        }
        calls.append(Call(index: part.index, chunk: chunk))
        return calls.count - 1
    }

    private func known(_ part: Part) -> Int? {
        let same = calls.lastIndex { call in
            call.id == part.id && (part.index == nil || call.index == nil || call.index == part.index)
        }
        if part.id != nil, let same { return same }
        if let index = part.index { return calls.lastIndex { $0.index == index } ?? (part.isTail ? last : nil) }
        return last
    }

    /// Whether a piece begins another call instead of continuing this one.
    private func begins(_ part: Part, after call: Call) -> Bool {
        if let id = part.id, let other = call.id {
            // Some servers make a new id for every piece of one call.
            if id != other { return part.name != nil || call.isWhole }
            // Some streams repeat the whole call at their end.
            if part.name.map({ $0 == call.name }) ?? true, part.arguments == call.arguments { return false }
        }
        guard let name = part.name else { return false }
        if !call.name.isEmpty, name != call.name, !name.hasPrefix(call.name) || !call.arguments.isEmpty { return true }
        if call.name.isEmpty { return false }
        // The same name again is another call if the one before is complete, or if both are in one chunk.
        if part.id == nil || call.id == nil, call.chunk == chunk { return true }
        return call.isWhole && part.arguments.contains { !$0.isWhitespace }
    }

    /// The calls as a whole message holds them.
    var json: [JSON] {
        calls.map { call in
            var members = call.members
            members["function"] = ["name": .string(call.name), "arguments": .string(call.wholeArguments)]
            return .object(members)
        }
    }
}

extension StreamedToolCalls {
    /// The content of one piece.
    fileprivate struct Part {
        var id: String?
        var index: Int?
        var name: String?
        var arguments = ""

        init(_ piece: JSON) {
            id = (piece["id"]?.string ?? piece["id"]?.int.map(String.init)).flatMap { $0.isEmpty ? nil : $0 }
            index = piece["index"]?.int ?? piece["index"]?.string.flatMap { Int($0) }
            let function = piece["function"]?.object == nil ? piece : piece["function"] ?? piece
            name = function["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            if let arguments = function["arguments"] ?? function["input"] ?? function["parameters"], !arguments.isNull {
                self.arguments = arguments.string ?? arguments.text
            }
        }

        /// Whether the piece holds only an index, as some servers send at the end.
        var isEmpty: Bool { id == nil && name == nil && arguments.isEmpty }
        /// Whether the piece names no call itself, and so continues one.
        var isTail: Bool { id == nil && name == nil }
    }
}

extension StreamedToolCalls.Call {
    fileprivate mutating func take(_ part: StreamedToolCalls.Part, _ piece: JSON) {
        for (name, value) in piece.object ?? [:] where !value.isNull && members[name] == nil {
            if ["index", "function", "name", "arguments", "input", "parameters"].contains(name) { continue }
            if value.string?.isEmpty == true { continue }
            members[name] = value
        }
        id = id ?? part.id
        index = index ?? part.index
        if name.isEmpty || part.name?.hasPrefix(name) == true { name = part.name ?? name }
        if part.arguments.isEmpty || (part.name != nil && !arguments.isEmpty && part.arguments == arguments) { return }
        growing = growing.flatMap { part.arguments.hasPrefix($0) ? part.arguments : nil }
        arguments += part.arguments
    }

    /// Whether the arguments are an object; this is checked for many pieces, so it looks at the end first.
    fileprivate var isWhole: Bool {
        arguments.utf8.last { $0 > UInt8(ascii: " ") } == UInt8(ascii: "}") && ToolArguments.object(arguments) != nil
    }

    /// The arguments, or the last piece of them from a server that repeats in each piece what it has sent.
    fileprivate var wholeArguments: String {
        if let growing, growing != arguments, ToolArguments.object(arguments) == nil,
            ToolArguments.object(growing) != nil
        {
            return growing
        }
        return arguments
    }
}
