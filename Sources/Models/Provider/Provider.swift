import Documents

/// A kind of model that the configuration can name in the member `provider`.
///
/// ``Providers`` lists all of them; docs/architecture.md, section 11, says how to add one.
protocol Provider: Sendable {
    /// The name in the configuration.
    var name: String { get }
    /// The members of a model that only this provider reads; each is a text.
    var ownMembers: [String] { get }
    /// The default of `base_url`; nil when there is none.
    var baseURLDefault: String? { get }
    /// The header of a request that holds the key, in lower case.
    var keyHeader: String { get }

    /// Takes from a model's members what this provider needs.
    ///
    /// - Throws: ``DocumentError`` when a member is missing, or does not fit this provider.
    func source(_ members: SourceMembers, _ reader: MemberReader) throws(DocumentError) -> any ModelSource
}

extension Provider {
    var ownMembers: [String] { [] }
    var baseURLDefault: String? { nil }
    var keyHeader: String { "authorization" }
}

/// The members of a model that say where its answers come from: checked, but not yet required.
struct SourceMembers {
    /// The member `base_url`, or the provider's default.
    var endpoint: Endpoint?
    var model: String?
    /// The own members of all providers, by name.
    var own: [String: String]
}
