extension TidyRules {
    /// Public declarations of Sources and Plugins without a `///` line above them.
    static func undocumented(_ file: SourceFile) -> [Offence] {
        guard !file.path.hasPrefix("Tests/") else { return [] }
        return file.code.indices.compactMap { index in
            guard isPublicDeclaration(file.code[index]), !hasDocumentation(file, above: index) else { return nil }
            return offence(file, index + 1, "a public declaration without a doc comment")
        }
    }

    private static let declarations: Set<Substring> = [
        "func", "var", "let", "struct", "class", "enum", "protocol", "actor", "init", "subscript", "typealias",
        "associatedtype", "macro",
    ]

    private static func isPublicDeclaration(_ code: String) -> Bool {
        let words = code.split { !isWord($0) && $0 != "@" && $0 != "." }
        let access = words.firstIndex { $0 == "public" || $0 == "open" }
        guard let access, words[..<access].allSatisfy(isAttributeOrModifier) else { return false }
        guard let keyword = words[(access + 1)...].first(where: declarations.contains) else { return false }
        guard words.contains("override") == false else { return false }
        return !words[(access + 1)...].prefix { $0 != keyword }.contains { $0 == "import" || $0 == "extension" }
    }

    private static func isAttributeOrModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["final", "static", "nonisolated", "indirect", "always", "override"].contains(word)
    }

    /// Attributes, over however many lines their arguments go, may stand between the comment and the declaration.
    private static func hasDocumentation(_ file: SourceFile, above index: Int) -> Bool {
        var openParentheses = 0
        for (line, code) in zip(file.lines, file.code).prefix(index).reversed() {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("///") { return true }
            openParentheses += code.count { $0 == ")" } - code.count { $0 == "(" }
            let isAttribute = text.hasPrefix("@") || text.hasPrefix("#if")
            if !isAttribute, openParentheses <= 0 { return false }
        }
        return false
    }
}
