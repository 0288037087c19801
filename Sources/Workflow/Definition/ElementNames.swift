import Documents
import Jobs
import OrderedCollections

/// The names of a list's elements in step paths: the `custom_id` where no earlier element has it, else the number, from
/// 0.
struct ElementNames {
    private let names: [String]

    init(_ items: [JSON]) {
        var seen: Set<String> = []
        names = items.enumerated().map { index, item in
            // A number could be another element's name.
            guard let id = item["custom_id"]?.string, !id.isEmpty, id.utf8.count <= 128, Int(id) == nil,
                seen.insert(id).inserted
            else { return String(index) }
            return id.replacing("%", with: "%25").replacing("/", with: "%2F")
        }
    }

    subscript(index: Int) -> String { names[index] }
}
