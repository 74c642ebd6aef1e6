import Benchmark
import SQLText

/// SQL as text: tokens, effects, digests.
func statements() {
    for (name, text) in texts {
        measure("tokens.\(name)") {
            return {
                var tokenizer = SQLTokenizer(text.span)
                var count = 0
                while tokenizer.next() != nil { count += 1 }
                blackHole(count)
            }
        }
        measure("effects.\(name)") {
            return { blackHole(StatementEffects(of: text.span)) }
        }
        measure("digest.\(name)") {
            return { blackHole(StatementDigest(of: text.span)) }
        }
    }
}

private let texts: [(String, [UInt8])] = [
    ("point-select", Array("SELECT c FROM sbtest1 WHERE id=4711".utf8)),
    (
        "join",
        Array(
            """
            SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id \
            WHERE o.state IN ('open', 'paid', 'sent') AND o.created >= '2026-01-01' AND c.country = 'NZ' \
            ORDER BY o.created DESC LIMIT 50
            """.utf8)
    ),
    (
        "wide-insert",
        Array(
            ("INSERT INTO events (id, kind, at, payload) VALUES "
                + (0..<100).map { "(\($0), 'click', '2026-01-01 00:00:00', 'some payload \($0)')" }
                .joined(separator: ", ")).utf8)
    ),
]
