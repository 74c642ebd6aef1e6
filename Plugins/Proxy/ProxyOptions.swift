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
            "Accepted for mysql-proxy's sake, without effect: this plugin keeps no pool.", visibility: .hidden))
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
    }
}
