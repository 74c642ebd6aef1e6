import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

/// What a session has at its begin, at its end, and while hooks have a say in between.
///
/// It is made when it is needed; where there are hooks it stays, so that no query has to make it anew.
final class Interlude {
    /// When the login must be finished; a wait that a connect hook wants doesn't count.
    fileprivate var loginDeadline = MonotonicTime(nanoseconds: .max)
    /// When a connected backend that has not greeted is given up: half of the login's time.
    fileprivate var greetingDeadline = MonotonicTime(nanoseconds: .max)
    /// Payloads that a decision has for a `send` step.
    fileprivate var outgoing: [[UInt8]] = []
    /// Packets of a decision, numbered already, that a `send` step sends in place of the payloads.
    fileprivate var framed: [UInt8] = []
    /// The injected queries of the command under way.
    fileprivate var injections: InjectionQueue?
    /// Whether the next injected query is being sent, and whether another one is to follow.
    fileprivate var isSendingInjection = false
    fileprivate var hasToSendInjection = false
    /// The hook that has asked to wait, until when.
    fileprivate var hold: ProxyConnection.Hold?
    /// Why the session ended.
    fileprivate var endCause: EndCause?
}

extension ProxyConnection {
    /// A hook's wish to wait.
    struct Hold {
        var phase: Phase
        /// The hook's place in its chain; the ones before it have spoken.
        var index: Int
        var until: MonotonicTime
        /// Whether it may be asked again.
        var isResumed = false
    }

    /// When the login must be finished; a wait that a connect hook wants doesn't count.
    var loginDeadline: MonotonicTime {
        get { interlude?.loginDeadline ?? MonotonicTime(nanoseconds: .max) }
        set { madeInterlude.loginDeadline = newValue }
    }

    /// When a connected backend that has not greeted is given up: half of the login's time.
    var greetingDeadline: MonotonicTime {
        get { interlude?.greetingDeadline ?? MonotonicTime(nanoseconds: .max) }
        set { madeInterlude.greetingDeadline = newValue }
    }

    /// Payloads that a decision has for a `send` step.
    var outgoing: [[UInt8]] {
        get { interlude?.outgoing ?? [] }
        set { if interlude != nil || !newValue.isEmpty { madeInterlude.outgoing = newValue } }
    }

    /// Packets of a decision, numbered already, that a `send` step sends in place of ``outgoing``.
    var framed: [UInt8] {
        get { interlude?.framed ?? [] }
        set { if interlude != nil || !newValue.isEmpty { madeInterlude.framed = newValue } }
    }

    /// The injected queries of the command under way.
    var injections: InjectionQueue? {
        get { interlude?.injections }
        set { if interlude != nil || newValue != nil { madeInterlude.injections = newValue } }
    }

    /// Whether the next injected query is being sent.
    var isSendingInjection: Bool {
        get { interlude?.isSendingInjection ?? false }
        set { madeInterlude.isSendingInjection = newValue }
    }

    /// Whether another injected query is to follow.
    var hasToSendInjection: Bool {
        get { interlude?.hasToSendInjection ?? false }
        set { madeInterlude.hasToSendInjection = newValue }
    }

    /// The hook that has asked to wait, until when.
    var hold: Hold? {
        get { interlude?.hold }
        set { if interlude != nil || newValue != nil { madeInterlude.hold = newValue } }
    }

    /// Why it ended.
    var endCause: EndCause? {
        get { interlude?.endCause }
        set { madeInterlude.endCause = newValue }
    }

    /// The login has succeeded: what only it needed is let go of.
    func loginEnded() {
        // The next deadline is far away: left where it is in the timers, it would wake the loop for nothing, once a session.
        disarm()
        if !context.asksHooks { interlude = nil }
        if !context.keepsLogins { session.forgetLogin(isListed: !isServedLocally || context.asksHooks) }
        if isServedLocally { tracker?.forgetLogin() }
    }

    private var madeInterlude: Interlude {
        if let interlude { return interlude }
        let made = Interlude()
        interlude = made
        return made
    }

    /// The client's address; nil without a client. Its end of a unix socket has no name: the socket's path says where it came
    /// in.
    var clientAddress: String? {
        guard let client else { return nil }
        let peer = client.peerAddress
        return peer.isEmpty ? session.listenerAddress : peer
    }
}
