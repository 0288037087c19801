/// What the error that `body` throws says, or nil when it throws none.
package func errorText(_ body: () throws -> some Any) -> String? {
    do {
        _ = try body()
        return nil
    } catch {
        return "\(error)"
    }
}
