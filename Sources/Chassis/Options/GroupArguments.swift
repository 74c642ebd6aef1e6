import Glibc

/// One group's share of the command line and the defaults file, as its parser takes it.
struct GroupArguments {
    /// Where an argument came from.
    private struct Origin {
        var name: String
        var value: String
        var location: String
    }

    /// The arguments: those of the file first, then those of the command line.
    private(set) var arguments: [String] = []
    private var origins: [Origin] = []
    private let table: OptionTable
    private let basedir: String

    /// Joins the entries of the file that the command line doesn't give with what the command line gives.
    ///
    /// - Parameter basedir: put in front of relative values of options that are paths.
    init(
        table: OptionTable, file: DefaultsFile, entries: [DefaultsFile.Entry], given: [CommandLineScan.Given],
        basedir: String
    ) throws(ConfigurationError) {
        self.table = table
        self.basedir = basedir
        var decided: Set<Int> = []
        for option in given {
            decided.insert(option.spec)
            if let opposite = table.opposite(of: option.spec) { decided.insert(opposite) }
        }
        for (spec, entry) in Self.lastOfEach(entries, in: table) where !decided.contains(spec) {
            try take(entry, for: spec, from: file)
        }
        for option in Self.effective(given, in: table) {
            try take(option)
        }
    }

    /// The last entry of each option, in the order of the file; a flag and its opposite count as one.
    private static func lastOfEach(
        _ entries: [DefaultsFile.Entry], in table: OptionTable
    ) -> [(spec: Int, entry: DefaultsFile.Entry)] {
        var seen: Set<Int> = []
        var kept: [(Int, DefaultsFile.Entry)] = []
        for entry in entries.reversed() {
            guard let spec = table.index(long: entry.key), seen.insert(spec).inserted else { continue }
            if let opposite = table.opposite(of: spec) { seen.insert(opposite) }
            kept.append((spec, entry))
        }
        return kept.reversed()
    }

    /// The options given, where of one that is not repeatable only the last counts.
    private static func effective(_ given: [CommandLineScan.Given], in table: OptionTable) -> [CommandLineScan.Given] {
        var seen: Set<Int> = []
        let kept = given.reversed().filter { option in
            let isNew = seen.insert(option.spec).inserted
            if let opposite = table.opposite(of: option.spec) { seen.insert(opposite) }
            return isNew || table.specs[option.spec].isRepeatable
        }
        return kept.reversed()
    }

    private mutating func take(_ entry: DefaultsFile.Entry, for index: Int, from file: DefaultsFile)
        throws(ConfigurationError)
    {
        let location = file.location(of: entry)
        let spec = table.specs[index]
        guard spec.takesValue else {
            guard let isOn = boolean(entry.value) else {
                throw ConfigurationError(
                    "\(location): '\(entry.value)' is not a value of '\(entry.key)'; give true or false")
            }
            origins.append(Origin(name: spec.spelling, value: entry.value, location: location))
            appendFlag(index, isOn: isOn)
            return
        }
        let isList = spec.isRepeatable && !entry.isQuoted
        let values = isList ? commaSeparated(entry.value) : [entry.value]
        for value in values {
            origins.append(Origin(name: spec.spelling, value: value, location: location))
            arguments += spec.arguments(value: expanded(value, of: spec))
        }
    }

    private mutating func take(_ option: CommandLineScan.Given) throws(ConfigurationError) {
        let spec = table.specs[option.spec]
        if spec.takesValue {
            arguments += spec.arguments(value: option.value.map { expanded($0, of: spec) })
        } else if let value = option.value {
            guard let isOn = boolean(value) else {
                throw ConfigurationError("'\(value)' is not a value of \(option.spelling); give true or false")
            }
            appendFlag(option.spec, isOn: isOn)
        } else {
            appendFlag(option.spec, isOn: true)
        }
    }

    private mutating func appendFlag(_ index: Int, isOn: Bool) {
        if isOn {
            arguments.append(table.specs[index].spelling)
        } else if let opposite = table.opposite(of: index) {
            arguments.append(table.specs[opposite].spelling)
        }
    }

    private func expanded(_ value: String, of spec: OptionSpec) -> String {
        guard spec.isPath else { return value }
        let below = absolute(value, basedir: basedir)
        // Whoever types a name means the file in front of them; a file to be made lies below the base directory.
        return below != value && access(below, F_OK) != 0 && access(value, F_OK) == 0 ? realPath(value) : below
    }
}

extension GroupArguments {
    /// A parser's complaint, led by the line of the file where the value it complains of came from there.
    func located(_ message: String) -> String {
        let suspects = origins.filter { message.mentions(option: $0.name) }
        let culprit = suspects.first { !$0.value.isEmpty && message.contains($0.value) } ?? suspects.first
        return culprit.map { "\($0.location): \(message)" } ?? message
    }
}

/// The words for true and false in files and flags, in either case; nil for any other word.
func boolean(_ word: String) -> Bool? {
    switch word.lowercased() {
    case "true", "1", "yes", "on": true
    case "false", "0", "no", "off": false
    default: nil
    }
}

/// The items of a list, without blanks around them and without empty ones.
func commaSeparated(_ list: String) -> [String] {
    list.split(separator: ",").map { String($0.trimmingBlanks()) }.filter { !$0.isEmpty }
}

/// The path without symbolic links, from the root on.
private func realPath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// A relative path below `basedir`; absolute and empty ones, and names that are none (`:memory:`), stay as they are.
func absolute(_ path: String, basedir: String) -> String {
    guard let first = path.first, first != "/", first != ":" else { return path }
    return basedir.hasSuffix("/") ? basedir + path : "\(basedir)/\(path)"
}

extension String {
    /// Whether the text names the option, and not just a longer one that begins alike.
    fileprivate func mentions(option: String) -> Bool {
        var rest = self[...]
        while let end = rest.endOfFirst(option) {
            guard let next = rest[end...].first, next.isLetter || next.isNumber || next == "-" else { return true }
            rest = rest[end...]
        }
        return false
    }
}

extension Substring {
    fileprivate func endOfFirst(_ part: String) -> Index? {
        var start = startIndex
        while start != endIndex {
            if self[start...].hasPrefix(part) { return index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
