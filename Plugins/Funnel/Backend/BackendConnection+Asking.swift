import Accounts
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import Streams

// Commands of the funnel's own: settings, pings, what a session has left on the connection. Their answers are kept whole.

extension BackendConnection {
    /// A command of the funnel's own, under way.
    struct Question {
        let command: Command
        var answer: [UInt8] = []
        /// Told the answer; nil where the connection has broken.
        let completion: (InternalAnswer?) -> Void
    }

    /// How long the server may take for a command of the funnel's own.
    private static let patience = TimeSpan.seconds(30)

    /// Sends a command of the funnel's own; the completion runs when it is answered, and the connection is ready again.
    func ask(_ payload: [UInt8], _ completion: @escaping (InternalAnswer?) -> Void) {
        guard phase == .ready, let stream else { return completion(nil) }
        var writer = PacketWriter()
        writer.append(payload)
        let command = Command(rawValue: payload.first ?? 0)
        phase = .asking
        question = Question(command: command, completion: completion)
        setTranslator(to: capabilities)
        translator.commandSent(command, lastSequence: writer.sequence &- 1, clientSequence: writer.sequence)
        let packets = writer.take()
        stream.send(packets.span)
        worker.loop.setDeadline(worker.loop.now + Self.patience, for: self)
    }

    /// Asks one after the other, up to the first that fails.
    ///
    /// - Parameter completion: told the last answer; nil where the connection has broken.
    func ask(all payloads: ArraySlice<[UInt8]>, _ completion: @escaping (InternalAnswer?) -> Void) {
        guard let first = payloads.first else { return completion(InternalAnswer()) }
        ask(first) { [self] answer in
            guard let answer, answer.isOK, payloads.count > 1 else { return completion(answer) }
            ask(all: payloads.dropFirst(), completion)
        }
    }

    func ownAnswerArrived(_ bytes: Span<UInt8>) -> Int {
        var output: [UInt8] = []
        let step = translator.received(bytes, into: &output)
        bytes.extracting(0..<step.consumed).withUnsafeBufferPointer { question?.answer.append(contentsOf: $0) }
        switch step.event {
        case .more: return step.consumed
        case .ended where step.consumed == bytes.count: ownAnswerEnded()
        case .authContinues where question?.command == .changeUser && step.consumed == bytes.count: loginContinues()
        case .ended, .localInfile, .authContinues, .endless, .violation:
            gone("it answered a command of the funnel's own in a way that it must not", couldConnect: true)
        }
        return bytes.count
    }

    /// The command that logs the user in again; nil where that can't be.
    func changeUser() -> [UInt8]? {
        guard case .send(let payload)? = login?.changeUserBegins() else { return nil }
        return payload
    }

    /// The server asks for more before the user is logged in again.
    private func loginContinues() {
        let packets = question?.answer ?? []
        question?.answer = []
        let header = PacketHeader(packets.span)
        let payload = packets.dropFirst(PacketHeader.size).prefix(header?.payloadLength ?? 0)
        guard case .send(let answer)? = login?.packetArrived(Array(payload)) else {
            return gone("it asks for more than the login had", couldConnect: true)
        }
        var writer = PacketWriter(sequence: translator.backendSequence)
        writer.append(answer)
        translator.clientAnswered(lastSequence: writer.sequence &- 1, clientSequence: writer.sequence)
        let bytes = writer.take()
        stream?.send(bytes.span)
    }

    private func ownAnswerEnded() {
        guard let question else { return }
        self.question = nil
        phase = .ready
        worker.loop.setDeadline(nil, for: self)
        question.completion(
            InternalAnswer(reading: question.answer.span, to: question.command, capabilities: capabilities))
    }

    /// Asks the server whether it is there.
    func ping() {
        ask([Command.ping.rawValue]) { [self] answer in
            guard answer != nil else { return }
            let owner = owner
            pool.tell(from: worker, frees: true) { book, now, steps in book.checked(id, now: now, &steps) }
            // The connection may be on another loop now.
            owner?.lastWasPinged()
        }
    }
}
