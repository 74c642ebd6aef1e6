public import ArgumentParser

/// The options of plugin `sandbox`.
public struct SandboxOptions: ParsableArguments, Sendable {
    /// Where the sandbox listens.
    @Option(
        name: .customLong("sandbox-address"), help: "Where the embedded server listens: host:port or a socket's path.")
    public var address = "127.0.0.1:4042"

    /// The database's file; nil keeps it in memory.
    @Option(name: .customLong("sandbox-database"), help: "The SQLite file that keeps the data (default: in memory).")
    public var database: String?

    /// The only user.
    @Option(name: .customLong("sandbox-user"), help: "The user who may log in.")
    public var user = "root"

    /// The user's password.
    @Option(
        name: .customLong("sandbox-password"),
        help: "The user's password; without one, only loopback addresses are allowed.")
    public var password = ""

    /// The default options.
    public init() {}
}
