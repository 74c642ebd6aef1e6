import EmbeddedSQL
import SQLText

/// The few words of MySQL that SQLite doesn't know.
extension StatementText {
    /// What the translation needs to know.
    struct Surroundings {
        let catalog: Catalog
        /// A variable's value as `SELECT @@name` brings it; nil where there is none of that name.
        let variable: (String) -> String?
    }

    /// The tables made on demand that the statement may name.
    func mentioned(in catalog: Catalog) -> [ProvidedTable] {
        pieces.indices.compactMap { index in
            guard pieces[index].isName else { return nil }
            return catalog.named(pieces[index].text.lowercased(), schema: qualifier(of: index))
        }
    }

    private func qualifier(of index: Int) -> String? {
        guard index >= 2, pieces[index - 1].isSymbol("."), pieces[index - 2].isName else { return nil }
        return pieces[index - 2].text
    }

    /// The statement from a token on, as SQLite takes it.
    func sqlite(from start: Int = 0, _ surroundings: Surroundings) throws -> String {
        var parts: [String] = []
        var index = start
        while index < pieces.count {
            let (text, count) = try translation(at: index, surroundings)
            parts.append(gap(before: index, start) + text)
            index += max(1, count)
        }
        return parts.joined()
    }

    /// A blank where the client had blanks or a comment.
    private func gap(before index: Int, _ start: Int) -> String {
        index > start && pieces[index - 1].range.upperBound < pieces[index].range.lowerBound ? " " : ""
    }

    /// What a token becomes, with the ones behind it that belong to it.
    private func translation(at index: Int, _ surroundings: Surroundings) throws -> (String, Int) {
        let piece = pieces[index]
        let written = String(decoding: bytes[piece.range], as: UTF8.self)
        switch piece.kind {
        case .systemVariable: return try variable(at: index, written, surroundings)
        case .identifier, .quotedIdentifier, .string:
            if let shortened = shortened(at: index, surroundings.catalog) { return shortened }
            return (keyword(at: index) ?? written, 1)
        case .operator where piece.text == "<=>": return ("IS", 1)
        case _: return (written, 1)
        }
    }

    /// `main.runtime_x` is every session's own `runtime_x`.
    private func shortened(at index: Int, _ catalog: Catalog) -> (String, Int)? {
        guard index + 2 < pieces.count, pieces[index].text.lowercased() == AdminStore.schema,
            pieces[index + 1].isSymbol("."), pieces[index + 2].isName,
            catalog.named(pieces[index + 2].text.lowercased(), schema: AdminStore.schema) != nil
        else { return nil }
        return (Literal.name(pieces[index + 2].text), 3)
    }

    private func keyword(at index: Int) -> String? {
        let isCall = index + 1 < pieces.count && pieces[index + 1].kind == .openParenthesis
        switch word(index) {
        case "IF" where isCall: return "iif"
        case "IGNORE" where index == 1 && word(0) == "INSERT": return "OR IGNORE"
        case "FROM" where word(index + 1) == "DUAL": return ""
        case "DUAL" where index > 0 && word(index - 1) == "FROM": return ""
        case "CURRENT_USER" where !isCall: return "current_user()"
        case _: return nil
        }
    }

    /// The value of `@@name`, `@@session.name` or `@@mysql-name`, under the name that the client wrote.
    private func variable(
        at index: Int, _ written: String, _ surroundings: Surroundings
    ) throws -> (String, Int) {
        var name = String(written.dropFirst(2)).lowercased()
        for scope in ["session.", "global.", "local."] where name.hasPrefix(scope) {
            name = String(name.dropFirst(scope.count))
        }
        name = name.filter { $0 != "`" }
        var (shown, count) = (written, 1)
        if index + 2 < pieces.count, pieces[index + 1].isSymbol("-"), pieces[index + 2].kind == .identifier {
            let long = name + "-" + pieces[index + 2].text
            if surroundings.variable(long) != nil { (name, shown, count) = (long, "@@" + long, 3) }
        }
        guard let value = surroundings.variable(name) else { throw AdminError.unknownVariable(name) }
        let literal = Int64(value) != nil ? value : Literal.text(value)
        return (literal + (isItem(index, count) ? " AS " + Literal.name(shown) : ""), count)
    }

    /// Whether the tokens are a column of their own, without a name.
    private func isItem(_ index: Int, _ count: Int) -> Bool {
        let follows = index + count < pieces.count ? pieces[index + count] : nil
        let isLast =
            follows == nil || follows?.kind == .comma || ["LIMIT", "FROM"].contains(word(index + count))
        return index > 0 && isLast && (pieces[index - 1].kind == .comma || word(index - 1) == "SELECT")
    }
}
