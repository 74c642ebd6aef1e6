extension CalendarTime {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// DATE_FORMAT: `%` and a letter stand for a part of the time, everything else for itself.
    func formatted(_ format: String) -> String {
        var output = ""
        var rest = Substring(format)
        while let character = rest.popFirst() {
            guard character == "%", let letter = rest.popFirst() else {
                output.append(character)
                continue
            }
            output += datePart(letter) ?? clockPart(letter) ?? String(letter)
        }
        return output
    }

    private func datePart(_ letter: Character) -> String? {
        switch letter {
        case "Y": padded(year, 4)
        case "y": padded(year % 100, 2)
        case "m": padded(month, 2)
        case "c": String(month)
        case "M": Self.months[month - 1]
        case "b": String(Self.months[month - 1].prefix(3))
        case "d": padded(day, 2)
        case "e": String(day)
        case "D": String(day) + ordinal
        case "j": padded(dayOfYear, 3)
        case "W": Self.weekdays[weekday]
        case "a": String(Self.weekdays[weekday].prefix(3))
        case "w": String(weekday)
        case _: nil
        }
    }

    private func clockPart(_ letter: Character) -> String? {
        let half = hour % 12 == 0 ? 12 : hour % 12
        let clock = padded(minute, 2) + ":" + padded(second, 2)
        return switch letter {
        case "H": padded(hour, 2)
        case "k": String(hour)
        case "h", "I": padded(half, 2)
        case "l": String(half)
        case "i": padded(minute, 2)
        case "s", "S": padded(second, 2)
        case "f": "000000"
        case "p": hour < 12 ? "AM" : "PM"
        case "T": padded(hour, 2) + ":" + clock
        case "r": padded(half, 2) + ":" + clock + (hour < 12 ? " AM" : " PM")
        case _: nil
        }
    }

    private var ordinal: String {
        if (11...13).contains(day) { return "th" }
        return [1: "st", 2: "nd", 3: "rd"][day % 10] ?? "th"
    }
}
