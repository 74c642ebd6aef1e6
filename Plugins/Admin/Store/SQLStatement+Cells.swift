import EmbeddedSQL
import PluginAPI

extension SQLStatement {
    func bind(_ index: Int, _ cell: Cell) {
        switch cell {
        case .null: bindNull(index)
        case .integer(let number): bind(index, number)
        case .real(let number): bind(index, number)
        case .text(let text): bind(index, text)
        }
    }

    /// A value of the present row.
    func cell(_ column: Int) -> Cell {
        switch kind(column) {
        case .null: .null
        case .integer: .integer(integer(column))
        case .real: .real(real(column))
        case .text: .text(text(column))
        }
    }
}
