/// A point in the calendar as MySQL's DATE and DATETIME hold it, without a time zone.
struct CalendarTime: Equatable {
    var year: Int
    var month: Int
    var day: Int
    var hour = 0
    var minute = 0
    var second = 0
    /// Whether a clock belongs to it: DATETIME, not DATE.
    var hasClock = false

    /// Reads `YYYY-MM-DD` with or without ` hh:mm[:ss[.f]]`, also with `T`, or the digits alone; nil for anything else.
    init?(_ text: String) {
        var fields: [Int] = []
        let whole = text.prefix { $0 != "." }
        if whole.allSatisfy(\.isASCIIDigit), whole.count == 8 || whole.count == 14 {
            fields = Self.cut(whole)
        } else {
            let parts = whole.split(omittingEmptySubsequences: false) { "-: T/".contains($0) }
            fields = parts.compactMap { $0.allSatisfy(\.isASCIIDigit) ? Int($0) : nil }
            guard fields.count == parts.count else { return nil }
        }
        guard fields.count >= 3, fields.count <= 6 else { return nil }
        hasClock = fields.count > 3
        fields += Array(repeating: 0, count: 6 - fields.count)
        (year, month, day) = (fields[0], fields[1], fields[2])
        (hour, minute, second) = (fields[3], fields[4], fields[5])
        guard (0...9999).contains(year), (1...12).contains(month), (1...Self.days(of: month, year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
    }

    private static func cut(_ digits: Substring) -> [Int] {
        var rest = digits
        return [4, 2, 2, 2, 2, 2].compactMap { width in
            defer { rest = rest.dropFirst(width) }
            return Int(rest.prefix(width))
        }
    }

    /// The days since 1970-01-01, and the seconds of that day.
    init(days: Int, seconds: Int, hasClock: Bool) {
        // Howard Hinnant's civil_from_days: eras of 400 years that begin in March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        self.hasClock = hasClock
    }

    /// Days since 1970-01-01.
    var dayNumber: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    var secondOfDay: Int { hour * 3600 + minute * 60 + second }

    /// Day 0 is Sunday.
    var weekday: Int { ((dayNumber + 4) % 7 + 7) % 7 }

    var dayOfYear: Int { dayNumber - CalendarTime(year: year).dayNumber + 1 }

    private init(year: Int) {
        (self.year, month, day) = (year, 1, 1)
    }

    static func days(of month: Int, _ year: Int) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// `YYYY-MM-DD`, with ` hh:mm:ss` where there is a clock.
    var text: String {
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return hasClock ? date + " \(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" : date
    }
}

extension CalendarTime {
    /// This time moved by `amount` units of INTERVAL; nil for an unknown unit, or beyond the years 0 to 9999.
    func moved(by amount: Int, _ unit: String) -> CalendarTime? {
        // Beyond this no unit stays within the calendar, and nothing below overflows.
        guard abs(amount) < 400_000_000_000 else { return nil }
        switch unit {
        case "SECOND": return moved(seconds: amount)
        case "MINUTE": return moved(seconds: amount * 60)
        case "HOUR": return moved(seconds: amount * 3600)
        case "DAY": return moved(days: amount)
        case "WEEK": return moved(days: amount * 7)
        case "MONTH": return moved(months: amount)
        case "QUARTER": return moved(months: amount * 3)
        case "YEAR": return moved(months: amount * 12)
        case _: return nil
        }
    }

    private func moved(days: Int) -> CalendarTime? {
        let moved = CalendarTime(days: dayNumber + days, seconds: secondOfDay, hasClock: hasClock)
        return (0...9999).contains(moved.year) ? moved : nil
    }

    private func moved(seconds: Int) -> CalendarTime? {
        let total = dayNumber * 86400 + secondOfDay + seconds
        let days = total >= 0 ? total / 86400 : (total - 86399) / 86400
        let moved = CalendarTime(days: days, seconds: total - days * 86400, hasClock: true)
        return (0...9999).contains(moved.year) ? moved : nil
    }

    /// The last day of a shorter month stands for those that it lacks.
    private func moved(months: Int) -> CalendarTime? {
        let total = year * 12 + month - 1 + months
        guard (0..<120_000).contains(total) else { return nil }
        var moved = self
        (moved.year, moved.month) = (total / 12, total % 12 + 1)
        moved.day = min(day, Self.days(of: moved.month, moved.year))
        return moved
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
