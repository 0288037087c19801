/// A large value that is handed on as a small one, and copied only when it is changed while others have it.
struct Boxed<Value: Sendable & Equatable>: Sendable, Equatable {
    // Unchecked is safe, as for the buffer of an Array: `value` is set only in `change`, and only by the one value that
    // refers to this object, which its task changes exclusively; every other reader has another object.
    /// What the copies of a value have in common.
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
