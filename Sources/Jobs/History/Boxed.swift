/// A value that is mostly nil, stored outside of its holder, so that many holders stay small.
@propertyWrapper
package struct Boxed<Value: Sendable & Equatable>: Sendable, Equatable {
    private var storage: [Value]

    package init(wrappedValue: Value?) { storage = wrappedValue.map { [$0] } ?? [] }

    package init() { storage = [] }

    package var wrappedValue: Value? {
        get { storage.first }
        set { storage = newValue.map { [$0] } ?? [] }
    }
}
