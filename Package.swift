// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is compiled with: Swift 6 mode is the default of these tools.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Readers over borrowed bytes are ~Escapable; their lifetimes are spelled out with @_lifetime.
    .enableExperimentalFeature("Lifetimes"),
]

/// What the process's own targets are compiled with.
///
/// Checks of exclusive access to class properties were a third of a query's user time. Debug builds have them: those of the
/// tests, the simulator and the sanitizers.
let productSettings = settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// A target of the library, in its default folder under Sources/.
func ring(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: productSettings)
}

/// A built-in plugin: one folder under Plugins/, which SwiftPM finds only by its path.
func plugin(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name + "Plugin", dependencies: dependencies, path: "Plugins/\(name)",
        swiftSettings: productSettings)
}

/// The tests of one target.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")

let package = Package(
    name: "millrace",
    products: [.executable(name: "millrace", targets: ["millrace"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // C: system libraries, and the few lines that Swift can't express.
        .target(name: "CLinux"),
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .target(name: "CLuaShim", dependencies: ["CLua"]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLiburing", pkgConfig: "liburing", providers: [.apt(["liburing-dev"])]),
        .target(name: "CRing", dependencies: ["CLiburing"]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),

        // Pure: no I/O, no clock, no Foundation.
        ring("MySQLWire"),
        ring("SQLText"),
        ring("Pooling"),
        ring("Locking"),
        ring("ProxyCore", ["MySQLWire"]),
        ring("Streams", ["Pooling"]),
        ring("PluginAPI", ["Locking", "MySQLWire", "Pooling", "ProxyCore", "SQLText", "Streams"]),

        // Libraries.
        ring("LuaVM", ["CLuaShim"]),
        ring("Accounts", ["MySQLWire", "COpenSSL"]),
        ring("ServerSide", ["Accounts", "Locking", "MySQLWire", "PluginAPI"]),
        ring("EmbeddedSQL", ["MySQLWire", "ServerSide", grdb, sqlite]),
        ring("Telemetry", ["Locking", "Pooling", histogram]),

        // I/O.
        ring("EventLoop", ["CLinux", "CRing", "Locking", "Pooling", "Streams"]),
        ring(
            "Chassis",
            [
                "CLinux", "EventLoop", "Locking", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "SQLText",
                argumentParser, logging,
            ]),

        // Plugins.
        plugin(
            "Proxy",
            [
                "COpenSSL", "Locking", "LuaVM", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "SQLText",
                argumentParser,
            ]),
        plugin(
            "Funnel",
            [
                "Accounts", "Locking", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "SQLText", "Streams",
                "Telemetry",
                argumentParser,
            ]),
        plugin(
            "Rules",
            ["CPCRE2", "Locking", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "SQLText", argumentParser]),
        plugin(
            "Sandbox",
            [
                "COpenSSL", "EmbeddedSQL", "Locking", "MySQLWire", "PluginAPI", "Pooling", "ServerSide", argumentParser,
                grdb,
                sqlite,
            ]),
        plugin(
            "Admin",
            [
                "Accounts", "EmbeddedSQL", "Locking", "LuaVM", "MySQLWire", "PluginAPI", "Pooling", "SQLText",
                "ServerSide", argumentParser, grdb, sqlite,
            ]),

        .executableTarget(
            name: "millrace",
            dependencies: ["AdminPlugin", "Chassis", "FunnelPlugin", "ProxyPlugin", "RulesPlugin", "SandboxPlugin"],
            swiftSettings: settings),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["EventLoop", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "Streams"],
            path: "Tests/TestSupport", swiftSettings: settings),
        tests("MySQLWireTests", ["MySQLWire", "TestSupport", "COpenSSL"]),
        tests("SQLTextTests", ["SQLText"]),
        tests("PluginAPITests", ["PluginAPI", "Pooling", "TestSupport"]),
        tests("PoolingTests", ["Pooling", "TestSupport"]),
        tests("ProxyCoreTests", ["ProxyCore", "MySQLWire", "TestSupport"]),
        tests("LuaVMTests", ["LuaVM"]),
        tests("TelemetryTests", ["Pooling", "Telemetry"]),
        tests("EventLoopTests", ["EventLoop", "Pooling", "TestSupport"]),
        tests("AccountsTests", ["Accounts", "MySQLWire"]),
        tests("ServerSideTests", ["COpenSSL", "ServerSide", "MySQLWire", "PluginAPI", "TestSupport"]),
        tests(
            "FunnelTests",
            [
                "Accounts", "FunnelPlugin", "MySQLWire", "PluginAPI", "Pooling", "SQLText", "Streams", "Telemetry",
                "TestSupport", argumentParser,
            ]),
        tests("FunnelStateTests", ["FunnelPlugin", "MySQLWire", "Pooling", "SQLText"]),
        tests(
            "RulesTests",
            ["MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "RulesPlugin", "SQLText", "TestSupport"]),
        tests(
            "RulesPluginTests",
            [
                "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "RulesPlugin", "SQLText", "Streams", "TestSupport",
                argumentParser,
            ]),
        tests("RulesDigestTests", ["PluginAPI", "Pooling", "RulesPlugin", "SQLText"]),
        tests(
            "SandboxTests",
            ["SandboxPlugin", "ServerSide", "MySQLWire", "PluginAPI", "Pooling", "TestSupport", argumentParser]),
        tests(
            "AdminTests",
            [
                "AdminPlugin", "EmbeddedSQL", "MySQLWire", "PluginAPI", "Pooling", "ServerSide", "TestSupport",
                argumentParser,
            ]),
        tests(
            "ChassisTests",
            [
                "Chassis", "EventLoop", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "TestSupport",
                argumentParser, logging,
            ]),
        tests(
            "SimulationTests",
            [
                "Accounts", "Chassis", "EventLoop", "FunnelPlugin", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore",
                "ProxyPlugin", "Telemetry", "TestSupport", argumentParser,
            ]),
        tests(
            "ProxyPluginTests",
            ["LuaVM", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "ProxyPlugin", "TestSupport", argumentParser]),
        tests("TidyTests", []),
    ]
)

// The micro-benchmarks of `Scripts/bench micro`, and the packages that nothing else needs.
if Context.environment["MILLRACE_MICRO"] != nil {
    package.dependencies.append(.package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []))
    package.targets += [
        .target(name: "CMemoryCalls", path: "Tests/Benchmarks/CMemoryCalls"),
        .executableTarget(
            name: "Micro",
            dependencies: [
                "CMemoryCalls", "LuaVM", "MySQLWire", "PluginAPI", "Pooling", "ProxyCore", "ProxyPlugin", "RulesPlugin",
                "SQLText", "Streams", argumentParser, .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Tests/Benchmarks/Micro", swiftSettings: settings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ]
}

/// The tests to build, by their targets' names with commas between them, where not all are wanted: compiling all of them
/// takes as long as compiling the product.
if let wanted = Context.environment["MILLRACE_TESTS"]?.split(separator: ",").map(String.init) {
    package.targets.removeAll { $0.type == .test && !wanted.contains($0.name) }
}
