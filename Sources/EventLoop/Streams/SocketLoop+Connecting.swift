internal import Glibc
internal import Pooling

/// A name's addresses, and how long they are taken for granted.
struct KnownName {
    let addresses: [SocketAddress]
    let until: MonotonicTime

    /// Long enough for a burst of connections to cost one lookup, short enough to follow a name that moves.
    static let lifetime = TimeSpan.seconds(1)
}

extension SocketLoop {
    func start(_ stream: SocketStream, to endpoint: Endpoint, timeout: TimeSpan) {
        let attempt = ConnectAttempt(of: stream, until: now + timeout, loop: self)
        stream.attempt = attempt
        switch endpoint {
        case .unix(let path):
            attempt.start(with: SocketAddress(unixPath: path).map { [$0] } ?? [], otherwise: ENAMETOOLONG)
        case .tcp(let host, let port):
            if let address = SocketAddress(literal: host.isEmpty ? "127.0.0.1" : host, port: port) {
                attempt.start(with: [address], otherwise: EADDRNOTAVAIL)
            } else {
                setDeadline(attempt.limit, for: attempt)
                lookUp(host, port, for: attempt)
            }
        }
    }

    /// Asks the resolver on a thread of its own, unless that very question is being asked already.
    private func lookUp(_ host: String, _ port: UInt16, for attempt: ConnectAttempt) {
        let name = Endpoint.tcp(host: host, port: port)
        if let known = knownNames[name], now < known.until {
            return attempt.start(with: known.addresses, otherwise: EADDRNOTAVAIL)
        }
        lookups[name, default: []].append(attempt)
        guard lookups[name]?.count == 1 else { return }
        do {
            let thread = try PosixThread(named: "mr-resolver") { [self] in
                let answer = NameResolution.ask(host: host, port: port)
                execute { [self] in resolved(name, answer) }
            }
            thread.detach()
        } catch {
            execute { [self] in resolved(name, .unresolved(error.detail)) }
        }
    }

    private func resolved(_ name: Endpoint, _ answer: NameResolution) {
        knownNames[name] = nil
        if case .addresses(let addresses) = answer {
            knownNames[name] = KnownName(addresses: addresses, until: now + KnownName.lifetime)
        }
        for attempt in lookups.removeValue(forKey: name) ?? [] {
            switch answer {
            case .addresses(let addresses): attempt.start(with: addresses, otherwise: EADDRNOTAVAIL)
            case .unresolved(let text): attempt.giveUp(.unresolved(text))
            }
        }
    }
}
