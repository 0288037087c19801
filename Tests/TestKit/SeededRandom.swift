import Documents
import Synchronization

/// Random numbers that are the same in every run: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    package mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }

    package mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &self)]
    }
}

/// A ``SeededRandom`` that several tasks share.
package final class SharedRandom: Sendable {
    private let generator: Mutex<SeededRandom>

    package init(seed: UInt64) { generator = Mutex(SeededRandom(seed: seed)) }

    package func next() -> UInt64 { generator.withLock { $0.next() } }
}
