import Documents
import Foundation
import Testing

/// Compares the module map in docs/architecture.md, and the manifest, with the code.
@Suite("The module map")
struct ModuleMapTests {
    /// The rows of the table: a module and what it imports.
    private func documentedMap() throws -> [String: Set<String>] {
        let text = try String(contentsOfFile: "\(Program.checkout)/docs/architecture.md", encoding: .utf8)
        var map: [String: Set<String>] = [:]
        for line in text.split(separator: "\n") {
            guard let row = line.wholeMatch(of: /\| `(\w+)` \| ([\w, ]*)\| .* \|/) else { continue }
            let imports = row.output.2.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            map[String(row.output.1)] = Set(imports.filter { !$0.isEmpty })
        }
        return map
    }

    /// What `Package.swift` says that each module depends on.
    private func dependenciesInManifest() throws -> [String: Set<String>] {
        let text = try String(contentsOfFile: "\(Program.checkout)/Package.swift", encoding: .utf8)
        var dependencies: [String: Set<String>] = [:]
        for module in text.matches(of: /\+ module\(\s*"(\w+)",\s*\[([^\]]*)\]/) {
            let names = module.output.2.matches(of: /"(\w+)"/).map { String($0.output.1) }
            dependencies[String(module.output.1)] = Set(names)
        }
        try #require(dependencies.count > 10)
        return dependencies
    }

    @Test("The module map and the manifest list what the sources import")
    func mapIsTrue() throws {
        let map = try documentedMap()
        let manifest = try dependenciesInManifest()
        let sources = "\(Program.checkout)/Sources"
        let modules = try FileManager.default.contentsOfDirectory(atPath: sources).filter {
            // Modules of C: CLinux.
            $0.wholeMatch(of: /C[A-Z]\w*/) == nil
        }
        #expect(Set(modules) == Set(map.keys))
        for module in modules {
            var imports: Set<String> = []
            for file in try FileManager.default.subpathsOfDirectory(atPath: "\(sources)/\(module)")
            where file.hasSuffix(".swift") {
                let text = try String(contentsOfFile: "\(sources)/\(module)/\(file)", encoding: .utf8)
                for line in text.split(separator: "\n") where line.contains("import ") {
                    guard let name = line.wholeMatch(of: /(?:package |public )?import (\w+)/)?.output.1 else {
                        continue
                    }
                    if map[String(name)] != nil { imports.insert(String(name)) }
                }
            }
            #expect(imports == map[module], "\(module)")
            if let declared = manifest[module] { #expect(imports == declared.intersection(map.keys), "\(module)") }
        }
    }

    @Test("The module map has no cycle")
    func noCycle() throws {
        let map = try documentedMap()
        var settled: Set<String> = []
        while settled.count < map.count {
            let next = map.filter { !settled.contains($0.key) && $0.value.isSubset(of: settled) }.map(\.key)
            try #require(!next.isEmpty, "a cycle among \(map.keys.filter { !settled.contains($0) })")
            settled.formUnion(next)
        }
    }
}
