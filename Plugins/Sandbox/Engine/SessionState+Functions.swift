import COpenSSL
import Foundation
import GRDB

/// MySQL's functions that SQLite lacks.
extension SessionState {
    var functions: [DatabaseFunction] {
        identity + counters + Self.texts + Self.moreTexts + Self.dates + variables + [sleep]
    }

    private var identity: [DatabaseFunction] {
        let account: @Sendable ([DatabaseValue]) -> (any DatabaseValueConvertible)? = { [self] _ in
            with { $0.user } + "@" + host
        }
        return ["user", "current_user", "session_user", "system_user"].map {
            DatabaseFunction($0, argumentCount: 0, function: account)
        } + [
            DatabaseFunction("database", argumentCount: 0) { _ in SandboxStorage.schema },
            DatabaseFunction("schema", argumentCount: 0) { _ in SandboxStorage.schema },
            DatabaseFunction("version", argumentCount: 0) { _ in SandboxServer.version },
            DatabaseFunction("connection_id", argumentCount: 0) { [self] _ in Int64(id) },
        ]
    }

    private var counters: [DatabaseFunction] {
        [
            DatabaseFunction("last_insert_id", argumentCount: 0) { [self] _ in with { $0.lastInsertID } },
            DatabaseFunction("row_count", argumentCount: 0) { [self] _ in with { $0.rowCount } },
            DatabaseFunction("found_rows", argumentCount: 0) { [self] _ in with { $0.foundRows } },
            DatabaseFunction("rand") { _ in Double.random(in: 0..<1) },
            DatabaseFunction("uuid", argumentCount: 0) { _ in UUID().uuidString.lowercased() },
            DatabaseFunction("unix_timestamp", argumentCount: 0) { _ in Int64(Date().timeIntervalSince1970) },
        ]
    }

    private var variables: [DatabaseFunction] {
        [
            DatabaseFunction("sandbox_system", argumentCount: 1) { [self] arguments in
                let text = String.fromDatabaseValue(arguments[0]).flatMap(systemVariable) ?? ""
                return Int64(text).map { $0 as any DatabaseValueConvertible } ?? text
            },
            DatabaseFunction("sandbox_user", argumentCount: 1) { [self] arguments in
                let name = String.fromDatabaseValue(arguments[0]) ?? ""
                return with { $0.userVariables[name] }
            },
            DatabaseFunction("sandbox_table", argumentCount: 2) { arguments in
                guard arguments[1].isNull else { return arguments[1] }
                let name = String.fromDatabaseValue(arguments[0]) ?? ""
                throw DatabaseError(resultCode: .SQLITE_ERROR, message: "no such table: \(name)")
            },
        ]
    }

    /// Sleeps in short steps, so that the end of the session ends it.
    private var sleep: DatabaseFunction {
        DatabaseFunction("sleep", argumentCount: 1) { [self] arguments in
            let end = Date().addingTimeInterval(max(0, Double.fromDatabaseValue(arguments[0]) ?? 0))
            while end.timeIntervalSinceNow > 0 {
                if with({ $0.isEnded }) { return 1 }
                Thread.sleep(forTimeInterval: min(0.05, end.timeIntervalSinceNow))
            }
            return 0
        }
    }

    private static var texts: [DatabaseFunction] {
        [
            DatabaseFunction("concat", pure: true) { arguments in
                arguments.contains(where: \.isNull) ? nil : arguments.map(text).joined()
            },
            DatabaseFunction("concat_ws", pure: true) { arguments in
                guard let glue = arguments.first, !glue.isNull else { return nil }
                return arguments.dropFirst().filter { !$0.isNull }.map(text).joined(separator: text(glue))
            },
            function("sandbox_left") { String(text($0).prefix(max(0, Int.fromDatabaseValue($1) ?? 0))) },
            function("sandbox_right") { String(text($0).suffix(max(0, Int.fromDatabaseValue($1) ?? 0))) },
            function("regexp") { pattern, value in
                text(value).range(of: text(pattern), options: [.regularExpression, .caseInsensitive]) != nil
            },
            DatabaseFunction("sandbox_octets", argumentCount: 1, pure: true) { arguments in
                arguments[0].isNull ? nil : bytes(arguments[0]).count
            },
            DatabaseFunction("md5", argumentCount: 1, pure: true) { arguments in
                arguments[0].isNull ? nil : digest(bytes(arguments[0]), EVP_md5())
            },
            DatabaseFunction("sha1", argumentCount: 1, pure: true) { arguments in
                arguments[0].isNull ? nil : digest(bytes(arguments[0]), EVP_sha1())
            },
        ]
    }

    /// A function of two values that is NULL where one of them is.
    private static func function(
        _ name: String, _ body: @escaping @Sendable (DatabaseValue, DatabaseValue) -> any DatabaseValueConvertible
    ) -> DatabaseFunction {
        DatabaseFunction(name, argumentCount: 2, pure: true) { arguments in
            arguments.contains(where: \.isNull) ? nil : body(arguments[0], arguments[1])
        }
    }

    static func text(_ value: DatabaseValue) -> String { String(decoding: bytes(value), as: UTF8.self) }

    private static func bytes(_ value: DatabaseValue) -> [UInt8] {
        switch value.storage {
        case .null: []
        case .int64(let number): Array(String(number).utf8)
        case .double(let number): Array(String(number).utf8)
        case .string(let text): Array(text.utf8)
        case .blob(let data): Array(data)
        }
    }

    private static func digest(_ bytes: [UInt8], _ method: OpaquePointer?) -> String? {
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        // EVP_Digest writes at most EVP_MAX_MD_SIZE bytes and tells how many.
        guard EVP_Digest(bytes, bytes.count, &output, &length, method, nil) == 1 else { return nil }
        return output.prefix(Int(length)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
