internal import Foundation

/// Student's t distribution.
public enum StudentT {
    /// The probability of a value up to `t`: `scipy.stats.t.cdf`.
    public static func cumulative(_ t: Double, degreesOfFreedom n: Double) -> Double {
        let tail = incompleteBeta(n / (n + t * t), n / 2, 0.5) / 2
        return t > 0 ? 1 - tail : tail
    }

    /// The value that is exceeded with probability 1 - `p`, found by bisection: `scipy.stats.t.ppf`.
    ///
    /// `p` lies between 0 and 1, both excluded.
    public static func quantile(_ p: Double, degreesOfFreedom n: Double) -> Double {
        var (low, high) = (-1.0, 1.0)
        while cumulative(low, degreesOfFreedom: n) > p { low *= 2 }
        while cumulative(high, degreesOfFreedom: n) < p { high *= 2 }
        for _ in 0..<200 where high - low > 1e-12 * max(1, abs(low)) {
            let middle = (low + high) / 2
            if cumulative(middle, degreesOfFreedom: n) < p { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The regularised incomplete beta function I_x(a, b): its continued fraction (DLMF 8.17.22) by Lentz's method.
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        // The fraction converges quickly below the mean only.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        let tiny = 1e-300
        var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
        d = 1 / (abs(d) < tiny ? tiny : d)
        var fraction = d
        for m in 1...500 {
            let k = Double(m)
            for numerator in [
                k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)), -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1)),
            ] {
                d = 1 + numerator * d
                d = 1 / (abs(d) < tiny ? tiny : d)
                c = 1 + numerator / c
                c = abs(c) < tiny ? tiny : c
                fraction *= c * d
            }
            if abs(c * d - 1) < 1e-15 { break }
        }
        return front * fraction
    }
}
