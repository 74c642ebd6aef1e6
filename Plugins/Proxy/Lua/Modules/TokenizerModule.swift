import LuaVM
import SQLText

extension LuaModule {
    /// `mysql.tokenizer`: cuts statements into mysql-proxy's tokens.
    static var tokenizer: LuaModule {
        LuaModule(
            name: "mysql.tokenizer", global: "tokenizer",
            functions: [
                (
                    "tokenize",
                    { frame throws(LuaError) in
                        let statement = try frame.bytesArgument(1, "tokenizer.tokenize(sql): sql")
                        let tokens = try LuaTokens.cut(statement, &frame)
                        try frame.push(LuaTokens(statement, tokens))
                        return 1
                    }
                )
            ])
    }
}

/// A statement's tokens, counted from 1.
final class LuaTokens: LuaObject {
    private let statement: [UInt8]
    /// Nil where the script has let go of one.
    private var tokens: [LegacyToken?]

    init(_ statement: [UInt8], _ tokens: [LegacyToken?]) {
        self.statement = statement
        self.tokens = tokens
    }

    /// Cuts a statement; charged by its length and, ahead of it, by its tokens.
    static func cut(_ statement: [UInt8], _ frame: inout LuaFrame) throws(LuaError) -> [LegacyToken?] {
        let step = 64
        let priceOfToken: Int64 = 16
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
        try frame.push(LuaToken(statement, token))
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

/// One token: `token_id`, `token_name`, `text`.
final class LuaToken: LuaObject {
    private let statement: [UInt8]
    private let token: LegacyToken

    init(_ statement: [UInt8], _ token: LegacyToken) {
        self.statement = statement
        self.token = token
    }

    override class var luaType: LuaObjectType {
        LuaObjectType(name: "token", fields: ["token_id", "token_name", "text"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        switch field {
        case 0: try frame.push(token.id)
        case 1: try frame.push(token.name)
        default:
            try frame.charge(Int64(token.content.count / 8))
            // A span of a class's property needs a copy of the array, which copies no bytes.
            let statement = statement
            let text = token.text(in: statement.span)
            try frame.push(text)
        }
        return 1
    }

    override func readKey(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        throw LuaError("a token has token_id, token_name and text, not \(frame.description(at: 2))")
    }
}
