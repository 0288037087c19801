/// A model that the configuration names, with its limiter.
package protocol LimitedModel: ChatModel {
    /// Shared by all copies of the model.
    var limiter: ModelLimiter { get }
    /// The dialect of the ready bodies that the model reads; nil when it reads every dialect.
    var dialect: Dialect? { get }
}
