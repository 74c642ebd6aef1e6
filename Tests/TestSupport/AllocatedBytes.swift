import Glibc

/// The bytes of memory that an object of this class takes, as glibc's malloc gives them; 0 where Swift doesn't tell.
///
/// Reckoned from the class: malloc itself tells up to 16 bytes more where it could not part the rest of a block.
public func allocatedBytes(of object: AnyObject) -> Int {
    typealias Function = @convention(c) (UnsafeRawPointer) -> Int
    // The standard library's _class_getInstancePositiveExtentSize(_:), which it keeps to itself.
    guard let address = dlsym(nil, "$ss36_class_getInstancePositiveExtentSizeySiyXlXpF") else { return 0 }
    let size = unsafeBitCast(address, to: Function.self)(unsafeBitCast(type(of: object), to: UnsafeRawPointer.self))
    let header = 8
    let granule = 16
    return max((size + header + granule - 1) / granule * granule, 2 * granule) - header
}
