import Locking
import LuaVM
import PluginAPI
import Synchronization

/// The script that new clients get: replaced when its files change, unless the new version is unfit.
final class ScriptSource: Sendable {
    private let path: String
    private let host: any PluginHost
    private let trial: ScriptTrial
    private let current: Lock<LuaScript>
    private let replacements = Atomic<Int>(0)
    private let failures = Atomic<Int>(0)
    /// Only one look at the files at a time.
    private let isLooking = Lock(())

    init(_ script: LuaScript, trial: ScriptTrial, host: any PluginHost) {
        path = script.path
        current = Lock(script)
        self.trial = trial
        self.host = host
    }

    /// Tries the first version, at the start.
    func tryScript() throws(OptionError) { try trial.run(script) }

    /// Counts the replacements, so that a loop sees whether it has the latest script.
    var generation: Int { replacements.load(ordering: .acquiring) }

    /// How often a new version was unfit.
    var failedReplacements: Int { failures.load(ordering: .relaxed) }

    /// The latest fit version.
    var script: LuaScript { current.withLock { $0 } }

    /// Tries the script as it is now, where one of its files has changed; reads files, so never on a loop's thread.
    func look() {
        isLooking.withLock { _ in
            guard let changed = script.files.changed() else { return }
            reload(because: "\(changed) has changed")
        }
    }

    /// Tries the script as it is now, changed or not.
    func reload() {
        isLooking.withLock { _ in reload(because: "SIGHUP") }
    }

    private func reload(because reason: String) {
        let old = script
        let new: LuaScript
        do {
            new = try LuaScript(reading: path)
            try trial.run(new)
        } catch {
            failures.wrappingAdd(1, ordering: .relaxed)
            // The next change is looked at, not this one again.
            old.files.refresh()
            let message = (error as? OptionError)?.reason ?? "\(error)"
            host.log(
                .critical,
                "\(self.path) isn't reloaded (\(reason)): \(message). The version before goes on; mend the file")
            return
        }
        current.withLock { $0 = new }
        replacements.wrappingAdd(1, ordering: .releasing)
        host.log(
            .message,
            "\(self.path) is reloaded (\(reason)); clients that are connected keep the version that they began with")
    }
}
