import Documents
import Jobs
import NIOHTTP1

/// A provider behind an HTTP API: what its requests, answers, streams and batch lines are like.
protocol HTTPProvider: Provider {
    // MARK: The address

    /// A `base_url` as messages show it.
    var baseURLExample: String { get }
    /// What to do about a `base_url` that ends in the path of ``path(to:)``, to be written after a semicolon.
    var pathAdvice: String { get }
    /// What is wrong with a `base_url`; nil when nothing is.
    func fault(of endpoint: Endpoint) -> String?
    /// The path that is appended to `base_url`; nil for an endpoint that the provider lacks.
    func path(to endpoint: RequestEndpoint) -> String?

    // MARK: Requests

    /// The headers that only this provider asks for.
    ///
    /// - Parameter secret: The key; nil for servers that need none.
    func headers(secret: String?) -> HTTPHeaders
    /// The header that tells a server which requests are the same request again.
    var idempotencyHeader: String { get }

    /// The body of a request to an endpoint that the provider has.
    ///
    /// - Parameters:
    ///   - parameters: From the model's settings; members of the request take precedence.
    ///   - isStreamed: Whether to request a stream.
    ///   - structured: How the request conveys a schema for the answer.
    ///   - replaysOriginals: Whether the model's own turns are sent back unchanged; some servers refuse what they sent.
    /// - Throws: ``Failure``, permanent, for a ready body in another provider's form.
    func body(
        _ request: ChatRequest,
        model: String,
        parameters: JSON,
        isStreamed: Bool,
        structured: StructuredOutputMode,
        replaysOriginals: Bool
    ) throws(Failure) -> JSON

    /// The default token limit that the API makes necessary, when neither the request nor the parameters name one; else
    /// nil.
    func limitDefault(_ request: ChatRequest, parameters: JSON) -> Int?

    // MARK: Answers

    /// A new assembler for one stream.
    func streamAssembler() -> any StreamAssembler

    /// Reads an answer with a 2xx status.
    ///
    /// - Throws: ``Failure``: temporary when the answer is incomplete or empty, permanent when it was withheld, or was
    ///   cut and all of it is needed. The failure holds the reported usage, else an estimate.
    func read(_ json: JSON, for request: ChatRequest, _ context: AnswerContext) throws(Failure) -> ChatAnswer

    /// The usage of one call, without its cost; a count that the server does not report is 0.
    ///
    /// - Parameter json: The answer's member `usage`.
    func usage(_ json: JSON?) -> Usage

    /// The member that holds what the model wrote, and that every answer has.
    var answerMember: String { get }
    /// Whether an answer is in this provider's form, although another form was asked for.
    func isAnswer(_ json: JSON) -> Bool
    /// The name of the form, for messages, and how to configure a server that answers in it.
    var answerForm: (name: String, hint: String) { get }

    /// The reasoning in an assistant's message that this provider sent; empty when there is none.
    func reasoning(of message: JSON) -> String

    // MARK: Batches

    /// The format of the provider's batch lines.
    var batchFormat: any BatchLineFormat { get }
}

extension HTTPProvider {
    func fault(of endpoint: Endpoint) -> String? { nil }
    var idempotencyHeader: String { "Idempotency-Key" }
    func limitDefault(_ request: ChatRequest, parameters: JSON) -> Int? { nil }
    func reasoning(of message: JSON) -> String { ReasoningText.of(message) }

    /// The name of a model, as the author of a turn that a history keeps.
    func author(_ model: String) -> String { "\(name) \(model)" }

    func source(_ members: SourceMembers, _ reader: MemberReader) throws(DocumentError) -> any ModelSource {
        guard let endpoint = members.endpoint else {
            throw reader.error(nil, "base_url is missing, such as \(baseURLExample)")
        }
        guard let model = members.model else {
            throw reader.error(nil, "model is missing: the name that the provider knows")
        }
        for other in Providers.all where other.name != name {
            for member in other.ownMembers where members.own[member] != nil {
                throw reader.error(member, "only a model with the provider \(other.name) has a \(member)")
            }
        }
        if let fault = fault(of: endpoint) { throw reader.error("base_url", fault) }
        return HTTPSource(provider: self, server: endpoint, modelName: model)
    }
}
