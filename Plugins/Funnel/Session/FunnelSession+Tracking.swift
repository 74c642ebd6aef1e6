import MySQLWire
import ProxyCore
import SQLText

// What the client is told of changes of its session's state: what it asked for, whatever the funnel asks servers for.

extension FunnelSession {
    /// Has the answer to the command tell the client what it asked for.
    func chooseTracking(_ running: RunningCommand, on connection: BackendConnection) {
        guard capabilities.contains(.sessionTrack) else { return }
        if running.facts.contains(.setsSessionVariable), let effects = running.effects {
            running.trackPolicy = running.withText { chosenPolicy(after: effects, $0) }
        }
        guard trackPolicy != nil || running.trackPolicy != nil || connection.hasTrackPolicy else { return }
        let before = trackPolicy ?? TrackPolicy()
        var policy = running.trackPolicy ?? before
        // A server tells once more that something has changed: that switch.
        policy.stateChange = policy.stateChange || before.stateChange
        connection.translator.trackPolicy = policy
        connection.hasTrackPolicy = true
    }

    /// What the session is told after a text that sets variables; nil where it sets none of those.
    private func chosenPolicy(after effects: StatementEffects, _ text: Span<UInt8>) -> TrackPolicy? {
        var policy: TrackPolicy?
        for case .setsVariable(let name, let range) in effects.details {
            let name = name.description
            guard SettingVariable(name).belongsToFunnel, range.upperBound <= text.count else { continue }
            var changed = policy ?? trackPolicy ?? TrackPolicy()
            changed.set(name, to: String(decoding: range.map { text[$0] }, as: UTF8.self))
            policy = changed
        }
        return policy
    }

    /// The command was answered.
    func trackingChosen(_ running: RunningCommand, isError: Bool) {
        if let policy = running.trackPolicy, !isError { trackPolicy = policy }
    }
}
