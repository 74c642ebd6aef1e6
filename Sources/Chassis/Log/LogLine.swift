internal import Logging
internal import PluginAPI

/// One event on its way to the log.
///
/// Names that clients choose end up here: nothing in a line can look like another line or control a terminal.
struct LogLine {
    let level: LogLevel
    let text: String
    let fields: Logger.Metadata

    /// `YYYY-MM-DD HH:MM:SS.mmm (level) text key=value`; the time is left out where there is none.
    func text(time: LogTime?) -> String {
        var line = time.map { $0.local + " " } ?? ""
        line += "(\(level)) "
        line.appendEscapingControls(text)
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += " "
            line.appendEscapingControls(key)
            line += "="
            line.appendField(value.description)
        }
        return line
    }

    /// One JSON object: `time` (RFC 3339), `level`, `text`, and the fields.
    func json(time: LogTime) -> String {
        var line = "{\"time\":\"\(time.universal)\",\"level\":\"\(level)\",\"text\":"
        line.appendJSON(text)
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += ","
            line.appendJSON(["time", "level", "text"].contains(key) ? "field." + key : key)
            line += ":"
            line.appendJSON(value)
        }
        return line + "}"
    }
}

extension String {
    /// Appends a field's value, in quotes where it could be taken for something else.
    fileprivate mutating func appendField(_ value: String) {
        let isPlain = !value.isEmpty && !value.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        guard !isPlain else { return appendEscapingControls(value) }
        append("\"")
        for part in value.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
            if part.offset > 0 { append("\\\"") }
            appendEscapingControls(part.element)
        }
        append("\"")
    }

    /// Appends text with every character that could end a line or control a terminal written as an escape.
    fileprivate mutating func appendEscapingControls(_ text: some StringProtocol) {
        guard text.unicodeScalars.contains(where: \.isControl) else { return append(contentsOf: text) }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case _ where scalar.isControl: append("\\u{\(String(scalar.value, radix: 16))}")
            default: unicodeScalars.append(scalar)
            }
        }
    }

    /// Appends a JSON string (RFC 8259, section 7).
    fileprivate mutating func appendJSON(_ text: String) {
        append("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case _ where scalar.isControl:
                // Every control is in the basic plane, so that four digits suffice.
                let digits = String(scalar.value, radix: 16)
                append("\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
            default: unicodeScalars.append(scalar)
            }
        }
        append("\"")
    }

    fileprivate mutating func appendJSON(_ value: Logger.Metadata.Value) {
        switch value {
        case .string(let text): appendJSON(text)
        case .stringConvertible(let value): appendJSON(value.description)
        case .array(let values):
            append("[")
            for (index, value) in values.enumerated() {
                if index > 0 { append(",") }
                appendJSON(value)
            }
            append("]")
        case .dictionary(let fields):
            append("{")
            for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(",") }
                appendJSON(field.key)
                append(":")
                appendJSON(field.value)
            }
            append("}")
        }
    }
}

extension Unicode.Scalar {
    /// Whether the character is a control, ends a line, or turns the direction of the text around.
    fileprivate var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
