package import Documents
import OrderedCollections

extension SeededRandom {
    /// A value with every kind of JSON in it, and with the strings and numbers that are easy to get wrong.
    package mutating func json(depth: Int = 4) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &self) {
        case 0: return .null
        case 1: return .bool(chance(0.5))
        case 2: return .int(pick([0, -1, .max, .min, Int64.random(in: .min ... .max, using: &self)]))
        case 3: return .double(double())
        case 4: return .string(text())
        case 5, 6: return .array((0..<Int.random(in: 0...4, using: &self)).map { _ in json(depth: depth - 1) })
        default:
            var members: OrderedDictionary<String, JSON> = [:]
            for _ in 0..<Int.random(in: 0...4, using: &self) { members[text()] = json(depth: depth - 1) }
            return .object(members)
        }
    }

    /// A finite number.
    package mutating func double() -> Double {
        let edges = [
            0, -0.5, 5, 1e-7, 1e21, 0.1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0x1p53, -0x1p63, 0x1p63,
            1e300,
        ]
        let random = Double(bitPattern: next())
        return chance(0.5) || !random.isFinite ? pick(edges) : random
    }

    /// Up to a dozen scalars from all corners of Unicode.
    package mutating func text() -> String {
        let corners: [ClosedRange<UInt32>] = [
            0x00...0x1F, 0x20...0x7F, 0x80...0xFF, 0x300...0x36F, 0x4E00...0x4EFF, 0xE000...0xFFFF, 0x1F600...0x1F64F,
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &self) {
            let code = UInt32.random(in: pick(corners), using: &self)
            if let scalar = UnicodeScalar(code) { text.unicodeScalars.append(scalar) }
        }
        return text
    }
}
