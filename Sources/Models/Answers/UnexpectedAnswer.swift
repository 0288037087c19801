import Documents
import Jobs
import OrderedCollections

/// Describes an unexpected answer, so that an operator can tell what kind of server sent it.
enum UnexpectedAnswer {
    /// The names of an object's first members, or the kind of another value.
    static func of(_ json: JSON) -> String {
        guard let members = json.object else { return json.kindName }
        if members.isEmpty { return "an object without members" }
        let names = members.keys.prefix(8).map { ProviderText.short($0) }.joined(separator: ", ")
        return "its members are \(names)\(members.count > 8 ? ", …" : "")"
    }

    /// The failure of an answer without ``HTTPProvider/answerMember``.
    static func failure(_ json: JSON, _ provider: any HTTPProvider) -> Failure {
        let isEmptyStream =
            json.object.map { $0.keys.allSatisfy { (["object"] + Providers.http.map(\.answerMember)).contains($0) } }
            == true
        if let other = form(of: json, provider) {
            return Failure(
                .permanent,
                "the provider's answer is in another form than was asked for: that of \(other.name) (\(of(json)))",
                hint: other.hint
            )
        }
        if let filtered = json["prompt_filter_results"], filtered.text.contains("\"filtered\":true") {
            return Failure(
                .permanent,
                "the provider's content filter refused the prompt",
                hint: "Change the input or the prompt, or use another model."
            )
        }
        let lacks = "it has no \(provider.answerMember)"
        return .brokenAnswer(isEmptyStream ? lacks : "\(lacks) (\(of(json)))")
    }

    private static func form(of json: JSON, _ asked: any HTTPProvider) -> (name: String, hint: String)? {
        if let other = Providers.http.first(where: { $0.name != asked.name && $0.isAnswer(json) }) {
            return other.answerForm
        }
        if json["candidates"]?.array != nil {
            return ("Gemini's own API", "Set base_url to its compatible endpoint, which ends in /v1beta/openai.")
        }
        if json["object"] == "response" || json["output"]?.array != nil {
            return ("OpenAI's Responses API", "Set base_url to where /chat/completions is.")
        }
        if json["done"]?.bool != nil, json["message"] != nil || json["response"] != nil {
            return ("Ollama's own API", "Set base_url to Ollama's compatible endpoint, which ends in /v1.")
        }
        return nil
    }
}
