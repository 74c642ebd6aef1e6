import GRDB

/// More of MySQL's functions of texts; NULL where an argument is.
extension SessionState {
    static var moreTexts: [DatabaseFunction] {
        [
            function("reverse", 1) { String(text($0[0]).reversed()) },
            function("lpad", 3) { filled($0, isLeft: true) },
            function("rpad", 3) { filled($0, isLeft: false) },
            function("locate", 2) { arguments in
                let (part, whole) = (text(arguments[0]).lowercased(), text(arguments[1]).lowercased())
                return part.isEmpty
                    ? 1
                    : whole.firstRange(of: part).map {
                        whole.distance(from: whole.startIndex, to: $0.lowerBound) + 1
                    } ?? 0
            },
            // The place of the first argument among the others.
            DatabaseFunction("field", pure: true) { arguments in
                guard let wanted = arguments.first, !wanted.isNull else { return 0 }
                let place = arguments.dropFirst().firstIndex {
                    !$0.isNull && text($0).lowercased() == text(wanted).lowercased()
                }
                return place ?? 0
            },
        ]
    }

    private static func function(
        _ name: String, _ count: Int, _ body: @escaping @Sendable ([DatabaseValue]) -> (any DatabaseValueConvertible)?
    ) -> DatabaseFunction {
        DatabaseFunction(name, argumentCount: count, pure: true) { arguments in
            arguments.contains(where: \.isNull) ? nil : body(arguments)
        }
    }

    /// The text cut or filled up to a length, which a packet bounds; NULL where there is nothing to fill with.
    private static func filled(_ arguments: [DatabaseValue], isLeft: Bool) -> String? {
        let (whole, filling) = (text(arguments[0]), text(arguments[2]))
        guard let length = Int.fromDatabaseValue(arguments[1]), (0...1_000_000).contains(length) else { return nil }
        let missing = length - whole.count
        guard missing > 0 else { return String(whole.prefix(length)) }
        guard !filling.isEmpty else { return nil }
        let fill = String(String(repeating: filling, count: missing / filling.count + 1).prefix(missing))
        return isLeft ? fill + whole : whole + fill
    }
}
