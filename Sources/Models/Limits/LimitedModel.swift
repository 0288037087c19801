/// A model that the configuration names, with its limiter.
package protocol LimitedModel: ChatModel {
    /// Shared by all copies of the model.
    var limiter: ModelLimiter { get }
    /// The name of the provider in whose form ready bodies must be; nil when the model reads those of every provider.
    var bodyForm: String? { get }
}
