internal import FoundationEssentials

/// The column `attributes`: a JSON object, whose `flagOUTs` name the flags to choose from.
struct RuleAttributes {
    /// Why a text can't be used.
    struct Fault: Error {
        let reason: String
    }

    let flags: [WeightedFlag]

    private struct Members: Decodable {
        struct Choice: Decodable {
            let id: UInt32
            let weight: UInt32
        }

        let flagOUTs: [Choice]?
    }

    init(_ text: String) throws(Fault) {
        let choices: [Members.Choice]
        do {
            choices = try JSONDecoder().decode(Members.self, from: Data(text.utf8)).flagOUTs ?? []
        } catch {
            throw Fault(
                reason: #"'\#(text)' can't be used; it is empty or like {"flagOUTs":[{"id":1,"weight":90}]}"#)
        }
        let total = choices.reduce(UInt64(0)) { $0 + UInt64($1.weight) }
        guard choices.isEmpty || total > 0 else { throw Fault(reason: "the weights of flagOUTs are all 0") }
        guard choices.allSatisfy({ $0.id <= UInt32(Int32.max) }) else {
            throw Fault(reason: "an id of flagOUTs is above \(Int32.max)")
        }
        flags = choices.map { WeightedFlag(flag: $0.id, weight: $0.weight) }
    }
}
