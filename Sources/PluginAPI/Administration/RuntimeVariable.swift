/// A setting that can change while the process runs: a row of `global_variables`.
public struct RuntimeVariable: Sendable {
    /// Its name with its prefix, for instance `mysql-query_digests_max`; what stands before the `-` names the section
    /// that loads it.
    public let name: String
    /// The value in use, as text.
    public let current: @Sendable () -> String
    /// Checks a text: the value as it will be shown, or why it can't be used.
    public let check: @Sendable (String) throws(VariableFault) -> String
    /// Makes a checked value the one in use.
    public let apply: @Sendable (String) -> Void

    /// A setting with what reads, checks and changes it; all three are called on threads that are no event loop's.
    public init(
        name: String, current: @escaping @Sendable () -> String,
        check: @escaping @Sendable (String) throws(VariableFault) -> String, apply: @escaping @Sendable (String) -> Void
    ) {
        self.name = name
        self.current = current
        self.check = check
        self.apply = apply
    }
}

/// Why a text is no value of a setting.
public struct VariableFault: Error, Equatable, Sendable {
    /// What is wrong, and what would be right.
    public let reason: String

    /// A fault with its reason.
    public init(_ reason: String) {
        self.reason = reason
    }
}

extension RuntimeVariable {
    /// A whole number within a range.
    public static func integer(
        _ name: String, in range: ClosedRange<Int>, current: @escaping @Sendable () -> Int,
        apply: @escaping @Sendable (Int) -> Void
    ) -> Self {
        Self(name: name) {
            String(current())
        } check: { text throws(VariableFault) in
            guard let number = Int(text), range.contains(number) else {
                throw VariableFault("'\(text)' is no whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return String(number)
        } apply: { text in
            if let number = Int(text) { apply(number) }
        }
    }

    /// A switch; `true`, `false`, `1` and `0` are taken, `true` and `false` shown.
    public static func boolean(
        _ name: String, current: @escaping @Sendable () -> Bool, apply: @escaping @Sendable (Bool) -> Void
    ) -> Self {
        Self(name: name) {
            String(current())
        } check: { text throws(VariableFault) in
            switch text.lowercased() {
            case "true", "1", "on": return "true"
            case "false", "0", "off": return "false"
            case _: throw VariableFault("'\(text)' is neither true nor false")
            }
        } apply: { text in
            apply(text == "true")
        }
    }
}
