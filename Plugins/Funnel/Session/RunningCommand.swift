import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText

/// A client's command under way.
///
/// An object, since many look at it and none may pay for a copy; ``SpareCommands`` has it serve one command after another.
final class RunningCommand {
    private(set) var command = Command.quit
    /// Its packets, headers included.
    private(set) var packets: [UInt8] = []
    /// The payload of a command for prepared statements, its packets joined; empty for others.
    private(set) var payload: [UInt8] = []
    /// The sequence id of its last packet.
    private(set) var lastSequence: UInt8 = 0
    /// What its text does; nil for a command without a text.
    var effects: StatementEffects? {
        didSet { if let effects { facts = effects.facts } }
    }
    /// The facts among them, looked at many times.
    private(set) var facts: StatementFacts = []
    /// Where the command is one for a prepared statement.
    var plan: StatementPlan? {
        didSet { isPlanned = plan != nil }
    }
    /// Whether there is a plan: looked at many times, and the plan itself is long.
    private(set) var isPlanned = false
    /// When it arrived, and its place in the order of arrival.
    private(set) var arrived = MonotonicTime(nanoseconds: 0)
    private(set) var ticket: UInt64 = 0
    /// What only some commands need; nil for most.
    fileprivate var extras: Extras?
    /// How often it has been sent.
    var attempts = 0
    /// How often it was sent away by a server that gets no new statements.
    var redirections = 0
    /// Whether the client has seen something of its answer.
    var isAnswerBegun = false
    /// Whether it has taken longer than a query rule gives it, and is killed.
    var isTimedOut = false

    /// The memory of longer commands doesn't stay.
    private static let longestKept = 4096

    /// Makes it the command in the packets; all else is as in a new one.
    func begin(_ packets: Span<UInt8>, arrived: MonotonicTime, ticket: UInt64) {
        command = Command(rawValue: packets[PacketHeader.size])
        self.packets.replaceAll(by: packets)
        lastSequence = packets.lastSequence
        (self.arrived, self.ticket) = (arrived, ticket)
        (attempts, redirections) = (0, 0)
        (isAnswerBegun, isTimedOut) = (false, false)
    }

    /// Lets go of what it holds but for a short command's bytes, which those of the next one replace.
    func end() {
        (effects, facts, extras) = (nil, [], nil)
        if isPlanned { plan = nil }
        if packets.capacity > Self.longestKept { packets = [] }
        if !payload.isEmpty { payload.removeAll(keepingCapacity: payload.capacity <= Self.longestKept) }
    }

    /// Joins the packets to a payload that is kept.
    func keepPayload() {
        let packets = packets
        if let first = PacketHeader(packets.span), first.packetLength == packets.count {
            payload += packets[PacketHeader.size...]
        } else {
            payload = packets.span.joinedPayload
        }
    }

    /// Whether it only changes the default schema.
    var changesSchema: Bool {
        if command == .initDB { return true }
        guard command == .query else { return false }
        return withText { text in
            UseStatement.schema(in: text) != nil
                && text.index(of: UInt8(ascii: ";"), or: UInt8(ascii: ";"), from: 0) >= text.count
        }
    }

    /// Runs the body over the text that the command has executed: the query's, or the prepared statement's.
    func withText<Answer>(_ body: (Span<UInt8>) -> Answer) -> Answer {
        if isPlanned, let text = plannedStatement?.text { return body(text.span) }
        let packets = packets
        let first = PacketHeader(packets.span)
        if let first, first.packetLength == packets.count {
            return body(packets.span.extracting(min(PacketHeader.size + 1, packets.count)...))
        }
        let payload = packets.span.joinedPayload
        return body(payload.span.extracting(1...))
    }

    private var plannedStatement: SharedStatement? {
        switch plan {
        case .run(let run): run.original
        case .prepare(let shared): shared
        case nil, .nothing, .okay, .refuse, .closeCursor: nil
        }
    }
}

// MARK: What only some commands need

extension RunningCommand {
    /// Apart from the rest, since every statement would pay for making and freeing it.
    fileprivate final class Extras {
        var patches = AnswerPatches()
        var trackPolicy: TrackPolicy?
        var sentPackets: [UInt8]?
        var sentSequence: UInt8?
        var broughtSettings: SessionSettings?
        var variableTexts: [SQLName: [UInt8]] = [:]
        var withheld: [UInt8] = []
        var fallback: GTIDFallback?
    }

    /// What the client's answer has to be patched by.
    var patches: AnswerPatches {
        get { extras?.patches ?? AnswerPatches() }
        set { madeExtras.patches = newValue }
    }

    /// What the session is told of changes of its state from now on, if it succeeds.
    var trackPolicy: TrackPolicy? {
        get { extras?.trackPolicy }
        set { if newValue != nil || extras != nil { madeExtras.trackPolicy = newValue } }
    }

    /// What is sent in its place.
    var sentPackets: [UInt8]? {
        get { extras?.sentPackets }
        set { if newValue != nil || extras != nil { madeExtras.sentPackets = newValue } }
    }

    /// The sequence id of the last packet of what is sent in its place.
    var sentSequence: UInt8? {
        get { extras?.sentSequence }
        set { if newValue != nil || extras != nil { madeExtras.sentSequence = newValue } }
    }

    /// What the connection was brought to where that isn't the session's settings.
    var broughtSettings: SessionSettings? {
        get { extras?.broughtSettings }
        set { if newValue != nil || extras != nil { madeExtras.broughtSettings = newValue } }
    }

    /// The texts that PREPARE takes from variables.
    var variableTexts: [SQLName: [UInt8]] {
        get { extras?.variableTexts ?? [:] }
        set { madeExtras.variableTexts = newValue }
    }

    /// What its answer has begun with since it has taken too long, while that may still turn out to be the ERR of the kill.
    var withheld: [UInt8] {
        get { extras?.withheld ?? [] }
        set { madeExtras.withheld = newValue }
    }

    /// Where it goes instead of to a server that had not applied what it must see.
    var fallback: GTIDFallback? {
        get { extras?.fallback }
        set { if newValue != nil || extras != nil { madeExtras.fallback = newValue } }
    }

    private var madeExtras: Extras {
        if let extras { return extras }
        let made = Extras()
        extras = made
        return made
    }
}
