import PluginAPI

extension Funnel {
    /// The bounds of mirroring as rows of `global_variables`, with ProxySQL's names and ranges.
    var mirrorVariables: [RuntimeVariable] {
        [
            .integer("mysql-mirror_max_concurrency", in: 1...8192) { [mirrors] in
                mirrors.mostRunning
            } apply: { [mirrors, loops] most in
                for loop in mirrors.setMostRunning(most) { loops.post(to: loop) { $0.mirrors.runNext() } }
            },
            .integer("mysql-mirror_max_queue_length", in: 0...1_048_576) { [mirrors] in
                mirrors.mostWaiting
            } apply: { [mirrors] most in
                mirrors.mostWaiting = most
            },
        ]
    }
}
