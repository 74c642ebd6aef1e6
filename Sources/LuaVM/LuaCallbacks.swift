internal import CLuaShim

/// The functions that C calls: they let no Swift error out, only a status that C raises.
enum LuaCallbacks {
    static var table: lvm_callbacks {
        lvm_callbacks(
            function: { thread, box in LuaCallbacks.call(thread, box) },
            object: { thread, object, event, number in LuaCallbacks.event(thread, object, event, number) },
            release: { held in
                guard let held else { return }
                Unmanaged<AnyObject>.fromOpaque(held).release()
            })
    }

    private static func call(_ thread: OpaquePointer?, _ box: UnsafeMutableRawPointer?) -> Int32 {
        guard let thread, let box else { return 0 }
        // The box is retained by its userdata, which is on Lua's stack as an upvalue of the running function.
        let function = Unmanaged<LuaFunctionBox>.fromOpaque(box).takeUnretainedValue()
        var frame = LuaFrame(callbackOn: thread)
        do throws(LuaError) {
            let results = try function.body(&frame)
            return frame.answered(results)
        } catch {
            return frame.pushError(error)
        }
    }

    private static func event(
        _ thread: OpaquePointer?, _ object: UnsafeMutableRawPointer?, _ event: Int32, _ number: Int32
    ) -> Int32 {
        guard let thread, let object else { return 0 }
        // Retained by its userdata, which is the callback's first argument.
        let target = Unmanaged<LuaObject>.fromOpaque(object).takeUnretainedValue()
        var frame = LuaFrame(callbackOn: thread)
        do throws(LuaError) {
            let results = try dispatch(target, event, Int(number), &frame)
            return frame.answered(results)
        } catch {
            return frame.pushError(error)
        }
    }

    private static func dispatch(
        _ target: LuaObject, _ event: Int32, _ number: Int, _ frame: inout LuaFrame
    ) throws(LuaError) -> Int {
        switch lvm_event(UInt32(bitPattern: event)) {
        case LVM_READ_FIELD: return try target.read(field: number, &frame)
        case LVM_READ_KEY: return try target.readKey(&frame)
        case LVM_METHOD: return try target.call(method: number, &frame)
        case LVM_WRITE_FIELD: try target.write(field: number, &frame)
        case LVM_WRITE_KEY: try target.writeKey(&frame)
        case LVM_LENGTH:
            try frame.push(try target.length(&frame))
            return 1
        default:
            try frame.push(target.luaDescription)
            return 1
        }
        return 0
    }
}
