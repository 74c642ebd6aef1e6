/// The texts that servers store in place of passwords.
enum StoredSecret {
    /// `*` and 40 hexadecimal digits; nil for anything else.
    static func nativeHash(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 41, text[0] == UInt8(ascii: "*") else { return nil }
        return Hexadecimal.decode(text[1...])
    }

    /// 43 characters of base 64; nil for anything else.
    static func ed25519Key(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 43 else { return nil }
        return Base64.decode(text)
    }

    /// What a login is checked against by a server's plugin and its `authentication_string`; nil where it can't be done
    /// here, or where nothing is stored that anybody could match.
    static func verifier(plugin: String, text: [UInt8]) -> Verifier? {
        switch plugin {
        case "", "mysql_native_password":
            text.isEmpty ? .password([]) : nativeHash(text).map(Verifier.native)
        case "caching_sha2_password":
            text.isEmpty ? .password([]) : SHA2Crypt(text).map { .cachingSHA2($0, fast: nil) }
        case "ed25519":
            ed25519Key(text).map(Verifier.ed25519)
        case _: nil
        }
    }
}
