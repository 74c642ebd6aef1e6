/// The bytes of memory that an object of this class takes: what glibc's malloc can give for the size that Swift asks for.
///
/// Reckoned from the class: malloc itself tells up to 16 bytes more where it could not part the rest of a block.
public func allocatedBytes(of object: AnyObject) -> Int {
    let asked = _class_getInstancePositiveExtentSize(type(of: object))
    let header = 8
    let granule = 16
    let block = max((asked + header + granule - 1) / granule * granule, 2 * granule)
    return block - header
}
