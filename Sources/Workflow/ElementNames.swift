import Jobs
import OrderedCollections

/// What the elements of a list are called in the paths of their steps: by their `custom_id` where it is theirs alone,
/// else by their number, from 0.
struct ElementNames {
    private let names: [String]

    init(_ items: [JSON]) {
        var seen: Set<String> = []
        names = items.enumerated().map { index, item in
            // A number would be some other element's.
            guard let id = item["custom_id"]?.string, !id.isEmpty, id.utf8.count <= 128, Int(id) == nil,
                seen.insert(id).inserted
            else { return String(index) }
            return id.replacing("%", with: "%25").replacing("/", with: "%2F")
        }
    }

    subscript(index: Int) -> String { names[index] }
}
