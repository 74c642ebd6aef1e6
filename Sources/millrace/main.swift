import AdminPlugin
import Chassis
import FunnelPlugin
import Glibc
import ProxyPlugin
import RulesPlugin
import SandboxPlugin

var registry = PluginRegistry()
registry.register(ProxyPlugin.self)
registry.register(RulesPlugin.self)
registry.register(FunnelPlugin.self)
registry.register(AdminPlugin.self)
registry.register(SandboxPlugin.self)
exit(
    Millrace.main(registry: registry, arguments: Array(CommandLine.arguments.dropFirst())) { configuration, log in
        EventRuntime(configuration, log: log)
    })
