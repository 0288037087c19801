import Documents

/// The target that `--target=NAME` names; libFuzzer ignores options with two dashes.
private let chosenTarget: any FuzzTarget.Type = {
    let option = "--target="
    let name = CommandLine.arguments.first { $0.hasPrefix(option) }?.dropFirst(option.count)
    guard let target = fuzzTargets.first(where: { $0.name[...] == name }) else {
        fatalError("one of these is needed: \(fuzzTargets.map { option + $0.name }.joined(separator: " "))")
    }
    return target
}()

/// What libFuzzer calls for every input.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosenTarget.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
