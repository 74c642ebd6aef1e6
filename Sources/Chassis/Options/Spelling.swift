/// The candidate that `word` is most likely a slip of, or nil where none is near.
func closest(to word: String, among candidates: some Sequence<String>) -> String? {
    let limit = max(2, word.count / 4)
    let ranked = candidates.map { (name: $0, distance: editDistance(word, $0)) }.filter { $0.distance <= limit }
    return ranked.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
}

/// How many letters must be added, dropped or changed to make one word the other (Levenshtein).
func editDistance(_ first: String, _ second: String) -> Int {
    let target = Array(second)
    var row = Array(0...target.count)
    for (index, letter) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in target.indices {
            let substitution = diagonal + (letter == target[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(substitution, row[column] + 1, row[column + 1] + 1)
        }
    }
    return row[target.count]
}
