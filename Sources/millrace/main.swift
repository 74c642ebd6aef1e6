internal import Chassis
internal import Glibc

let exitCode = Millrace.main(
    registry: PluginRegistry(),
    arguments: Array(CommandLine.arguments.dropFirst()),
    makeRuntime: { _, _ in IdleRuntime() })
exit(exitCode)
