public import PluginAPI
public import Pooling

extension ProxyTimeouts {
    /// Short waits for connects and logins, and this one for a peer's next byte.
    public static func simulated(silence: TimeSpan = .seconds(600)) -> Self {
        Self(connect: .seconds(2), login: .seconds(30), read: silence, write: silence)
    }
}
