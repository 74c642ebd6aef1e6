internal import CLuaShim

// Calls of a session's functions within a budget, each in one step: what a script costs a query is decided here.

extension LuaState {
    /// Calls a function without arguments, if the script has it.
    public func call(_ entry: LuaEntry, in scope: LuaScope, _ budget: LuaBudget) throws(LuaError) -> LuaAnswer {
        guard var hook = hook(entry, scope, LVM_ARGUMENT_NONE) else { return .absent }
        return try answer(of: &hook, nil, budget)
    }

    /// Calls a function with a text, or with a table that has it in its field `packet`, if the script has the function.
    ///
    /// A text of 1 MiB or more isn't copied until the script wants it whole.
    public func call(
        _ entry: LuaEntry, in scope: LuaScope, text: borrowing LuaText, asTable: Bool = false, _ budget: LuaBudget
    ) throws(LuaError) -> LuaAnswer {
        guard var hook = hook(entry, scope, asTable ? LVM_ARGUMENT_TABLE : LVM_ARGUMENT_PACKET) else { return .absent }
        return try text.withPieces { pieces throws(LuaError) in
            hook.pieces = pieces.baseAddress
            hook.count = pieces.count
            return try answer(of: &hook, nil, budget)
        }
    }

    /// Calls a function with an object, if the script has the function; the object is only made where it has.
    public func call(
        _ entry: LuaEntry, in scope: LuaScope, object: () -> LuaObject, _ budget: LuaBudget
    ) throws(LuaError) -> LuaAnswer {
        guard var hook = hook(entry, scope, LVM_ARGUMENT_VALUE), defines(entry, in: scope) else { return .absent }
        return try answer(of: &hook, object(), budget)
    }

    /// Whether the script has a function at this moment.
    public func defines(_ entry: LuaEntry, in scope: LuaScope) -> Bool {
        guard let environment = scope.environment else { return false }
        return lvm_defines(pointer.pointee.current, environment.id, entry.name.cString)
    }

    /// Points the shared table at the session's own fields, as every call does.
    public func enter(_ scope: LuaScope) throws(LuaError) {
        var hook = lvm_hook()
        hook.switchboard = scope.switchboard.id
        hook.own = scope.own.id
        try withFrame { frame throws(LuaError) in try frame.check(lvm_enter(frame.thread, &hook)) }
    }

    private func hook(_ entry: LuaEntry, _ scope: LuaScope, _ form: lvm_argument) -> lvm_hook? {
        guard let environment = scope.environment else { return nil }
        var hook = lvm_hook()
        hook.switchboard = scope.switchboard.id
        hook.own = scope.own.id
        hook.environment = environment.id
        hook.name = entry.name.cString
        hook.fresh = entry.fresh?.cString
        hook.form = Int32(form.rawValue)
        return hook
    }

    private func answer(
        of hook: inout lvm_hook, _ object: LuaObject?, _ budget: LuaBudget
    ) throws(LuaError) -> LuaAnswer {
        var frame = LuaFrame(above: pointer.pointee.current)
        let isOutermost = !pointer.pointee.limited
        if isOutermost { lvm_budget_begin(pointer, budget.instructions, budget.memory) }
        defer {
            if isOutermost { lvm_budget_end(pointer) }
            lvm_set_top(frame.thread, frame.base)
        }
        if let object { try frame.push(object) }
        let status = lvm_call_hook(frame.thread, &hook)
        guard status == 0 else { throw frame.takeError(status, traced: true) }
        switch lvm_answer(UInt32(bitPattern: hook.answer)) {
        case LVM_ANSWER_ABSENT: return .absent
        case LVM_ANSWER_FALSE: return .no
        case LVM_ANSWER_INTEGER: return .integer(hook.integer)
        case LVM_ANSWER_NUMBER: return .number(hook.number)
        default: return .none
        }
    }
}

extension StaticString {
    /// The text for C: a literal ends with a zero and lives for ever.
    fileprivate var cString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
