public import MySQLWire
internal import Pooling

// What sessions have for a while only, or only few of them: apart, since there may be many that rest.

/// What all sessions of a listener have in common.
package final class Entrance: Sendable {
    /// The address that the clients connected to.
    package let address: String
    /// How long is waited in their sessions.
    package let timeouts: ProxyTimeouts

    package init(address: String, timeouts: ProxyTimeouts = .none) {
        self.address = address
        self.timeouts = timeouts
    }
}

extension ProxyTimeouts {
    /// Nothing is waited for.
    package static let none = Self(connect: .zero, login: .zero, read: .zero, write: .zero)
}

/// What the begin and the end of a session bring.
package final class Passage {
    /// What was said before the login had succeeded.
    fileprivate var words: Words?
    /// What is remembered of it where nothing else is.
    package fileprivate(set) var memory: Memory?
    fileprivate var failedConnects = 0
    fileprivate var endReason: String?
    /// The client's address, where nobody else knows it any more.
    package var clientAddress: String?

    fileprivate final class Words {
        var greeting: Greeting?
        var login: LoginRequest?
        var backendGreeting: Greeting?
    }

    /// What lists of sessions and hooks for statements show.
    package struct Memory {
        package let user: [UInt8]
        package let schema: [UInt8]
        package let backendConnectionID: UInt32?
    }

    fileprivate var isEmpty: Bool {
        words == nil && memory == nil && failedConnects == 0 && endReason == nil && clientAddress == nil
    }

    fileprivate var madeWords: Words {
        if let words { return words }
        let made = Words()
        words = made
        return made
    }
}

extension Session {
    /// How many backends have failed this session so far.
    public package(set) final var failedConnects: Int {
        get { passage?.failedConnects ?? 0 }
        set { madePassage.failedConnects = newValue }
    }

    /// What the client was greeted with, once that has happened; see ``login``.
    public package(set) final var greeting: Greeting? {
        get { passage?.words?.greeting }
        set { madePassage.madeWords.greeting = newValue }
    }

    /// The client's login, once it has arrived.
    ///
    /// It is forgotten when it has succeeded, and the greetings with it, where no plugin has hooks for the login itself or
    /// for commands before they are decided on; ``userBytes`` stays.
    public package(set) final var login: LoginRequest? {
        get { passage?.words?.login }
        set { madePassage.madeWords.login = newValue }
    }

    /// The user that the client has logged in as, or wants to; where there are hooks for statements, it is known as long as
    /// the session lasts.
    public final var userBytes: [UInt8] { passage?.words?.login?.userBytes ?? passage?.memory?.user ?? [] }

    /// The greeting of the connection in use, which may have begun with another session; nil before it has arrived, see
    /// ``login``.
    public package(set) final var backendGreeting: Greeting? {
        get { passage?.words?.backendGreeting }
        set { madePassage.madeWords.backendGreeting = newValue }
    }

    /// Why the session ended; nil while it goes on.
    public package(set) final var endReason: String? {
        get { passage?.endReason }
        set { madePassage.endReason = newValue }
    }

    /// The login is over, and nobody looks at it any more.
    ///
    /// - Parameter isListed: whether lists and hooks show what is remembered of it here.
    package final func forgetLogin(isListed: Bool) {
        guard let passage else { return }
        if isListed, let words = passage.words {
            passage.memory = Passage.Memory(
                user: words.login?.userBytes ?? [], schema: words.login?.schemaBytes ?? [],
                backendConnectionID: words.backendGreeting?.connectionID)
        }
        passage.words = nil
        if passage.isEmpty { self.passage = nil }
    }

    /// The client goes: its address is still known afterwards.
    package final func keepClientAddress() { madePassage.clientAddress = clientAddress }

    final var madePassage: Passage {
        if let passage { return passage }
        let made = Passage()
        passage = made
        return made
    }
}
