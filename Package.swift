// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let collections = product(name: "OrderedCollections", package: "swift-collections")
    static let deque = product(name: "DequeModule", package: "swift-collections")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grdbSQLite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let heap = product(name: "HeapModule", package: "swift-collections")
    static let logging = product(name: "Logging", package: "swift-log")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPCompression = product(name: "NIOHTTPCompression", package: "swift-nio-extras")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let system = product(name: "SystemPackage", package: "swift-system")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let yams = product(name: "Yams", package: "Yams")
}

/// One module of the map in README.md: a library and the tests beside it.
func module(
    _ name: String,
    _ dependencies: [Target.Dependency],
    tests: [Target.Dependency] = []
) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, swiftSettings: settings),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.target(name: name), "TestKit"] + dependencies + tests,
            swiftSettings: settings
        ),
    ]
}

let package = Package(
    name: "agentspool",
    products: [.executable(name: "agentspool", targets: ["agentspool"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // No traits: its Foundation conveniences are not needed.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .target(name: "CLinux"),
        .systemLibrary(name: "CLibcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .executableTarget(
            name: "agentspool",
            dependencies: ["Commands", .argumentParser],
            swiftSettings: settings,
            // Without RELR, relocations took a tenth of an idle daemon's memory; they are read at its start and never
            // again.
            linkerSettings: [.unsafeFlags(["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"])]
        ),
        .executableTarget(
            name: "journal-probe",
            dependencies: ["Documents", "Jobs", "Telemetry", .logging],
            path: "Tests/JournalProbe",
            swiftSettings: settings
        ),
        .target(
            name: "TestKit",
            dependencies: ["Documents", .system],
            path: "Tests/TestKit",
            swiftSettings: settings
        ),
    ]
        + module("Threads", ["CLinux", .collections, .deque, .heap])
        + module("Documents", ["CLibcrypto", .collections, .yams])
        + module("Jobs", ["Documents", "Threads", .collections])
        + module("JSONSchema", ["Documents", .collections])
        + module("Redaction", ["Documents", .collections])
        + module("Spool", ["CLinux", "Documents", "Jobs", "Threads", .deque, .system])
        + module("JobIndex", ["CLinux", "Documents", "Jobs", .collections, .grdb, .grdbSQLite, .logging])
        + module(
            "Models",
            [
                "Documents", "Jobs", "Threads", .asyncHTTPClient, .collections, .logging, .nioCore, .nioHTTP1,
                .nioHTTPCompression, .nioPosix, .nioSSL, .system,
            ]
        )
        + module(
            "Tools",
            ["CLinux", "Documents", "JSONSchema", "Jobs", "Threads", .collections, .logging, .subprocess, .system]
        )
        + module(
            "Workflow",
            ["Documents", "JSONSchema", "Jobs", "Models", "Threads", "Tools", .collections, .mustache]
        )
        + module(
            "Engine",
            [
                "Documents", "JSONSchema", "JobIndex", "Jobs", "Redaction", "Spool", "Threads", "Tools", "Workflow",
                .collections, .heap, .logging, .system,
            ],
            tests: ["Models"]
        )
        + module(
            "Telemetry",
            ["CLinux", "CSystemd", "Documents", "Jobs", .deque, .logging],
            tests: ["journal-probe", .subprocess, .system]
        )
        + module(
            "Daemon",
            [
                "CLinux", "Documents", "Engine", "JobIndex", "Jobs", "Models", "Redaction", "Spool", "Telemetry",
                "Threads", "Tools", "Workflow", .asyncHTTPClient, .collections, .logging, .nioCore, .nioPosix,
                .serviceLifecycle, .system, .unixSignals,
            ],
            tests: [.heap]
        )
        + module(
            "Client",
            [
                "Daemon", "Documents", "Engine", "JobIndex", "Jobs", "Spool", "Threads", "Tools", "Workflow",
                .asyncHTTPClient, .collections, .logging, .nioCore, .nioHTTP1, .system,
            ]
        )
        + module(
            "HTTPAPI",
            [
                "CLinux", "Client", "Daemon", "Documents", "Engine", "JSONSchema", "JobIndex", "Jobs", "Spool", "Tools",
                "Workflow",
                .collections, .httpTypes, .hummingbird,
                .hummingbirdCore, .logging, .nioCore, .nioHTTPTypes, .nioPosix, .nioSSL, .serviceLifecycle, .system,
            ]
        )
        + module(
            "Commands",
            [
                "CLinux", "Client", "Daemon", "Documents", "HTTPAPI", "Jobs", "Spool", "Telemetry", "Threads", "Tools",
                .argumentParser, .asyncHTTPClient, .collections, .logging, .nioCore, .nioHTTP1, .system,
            ],
            tests: ["JobIndex", "agentspool"]
        )
)

// Only for scripts/fuzz.sh: a fuzzer has no `main` of its own and links with -sanitize=fuzzer alone.
if Context.environment["AGENTSPOOL_FUZZING"] != nil {
    package.products.append(.executable(name: "fuzzers", targets: ["Fuzzers"]))
    package.targets.append(
        .executableTarget(
            name: "Fuzzers",
            dependencies: [
                "Daemon", "Documents", "Engine", "JSONSchema", "Jobs", "Models", "Redaction", "Spool", "Tools",
                "Workflow",
                .collections, .nioHTTP1,
            ],
            path: "Fuzzing/Sources",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]
        )
    )
}
