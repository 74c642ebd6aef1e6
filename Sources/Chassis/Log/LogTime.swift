internal import Glibc

/// The wall-clock time of a log line.
struct LogTime {
    /// Seconds since 1970, UTC.
    var seconds: Int
    /// 0 to 999.
    var milliseconds: Int

    /// The time at this moment.
    static func now() -> Self {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Self(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// `YYYY-MM-DD HH:MM:SS.mmm` in local time.
    var local: String {
        var seconds = seconds
        var parts = tm()
        localtime_r(&seconds, &parts)
        return Self.join(parts, separator: " ") + "." + Self.padded(milliseconds, 3)
    }

    /// `YYYY-MM-DDTHH:MM:SS.mmmZ` (RFC 3339, section 5.6).
    var universal: String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return Self.join(parts, separator: "T") + "." + Self.padded(milliseconds, 3) + "Z"
    }

    private static func join(_ parts: tm, separator: String) -> String {
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
        let day = padded(date[0], 4) + "-" + padded(date[1], 2) + "-" + padded(date[2], 2)
        return day + separator + time.joined(separator: ":")
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
