internal import CLuaShim

/// The shape of small tables that a callback answers many of: an integer, then texts; any other name is an error.
///
/// A table costs a script's reads nothing, where a ``LuaObject`` is asked for every field; made of one state, for it.
public final class LuaRecordType {
    let reference: LuaReference
    let count: Int

    init(reference: LuaReference, count: Int) {
        self.reference = reference
        self.count = count
    }
}

extension LuaState {
    /// Declares records. `name` is what messages call one; three field names, the integer's first. No newlines.
    public func makeRecordType(name: String, fields: [String]) throws(LuaError) -> LuaRecordType {
        let id = try withFrame { frame throws(LuaError) in
            try frame.recordType(name: name, fields: fields.joined(separator: "\n"))
        }
        return LuaRecordType(reference: LuaReference(core: core, id: id), count: fields.count)
    }
}

extension LuaFrame {
    fileprivate mutating func recordType(name: String, fields: String) throws(LuaError) -> Int32 {
        var id: Int32 = 0
        try check(lvm_make_record_type(thread, name, fields, &id))
        return id
    }

    /// Pushes a record of an integer and two texts; nil if its type is of another state.
    public mutating func push(
        _ type: LuaRecordType, _ number: Int, _ first: borrowing RawSpan, _ second: borrowing RawSpan
    ) throws(LuaError) {
        guard type.count == 3, type.reference.core.pointer == lvm_state_of(thread) else { return try pushNil() }
        let status = first.withUnsafeBytes { first in
            second.withUnsafeBytes { second in
                withUnsafeTemporaryAllocation(of: lvm_value.self, capacity: 3) { values in
                    values[0] = lvm_value(number: Int64(number), bytes: nil, length: 0, is_text: false)
                    values[1] = lvm_value(number: 0, bytes: first.baseAddress, length: first.count, is_text: true)
                    values[2] = lvm_value(number: 0, bytes: second.baseAddress, length: second.count, is_text: true)
                    return lvm_push_record(thread, type.reference.id, values.baseAddress, 3)
                }
            }
        }
        try check(status)
    }
}
