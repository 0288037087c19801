/// A large value behind one reference, copied only when it is changed while other copies share it.
struct CopyOnWrite<Value: Sendable & Equatable>: Sendable, Equatable {
    // Unchecked is safe, as for the buffer of an Array: `value` is set only in `change`, and only by the one value that
    // refers to this object, which its task changes exclusively; every other reader has another object.
    /// The storage that copies of a value share.
    private final class Content: @unchecked Sendable {
        var value: Value

        init(_ value: Value) { self.value = value }
    }

    private var content: Content

    var value: Value { content.value }

    init(_ value: Value) { content = Content(value) }

    mutating func change(_ body: (inout Value) -> Void) {
        if !isKnownUniquelyReferenced(&content) { content = Content(content.value) }
        body(&content.value)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.content === right.content || left.content.value == right.content.value
    }
}
