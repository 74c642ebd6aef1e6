import Glibc

/// The bytes that malloc has set aside for the object, as far as it may use them; 0 where malloc doesn't tell.
public func allocatedBytes(of object: AnyObject) -> Int {
    typealias Function = @convention(c) (UnsafeMutableRawPointer?) -> Int
    // Glibc's module leaves malloc.h out.
    guard let address = dlsym(nil, "malloc_usable_size") else { return 0 }
    return unsafeBitCast(address, to: Function.self)(Unmanaged.passUnretained(object).toOpaque())
}
