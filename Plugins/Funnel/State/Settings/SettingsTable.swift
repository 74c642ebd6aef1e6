import Locking
import MySQLWire
import SQLText

/// All settings that sessions of this process have, each content once.
final class SettingsTable: Sendable {
    /// Strong references: a weak one to the settings would make all others slow, and every statement has some.
    private struct State {
        var entries: [SessionSettings.Content: SessionSettings] = [:]
        var sweepAt = 64

        /// Lets go of what nobody else has. Nobody can begin to use it meanwhile but by the table, which is locked.
        mutating func sweep() {
            for content in Array(entries.keys) where isKnownUniquelyReferenced(&entries[content]) {
                entries[content] = nil
            }
            sweepAt = max(64, entries.count * 2)
        }
    }

    private let state = Lock(State())

    /// The settings with that content.
    func settings(_ content: SessionSettings.Content) -> SessionSettings {
        state.withLock { state in
            if let known = state.entries[content] { return known }
            let settings = SessionSettings(content)
            state.entries[content] = settings
            if state.entries.count >= state.sweepAt { state.sweep() }
            return settings
        }
    }

    /// The number of settings in use, and some that were.
    var count: Int { state.withLock { $0.entries.count } }

    /// The settings after an answer that told `changes`, given what the text tells of what it executed.
    ///
    /// An answer with an error may tell changes too: those of statements before the failing one.
    func changed(
        _ settings: SessionSettings, by changes: [SessionStateChange], _ effects: StatementEffects?,
        _ text: Span<UInt8>
    ) -> SessionSettings {
        let setsRole = effects?.facts.contains(.setsRole) == true
        let setsVariable = effects?.facts.contains(.setsSessionVariable) == true
        guard !changes.isEmpty || setsRole || setsVariable else { return settings }
        var change = SettingsChange(settings, effects)
        for told in changes { change.add(told, text) }
        if setsRole { change.unread.insert(.role) }
        if setsVariable, let effects { change.addUntold(effects, by: changes) }
        return self.settings(change)
    }

    /// The settings after COM_SET_OPTION.
    func changed(_ settings: SessionSettings, takesSeveralStatements: Bool) -> SessionSettings {
        var change = SettingsChange(settings, nil)
        change.content.takesSeveralStatements = takesSeveralStatements
        return self.settings(change)
    }

    /// The settings with the answers to what was unread; nil stands for NULL.
    func read(_ settings: SessionSettings, _ values: [SessionSettings.Unread: [UInt8]?]) -> SessionSettings {
        var change = SettingsChange(settings, nil)
        for (unread, value) in values {
            change.unread.remove(unread)
            switch unread {
            case .role: change.content.role = value ?? []
            case .variable(let name):
                if let value { change.content.variables[name] = String(decoding: value, as: UTF8.self) }
            case .collation: if let value { change.setCollation(String(decoding: value, as: UTF8.self)) }
            }
        }
        return self.settings(change)
    }

    private func settings(_ change: SettingsChange) -> SessionSettings {
        if change.isNothing { return change.before }
        guard change.unread.isEmpty else { return SessionSettings(change.content, unread: change.unread) }
        return settings(change.content)
    }
}
