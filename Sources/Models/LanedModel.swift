/// A model with a lane of its own: every one that the configuration names.
package protocol LanedModel: ChatModel {
    /// Shared by all copies of the model.
    var lane: ModelLane { get }
    /// The form in which ready bodies are understood; nil where every form is.
    var dialect: Dialect? { get }
}
