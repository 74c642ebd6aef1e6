/// A function, initializer or subscript with a body.
struct ScannedFunction: Equatable {
    let name: String
    /// Counted from 1; the line of `func`.
    let firstLine: Int
    /// From the line of `func` to that of the closing brace.
    let lineCount: Int
}

/// Finds functions by their keyword and the braces that follow it.
///
/// A function inside another counts for both. Requirements of protocols have no body and are passed over.
struct FunctionScanner {
    private var depth = 0
    private var parentheses = 0
    /// A declaration whose opening brace hasn't come yet.
    private var pending: (name: String, line: Int, depth: Int)?
    private var open: [(name: String, line: Int, depth: Int)] = []
    private var found: [ScannedFunction] = []

    /// The functions of a file whose comments and strings are blanked out.
    static func functions(in code: [String]) -> [ScannedFunction] {
        var scanner = FunctionScanner()
        for (index, line) in code.enumerated() {
            scanner.scan(line, number: index + 1)
        }
        return scanner.found
    }

    private mutating func scan(_ line: String, number: Int) {
        if let name = Self.declaredName(in: line) {
            pending = (name, number, depth)
        }
        for character in line {
            scan(character, number: number)
        }
    }

    private mutating func scan(_ character: Character, number: Int) {
        switch character {
        case "(": parentheses += 1
        case ")": parentheses -= 1
        case "{": braceOpened()
        case "}": braceClosed(number: number)
        default: break
        }
    }

    /// A brace inside parentheses is a closure in a default argument, not the body.
    private mutating func braceOpened() {
        if let declaration = pending, declaration.depth == depth, parentheses == 0 {
            open.append(declaration)
            pending = nil
        }
        depth += 1
    }

    private mutating func braceClosed(number: Int) {
        depth -= 1
        if let declaration = pending, declaration.depth > depth { pending = nil }
        guard let function = open.last, function.depth == depth else { return }
        open.removeLast()
        found.append(
            ScannedFunction(name: function.name, firstLine: function.line, lineCount: number - function.line + 1))
    }

    /// The name of the function that a line declares: `parse` for `public func parse(…)`.
    private static func declaredName(in line: String) -> String? {
        let words = line.split { !TidyRules.isWord($0) && !"@.=<>+-*/!~^&|%`".contains($0) }
        let modifiers = words.prefix { !["func", "init", "subscript", "deinit"].contains(base(of: $0)) }
        guard modifiers.count < words.count, modifiers.allSatisfy(isModifier) else { return nil }
        let keyword = words[modifiers.count]
        guard keyword == "func" else { return String(base(of: keyword)) }
        return modifiers.count + 1 < words.count ? String(words[modifiers.count + 1]) : nil
    }

    /// `init` for `init?` and `init<T>`; calls like `self.init` keep their dot and differ.
    private static func base(of word: Substring) -> Substring {
        word.prefix { TidyRules.isWord($0) || $0 == "." || $0 == "@" }
    }

    private static func isModifier(_ word: Substring) -> Bool {
        let modifiers: Set<Substring> = [
            "public", "private", "fileprivate", "internal", "package", "open", "static", "class", "final", "override",
            "mutating", "nonmutating", "borrowing", "consuming", "nonisolated", "convenience", "required", "indirect",
            "isolated", "unsafe", "dynamic", "prefix", "postfix", "infix", "inline", "always", "never", "self",
            "borrow",
            "copy", "immortal",
        ]
        return word.hasPrefix("@") || modifiers.contains(word)
    }
}
