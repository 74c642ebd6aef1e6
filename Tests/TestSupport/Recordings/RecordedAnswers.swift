import MySQLWire

/// The same commands' answers, recorded on connections to MariaDB that negotiated different things; the texts are in the
/// extensions.
public enum RecordedAnswers {
    /// A connection as the funnel makes them.
    public static let backend = RecordedAnswer.parse(backendText)
    /// One with EOF packets, and without tracking.
    public static let classic = RecordedAnswer.parse(classicText)
    /// One with DEPRECATE_EOF, and without tracking.
    public static let deprecated = RecordedAnswer.parse(deprecatedText)
    /// One with DEPRECATE_EOF and SESSION_TRACK.
    public static let tracked = RecordedAnswer.parse(trackedText)

    /// What the others have nothing like: rarer commands, cached metadata, errors among rows; with both kinds of ends.
    public static let rare =
        RecordedAnswer.parse(rareText)
        + RecordedAnswer.parse(alikeText).flatMap { answer in
            var deprecated = answer
            deprecated.capabilities.insert(.deprecateEOF)
            return [answer, deprecated]
        }
}
