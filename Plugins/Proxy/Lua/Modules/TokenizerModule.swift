import LuaVM
import SQLText

extension LuaModule {
    /// `mysql.tokenizer`: cuts statements into mysql-proxy's tokens.
    static func tokenizer(_ state: LuaState) throws(LuaError) -> LuaModule {
        let type = try state.makeRecordType(name: "token", fields: ["token_id", "token_name", "text"])
        let tokenize: LuaFunction = { frame throws(LuaError) in
            let statement = try frame.bytesArgument(1, "tokenizer.tokenize(sql): sql")
            let tokens = try LuaTokens.cut(statement, &frame)
            try frame.push(LuaTokens(statement, tokens, type))
            return 1
        }
        return LuaModule(name: "mysql.tokenizer", global: "tokenizer", functions: [("tokenize", tokenize)])
    }
}

/// A statement's tokens, counted from 1.
final class LuaTokens: LuaObject {
    private let statement: [UInt8]
    /// Nil where the script has let go of one.
    private var tokens: [LegacyToken?]
    /// A token is a table with token_id, token_name and text.
    private let type: LuaRecordType

    /// The names of the ids.
    private static let names = LegacyToken.ids.map { Array(LegacyToken.name(of: $0).utf8) }

    init(_ statement: [UInt8], _ tokens: [LegacyToken?], _ type: LuaRecordType) {
        self.statement = statement
        self.tokens = tokens
        self.type = type
    }

    /// Cuts a statement; charged by its length and, ahead of it, by its tokens.
    static func cut(_ statement: [UInt8], _ frame: inout LuaFrame) throws(LuaError) -> [LegacyToken?] {
        let step = 64
        let priceOfToken: Int64 = 10
        var tokens: [LegacyToken?] = []
        var tokenizer = LegacyTokenizer(statement.span)
        while let token = tokenizer.next() {
            if tokens.count % step == 0 { try frame.charge(priceOfToken * Int64(step)) }
            tokens.append(token)
        }
        return tokens
    }

    override class var luaType: LuaObjectType { LuaObjectType(name: "tokenizer.tokenize(...)") }

    override func length(_ frame: inout LuaFrame) throws(LuaError) -> Int { tokens.count }

    override func readKey(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        guard let index = try index(&frame), let token = tokens[index] else { return 0 }
        // A span of a class's property needs a copy of the array, which copies no bytes.
        let statement = statement
        let name = Self.names[token.id]
        if token.isVerbatim {
            try frame.push(type, token.id, name.span.bytes, statement.span.extracting(token.content).bytes)
        } else {
            try frame.charge(Int64(token.content.count / 8))
            let text = token.text(in: statement.span)
            try frame.push(type, token.id, name.span.bytes, text.span.bytes)
        }
        return 1
    }

    override func writeKey(_ frame: inout LuaFrame) throws(LuaError) {
        guard frame.isNil(at: 3) else {
            throw LuaError("tokens can't be replaced: a token is set to nil only, to let go of it")
        }
        if let index = try index(&frame) { tokens[index] = nil }
    }

    /// The array's index of the key at 2; nil where there is no such token.
    private func index(_ frame: inout LuaFrame) throws(LuaError) -> Int? {
        guard frame.kind(at: 2) == .number, let number = frame.integer(at: 2) else {
            throw LuaError("tokens are read by number, from 1 to #tokens, not by \(frame.description(at: 2))")
        }
        return number >= 1 && number <= tokens.count ? Int(number) - 1 : nil
    }
}
