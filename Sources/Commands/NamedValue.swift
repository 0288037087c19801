import ArgumentParser

/// An argument of the form `name=value`; a command says in its own words what is wrong with another.
struct NamedValue: ExpressibleByArgument {
    let text: String
    /// The parts before and after the first `=`; nil when there is none.
    let pair: (name: String, value: String)?

    init(argument: String) {
        text = argument
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        pair = parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
}
