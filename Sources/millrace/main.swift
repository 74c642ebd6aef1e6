import Chassis
import Glibc
import ProxyPlugin

var registry = PluginRegistry()
registry.register(ProxyPlugin.self)
exit(
    Millrace.main(registry: registry, arguments: Array(CommandLine.arguments.dropFirst())) { configuration, log in
        EventRuntime(configuration, log: log)
    })
