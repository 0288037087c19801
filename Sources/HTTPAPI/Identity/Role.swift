/// What a caller may do; each higher one includes those before it.
package enum Role: String, Sendable, Comparable, CaseIterable {
    /// Its own jobs: submit, see, wait, cancel, read the result.
    case submit
    /// Sees everything, redacted.
    case observe
    /// Sees and answers everything.
    case operate
    /// Also reloads and purges.
    case admin

    package static func < (left: Role, right: Role) -> Bool {
        allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!  // Both are cases.
    }
}
