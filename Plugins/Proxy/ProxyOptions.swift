import ArgumentParser

/// The options of the proxy plugin: mysql-proxy's, and what it lacked.
package struct ProxyOptions: ParsableArguments {
    @Option(
        name: [.customShort("P"), .long],
        help: ArgumentHelp(
            "Listen on this address; repeatable. (default: :4040)", valueName: "host:port|/path"))
    var proxyAddress: [String] = []

    @Option(
        name: [.customShort("b"), .long],
        help: ArgumentHelp(
            """
            A server for reads and writes; repeatable, or a comma-separated list. (default: the sandbox where it is \
            loaded, else 127.0.0.1:3306)
            """, valueName: "host:port|/path"))
    var proxyBackendAddresses: [String] = []

    @Option(
        name: [.customShort("r"), .long],
        help: ArgumentHelp(
            "A server for reads only; repeatable, or a comma-separated list.", valueName: "host:port|/path"))
    var proxyReadOnlyBackendAddresses: [String] = []

    @Flag(name: .long, help: "Connect clients to read-only servers when no other one is left.")
    var proxyReadOnlyFallback = false

    @Option(name: .long, help: ArgumentHelp("Wait so long for one server to take a connection.", valueName: "seconds"))
    var proxyConnectTimeout = 2.0

    @Option(name: .long, help: ArgumentHelp("Wait so long for a client to finish its login.", valueName: "seconds"))
    var proxyLoginTimeout = 10.0

    @Option(
        name: .long,
        help: ArgumentHelp("Wait so long for the next byte of a client or a server.", valueName: "seconds"))
    var proxyReadTimeout = 28800.0

    @Option(
        name: .long,
        help: ArgumentHelp("Wait so long for a client or a server to take what was sent to it.", valueName: "seconds"))
    var proxyWriteTimeout = 28800.0

    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp("A Lua script whose functions are asked in every phase.", valueName: "file"),
        completion: .file())
    var proxyLuaScript: String?

    @Option(
        name: .long,
        help: ArgumentHelp("End a hook of the script after so many instructions of Lua.", valueName: "count"))
    var proxyLuaMaxInstructions: Int64 = 500_000

    @Option(
        name: .long,
        help: ArgumentHelp("End a hook of the script that wants more memory than this.", valueName: "bytes"))
    var proxyLuaMaxMemory: Int64 = 16_777_216

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The most of a result that is kept for a script; a longer one becomes an error.", valueName: "bytes"))
    var proxyLuaMaxResult: Int64 = 67_108_864

    @Option(
        name: .long,
        help: ArgumentHelp("The most that proxy.shared may hold, over all event threads.", valueName: "bytes"))
    var proxyLuaSharedMemory = 67_108_864

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What follows from an error of the script: the traffic passes unchanged, or the client gets an error."))
    var proxyLuaOnError = LuaFailurePolicy.pass

    @Flag(name: .long, help: "Load the plugin, but don't listen.")
    var noProxy = false

    @Flag(name: .long, help: ArgumentHelp("Accepted for mysql-proxy's sake, without effect.", visibility: .hidden))
    var proxySkipProfiling = false

    @Flag(
        name: .customLong("proxy-fix-bug-25371"),
        help: ArgumentHelp("Accepted for mysql-proxy's sake, without effect.", visibility: .hidden))
    var proxyFixBug25371 = false

    @Flag(
        name: .long,
        help: ArgumentHelp(
            "Accepted for mysql-proxy's sake, without effect: the server checks every login.", visibility: .hidden))
    var proxyPoolNoChangeUser = false

    package init() {}

    package mutating func validate() throws {
        let waits = [
            ("--proxy-connect-timeout", proxyConnectTimeout), ("--proxy-login-timeout", proxyLoginTimeout),
            ("--proxy-read-timeout", proxyReadTimeout), ("--proxy-write-timeout", proxyWriteTimeout),
        ]
        for (name, value) in waits where !(value > 0 && value.isFinite) {
            throw ValidationError("\(name)=\(value) must be a number of seconds above 0.")
        }
        guard (1_000...1_000_000_000).contains(proxyLuaMaxInstructions) else {
            throw ValidationError(
                "--proxy-lua-max-instructions=\(proxyLuaMaxInstructions) must be from 1000 to 1000000000.")
        }
        guard (65_536...(1 << 40)).contains(proxyLuaMaxResult) else {
            throw ValidationError("--proxy-lua-max-result=\(proxyLuaMaxResult) must be at least 65536 bytes.")
        }
        guard (65_536...(1 << 40)).contains(proxyLuaSharedMemory) else {
            throw ValidationError("--proxy-lua-shared-memory=\(proxyLuaSharedMemory) must be at least 65536 bytes.")
        }
        guard (65_536...(1 << 40)).contains(proxyLuaMaxMemory) else {
            throw ValidationError("--proxy-lua-max-memory=\(proxyLuaMaxMemory) must be at least 65536 bytes.")
        }
    }
}

extension LuaFailurePolicy: ExpressibleByArgument {}
