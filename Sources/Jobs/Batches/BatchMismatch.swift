import Documents
import OrderedCollections

/// Finds files that are named as a batch and hold something else: they would run and give nothing useful.
enum BatchMismatch {
    /// Why a file that begins with `first` is no batch, as a sentence; nil when it may be one.
    static func complaint(about first: JSON, count: Int) -> String? {
        guard let members = first.object else { return nil }
        if members["custom_id"] != nil, members["body"] == nil, members["params"] == nil,
            members["response"] != nil || members["result"] != nil
        {
            return "it holds the results of a batch, not its requests"
        }
        guard count == 1 else { return nil }
        if let object = members["object"]?.string {
            switch object {
            case "batch", "list", "file", "chat.completion", "text_completion", "response", "embedding":
                return "it is an answer of a model's server (\"object\": \"\(object)\"), not a batch of requests"
            default: break
            }
        }
        if members["requests"]?.array != nil, members.count == 1 {
            return "its requests lie in one object: write each element of \"requests\" on a line of its own"
        }
        if members.count <= 2, let error = members["error"], error["message"]?.string != nil {
            return "it is an error of a model's server, not a batch of requests"
        }
        if members["custom_id"] == nil, JobDocument.isMeant(first) {
            return "it is one job document, not a batch of requests: name it .json"
        }
        return nil
    }
}
