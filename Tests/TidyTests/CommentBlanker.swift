/// Blanks out comments and the inside of string literals, line after line, and keeps every other character in its column.
///
/// It knows `//`, nested `/* */`, `"…"`, `"""…"""` and their raw forms (`#"…"#`); code inside `\(…)` counts as string.
struct CommentBlanker {
    private var commentDepth = 0
    private var openMultilineString: String?

    /// The line without comments and strings.
    mutating func blank(_ line: String) -> String {
        let characters = Array(line)
        var output: [Character] = []
        var index = 0
        while index < characters.count {
            let length = step(characters, at: index, into: &output)
            index += length
        }
        return String(output)
    }

    /// Handles what starts at `index`, and answers how many characters that was.
    private mutating func step(_ line: [Character], at index: Int, into output: inout [Character]) -> Int {
        if let closing = openMultilineString {
            guard starts(line, at: index, with: closing) else { return blanks(1, into: &output) }
            openMultilineString = nil
            return blanks(closing.count, into: &output)
        }
        if starts(line, at: index, with: "/*") {
            commentDepth += 1
            return blanks(2, into: &output)
        }
        if commentDepth > 0 {
            guard starts(line, at: index, with: "*/") else { return blanks(1, into: &output) }
            commentDepth -= 1
            return blanks(2, into: &output)
        }
        if starts(line, at: index, with: "//") { return blanks(line.count - index, into: &output) }
        if let length = string(line, at: index) { return blanks(length, into: &output) }
        output.append(line[index])
        return 1
    }

    /// The length of the string literal at `index` as far as it reaches in this line; nil where none starts.
    private mutating func string(_ line: [Character], at index: Int) -> Int? {
        let hashes = line[index...].prefix { $0 == "#" }.count
        let pounds = String(repeating: "#", count: hashes)
        if starts(line, at: index + hashes, with: "\"\"\"") {
            let closing = "\"\"\"" + pounds
            let start = index + hashes + 3
            guard let end = (start..<line.count).first(where: { starts(line, at: $0, with: closing) }) else {
                openMultilineString = closing
                return line.count - index
            }
            return end + closing.count - index
        }
        guard starts(line, at: index + hashes, with: "\"") else { return nil }
        return simpleString(line, at: index, openingLength: hashes + 1, closing: "\"" + pounds, raw: hashes > 0)
    }

    private func simpleString(
        _ line: [Character], at index: Int, openingLength: Int, closing: String, raw: Bool
    ) -> Int {
        var position = index + openingLength
        while position < line.count {
            if !raw, line[position] == "\\" {
                position += 2
            } else if starts(line, at: position, with: closing) {
                return position + closing.count - index
            } else {
                position += 1
            }
        }
        return line.count - index
    }

    private func starts(_ line: [Character], at index: Int, with text: String) -> Bool {
        line.dropFirst(index).starts(with: text)
    }

    private func blanks(_ count: Int, into output: inout [Character]) -> Int {
        output.append(contentsOf: repeatElement(" ", count: count))
        return count
    }
}
