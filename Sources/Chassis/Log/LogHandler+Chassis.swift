internal import Glibc
internal import Logging
internal import PluginAPI

/// The chassis's backend of swift-log: one line an event, as text or JSON.
struct ChassisLogHandler: LogHandler {
    let sink: LogSink
    let format: LogFormat
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    init(sink: LogSink, format: LogFormat, logLevel: Logger.Level) {
        self.sink = sink
        self.format = format
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = event.metadata.map { metadata.merging($0) { $1 } } ?? metadata
        if let error = event.error { fields["error"] = "\(error)" }
        let level = LogLevel(event.level)
        let line = LogLine(level: level, text: event.message.description, fields: fields)
        let rendered =
            switch format {
            case .text: line.text(time: sink.addsTime ? nil : .now())
            case .json: line.json(time: .now())
            }
        sink.write(rendered, syslogPriority: level.syslogPriority)
    }
}

extension LogLevel {
    /// The chassis's word for a level of swift-log; the latter's `critical` is the end of the process, as our `error` is.
    init(_ level: Logger.Level) {
        self =
            switch level {
            case .critical: .error
            case .error: .critical
            case .warning: .warning
            case .notice: .message
            case .info: .info
            case .debug, .trace: .debug
            }
    }

    /// The level of swift-log that stands for this one.
    var loggingLevel: Logger.Level {
        switch self {
        case .error: .critical
        case .critical: .error
        case .warning: .warning
        case .message: .notice
        case .info: .info
        case .debug: .debug
        }
    }

    /// The priority of syslog that stands for this one.
    var syslogPriority: Int32 {
        switch self {
        case .error: LOG_CRIT
        case .critical: LOG_ERR
        case .warning: LOG_WARNING
        case .message: LOG_NOTICE
        case .info: LOG_INFO
        case .debug: LOG_DEBUG
        }
    }
}
