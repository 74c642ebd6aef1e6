import Accounts
import ProxyCore

/// What only few of the funnel's sessions have, or all for a while.
///
/// Made when it is needed; it stays while there is anything in it that outlasts a command.
final class Rarities {
    /// The login under way.
    fileprivate var dialogue: LoginDialogue?
    fileprivate var statements = ClientStatements()
    fileprivate var trackPolicy: TrackPolicy?
    fileprivate var seenTransactions: SeenTransactions?
    fileprivate var afterCapture: (() -> Void)?
    fileprivate var loss: String?
    fileprivate var kill = KillUnderWay()
    /// The last challenge, where it isn't of the usual length.
    fileprivate var challenge: [UInt8] = []

    fileprivate var isNeeded: Bool {
        dialogue != nil || statements.hasHistory || trackPolicy != nil || seenTransactions != nil
            || afterCapture != nil || loss != nil || kill.awaited > 0 || !challenge.isEmpty
    }
}

/// A login under way.
struct LoginDialogue {
    var login: ClientLogin
    var attempt: LoginAttempt

    /// What the login says to the event.
    mutating func take(_ event: (inout ClientLogin) -> ClientLogin.Step) -> ClientLogin.Step {
        event(&login)
    }
}

/// A KILL under way: the loops that have not answered, and what came of it so far.
struct KillUnderWay {
    var awaited = 0
    var outcome = KillOrder.Outcome.unknownID
    var target: UInt64 = 0
}

extension FunnelSession {
    /// The login under way; nil between logins.
    var dialogue: LoginDialogue? {
        _read {
            if let rarities { yield rarities.dialogue } else { yield nil }
        }
        _modify { yield &madeRarities.dialogue }
    }

    /// What is asked of the login under way; nil between logins.
    var attempt: LoginAttempt? { dialogue?.attempt }

    /// Its prepared statements.
    var statements: ClientStatements {
        _read {
            if let rarities { yield rarities.statements } else { yield ClientStatements() }
        }
        _modify { yield &madeRarities.statements }
    }

    /// Whether one of them has an open cursor.
    var hasCursor: Bool { rarities?.statements.hasCursor ?? false }

    /// What it is told of changes of its state, where it has chosen that itself; nil for the usual.
    var trackPolicy: TrackPolicy? {
        get { rarities?.trackPolicy }
        set { if rarities != nil || newValue != nil { madeRarities.trackPolicy = newValue } }
    }

    /// The transactions that it has made, where query rules ask for them.
    var seenTransactions: SeenTransactions? {
        get { rarities?.seenTransactions }
        set { if rarities != nil || newValue != nil { madeRarities.seenTransactions = newValue } }
    }

    /// What waits until what it has left on its last connection has been read.
    var afterCapture: (() -> Void)? {
        get { rarities?.afterCapture }
        set { if rarities != nil || newValue != nil { madeRarities.afterCapture = newValue } }
    }

    /// What the client must be told of, at its next command: a connection that broke with its state.
    var loss: String? {
        get { rarities?.loss }
        set { if rarities != nil || newValue != nil { madeRarities.loss = newValue } }
    }

    /// The connection with the open cursors is gone, or was reset.
    func cursorsLost() {
        if hasCursor { statements.cursorsLost() }
    }

    var killUnderWay: KillUnderWay {
        get { rarities?.kill ?? KillUnderWay() }
        set { madeRarities.kill = newValue }
    }

    /// The last challenge that the client was given.
    var lastChallenge: [UInt8] {
        get {
            guard let long = rarities?.challenge, !long.isEmpty else { return challenge.bytes }
            return long
        }
        set {
            if let short = Challenge(newValue) {
                challenge = short
                if let rarities, !rarities.challenge.isEmpty { rarities.challenge = [] }
            } else {
                madeRarities.challenge = newValue
            }
        }
    }

    /// A login or something else as rare is over.
    func dropRarities() {
        if rarities?.isNeeded == false { rarities = nil }
    }

    private var madeRarities: Rarities {
        if let rarities { return rarities }
        let made = Rarities()
        rarities = made
        return made
    }
}

/// A challenge of twenty bytes, without memory of its own.
struct Challenge: BitwiseCopyable {
    private var words: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0)

    init() {}

    /// Nil where it has another length.
    init?(_ bytes: [UInt8]) {
        let isWhole = withUnsafeMutableBytes(of: &words) { room in
            guard bytes.count == room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard isWhole else { return nil }
    }

    var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }
}
