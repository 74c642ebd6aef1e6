import GRDB

/// MySQL's functions of dates and times; NULL for what is no date. The sandbox's time zone is UTC.
extension SessionState {
    static var dates: [DatabaseFunction] { parts + calculations }

    private static var parts: [DatabaseFunction] {
        [
            part("year") { $0.year }, part("month") { $0.month }, part("day") { $0.day },
            part("dayofmonth") { $0.day }, part("hour") { $0.hour }, part("minute") { $0.minute },
            part("second") { $0.second }, part("quarter") { ($0.month + 2) / 3 },
            part("dayofweek") { $0.weekday + 1 }, part("weekday") { ($0.weekday + 6) % 7 },
            part("dayofyear") { $0.dayOfYear }, part("to_days") { $0.dayNumber + 719_528 },
            part("dayname") { CalendarTime.weekdays[$0.weekday] },
            part("monthname") { CalendarTime.months[$0.month - 1] },
            part("unix_timestamp") { $0.dayNumber * 86400 + $0.secondOfDay },
            part("last_day") { time in
                var last = time
                last.day = CalendarTime.days(of: time.month, time.year)
                last.hasClock = false
                return last.text
            },
        ]
    }

    private static var calculations: [DatabaseFunction] {
        [
            DatabaseFunction("date_format", argumentCount: 2, pure: true) { arguments in
                guard let format = String.fromDatabaseValue(arguments[1]) else { return nil }
                return time(arguments[0])?.formatted(format)
            },
            DatabaseFunction("datediff", argumentCount: 2, pure: true) { arguments in
                guard let later = time(arguments[0]), let earlier = time(arguments[1]) else { return nil }
                return later.dayNumber - earlier.dayNumber
            },
            DatabaseFunction("from_unixtime", argumentCount: 1, pure: true) { arguments in
                guard let seconds = Int64.fromDatabaseValue(arguments[0]), (0..<253_402_300_800).contains(seconds)
                else { return nil }
                return CalendarTime(days: Int(seconds) / 86400, seconds: Int(seconds) % 86400, hasClock: true).text
            },
            // The time, the number of units, the unit, and 1 or -1.
            DatabaseFunction("sandbox_interval", argumentCount: 4, pure: true) { arguments in
                guard let start = time(arguments[0]), let unit = String.fromDatabaseValue(arguments[2]),
                    let amount = number(arguments[1]), let sign = Int.fromDatabaseValue(arguments[3])
                else { return nil }
                return start.moved(by: amount * sign, unit)?.text
            },
        ]
    }

    private static func part(
        _ name: String, _ body: @escaping @Sendable (CalendarTime) -> any DatabaseValueConvertible
    ) -> DatabaseFunction {
        DatabaseFunction(name, argumentCount: 1, pure: true) { arguments in time(arguments[0]).map(body) }
    }

    private static func time(_ value: DatabaseValue) -> CalendarTime? {
        value.isNull ? nil : CalendarTime(text(value))
    }

    private static func number(_ value: DatabaseValue) -> Int? {
        guard !value.isNull, let number = Double(text(value)), abs(number) < 1e12 else { return nil }
        return Int(number.rounded())
    }
}
