extension Int {
    /// The whole part of `value`, of which nothing is known: 0 of what is not a number, and ±2⁵³, up to which floating-point numbers count
    /// every integer, of what lies beyond. `Int(value)` ends the process there.
    package init(bounded value: Double) {
        let most = 9_007_199_254_740_992.0
        self = value.isNaN ? 0 : Int(Swift.min(Swift.max(value, -most), most))
    }
}
