/// Where configuration is.
enum Layer: String, Sendable {
    case memory, runtime, disk, config
}

/// LOAD and SAVE.
struct LayerCommand: Equatable, Sendable {
    /// The section's words, in capitals, one blank between them.
    let section: String
    let action: Action
    /// The name whose rows alone are meant, and the section by the words for one; nil for all rows.
    private(set) var name: String?

    enum Action: Equatable, Sendable {
        case move(from: Layer, to: Layer)
        case verify
    }

    /// Reads the words of a command, in capitals.
    ///
    /// - Returns: nil where they make no sense.
    init?(_ words: [String]) {
        guard let verb = words.first, words.count >= 3, verb == "LOAD" || verb == "SAVE" else { return nil }
        if verb == "LOAD", words.last == "VERIFY" {
            section = words.dropFirst().dropLast().joined(separator: " ")
            action = .verify
            return
        }
        guard words.count >= 4, let layer = Self.layer(words[words.count - 1]) else { return nil }
        section = words.dropFirst().dropLast(2).joined(separator: " ")
        switch (verb, words[words.count - 2], layer) {
        case ("LOAD", "FROM", .disk), ("LOAD", "TO", .memory): action = .move(from: .disk, to: .memory)
        case ("LOAD", "TO", .runtime), ("LOAD", "FROM", .memory): action = .move(from: .memory, to: .runtime)
        case ("SAVE", "FROM", .runtime), ("SAVE", "TO", .memory): action = .move(from: .runtime, to: .memory)
        case ("SAVE", "TO", .disk), ("SAVE", "FROM", .memory): action = .move(from: .memory, to: .disk)
        case ("LOAD", "FROM", .config): action = .move(from: .config, to: .memory)
        case _: return nil
        }
    }

    /// Reads a command for the rows of one name, such as `LOAD MYSQL USER app TO RUNTIME`.
    ///
    /// - Parameter singular: the words before the name, in capitals.
    /// - Returns: nil where it is none.
    init?(_ text: StatementText, ofOne singular: String) {
        let words = singular.split(separator: " ").map(String.init)
        let tail = text.word(text.pieces.count - 1) == "VERIFY" ? 1 : 2
        let place = (words.count + 1)..<(max(words.count + 1, text.pieces.count - tail))
        guard !place.isEmpty, words.indices.allSatisfy({ text.word($0 + 1) == words[$0] }) else { return nil }
        let ends = (place.upperBound..<text.pieces.count).map { text.word($0) }
        self.init([text.word(0)] + words + ends)
        name = text.name(place)
    }

    private static func layer(_ word: String) -> Layer? {
        switch word {
        case "MEMORY", "MEM": .memory
        case "RUNTIME", "RUN": .runtime
        case "DISK": .disk
        case "CONFIG": .config
        case _: nil
        }
    }
}
