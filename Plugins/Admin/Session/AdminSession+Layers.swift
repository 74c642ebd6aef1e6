import EmbeddedSQL
import MySQLWire
import PluginAPI
import SQLText

/// LOAD, SAVE and SET: configuration between the layers.
extension AdminSession {
    func move(_ text: StatementText, _ output: Output) throws {
        guard isAdministrator else { throw AdminError.administratorsOnly }
        let world = try requireWorld()
        guard let command = layerCommand(text, world.layers.sections) else {
            throw AdminError.syntax(
                "\(text.word(0)) is written LOAD section TO RUNTIME, SAVE section TO DISK and so on")
        }
        if world.isScratch { return output.done() }
        guard !isPortReadOnly || command.action == .verify else { throw AdminError.readOnly }
        try commitOpen()
        warnings = try world.layers.perform(command)
        output.done(warnings: warnings.count)
    }

    private func layerCommand(_ text: StatementText, _ sections: [any ConfigurationSection]) -> LayerCommand? {
        for section in sections {
            guard let named = section as? any NamedConfigurationSection else { continue }
            if let command = LayerCommand(text, ofOne: named.singular) { return command }
        }
        let words = text.words
        return words.count == text.pieces.count ? LayerCommand(words) : nil
    }

    /// `SET mysql-name = value` edits global_variables; what clients set at their start means nothing here.
    func set(_ text: StatementText, _ output: Output) throws {
        var changed = 0
        for assignment in Assignment.all(in: text) {
            guard assignment.name.contains("-") else {
                try check(assignment)
                continue
            }
            guard isAdministrator else { throw AdminError.administratorsOnly }
            guard !isPortReadOnly || assignment.name == "admin-read_only" else { throw AdminError.readOnly }
            try set(assignment.name, to: assignment.value)
            changed += 1
        }
        output.done(affected: changed)
    }

    private func set(_ name: String, to value: String) throws {
        guard try requireWorld().catalog.variables[name] != nil else {
            throw SQLError(code: 1193, message: "Unknown global variable '\(name)'")
        }
        let connection = try open()
        let row = [Cell.text(name), .text(value)]
        try connection.execute("INSERT OR REPLACE INTO main.global_variables VALUES (?, ?)", row)
        written.insert("global_variables")
        // Who has made the port read only must be able to take that back.
        if name == "admin-read_only", isPortReadOnly, let variable = world?.catalog.variables[name],
            let checked = try? variable.check(value)
        {
            variable.apply(checked)
        }
    }

    private func check(_ assignment: Assignment) throws {
        let name = assignment.name
        guard !name.isEmpty, !name.hasPrefix("@"), variable(name) == nil else { return }
        let known = ["NAMES", "CHARACTER", "CHARSET", "TRANSACTION", "OPTION", "OPTIMIZER_SWITCH", "PROFILING"]
        guard !known.contains(name.uppercased()) else { return }
        throw AdminError.unknownVariable(name)
    }

    /// The rows of a section's tables in this session's schema.
    func contents(of section: any ConfigurationSection) throws -> TableContents {
        let connection = try open()
        return try section.tables.reduce(into: [:]) { contents, table in
            contents[table.name] = try connection.fetch(
                "SELECT \(table.columnList) FROM main.\(Literal.name(table.name))\(section.filter)")
        }
    }

    /// The value that `@@name` has; nil where there is no such variable.
    func variable(_ name: String) -> String? {
        if let world, world.catalog.variables[name] != nil, isAdministrator, let connection {
            let sql = "SELECT variable_value FROM main.global_variables WHERE variable_name = \(Literal.text(name))"
            return try? connection.fetch(sql).first?.first?.text
        }
        return ServerVariables.value(name)
    }
}

/// One part of a SET.
struct Assignment: Equatable {
    /// The variable's name without scope and `@@`; a `-` inside belongs to it. Empty for SET NAMES and its like.
    let name: String
    let value: String

    /// The parts of a SET.
    static func all(in text: StatementText) -> [Assignment] {
        var parts: [[StatementText.Piece]] = [[]]
        var depth = 0
        for piece in text.pieces.dropFirst() {
            if piece.isSymbol("(") { depth += 1 }
            if piece.isSymbol(")") { depth -= 1 }
            if depth == 0, piece.kind == .comma { parts.append([]) } else { parts[parts.count - 1].append(piece) }
        }
        return parts.map(Assignment.init)
    }

    private init(_ pieces: [StatementText.Piece]) {
        var pieces = pieces[...]
        if pieces.count > 2, let word = pieces.first?.text.uppercased(),
            ["GLOBAL", "SESSION", "LOCAL", "PERSIST"].contains(word)
        {
            pieces = pieces.dropFirst()
        }
        let equals = pieces.firstIndex { $0.isSymbol("=") || $0.isSymbol(":=") }
        var name = pieces[..<(equals ?? pieces.endIndex)].map(\.text).joined(separator: equals == nil ? " " : "")
        if equals == nil { name = String(name.prefix { $0 != " " }) }
        if name.hasPrefix("@@") {
            name = String(name.dropFirst(2))
            for scope in ["session.", "global.", "local."] where name.lowercased().hasPrefix(scope) {
                name = String(name.dropFirst(scope.count))
            }
        }
        self.name = name
        value = equals.map { pieces[($0 + 1)...].map(\.text).joined() } ?? ""
    }
}
